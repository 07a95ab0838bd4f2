//! The moments between a request's phases.

use std::time::{Duration, Instant};

use crate::api::Phases;

/// The moments between a request's phases, noted as it passes them.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Moments {
    /// The first byte came.
    pub(crate) began: Instant,
    /// The head was whole.
    pub(crate) headed: Instant,
    /// What it waited for a backend.
    pub(crate) queued: Duration,
    /// The try that was answered.
    pub(crate) tried: Option<Tried>,
}

/// The moments of a try that was answered.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Tried {
    pub(crate) began: Instant,
    /// The connection was there; `None` where it was before.
    pub(crate) connected: Option<Instant>,
    /// The head of the answer was there; `None` for a connection in TCP mode, which has none.
    pub(crate) answered: Option<Instant>,
}

impl Moments {
    /// Begun now, with a head that was whole at `headed`.
    pub(crate) fn new(began: Instant, headed: Instant) -> Self {
        Moments { began, headed, queued: Duration::ZERO, tried: None }
    }

    /// The phases between these moments and the request's end.
    pub(crate) fn phases(&self, ended: Instant) -> Phases {
        let between = |from: Instant, to: Instant| micros(to.saturating_duration_since(from));
        let mut phases =
            Phases { head: between(self.began, self.headed), queue: micros(self.queued), ..Phases::default() };
        if let Some(Tried { began, connected, answered }) = self.tried {
            let sent = connected.unwrap_or(began);
            phases.connect = connected.map(|connected| between(began, connected));
            phases.first_byte = answered.map(|answered| between(sent, answered));
            phases.last_byte = Some(between(answered.unwrap_or(sent), ended));
        }
        phases
    }
}

fn micros(time: Duration) -> u64 {
    u64::try_from(time.as_micros()).unwrap_or(u64::MAX)
}
