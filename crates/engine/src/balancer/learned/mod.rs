//! Learned stickiness: which backend gave out an id. It is learned from responses, in their heads before they go on, in their
//! bodies as they pass; a request that brings the id goes there.

mod body;
mod learner;
mod learning;
mod pointer;
mod source;
mod table;

pub(crate) use learner::Learner;
pub(crate) use learning::{AnsweredBy, Learning, Taught, Watch};
pub(crate) use table::LearnedTable;
