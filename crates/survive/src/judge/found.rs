//! What a comparison finds.

/// A place that was found, with what each copy has there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Found {
    pub(super) place: String,
    pub(super) values: Vec<String>,
}

/// All that was found.
#[derive(Clone, Debug, Default)]
pub(super) struct Compared {
    pub(super) differences: Vec<Found>,
    pub(super) counters: Vec<Found>,
    pub(super) names: Vec<Found>,
    /// How many places vary within one copy.
    pub(super) noise: usize,
    /// Whether a place among the noise may be a counter, which samples after a longer pause would tell.
    pub(super) may_count: bool,
}

impl Compared {
    pub(super) fn add(&mut self, other: Compared) {
        self.differences.extend(other.differences);
        self.counters.extend(other.counters);
        self.names.extend(other.names);
        self.noise += other.noise;
        self.may_count |= other.may_count;
    }
}
