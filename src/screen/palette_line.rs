//! The line of the command palette.

use super::input::Line;

/// The palette while it is open.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Palette {
    pub(crate) line: Line,
    /// Which of the proposals.
    pub(crate) chosen: usize,
    /// Why the line could not be done.
    pub(crate) trouble: Option<String>,
}
