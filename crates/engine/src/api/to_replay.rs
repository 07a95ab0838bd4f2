//! What is to be sent again.

use serde::{Deserialize, Serialize};
use std::fmt;

use super::ids::{BackendId, RequestNumber};
use super::latin1;

/// The longest body that an edited request may have, in bytes.
pub const EDITED_BODY: usize = 64 * 1024;

/// What is to be sent again: a request whose heads are kept, as it was or as a person edited it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct ToReplay {
    /// The request's number.
    pub number: RequestNumber,
    /// To the backend with this id; `None` leaves the choice to the balancer.
    pub to: Option<BackendId>,
    /// What to send in its place; `None` sends it as it was, with its body where that was kept whole.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub edited: Option<Edited>,
}

impl ToReplay {
    /// That request, as it was.
    pub fn new(number: RequestNumber, to: Option<BackendId>) -> Self {
        ToReplay { number, to, edited: None }
    }

    /// What to send in its place.
    #[must_use]
    pub fn edited(self, edited: Edited) -> Self {
        ToReplay { edited: Some(edited), ..self }
    }
}

/// A request as a person wrote it. `Debug` shows how long it is and nothing of it: secrets stand in it.
#[derive(Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Edited {
    /// Its head up to and with the empty line, its lines ended by CR LF. `Content-Length` and `Transfer-Encoding` are those
    /// of the body, whatever it says.
    #[serde(with = "latin1")]
    pub head: Vec<u8>,
    /// Its body, at most [`EDITED_BODY`] bytes.
    #[serde(with = "latin1")]
    pub body: Vec<u8>,
}

impl Edited {
    /// A request of this head and this body.
    pub fn new(head: Vec<u8>, body: Vec<u8>) -> Self {
        Edited { head, body }
    }
}

/// Secrets stand in it.
impl fmt::Debug for Edited {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} bytes and a body of {}", self.head.len(), self.body.len())
    }
}
