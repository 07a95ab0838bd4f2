//! How long an id is.

/// Shorter text is no id, unless it is a cookie's value.
pub(super) const SHORTEST: usize = 8;
/// Longer text is none, either.
pub(super) const LONGEST: usize = 4096;
