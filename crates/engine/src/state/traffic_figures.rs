//! How the balancer's own traffic goes: what was sent and what came of it.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use super::latency_window::LatencyWindow;
use crate::api::{TrafficOptions, TrafficView};
use crate::balancer::Latencies;

/// How one run of traffic goes. One lock: there are at most some hundred requests a second, and each sum is right with the others.
pub(crate) struct TrafficFigures(Mutex<Kept>);

struct Kept {
    view: TrafficView,
    began: Instant,
    /// When it ends by itself.
    until: Instant,
    /// Whether nothing more is in flight, and nothing changes any more.
    is_over: bool,
    /// What was begun at the last tick.
    last_sent: u64,
    from_due: Timed,
    from_begun: Timed,
}

/// Response times from one of the two moments.
struct Timed {
    all: Latencies,
    window: LatencyWindow,
}

impl Default for Timed {
    fn default() -> Self {
        Timed { all: Latencies::default(), window: LatencyWindow::from_empty() }
    }
}

impl TrafficFigures {
    /// Of traffic that begins now.
    pub(super) fn new(options: TrafficOptions) -> Self {
        let began = Instant::now();
        TrafficFigures(Mutex::new(Kept {
            began,
            until: began + Duration::from_millis(options.for_millis),
            view: TrafficView::new(options),
            is_over: false,
            last_sent: 0,
            from_due: Timed::default(),
            from_begun: Timed::default(),
        }))
    }

    /// As the snapshot shows it.
    pub(crate) fn view(&self) -> TrafficView {
        let kept = self.kept();
        let left = if kept.view.on { kept.until.saturating_duration_since(Instant::now()) } else { Duration::ZERO };
        TrafficView {
            seconds_left: u64::try_from(left.as_millis().div_ceil(1000)).unwrap_or(u64::MAX),
            ..kept.view.clone()
        }
    }

    /// When it began, and when it ends by itself.
    pub(crate) fn time(&self) -> (Instant, Instant) {
        let kept = self.kept();
        (kept.began, kept.until)
    }

    /// How many requests are in flight.
    pub(crate) fn in_flight(&self) -> u32 {
        self.kept().view.in_flight
    }

    /// It goes on in this way.
    pub(crate) fn goes_on(&self, options: TrafficOptions) {
        self.kept().view.options = options;
    }

    /// No more requests begin.
    pub(crate) fn off(&self) {
        self.kept().view.on = false;
    }

    /// A request was due and not sent.
    pub(crate) fn dropped(&self) {
        self.kept().view.dropped += 1;
    }

    /// A request begins that was due then. It has failed unless it is said to be answered.
    pub(crate) fn begin(self: &Arc<Self>, due: Instant) -> OnTheWay {
        let mut kept = self.kept();
        kept.view.sent += 1;
        kept.view.in_flight += 1;
        drop(kept);
        OnTheWay { figures: Arc::clone(self), due, begun: Instant::now(), status: None }
    }

    /// Nothing is in flight any more: the figures stay as they are now. Returns them.
    pub(crate) fn end(&self) -> TrafficView {
        let mut kept = self.kept();
        kept.view.on = false;
        kept.tick();
        (kept.is_over, kept.view.rate) = (true, 0);
        drop(kept);
        self.view()
    }

    pub(super) fn tick(&self) {
        self.kept().tick();
    }

    fn kept(&self) -> MutexGuard<'_, Kept> {
        // Ignoring poison is safe: a sum that is one too low is the worst that can come of it.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Kept {
    fn tick(&mut self) {
        if self.is_over {
            return;
        }
        self.view.rate = self.view.sent - self.last_sent;
        self.last_sent = self.view.sent;
        let percentiles = |timed: &mut Timed| timed.window.tick(timed.all.counts()).percentiles();
        self.view.latency = percentiles(&mut self.from_due);
        self.view.latency_without_waiting = percentiles(&mut self.from_begun);
    }
}

/// A request that is in flight, counted once it is dropped.
pub(crate) struct OnTheWay {
    figures: Arc<TrafficFigures>,
    due: Instant,
    begun: Instant,
    status: Option<u16>,
}

impl OnTheWay {
    /// It was answered with this status.
    pub(crate) fn answered(mut self, status: u16) {
        self.status = Some(status);
    }
}

impl Drop for OnTheWay {
    fn drop(&mut self) {
        let now = Instant::now();
        let mut kept = self.figures.kept();
        kept.view.in_flight -= 1;
        let class = self.status.map(|status| usize::from(status / 100));
        if let Some(class @ 1..=5) = class {
            kept.view.by_status[class - 1] += 1;
            kept.from_due.all.record(now.saturating_duration_since(self.due));
            kept.from_begun.all.record(now.saturating_duration_since(self.begun));
        } else {
            kept.view.failed += 1;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_sent_is_answered_failed_or_in_flight_and_waiting_is_told_apart() {
        let figures = Arc::new(TrafficFigures::new(TrafficOptions::default()));
        let now = Instant::now();
        let due = now.checked_sub(Duration::from_secs(3)).unwrap_or(now);
        let (answered, cut, open) = (figures.begin(due), figures.begin(now), figures.begin(now));
        answered.answered(204);
        drop(cut);
        figures.dropped();
        figures.tick();
        let view = figures.view();
        assert_eq!((view.sent, view.by_status, view.failed, view.in_flight), (3, [0, 1, 0, 0, 0], 1, 1));
        assert_eq!((view.dropped, view.rate, view.on), (1, 3, true));
        let (due, begun) = (view.latency.p50, view.latency_without_waiting.p50);
        assert!(due.expect("counted") >= 3_000_000, "{due:?}");
        assert!(begun.expect("counted") < 3_000_000, "{begun:?}");
        assert!((599..=600).contains(&view.seconds_left), "{}", view.seconds_left);
        figures.off();
        assert_eq!((figures.view().on, figures.view().seconds_left), (false, 0));
        open.answered(503);
        let end = figures.end();
        assert_eq!((end.by_status[4], end.in_flight, end.rate, end.latency.p99.is_some()), (1, 0, 0, true));
        for _ in 0..20 {
            figures.tick();
        }
        assert_eq!(figures.view(), end, "what has ended stays as it is");
    }
}
