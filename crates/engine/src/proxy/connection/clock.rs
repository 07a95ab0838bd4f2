//! The timeouts of one client's connection, kept so that a request sets no timer.
//!
//! A connection has one timer. When it fires, the current phase and its age say whether a timeout is due; if not, it is set to
//! the next moment that one could be.

use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::{Duration, Instant};
use tokio::time::Sleep;

use crate::config::Timeouts;
use crate::proxy::io::LOOK;

/// What a client's connection is doing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Stage {
    /// Between requests, or before the first (keep-alive).
    Idle,
    /// A request head has begun to arrive.
    Head,
    /// A request waits for its response head; each piece of its body starts the wait anew.
    Waiting,
    /// A response is being delivered; it has no timeout, since a stream may be silent.
    Streaming,
}

/// The connection's phase and when it began.
pub(crate) struct Clock {
    stage: Stage,
    since: Instant,
    timer: Pin<Box<Sleep>>,
    /// The timer has been polled, so that it wakes the task.
    set: bool,
    /// It has fired at least once.
    ticked: bool,
    /// Of the time for the next head, what has been spent before it began.
    spent: Duration,
    /// The shortest of all timeouts: no phase that begins later can expire sooner.
    rest: Duration,
}

impl Clock {
    pub(crate) fn new(timeouts: &Timeouts, now: Instant) -> Self {
        let rest = timeouts.idle.min(timeouts.request_headers).min(timeouts.response);
        let timer = Box::pin(tokio::time::sleep_until((now + rest.min(LOOK)).into()));
        Clock { stage: Stage::Idle, since: now, timer, set: false, ticked: false, spent: Duration::ZERO, rest }
    }

    pub(crate) fn enter(&mut self, stage: Stage, now: Instant) {
        self.stage = stage;
        self.since = now;
        self.spent = Duration::ZERO;
    }

    /// The first head has so much less time than others have: what came before it took that long.
    pub(crate) fn spend(&mut self, spent: Duration, timeouts: &Timeouts) {
        self.spent = spent;
        // Nor less often than this, since it stays so for the whole connection.
        self.rest = self.rest.min(timeouts.request_headers.saturating_sub(spent).max(LOOK));
    }

    /// Bytes of a head have arrived.
    pub(crate) fn received(&mut self) {
        if self.stage == Stage::Idle {
            (self.stage, self.since) = (Stage::Head, Instant::now());
        }
    }

    /// A piece of the request's body was relayed.
    pub(crate) fn progressed(&mut self) {
        if self.stage == Stage::Waiting {
            self.since = Instant::now();
        }
    }

    /// Whether the timer has fired once, so that the connection is older than a moment.
    pub(crate) fn has_ticked(&self) -> bool {
        self.ticked
    }

    /// When the head that has just arrived began to.
    pub(crate) fn began(&self, now: Instant) -> Instant {
        if self.stage == Stage::Head { self.since } else { now }
    }

    /// Ready when the current phase has timed out.
    pub(crate) fn poll_expired(&mut self, timeouts: &Timeouts, cx: &mut Context<'_>) -> Poll<()> {
        if self.set && !self.timer.is_elapsed() {
            return Poll::Pending;
        }
        self.set = true;
        while self.timer.as_mut().poll(cx).is_ready() {
            if !std::mem::replace(&mut self.ticked, true) {
                // From now on a disconnect is watched for: the task has to look again.
                cx.waker().wake_by_ref();
            }
            let now = Instant::now();
            let deadline = self.deadline(timeouts);
            if deadline.is_some_and(|at| at <= now) {
                return Poll::Ready(());
            }
            let next = deadline.map_or(now + self.rest, |at| at.min(now + self.rest));
            self.timer.as_mut().reset(next.into());
        }
        Poll::Pending
    }

    /// When the current phase times out; `None` where it has no timeout.
    fn deadline(&self, timeouts: &Timeouts) -> Option<Instant> {
        let limit = match self.stage {
            Stage::Idle => timeouts.idle,
            Stage::Head => timeouts.request_headers.saturating_sub(self.spent),
            Stage::Waiting => timeouts.response,
            Stage::Streaming => return None,
        };
        Some(self.since + limit)
    }
}
