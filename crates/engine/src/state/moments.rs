//! Timestamps of a request's phases.

use std::time::{Duration, Instant};

use crate::api::Phases;

/// Timestamps of a request's phases.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Moments {
    /// When the first byte arrived.
    pub(crate) began: Instant,
    /// When the head was complete.
    pub(crate) headed: Instant,
    /// How long it waited for a backend.
    pub(crate) queued: Duration,
    /// The attempt that got a response.
    pub(crate) tried: Option<Tried>,
}

/// Timestamps of an attempt that got a response.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Tried {
    pub(crate) began: Instant,
    /// When the connection was made; `None` if an idle one was reused.
    pub(crate) connected: Option<Instant>,
    /// When the response head was complete; `None` in TCP mode.
    pub(crate) answered: Option<Instant>,
}

impl Moments {
    /// For a request whose first byte arrived at `began`, with a complete head at `headed`.
    pub(crate) fn new(began: Instant, headed: Instant) -> Self {
        Moments { began, headed, queued: Duration::ZERO, tried: None }
    }

    /// The durations of the phases, for a request that ended at `ended`.
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
        // In between, 300 ms were spent on an attempt that failed.
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
