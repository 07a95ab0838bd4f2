//! `fairness`: how evenly requests were shared out since the baseline, and in the time before it.

use std::time::Duration;

use super::text_table::aligned;
use stickylb::api::{BackendFairness, Fairness, PoolView, Snapshot};

/// The text of `fairness`: of each pool what it measured, and its backends.
pub(crate) fn fairness(snapshot: &Snapshot) -> String {
    let several = snapshot.pools.len() > 1;
    let pools: Vec<String> = snapshot.pools.iter().map(|pool| of_pool(pool, several)).collect();
    pools.join("\n")
}

fn of_pool(pool: &PoolView, several: bool) -> String {
    let now = &pool.fairness;
    let before = now.before.as_deref();
    let name = if several { format!("{}: ", pool.name) } else { String::new() };
    let was = before.map(|before| format!("; before: {}, {}", lasted(before), before.label)).unwrap_or_default();
    let head = format!("{name}{} since: {}{was}\n", lasted(now), now.label);
    let row = |name: &str, of: fn(&Fairness) -> String| [name.to_owned(), of(now), before.map_or_else(none, of)];
    let figures = [
        [String::new(), "NOW".to_owned(), "BEFORE".to_owned()],
        row("fairness (Jain)", |f| f.jain.map_or_else(none, |index| format!("{index:.3}"))),
        row("requests", |f| f.requests.to_string()),
        row("longest run", |f| f.longest_run.to_string()),
        row("backends per client", |f| f.backends_per_client.map_or_else(none, |mean| format!("{mean:.2}"))),
        row("clients moved", |f| f.moved.to_string()),
        row("retried", |f| f.retried.to_string()),
        row("lost", |f| f.lost.to_string()),
    ];
    let titles = ["BACKEND", "WEIGHT", "REQS", "MOST", "MEAN", "BEFORE: REQS", "MOST", "MEAN"];
    let mut backends = vec![titles.map(str::to_owned)];
    backends.extend(now.backends.iter().map(|one| {
        let was = before.and_then(|before| before.backends.iter().find(|was| was.id == one.id));
        let [requests, most, mean] = counts(Some(one));
        let [was_requests, was_most, was_mean] = counts(was);
        let weight = if one.counts { one.weight.to_string() } else { "out".to_owned() };
        [one.name.to_string(), weight, requests, most, mean, was_requests, was_most, was_mean]
    }));
    format!("{head}{}\n{}", aligned(&figures), aligned(&backends))
}

fn counts(one: Option<&BackendFairness>) -> [String; 3] {
    let Some(one) = one else { return [none(), none(), none()] };
    [one.requests.to_string(), one.most_in_flight.to_string(), format!("{:.2}", one.mean_in_flight)]
}

fn none() -> String {
    "-".to_owned()
}

/// `12.3 s`.
fn lasted(fairness: &Fairness) -> String {
    format!("{:.1} s", Duration::from_micros(fairness.micros).as_secs_f64())
}
