//! A byte range inside a head.

/// A byte range inside a head.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Span {
    pub(crate) start: u32,
    pub(crate) end: u32,
}

impl Span {
    /// From `start` up to `end`. Heads are far smaller than what 32 bits hold.
    #[expect(clippy::cast_possible_truncation, reason = "heads are bounded by their limits, a few MB at most")]
    pub fn new(start: usize, end: usize) -> Self {
        Span { start: start as u32, end: end as u32 }
    }

    /// The range of `part` in `whole`, of which it is a slice unless it is empty.
    pub(crate) fn within(part: &[u8], whole: &[u8]) -> Self {
        if part.is_empty() {
            return Span::default();
        }
        let start = part.as_ptr() as usize - whole.as_ptr() as usize;
        Span::new(start, start + part.len())
    }

    /// The bytes of this range.
    pub fn of(self, bytes: &[u8]) -> &[u8] {
        &bytes[self.start as usize..self.end as usize]
    }

    /// The sub-range from `from` to `to`, counted from its start.
    pub fn part(self, from: usize, to: usize) -> Span {
        let start = self.start as usize;
        Span::new(start + from, start + to)
    }
}
