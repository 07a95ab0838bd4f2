//! Lessons: what one is, how far a learner is in it, and what of it is measured. It knows no screen: what a lesson is about to
//! show is a [`LessonView`].

mod built_in;
mod condition;
mod figure;
mod lesson;
mod read;
mod run;
mod view;
mod words;

pub(crate) use built_in::{BUILT_IN, BuiltIn};
pub(crate) use condition::Pane;
pub use lesson::Lesson;
pub(crate) use lesson::{Act, Ask, Chats, Do, StepKind};
pub(crate) use read::{read, schema};
pub use run::Runner;
pub(crate) use run::{Facts, Judge};
pub use view::{Answered, CheckView, LessonPart, LessonView};
