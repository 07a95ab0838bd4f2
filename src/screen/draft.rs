//! A request in an editor.

use std::fmt;
use std::sync::Arc;
use stickylb::api::{BackendId, Event, RequestNumber};

/// A request in an editor. `Debug` shows nothing of its text: secrets stand in it.
#[derive(Clone, PartialEq)]
pub struct Draft {
    /// The request that it was made of.
    pub(super) event: Arc<Event>,
    pub(super) number: RequestNumber,
    /// Where it is to go; `None` lets the balancer choose.
    pub(super) to: Option<BackendId>,
    /// The text as it was made of the request.
    pub(super) original: Vec<u8>,
    /// The text as it was left, which is what the editor shows.
    pub(super) text: Vec<u8>,
    /// The body where it is no text: it is sent unless another is written.
    pub(super) binary: Option<Vec<u8>>,
}

impl fmt::Debug for Draft {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "an edited #{}", self.number)
    }
}
