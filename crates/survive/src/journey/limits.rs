//! How long an id is, and how much is searched for one.

/// Shorter text is no id, unless it is a cookie's value.
pub(super) const SHORTEST: usize = 8;
/// Longer text is none, either.
pub(super) const LONGEST: usize = 4096;
/// No more of a body is searched for ids.
pub(super) const SEARCHED: usize = 64 * 1024;
