//! Where heads end in what comes from a backend.

use stickylb_http1::{Framing, HeadLimits, ReadBuffer};

use crate::upstream::response::{Received, next_head};

/// The heads before a body: interim ones (RFC 9110 15.2), and the final one.
pub(super) struct Heads {
    to_head: bool,
    limits: HeadLimits,
    read: ReadBuffer,
}

/// What was found in the bytes so far.
pub(super) struct Taken {
    /// How many bytes there are from the beginning of the first head on that is not a whole interim one.
    pub(super) rest: usize,
    /// What is known of the final head, once it is whole.
    pub(super) end: Option<End>,
}

pub(super) enum End {
    /// It is whole, and so many bytes are behind it.
    Head { switches: bool, framing: Framing, behind: usize },
    /// It is none of HTTP.
    Malformed,
}

impl Heads {
    /// Of the response to a request; `to_head` is whether its method was HEAD.
    pub(super) fn new(to_head: bool, limits: HeadLimits) -> Self {
        Heads { to_head, limits, read: ReadBuffer::default() }
    }

    /// Takes in what came next. Not to be called again after an end.
    pub(super) fn take(&mut self, bytes: &[u8]) -> Taken {
        self.read.add(bytes);
        loop {
            let rest = self.read.len();
            let end = match next_head(&mut self.read, &self.limits, self.to_head) {
                Ok(Some(Received::Interim(_))) => continue,
                Ok(Some(Received::Final(head, framing))) => {
                    Some(End::Head { switches: head.line.status == 101, framing, behind: self.read.len() })
                }
                Ok(None) => None,
                Err(_) => Some(End::Malformed),
            };
            return Taken { rest, end };
        }
    }
}
