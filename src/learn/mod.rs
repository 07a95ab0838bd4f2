//! Lessons: what one is, how far a learner is in it, and what of it is measured. It knows no screen: what a lesson is about to
//! show is a [`LessonView`].

mod link;
mod view;

pub(crate) use link::{LessonInput, LessonLink};
pub(crate) use view::{Answered, CheckView, LessonPart, LessonView};
