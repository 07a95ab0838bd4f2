//! One field of a head.

use std::ops::Range;

use super::field_kind::FieldKind;
use super::span::Span;

/// One field: what it is, and where its name and value stand.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Field {
    pub(crate) kind: FieldKind,
    pub(crate) name: Span,
    pub(crate) value: Span,
}

impl Field {
    /// Its whole line, where it is formatted as this program would write it: then it can be copied with its neighbours.
    pub(crate) fn line(&self, bytes: &[u8]) -> Option<Range<usize>> {
        let (start, colon) = (self.name.start as usize, self.name.end as usize);
        let (value, end) = (self.value.start as usize, self.value.end as usize);
        let plain = value == colon + 2 && bytes[colon..].starts_with(b": ") && bytes[end..].starts_with(b"\r\n");
        plain.then_some(start..end + 2)
    }
}
