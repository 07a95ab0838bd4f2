//! Traffic in words: how it goes, and how it went.

#[cfg(feature = "tui")]
use stickylb::api::TrafficModel;
use stickylb::api::TrafficView;
use stickylb::untrusted::Untrusted;
#[cfg(feature = "tui")]
use unicode_width::UnicodeWidthStr as _;

use super::amounts::{response_time, time_left};

/// How traffic goes, in at most so many columns where that is possible:
/// `traffic 24/s open · p99 1.9 s, 0.9 s without waiting · 12 dropped · 9:41 left`. What matters least goes first; how much is
/// sent stays.
#[cfg(feature = "tui")]
pub(crate) fn traffic_within(view: &TrafficView, columns: usize) -> String {
    // What stands before a part, the part, and how much it matters.
    let (rate, model) = match view.options.model {
        TrafficModel::Closed => (view.rate, "closed"),
        _ => (view.options.rate.into(), "open"),
    };
    let mut parts = vec![(9, "", format!("traffic {rate}/s")), (3, " ", model.to_owned())];
    if let [Some(whole), own] = response_times(view) {
        parts.push((5, " · ", format!("p99 {whole}")));
        parts.extend(own.map(|own| (2, ", ", format!("{own} without waiting"))));
    }
    if view.dropped > 0 {
        parts.push((6, " · ", format!("{} dropped", view.dropped)));
    }
    parts.push((4, " · ", format!("{} left", time_left(view.seconds_left))));
    let width =
        |parts: &[(u8, &str, String)]| parts.iter().map(|(_, gap, part)| gap.width() + part.width()).sum::<usize>();
    while parts.len() > 1 && width(&parts) > columns {
        let least = (0..parts.len()).min_by_key(|n| parts[*n].0).unwrap_or(0);
        parts.remove(least);
    }
    parts.into_iter().flat_map(|(_, gap, part)| [gap.to_owned(), part]).collect()
}

/// The 99th percentile from the moments at which requests were due, and, where it differs, from those at which they were begun.
fn response_times(view: &TrafficView) -> [Option<String>; 2] {
    let [whole, own] = [view.latency.p99, view.latency_without_waiting.p99];
    // Both in the same unit, so that they can be compared at a glance.
    let in_seconds = whole.is_some_and(|whole| whole >= 999_500);
    let alike = |own: u64| match own {
        50_000..950_000 if in_seconds => format!("0.{} s", (own + 50_000) / 100_000),
        own => response_time(own),
    };
    let (whole, own) = (whole.map(response_time), own.map(alike));
    let own = own.filter(|own| Some(own) != whole.as_ref());
    [whole, own]
}

/// All that is known of traffic, for `status` and the report: what was sent, then what came of it, two lines.
pub(crate) fn traffic_told(view: &TrafficView) -> [String; 2] {
    let line = view.options.to_string();
    let line = Untrusted::new(line.as_str());
    let how = if view.on { format!("{} left", time_left(view.seconds_left)) } else { "ended".to_owned() };
    let [whole, own] = response_times(view);
    let own = own.map(|own| format!(", {own} without waiting")).unwrap_or_default();
    let times = whole.map(|whole| format!("; p99 {whole}{own}")).unwrap_or_default();
    [format!("{line}: {how}"), view.came_to() + &times]
}

#[cfg(test)]
mod tests {
    use super::*;

    fn view(line: &str) -> TrafficView {
        let mut view = TrafficView::new(line.parse().expect(line));
        (view.sent, view.dropped, view.in_flight, view.rate, view.seconds_left) = (1440, 12, 3, 22, 581);
        view.by_status = [0, 1420, 0, 0, 8];
        view.latency.p99 = Some(1_900_000);
        view.latency_without_waiting.p99 = Some(900_000);
        view
    }

    #[test]
    #[cfg(feature = "tui")]
    fn what_matters_least_goes_first_where_there_is_little_room() {
        let open = view("open rate=24");
        let whole = "traffic 24/s open · p99 1.9 s, 0.9 s without waiting · 12 dropped · 9:41 left";
        for (columns, shown) in [
            (200, whole),
            (80, whole),
            (75, "traffic 24/s open · p99 1.9 s · 12 dropped · 9:41 left"),
            (50, "traffic 24/s · p99 1.9 s · 12 dropped · 9:41 left"),
            (40, "traffic 24/s · p99 1.9 s · 12 dropped"),
            (30, "traffic 24/s · 12 dropped"),
            (12, "traffic 24/s"),
            (0, "traffic 24/s"),
        ] {
            assert_eq!(traffic_within(&open, columns), shown, "{columns}");
        }
        assert!(traffic_within(&view("closed clients=3"), 200).starts_with("traffic 22/s closed · p99 "));
    }

    #[test]
    fn all_is_told_in_two_lines() {
        let mut open = view("open rate=24");
        assert_eq!(
            traffic_told(&open),
            [
                r#"open rate=24 spacing=even clients=12 cookies=keep mix="100% GET /" seed=7 for=10m: 9:41 left"#,
                "1440 sent, 1428 answered (1420 2xx, 8 5xx), 0 failed, 12 dropped, 3 in flight; p99 1.9 s, 0.9 s without \
                 waiting",
            ]
        );
        (open.on, open.in_flight, open.latency_without_waiting) = (false, 0, open.latency);
        let [what, came] = traffic_told(&open);
        assert!(what.ends_with(": ended") && came.ends_with("12 dropped; p99 1.9 s"), "{what}: {came}");
    }
}
