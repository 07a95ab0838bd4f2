//! Rates, shares and percentiles over the last seconds, from monotonic counters.

use std::collections::{HashMap, HashSet, VecDeque};
use std::sync::Arc;
use std::time::Instant;

use super::counters::Counters;
use super::latency_window::{LatencyWindow, WINDOW};
use crate::api::{BackendId, Percentiles};
use crate::balancer::{Backend, Counts};

/// Seconds of rates kept.
const HISTORY: usize = 60;

/// The statistics as of the last tick.
#[derive(Default)]
pub(crate) struct Statistics {
    requests: Series,
    errors: Series,
    backends: HashMap<BackendId, BackendSeries>,
    /// Over all backends.
    pub(crate) latency: Percentiles,
}

/// A counter's growth in each second, oldest first; zero for the time before the start.
struct Series {
    last: u64,
    growth: VecDeque<u64>,
}

impl Default for Series {
    fn default() -> Self {
        Series { last: 0, growth: VecDeque::from(vec![0; HISTORY]) }
    }
}

impl Series {
    fn tick(&mut self, now: u64) {
        self.growth.pop_front();
        self.growth.push_back(now.saturating_sub(self.last));
        self.last = now;
    }

    fn rate(&self) -> u64 {
        self.growth.back().copied().unwrap_or(0)
    }

    fn window(&self) -> u64 {
        self.growth.iter().rev().take(WINDOW).sum()
    }

    fn all(&self) -> Vec<u64> {
        self.growth.iter().copied().collect()
    }
}

#[derive(Default)]
struct BackendSeries {
    requests: Series,
    errors: Series,
    latencies: LatencyWindow,
    /// The response times of the window.
    window: Counts,
    latency: Percentiles,
    histogram: Vec<u64>,
    /// When it was last seen to have had a request since the tick before.
    busy: Option<Instant>,
}

impl Statistics {
    pub(crate) fn tick(&mut self, totals: &Counters, backends: &[Arc<Backend>]) {
        self.requests.tick(totals.ended());
        self.errors.tick(totals.server_errors());
        let mut all = Counts::default();
        for backend in backends {
            let series = self.backends.entry(backend.id()).or_default();
            series.requests.tick(backend.counters.requests());
            if backend.counters.active() > 0 || series.requests.rate() > 0 {
                series.busy = Some(Instant::now());
            }
            series.errors.tick(backend.counters.by_status()[4]);
            let window = series.latencies.tick(backend.counters.latencies.counts());
            series.latency = window.percentiles();
            series.histogram = window.doublings();
            all.add(&window);
            series.window = window;
        }
        self.latency = all.percentiles();
        if self.backends.len() > backends.len() {
            let there: HashSet<BackendId> = backends.iter().map(|backend| backend.id()).collect();
            self.backends.retain(|id, _| there.contains(id));
        }
    }

    /// Removes a backend's statistics, because another backend takes over its id.
    pub(crate) fn forget(&mut self, id: BackendId) {
        self.backends.remove(&id);
    }

    pub(crate) fn rate(&self) -> u64 {
        self.requests.rate()
    }

    pub(crate) fn rates(&self) -> Vec<u64> {
        self.requests.all()
    }

    /// Share of the window's requests that ended with a 5xx; `None` without requests.
    pub(crate) fn error_share(&self) -> Option<f64> {
        share(self.errors.window(), self.requests.window())
    }

    /// When it last had a request, as far as the last tick tells.
    pub(crate) fn backend_busy(&self, id: BackendId) -> Option<Instant> {
        self.backends.get(&id)?.busy
    }

    /// Requests per second, over the window.
    pub(crate) fn mean_rate(&self) -> f64 {
        self.requests.window() as f64 / WINDOW as f64
    }

    fn series_of<'s>(&'s self, backends: &'s [Arc<Backend>]) -> impl Iterator<Item = &'s BackendSeries> {
        backends.iter().filter_map(|backend| self.backends.get(&backend.id()))
    }

    /// The same of these backends together.
    pub(crate) fn mean_rate_of(&self, backends: &[Arc<Backend>]) -> f64 {
        self.series_of(backends).map(|b| b.requests.window()).sum::<u64>() as f64 / WINDOW as f64
    }

    /// Share of the window's requests to these backends that ended with a 5xx; `None` without requests.
    pub(crate) fn error_share_of(&self, backends: &[Arc<Backend>]) -> Option<f64> {
        let sum = |of: fn(&BackendSeries) -> &Series| self.series_of(backends).map(|b| of(b).window()).sum();
        share(sum(|b| &b.errors), sum(|b| &b.requests))
    }

    /// Response times of these backends together, over the window.
    pub(crate) fn latency_of(&self, backends: &[Arc<Backend>]) -> Percentiles {
        let mut all = Counts::default();
        self.series_of(backends).for_each(|b| all.add(&b.window));
        all.percentiles()
    }

    pub(crate) fn backend_rate(&self, id: BackendId) -> u64 {
        self.backends.get(&id).map_or(0, |b| b.requests.rate())
    }

    pub(crate) fn backend_rates(&self, id: BackendId) -> Vec<u64> {
        self.backends.get(&id).map_or_else(Vec::new, |b| b.requests.all())
    }

    pub(crate) fn backend_latency(&self, id: BackendId) -> Percentiles {
        self.backends.get(&id).map_or_else(Percentiles::default, |b| b.latency)
    }

    /// The window's responses by response time: one count per doubling, the first below 8 µs.
    pub(crate) fn backend_histogram(&self, id: BackendId) -> Vec<u64> {
        self.backends.get(&id).map_or_else(Vec::new, |b| b.histogram.clone())
    }

    /// The share that each of these backends has of the window's requests to all of them; `None` without requests.
    pub(crate) fn shares(&self, among: &[Arc<Backend>]) -> Vec<Option<f64>> {
        let window = |backend: &Arc<Backend>| self.backends.get(&backend.id()).map_or(0, |b| b.requests.window());
        let windows: Vec<u64> = among.iter().map(window).collect();
        let all = windows.iter().sum();
        windows.into_iter().map(|window| share(window, all)).collect()
    }
}

fn share(part: u64, whole: u64) -> Option<f64> {
    (whole > 0).then(|| part as f64 / whole as f64)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rates_are_what_was_counted_in_each_second() {
        let mut series = Series::default();
        for total in [3, 3, 10] {
            series.tick(total);
        }
        assert!(series.all().ends_with(&[0, 3, 0, 7]));
        assert_eq!((series.rate(), series.window()), (7, 10));
        for _ in 0..HISTORY + 5 {
            series.tick(10);
        }
        assert_eq!(series.all().len(), HISTORY);
        assert_eq!(series.window(), 0);
    }
}
