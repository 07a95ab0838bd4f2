//! Lessons: what one is, how far a learner is in it, and what of it is measured. It knows no screen: what a lesson is about to
//! show is a [`LessonView`].

mod view;

/// The number of the last lesson.
pub(crate) const LAST: u32 = 11;

pub use view::{Answered, CheckView, LessonPart, LessonView};
