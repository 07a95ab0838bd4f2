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

#[cfg(test)]
mod tests {
    use super::*;

    const fn ms(ms: u64) -> Duration {
        Duration::from_millis(ms)
    }

    #[test]
    fn phases_follow_each_other_and_add_up_to_all_but_the_tries_that_failed() {
        let start = Instant::now();
        let mut moments = Moments::new(start, start + ms(1));
        moments.queued = ms(20);
        // Between the two a try failed for 300 ms.
        let began = start + ms(321);
        let (connected, answered) = (Some(began + ms(4)), Some(began + ms(54)));
        moments.tried = Some(Tried { began, connected, answered });
        let phases = moments.phases(began + ms(60));
        let expected = Phases {
            head: 1_000,
            queue: 20_000,
            connect: Some(4_000),
            first_byte: Some(50_000),
            last_byte: Some(6_000),
        };
        assert_eq!(phases, expected);
        assert_eq!(phases.sum(), 381_000 - 300_000);
    }

    #[test]
    fn a_kept_connection_is_not_connected_again() {
        let start = Instant::now();
        let mut moments = Moments::new(start, start);
        moments.tried = Some(Tried { began: start, connected: None, answered: Some(start + ms(5)) });
        let phases = moments.phases(start + ms(5));
        assert_eq!((phases.connect, phases.first_byte, phases.last_byte), (None, Some(5_000), Some(0)));
    }
}
