//! How things stand, as text.

use stickylb::api::{PoolView, Snapshot};

use super::faults::faults_told;
use super::name::full_name;
use super::text_table::aligned;
use super::traffic::traffic_told;

/// The text of `status`: a table, then traffic, faults, what was dropped and what is wrong.
pub(crate) fn status(snapshot: &Snapshot) -> String {
    let warnings = snapshot.warnings.iter().map(|warning| format!("warning: {}\n", warning.text));
    table(snapshot) + &made(snapshot) + &dropped(snapshot) + &warnings.collect::<String>()
}

fn table(snapshot: &Snapshot) -> String {
    let totals = &snapshot.totals;
    let plural = if totals.connections == 1 { "" } else { "s" };
    let how = |pool: &PoolView| {
        let urls = pool.urls.iter().map(ToString::to_string);
        let how = [pool.strategy.to_string(), format!("sticky: {}", pool.sticky)];
        urls.chain(how).collect::<Vec<_>>().join("  ")
    };
    let urls = snapshot.listeners.iter().map(|listener| listener.url.to_string());
    let counts = format!("{} requests  {} connection{plural}\n", totals.requests, totals.connections);
    let head = match snapshot.pools.as_slice() {
        [only] => urls.chain([how(only), counts]).collect::<Vec<_>>().join("  "),
        pools => {
            let pools = pools.iter().map(|pool| format!("{}: {}\n", pool.name, how(pool)));
            urls.chain([counts]).collect::<Vec<_>>().join("  ") + &pools.collect::<String>()
        }
    };
    let titles = ["ID", "NAME", "STATE", "ADDRESS", "WEIGHT", "REQS", "ACT", "STICKY", "ERR"];
    let mut rows = vec![titles.map(str::to_owned)];
    rows.extend(snapshot.backends.iter().map(|b| {
        [
            b.id.to_string(),
            full_name(snapshot, b),
            b.state.to_string(),
            b.address.to_string(),
            b.weight.to_string(),
            b.requests.to_string(),
            b.active.to_string(),
            b.sessions.to_string(),
            b.errors.to_string(),
        ]
    }));
    head + &aligned(&rows)
}

/// What a person makes happen: the traffic that is sent or was sent last, and the faults that burn.
fn made(snapshot: &Snapshot) -> String {
    let traffic = snapshot.traffic.as_ref().map(|view| {
        let [what, came] = traffic_told(view);
        format!("traffic: {what}\n         {came}\n")
    });
    let faults = faults_told(snapshot).into_iter().map(|(name, told)| format!("fault on {name}: {told}\n"));
    traffic.into_iter().chain(faults).collect()
}

/// `log lines dropped since the start: 12 of stdout, 3 of the log file`, where there are any.
fn dropped(snapshot: &Snapshot) -> String {
    let each = snapshot.logs.iter().filter(|log| log.dropped > 0);
    let each: Vec<String> = each.map(|log| format!("{} of {}", log.dropped, log.output.in_words())).collect();
    if each.is_empty() { String::new() } else { format!("log lines dropped since the start: {}\n", each.join(", ")) }
}
