//! Between a lesson's runner and the screen that shows it: what is shown one way, what the learner does the other.

use tokio::sync::{mpsc, watch};

use super::LessonView;

/// What a learner does that is the lesson's, or that no figure of the engine shows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum LessonInput {
    /// Enter, where [`LessonView::may_go_on`].
    GoOn,
    /// The place of the choice, from 0. A second one changes nothing.
    Choose(usize),
    /// Another hint is wanted.
    Hint,
    /// Something of the screen was used: its word in the command language (`why`, `filter`, `detail`, `flow`), and what for
    /// (the name of the backend that the request went to, the filter's text, the backend's name; empty where there is none).
    Used { what: &'static str, on: String },
}

/// The screen's end of it.
#[derive(Debug)]
pub(crate) struct LessonLink {
    /// What the lesson shows now; only the last one counts.
    pub(crate) views: watch::Receiver<LessonView>,
    /// To the runner. Where it has ended, nobody is told.
    pub(crate) inputs: mpsc::UnboundedSender<LessonInput>,
}
