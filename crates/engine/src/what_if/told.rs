//! What the model does not know, in sentences.

use super::window::Window;
use crate::api::WhatIfOptions;
use crate::untrusted::Untrusted;

/// Below this the model is doubted.
const GOOD: f64 = 0.95;

/// Why nothing can be told.
pub(super) fn too_few(window: &Window, least: usize) -> String {
    if window.is_new {
        return "nobody has watched until now, so that what-if has seen no request: it watches from now on".to_owned();
    }
    let requests = window.requests.len();
    let seen = match requests {
        0 => "no request was seen".to_owned(),
        1 => "1 request was seen".to_owned(),
        _ => format!("{requests} requests were seen"),
    };
    let since =
        window.changed.as_ref().map(|changed| format!(" since the last change ({changed})")).unwrap_or_default();
    format!("{seen}{since}: what-if needs {least} under the same conditions")
}

/// Why the strategy in use does not come to what really happened; `None` where it does.
pub(super) fn doubt(as_real: f64, window: &Window) -> Option<String> {
    if as_real >= GOOD {
        return None;
    }
    let count = |count: u64, one: &str, more: &str| {
        let what = if count == 1 { one } else { more };
        format!("{count} {what}")
    };
    let (retried, waited) = (window.retried as u64, (window.waited as u64).max(window.full));
    let why = if retried > 0 {
        format!(
            "{}, so that what was tried first is not known of other strategies",
            count(retried, "attempt failed", "attempts failed")
        )
    } else if waited > 0 {
        format!("{} for a place, and who has it first is chance", count(waited, "request waited", "requests waited"))
    } else if window.unseen > 0 {
        let unseen = count(u64::from(window.unseen), "request was", "requests were");
        format!("{unseen} in flight already when what-if began to watch")
    } else {
        "a weight, a state or a load was another for a moment than what was recorded".to_owned()
    };
    // Never rounded up to what would be good.
    Some(format!("the strategy in use comes to only {:.0} % of what really happened: {why}", (as_real * 100.0).floor()))
}

/// What the model does not say, one sentence each.
pub(super) fn not_told(window: &Window, options: &WhatIfOptions) -> Vec<Untrusted<String>> {
    let latency =
        "latency: each request takes as long as it really took, without a queue, a cold cache or a client that leaves";
    let mut sentences: Vec<Untrusted<String>> = vec![latency.into()];
    let bound = window.bound_before();
    if !options.sticky_off && bound * 2 > window.requests.len() {
        let new = format!(
            "what a strategy does with new clients: {bound} of {} requests came from clients that were bound before; sticky=off shows \
             what each would choose",
            window.requests.len()
        );
        sentences.push(new.into());
    }
    if !options.sticky_off && window.requests.iter().any(|one| !one.asked.client.is_sure) {
        let who =
            "who is who: requests from one address with one User-Agent and one backend's binding count as one client";
        sentences.push(who.into());
    }
    if window.retried > 0 {
        let failed = match window.retried {
            1 => "1 attempt failed".to_owned(),
            retried => format!("{retried} attempts failed"),
        };
        let first =
            format!("failures: {failed}, and stay where they really were, whatever a strategy would have tried first");
        sentences.push(first.into());
    }
    if options.without.is_some() {
        let dead = "what its end costs: the backend is out from the first request on, and what it had in flight ends as it did";
        sentences.push(dead.into());
    }
    sentences
}
