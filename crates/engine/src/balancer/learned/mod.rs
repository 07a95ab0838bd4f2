//! Learned stickiness: which backend gave out an id. It is learned from responses, in their heads before they go on, in their
//! bodies as they pass; a request that brings the id goes there.

mod body;
mod learner;
mod learning;
mod pointer;
mod source;
mod table;
mod watch;

pub(crate) use learner::Learner;
pub(crate) use learning::{AnsweredBy, Learning, Taught};
pub(crate) use table::{LearnedTable, OpenId};
pub(crate) use watch::Watch;
