//! What tells copies of one web app apart, found from requests and what each copy answered them.
//!
//! No I/O: who uses it sends the requests. [`Exchange`]s come from traffic that was watched or from a HAR file ([`har`]).
//! [`signatures`] finds in them what frameworks answer to an id of another copy; [`judge`] compares what several copies
//! answered to one request; [`Journey`]s are one client's requests, to be sent again with the ids of the new run, now to one
//! copy and now to several; [`EveryCopy`] finds what each copy does by itself.

mod every_copy;
mod exchange;
pub mod har;
mod journey;
mod judge;
mod mask;
mod name_words;
mod signatures;
mod unpack;
mod who;

pub use every_copy::{EveryCopy, OwnDoing};
pub use exchange::{Answer, End, Exchange, Fields, Request};
pub use journey::{Halving, Journey, Journeys, Learn, Loss, LossKind, journeys, turns};
pub use judge::{CopyNames, Difference, Facts, Judgement, Sample, differing, facts, judge};
pub use signatures::{Framework, Signature, signatures};
pub use who::{is_logout, is_session_cookie};
