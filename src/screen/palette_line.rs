//! The state of the command palette.

use super::input::Line;

/// The palette while it is open.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Palette {
    pub(crate) line: Line,
    /// The index of the chosen proposal.
    pub(crate) chosen: usize,
    /// Why the line could not be run.
    pub(crate) trouble: Option<String>,
}
