//! Where a response's body begins, and how much of it may pass.

use std::task::{Context, Poll};
use stickylb_http1::{BodyReader, HeadLimits};

use super::heads::{End, Heads};
use super::pace::Pace;

/// What a connection carries, by which it is known what its body is.
#[derive(Clone, Copy)]
pub(crate) enum Carries {
    /// One response; `to_head` is whether the request's method was HEAD.
    Response { to_head: bool, limits: HeadLimits },
    /// Raw bytes, all of which are body.
    Raw,
}

impl Carries {
    /// The heads to come, where there are any.
    pub(super) fn heads(self) -> Option<Heads> {
        match self {
            Carries::Response { to_head, limits } => Some(Heads::new(to_head, limits)),
            Carries::Raw => None,
        }
    }
}

/// How a body ends before its end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Cut {
    Closed,
    Reset,
}

/// What may pass of a body now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Passes {
    /// As much as comes: the fault has nothing to do any more.
    Everything,
    /// So many bytes at most.
    Bytes(usize),
    Nothing(Cut),
}

/// A fault of a body.
pub(super) struct BodyFault {
    place: Place,
    limit: Limit,
}

enum Place {
    Heads(Box<Heads>),
    Body(BodyReader),
    /// So many bytes of a protocol that is nobody's business.
    Raw(u64),
    /// It is none of HTTP, and refused as it is.
    Malformed,
}

enum Limit {
    /// So many bytes of data, and then this.
    Cut(u64, Cut),
    Pace(Pace),
}

impl BodyFault {
    pub(super) fn cut(carries: Carries, after: u64, cut: Cut) -> Self {
        BodyFault { place: Place::new(carries), limit: Limit::Cut(after, cut) }
    }

    pub(super) fn slow(carries: Carries, bytes_per_second: u64) -> Self {
        BodyFault { place: Place::new(carries), limit: Limit::Pace(Pace::new(bytes_per_second)) }
    }

    /// Whether the body has not begun.
    pub(super) fn is_in_head(&self) -> bool {
        matches!(self.place, Place::Heads(_))
    }

    /// How many of these bytes are of heads; those behind are the body's.
    pub(super) fn of_head(&mut self, bytes: &[u8]) -> usize {
        let Place::Heads(heads) = &mut self.place else { return 0 };
        match heads.take(bytes).end {
            None => bytes.len(),
            Some(End::Head { switches, framing, behind }) => {
                self.place = if switches { Place::Raw(0) } else { Place::Body(BodyReader::new(framing)) };
                bytes.len().saturating_sub(behind)
            }
            Some(End::Malformed) => {
                self.place = Place::Malformed;
                bytes.len()
            }
        }
    }

    /// What may pass of the body, once anything may.
    pub(super) fn poll_passes(&mut self, cx: &mut Context<'_>) -> Poll<Passes> {
        let data = match &self.place {
            Place::Body(reader) if !reader.is_done() => reader.data(),
            Place::Raw(passed) => *passed,
            _ => return Poll::Ready(Passes::Everything),
        };
        match &mut self.limit {
            Limit::Cut(after, cut) if data >= *after => Poll::Ready(Passes::Nothing(*cut)),
            // Data is at most as long as what it comes in: a chunked body gets there in several steps.
            Limit::Cut(after, _) => Poll::Ready(Passes::Bytes(usize::try_from(*after - data).unwrap_or(usize::MAX))),
            Limit::Pace(pace) => pace.poll_piece(cx).map(Passes::Bytes),
        }
    }

    /// Takes in what has passed of the body.
    pub(super) fn passed(&mut self, bytes: &[u8]) {
        match &mut self.place {
            Place::Body(reader) => {
                let bad = reader.read(bytes, &mut Vec::new()).bad;
                if bad.is_some() {
                    self.place = Place::Malformed;
                }
            }
            Place::Raw(passed) => *passed += bytes.len() as u64,
            Place::Heads(_) | Place::Malformed => {}
        }
        if let Limit::Pace(pace) = &mut self.limit {
            pace.passed(bytes.len());
        }
    }
}

impl Place {
    fn new(carries: Carries) -> Self {
        carries.heads().map_or(Place::Raw(0), |heads| Place::Heads(Box::new(heads)))
    }
}
