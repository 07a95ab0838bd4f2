//! Where a request's time went.

use serde::{Deserialize, Serialize};

/// Where a request's time went, one phase after the other, each in microseconds. What is left of the time it took went to
/// tries that failed, and to the balancer where it answered itself.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Phases {
    /// From the first byte of the request's head to its last.
    pub head: u64,
    /// Until a backend was up and had a place.
    pub queue: u64,
    /// Until the backend that answered was connected, with its TLS handshake; `None` where a kept connection was used.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub connect: Option<u64>,
    /// From there until the head of its answer was there; `None` where none came.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub first_byte: Option<u64>,
    /// From there until the last byte was passed on; for a connection in TCP mode, from its beginning to its end.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last_byte: Option<u64>,
}

impl Phases {
    /// All of them together, in microseconds.
    pub fn sum(&self) -> u64 {
        let later = [self.connect, self.first_byte, self.last_byte];
        self.head + self.queue + later.into_iter().flatten().sum::<u64>()
    }
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
