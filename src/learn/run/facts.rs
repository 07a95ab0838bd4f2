//! What the runner is told of the screen.

use crate::learn::condition::Pane;

/// How the screen stands.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Facts {
    /// The filter of the log, as it was typed.
    pub(crate) filter: Option<String>,
    /// The selected backend's name.
    pub(crate) selected: Option<String>,
}

/// What was opened on the screen since a step began.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Opened(Vec<Pane>);

impl Opened {
    pub(super) fn note(&mut self, pane: Pane) {
        if !self.0.contains(&pane) {
            self.0.push(pane);
        }
    }

    pub(super) fn has(&self, pane: Pane) -> bool {
        self.0.contains(&pane)
    }
}
