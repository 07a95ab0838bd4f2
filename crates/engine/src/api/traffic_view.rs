//! Traffic as the snapshot shows it: how it goes, or how it went.

use serde::{Deserialize, Serialize};

use super::percentiles::Percentiles;
use super::traffic::TrafficOptions;

/// Traffic as the snapshot shows it: how it goes, or how it went.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct TrafficView {
    /// What is sent.
    pub options: TrafficOptions,
    /// Whether it goes on.
    pub on: bool,
    /// For how many more seconds.
    pub seconds_left: u64,
    /// Requests begun.
    pub sent: u64,
    /// Requests that were due while [`MAX_TRAFFIC_IN_FLIGHT`](super::MAX_TRAFFIC_IN_FLIGHT) were in flight, and were not sent.
    pub dropped: u64,
    /// Those that were answered, by the class of their status: 1xx first, 5xx last.
    pub by_status: [u64; 5],
    /// Those that ended without a status: cut, refused or not in time.
    pub failed: u64,
    /// Those in flight.
    pub in_flight: u32,
    /// Requests begun in the last whole second.
    pub rate: u64,
    /// Response times of the last ten seconds, from the moment at which each was due.
    pub latency: Percentiles,
    /// The same from the moment at which each was really begun.
    pub latency_without_waiting: Percentiles,
}

impl TrafficView {
    /// The view of traffic of which nothing was sent yet.
    pub fn new(options: TrafficOptions) -> Self {
        TrafficView {
            seconds_left: options.for_millis / 1000,
            options,
            on: true,
            sent: 0,
            dropped: 0,
            by_status: [0; 5],
            failed: 0,
            in_flight: 0,
            rate: 0,
            latency: Percentiles::default(),
            latency_without_waiting: Percentiles::default(),
        }
    }

    /// What it came to, in words: `traffic ended: `, and then as [`came_to`](TrafficView::came_to).
    pub fn ended(&self) -> String {
        format!("traffic ended: {}", self.came_to())
    }

    /// What came of what was sent, in words: `240 sent, 238 answered (230 2xx, 8 5xx), 2 failed`, and where there are any, those
    /// that were dropped and those in flight.
    pub fn came_to(&self) -> String {
        let TrafficView { sent, failed, dropped, in_flight, by_status, .. } = self;
        let classes = by_status.iter().zip(1..).filter(|(count, _)| **count > 0);
        let classes: Vec<String> = classes.map(|(count, class)| format!("{count} {class}xx")).collect();
        let classes = if classes.is_empty() { String::new() } else { format!(" ({})", classes.join(", ")) };
        let some = |count: u64, what: &str| if count > 0 { format!(", {count} {what}") } else { String::new() };
        let (dropped, in_flight) = (some(*dropped, "dropped"), some((*in_flight).into(), "in flight"));
        let answered = by_status.iter().sum::<u64>();
        format!("{sent} sent, {answered} answered{classes}, {failed} failed{dropped}{in_flight}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_it_came_to_names_answers_by_their_status() {
        let mut view = TrafficView::new(TrafficOptions::default());
        assert_eq!(view.ended(), "traffic ended: 0 sent, 0 answered, 0 failed");
        (view.sent, view.by_status, view.failed, view.dropped, view.in_flight) = (99, [0, 88, 0, 0, 7], 1, 12, 3);
        assert_eq!(view.came_to(), "99 sent, 95 answered (88 2xx, 7 5xx), 1 failed, 12 dropped, 3 in flight");
    }
}
