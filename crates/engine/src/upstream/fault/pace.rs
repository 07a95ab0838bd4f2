//! Bytes at a pace.

use std::future::Future as _;
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;
use tokio::time::{Instant, Sleep, sleep_until};

/// How many pieces there are in a second, as far as a piece is a byte or more.
const PIECES: u64 = 20;

/// How late a piece may be and the next still come as early as it should: timers are late by a little, and that adds up.
const SLACK: Duration = Duration::from_millis(100);

/// Lets so many bytes pass in a second.
pub(super) struct Pace {
    per_second: u64,
    next: Instant,
    timer: Option<Pin<Box<Sleep>>>,
}

impl Pace {
    pub(super) fn new(per_second: u64) -> Self {
        Pace { per_second: per_second.max(1), next: Instant::now(), timer: None }
    }

    /// How many bytes may pass, once any may.
    pub(super) fn poll_piece(&mut self, cx: &mut Context<'_>) -> Poll<usize> {
        if self.next > Instant::now() {
            let next = self.next;
            ready!(self.timer.get_or_insert_with(|| Box::pin(sleep_until(next))).as_mut().poll(cx));
        }
        self.timer = None;
        Poll::Ready(usize::try_from(self.per_second / PIECES).unwrap_or(usize::MAX).max(1))
    }

    pub(super) fn passed(&mut self, bytes: usize) {
        let now = Instant::now();
        let earliest = now.checked_sub(SLACK).unwrap_or(now);
        self.next = self.next.max(earliest) + Duration::from_secs_f64(bytes as f64 / self.per_second as f64);
    }
}
