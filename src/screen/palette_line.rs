//! The state of the command palette.

use super::input::Line;

/// The open command palette.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Palette {
    pub(crate) line: Line,
    /// Index of the chosen proposal.
    pub(crate) chosen: usize,
    /// Why the line could not be carried out.
    pub(crate) trouble: Option<String>,
}
