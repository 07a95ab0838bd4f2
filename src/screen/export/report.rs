//! The Markdown report: totals, a table of backends, traffic, faults, and the last state changes.

use std::fmt::Write as _;
use stickylb::api::{BackendView, Snapshot};
use stickylb::untrusted::Untrusted;

use crate::screen::format::{clock, count, micros, percent};
use crate::screen::state::State;
use crate::words::{faults_told, traffic_told};

/// State changes in the report.
const CHANGES: usize = 30;

pub(crate) fn report(state: &State) -> String {
    let snapshot = &state.snapshot;
    let totals = &snapshot.totals;
    let time = |value: Option<u64>| value.map_or_else(|| "-".to_owned(), micros);
    let mut out = String::from("# stickylb-tui\n\n");
    let now =
        jiff::Timestamp::try_from(state.frozen.as_ref().map_or(state.now, |frozen| frozen.at)).unwrap_or_default();
    // Writing to a string cannot fail, here and below.
    let _ = writeln!(out, "{}\n", now.to_zoned(state.zone.clone()).strftime("%Y-%m-%d %H:%M:%S %Z"));
    for listener in &snapshot.listeners {
        let _ = writeln!(out, "- listens on {}", escaped(&listener.url));
    }
    for pool in &snapshot.pools {
        let _ = writeln!(
            out,
            "- pool {}: {}, sticky by {}",
            escaped(&pool.name),
            pool.strategy,
            escaped(pool.sticky.to_string().as_str())
        );
    }
    let errors = totals.error_share.map_or_else(|| "-".to_owned(), |share| format!("{:.1} %", share * 100.0));
    let _ = writeln!(
        out,
        "\n{} requests, {} a second now; p50 {}, p95 {}, p99 {}; {errors} failed in the last ten seconds; \
         {} connections, {} of them tunnels; {} log lines dropped.\n",
        totals.requests,
        totals.rate,
        time(totals.latency.p50),
        time(totals.latency.p95),
        time(totals.latency.p99),
        totals.connections,
        totals.tunnels,
        snapshot.dropped + state.lost,
    );
    out.push_str("## Backends\n\n| id | name | state | address | weight | requests | /s | active | sticky | p50 | p95 | p99 | errors | share | due |\n|---|---|---|---|---|---|---|---|---|---|---|---|---|---|---|\n");
    for backend in &snapshot.backends {
        row(&mut out, backend);
    }
    made(&mut out, snapshot);
    out.push_str("\n## Last changes of state\n\n");
    let before = out.len();
    for change in state.log.digest.changes.last(CHANGES) {
        let (Some(update), Some(last)) = (change.first(), change.last()) else { continue };
        let over = match change.over_after() {
            Some(_) => format!(", UP again {}", clock(last.time, false, &state.zone)),
            None if last.to != update.to => format!(", now {}", last.to),
            None => String::new(),
        };
        let _ = writeln!(
            out,
            "- {} {}: {} to {}{over}, {}; {} requests repeated elsewhere, {} clients moved, {} requests lost",
            clock(update.time, false, &state.zone),
            escaped(&update.backend.name),
            update.from,
            update.to,
            escaped(&update.reason),
            change.harm.retried,
            change.harm.moved,
            change.harm.lost,
        );
    }
    if out.len() == before {
        out.push_str("None.\n");
    }
    out
}

/// What a person made happen: the traffic that is sent or was sent last, and the faults that burn. Nothing where there is none.
fn made(out: &mut String, snapshot: &Snapshot) {
    if let Some(view) = &snapshot.traffic {
        let [what, came] = traffic_told(view);
        let _ = writeln!(out, "\n## Traffic\n\n- {}\n- {}", escaped(what.as_str()), escaped(came.as_str()));
    }
    let faults = faults_told(snapshot);
    if !faults.is_empty() {
        out.push_str("\n## Faults\n\n");
    }
    for (name, told) in faults {
        let _ = writeln!(out, "- {}: {}", escaped(name.as_str()), escaped(told.as_str()));
    }
}

fn row(out: &mut String, backend: &BackendView) {
    let time = |value: Option<u64>| value.map_or_else(|| "-".to_owned(), micros);
    let cells = [
        backend.id.to_string(),
        escaped(&backend.name),
        backend.state.to_string(),
        escaped(&backend.address),
        backend.weight.to_string(),
        count(backend.requests),
        count(backend.rate),
        backend.active.to_string(),
        count(backend.sessions),
        time(backend.latency.p50),
        time(backend.latency.p95),
        time(backend.latency.p99),
        count(backend.errors),
        backend.actual_share.map_or_else(|| "-".to_owned(), |share| format!("{} %", percent(share))),
        format!("{} %", percent(backend.expected_share)),
    ];
    let _ = writeln!(out, "| {} |", cells.join(" | "));
}

/// Escapes text for Markdown: control characters, line breaks and everything that has a meaning in Markdown or HTML.
fn escaped<'t>(text: impl Into<Untrusted<&'t str>>) -> String {
    let mut out = String::new();
    for c in text.into().shown().chars() {
        if matches!(c, '\\' | '`' | '*' | '_' | '[' | ']' | '<' | '>' | '|' | '#' | '&') {
            out.push('\\');
        }
        out.push(c);
    }
    out
}

#[cfg(test)]
mod tests {
    use serde_json::json;
    use stickylb::api::TrafficView;

    use super::*;

    #[test]
    fn traffic_and_faults_are_in_the_report_and_nothing_of_them_where_there_are_none() {
        let mut snapshot = Snapshot::default();
        let told = |snapshot: &Snapshot| {
            let mut out = String::new();
            made(&mut out, snapshot);
            out
        };
        assert_eq!(told(&snapshot), "");
        let mut traffic = TrafficView::new("open rate=24".parse().expect("traffic"));
        (traffic.sent, traffic.seconds_left) = (3, 581);
        snapshot.traffic = Some(traffic);
        let view = json!({"fault": {"kind": "hang", "fuseMillis": 30_000, "share": 100}, "words": "hang", "leftMillis": 11_200, "touched": 2});
        let mut backend = BackendView::default();
        (backend.name, backend.chaos) = ("a*b".into(), Some(Box::new(serde_json::from_value(view).expect("a fault"))));
        snapshot.backends.push(backend);
        let report = told(&snapshot);
        assert!(report.contains("## Traffic\n\n- open rate=24 spacing=even clients=12 "), "{report}");
        assert!(report.contains(": 9:41 left\n- 3 sent, 0 answered, 0 failed\n"), "{report}");
        assert!(
            report.ends_with("## Faults\n\n- a\\*b: hang for=30s; 12 s left, 2 requests and checks touched\n"),
            "{report}"
        );
    }

    #[test]
    fn a_hostile_name_is_text_in_the_report() {
        let shown = escaped("a|b<script>\u{1b}[2J\n# x");
        assert_eq!(shown, "a\\|b\\<script\\>\\\\x1b\\[2J\\\\x0a\\# x");
    }
}
