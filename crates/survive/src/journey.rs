//! One client's requests, to be sent again as a new client.

use std::fmt;

use crate::{Answer, Exchange, Request};

/// One client's requests in their order, and which ids in them came from earlier answers.
#[derive(Clone, Debug)]
pub struct Journey {
    /// Its exchanges as they were recorded.
    pub steps: Vec<Exchange>,
}

/// What a client lost by being moved.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[non_exhaustive]
pub enum LossKind {
    /// 2xx or a redirect became a redirect to a login, or 401.
    Session,
    /// The same, where the id carries its content with it, signed: each copy signs with a secret of its own.
    Secret,
    /// 2xx became 403, 419 or 422 for a form or a token that an earlier answer gave.
    Csrf,
    /// What an earlier request put there is not there: 404 or 410.
    Upload,
    /// An id of a protocol's session is unknown: 400 or 404.
    UnknownId,
    /// The server began a new session: it set a cookie anew that it had set before.
    CookieAnew,
    /// An upgrade was refused, or the connection cut.
    WebSocket,
    /// It was answered otherwise: another status, or another body where both controls had the same.
    Answer,
}

/// One step of a moved run that went otherwise than in the controls.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Loss {
    /// The step, by its place.
    pub step: usize,
    /// What was lost.
    pub kind: LossKind,
    /// It in a few words, such as `session lost (302 /login)`.
    pub words: String,
}

/// What a balancer could learn so that the client stays with its copy, in the words of `sticky.from`: `cookie:sid`,
/// `header:Mcp-Session-Id`, `socket.io`, `json:/connectionToken=query:id`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Learn(pub String);

impl fmt::Display for Learn {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Sorts exchanges into journeys: what came on one connection, or carries a cookie or an id that an answer to an earlier
/// one gave, is of one client.
pub fn journeys(_exchanges: &[Exchange]) -> Vec<Journey> {
    Vec::new()
}

impl Journey {
    /// The request of a step as a new client sends it: with the cookies and ids that the new run's answers to earlier steps
    /// gave in place of the recorded ones. `so_far` are these answers; `None` where a step was left out.
    pub fn request(&self, step: usize, _so_far: &[Option<Answer>]) -> Request {
        self.steps[step].request.clone()
    }

    /// Whether a control run did what was recorded, so that something can be told of the step: `false` where a step was
    /// left out on which it depends, or its session was over.
    pub fn reproduced(&self, _step: usize, _control: &[Option<Answer>]) -> bool {
        false
    }

    /// What a run lost that both controls had. What differs between the controls is noise.
    pub fn losses(&self, _controls: &[Vec<Option<Answer>>], _moved: &[Option<Answer>]) -> Vec<Loss> {
        Vec::new()
    }

    /// What to learn so that `step` goes where `binding` went: the id that one gave and the other carries.
    pub fn learn(&self, _binding: usize, _step: usize) -> Option<Learn> {
        None
    }
}

/// Finds by halving the first step that binds its client: the client is moved at step k, and all that follows goes to the
/// other copy.
#[derive(Clone, Debug)]
pub struct Halving {
    low: usize,
    high: usize,
}

impl Halving {
    /// Between the first step and the one that was lost when every step went elsewhere.
    pub fn new(lost_at: usize) -> Self {
        Halving { low: 0, high: lost_at }
    }

    /// The step to move at next; `None` once the binding one is known.
    pub fn next(&self) -> Option<usize> {
        (self.low < self.high).then(|| self.low.midpoint(self.high))
    }

    /// What came of moving there.
    pub fn moved_at(&mut self, step: usize, lost: bool) {
        if lost { self.high = step } else { self.low = step + 1 }
    }

    /// The step that binds, once it is known.
    pub fn binding(&self) -> Option<usize> {
        (self.low == self.high).then(|| self.low.saturating_sub(1))
    }
}
