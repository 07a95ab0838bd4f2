//! When a request is tried on another backend, and what failing requests do to a backend.

use stickylb::api::{ResolvedBackend, ResolvedConfig, ResolvedPassive, ResolvedPool};

use super::text::duration;
use crate::export::feature::Feature;
use crate::export::usual::usual_passive;
use crate::export::writer::Writer;

/// Methods that may be repeated and have no body: Caddy keeps none, and would send the rest of one.
const REPEATABLE: &str = "method GET HEAD OPTIONS TRACE";

/// Between two tries while a request is held.
const HELD_MILLIS: u64 = 50;

/// How long a backend is out for the sake of the next try alone.
const SHORT_MILLIS: u64 = 1000;

/// Writes how often a proxy of these backends tries a request; one that `holds` it waits for a backend that is up.
pub(super) fn tries(config: &ResolvedConfig, backends: &[&ResolvedBackend], holds: bool, to: &mut Writer) {
    if holds && config.hold_millis > 0 {
        to.line(format!("lb_try_duration {}", duration(config.hold_millis)));
        to.line(format!("lb_try_interval {}", duration(HELD_MILLIS)));
    } else if tries_elsewhere(config, backends) {
        let again = backends.first().map_or(0, |first| failures(&first.check.passive).saturating_sub(1));
        // A backend is chosen again until it has failed often enough.
        to.line(format!("lb_retries {}", config.retry.attempts.saturating_sub(1) + again));
    }
}

/// Writes which requests are tried again, and what failing ones do, for all proxies of a pool.
pub(super) fn rules(config: &ResolvedConfig, pool: &ResolvedPool, backends: &[&ResolvedBackend], to: &mut Writer) {
    let Some(first) = backends.first() else { return };
    ejection(pool, &first.check.passive, backends.len(), to);
    if tries_elsewhere(config, backends) {
        repeated(config, to);
    } else if config.hold_millis > 0 {
        never_repeated(to);
    }
}

fn tries_elsewhere(config: &ResolvedConfig, backends: &[&ResolvedBackend]) -> bool {
    let retry = &config.retry;
    backends.len() > 1 && retry.attempts > 1 && (retry.on_connect || retry.on_no_response)
}

/// Which requests are tried again that were sent, and not only those that could not be.
fn repeated(config: &ResolvedConfig, to: &mut Writer) {
    let retry = &config.retry;
    if !retry.on_connect {
        to.cannot(
            Feature::RetryConnect,
            "retry.on without connect: Caddy tries a request that it could not send again, whatever it is told",
        );
    }
    if !retry.on_no_response {
        return never_repeated(to);
    }
    to.cannot(
        Feature::RetryNoResponse,
        "retry on no-response: Caddy keeps no bodies, so that PUT and DELETE are not repeated, as POST is not",
    );
    matching(&[REPEATABLE], to);
    if retry.statuses.is_empty() {
        return;
    }
    to.cannot(
        Feature::RetryStatus,
        "retry on statuses: Caddy answers with the status alone, and no body, when the last try has it too",
    );
    let statuses: Vec<String> = retry.statuses.iter().map(u16::to_string).collect();
    let answered = format!("expression `{{http.reverse_proxy.status_code}} in [{}]`", statuses.join(", "));
    matching(&[REPEATABLE, &answered], to);
}

fn never_repeated(to: &mut Writer) {
    // No request comes here that this matches.
    to.comment("Only what could not be sent is tried again.");
    matching(&["method CONNECT"], to);
}

fn matching(lines: &[&str], to: &mut Writer) {
    to.line("lb_retry_match {");
    to.indented(|to| lines.iter().for_each(|line| to.line(line)));
    to.line("}");
}

/// Whether a backend is ejected as it is by default.
fn is_default(passive: &ResolvedPassive) -> bool {
    *passive == usual_passive()
}

/// How many failures take a backend out. By default it is one, so that the next try, also in a client's own handle, goes to
/// another one.
fn failures(passive: &ResolvedPassive) -> u32 {
    if is_default(passive) { 1 } else { passive.failures.max(1) }
}

fn ejection(pool: &ResolvedPool, passive: &ResolvedPassive, backends: usize, to: &mut Writer) {
    let is_default = is_default(passive);
    if is_default && backends < 2 {
        return;
    }
    if !is_default {
        to.cannot(
            Feature::Ejection,
            format!("health.passive of {}: Caddy counts failures within ejectFor, in a row or not, and takes out as many backends as fail", pool.name),
        );
    }
    let is_short = is_default || passive.failures == 0;
    to.line(format!("max_fails {}", failures(passive)));
    to.line(format!("fail_duration {}", duration(if is_short { SHORT_MILLIS } else { passive.eject_for_millis })));
    if !passive.statuses.is_empty() {
        let statuses: Vec<String> = passive.statuses.iter().flat_map(|range| classes(*range)).collect();
        to.line(format!("unhealthy_status {}", statuses.join(" ")));
    }
}

/// A range of statuses as Caddy has it: whole classes, and single ones.
fn classes((first, last): (u16, u16)) -> Vec<String> {
    let mut words = Vec::new();
    let mut status = first;
    while status <= last {
        if status % 100 == 0 && last - status >= 99 {
            words.push(format!("{}xx", status / 100));
            status += 100;
        } else {
            words.push(status.to_string());
            status += 1;
        }
    }
    words
}

#[cfg(test)]
mod tests {
    use super::classes;

    #[test]
    fn statuses_are_classes_as_far_as_they_can_be() {
        assert_eq!(classes((500, 599)), ["5xx"]);
        assert_eq!(classes((498, 501)), ["498", "499", "500", "501"]);
        assert_eq!(classes((499, 599)), ["499", "5xx"]);
    }
}
