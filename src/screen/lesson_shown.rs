//! What the lesson's pane shows.

use crate::learn::{LessonPart, LessonView};

/// What is shown of a lesson that is under way.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct LessonPane {
    pub(crate) view: LessonView,
    /// Lines that are scrolled out above.
    pub(crate) scroll: u16,
}

/// How many choices wait for the learner's answer.
pub(crate) fn asks(view: &LessonView) -> usize {
    match &view.part {
        LessonPart::Ask { choices, answered: None } => choices.len(),
        _ => 0,
    }
}

/// Whether the step waits for something that is to be done.
pub(crate) fn waits(view: &LessonView) -> bool {
    !view.may_go_on && matches!(view.part, LessonPart::Do { .. })
}

/// Whether the time for this step is over, so that it can only be begun again.
pub(crate) fn is_too_late(view: &LessonView) -> bool {
    waits(view) && matches!(view.part, LessonPart::Do { seconds_left: Some(0), .. })
}
