//! What holds for all of it: `global` and `defaults`.

use stickylb::api::{CheckAlgorithm, Mode, ResolvedConfig, ResolvedRetry};

use super::frontend::extension_is_left_out;
use super::quote::{time, word};
use super::{Feature, Writer};
use crate::export::usual::{has_usual_budget, usual};

/// Bytes of a buffer that HAProxy keeps free for what it adds to a head (`tune.maxrewrite`).
const KEPT_FREE: usize = 1024;

/// Files that are open beside the two of each connection.
const OTHER_FILES: usize = 100;

/// Statuses that `retry-on` knows in every version.
const RETRIED: [u16; 10] = [401, 403, 404, 408, 425, 500, 501, 502, 503, 504];

/// No limit, as near as there is: about the longest time that HAProxy can count.
pub(super) const FOR_EVER: &str = "24d";

pub(super) fn write(config: &ResolvedConfig, to: &mut Writer) {
    to.gap();
    to.line("global");
    to.indented(|to| global(config, to));
    to.gap();
    to.line("defaults");
    to.indented(|to| defaults(config, to));
}

fn global(config: &ResolvedConfig, to: &mut Writer) {
    let limits = &config.limits;
    // In place of `maxconn`, with which HAProxy does not start where the system allows fewer files. Without either, it takes
    // memory for as many as the system allows, which may be a billion.
    to.line(format!("fd-hard-limit {}", limits.connections.saturating_mul(2).saturating_add(OTHER_FILES)));
    to.line(format!("tune.bufsize {}", limits.header_bytes + KEPT_FREE));
    to.line(format!("tune.http.maxhdr {}", limits.headers));
    if let Some(user) = &config.downgrade_to_user {
        let is_number = user.bytes().all(|b| b.is_ascii_digit());
        to.line(format!("{} {}", if is_number { "uid" } else { "user" }, word(user)));
        to.cannot(
            Feature::User,
            format!("the groups of {user}: HAProxy keeps those of root until a line with group and a name is added"),
        );
    }
    if config.timeouts.shutdown_millis != usual().timeouts.shutdown_millis {
        to.line(format!("hard-stop-after {}", time(config.timeouts.shutdown_millis)));
    }
    if extension_is_left_out(config) {
        to.line("ssl-load-extra-del-ext");
    }
    let backends = || config.pools.iter().flat_map(|pool| &pool.backends);
    if backends().any(|backend| backend.check.algorithm == CheckAlgorithm::Command) {
        to.line("external-check");
        to.line("insecure-fork-wanted");
    }
}

fn defaults(config: &ResolvedConfig, to: &mut Writer) {
    let timeouts = &config.timeouts;
    to.line("mode http");
    to.line(format!("maxconn {}", config.limits.connections));
    to.line(format!("timeout connect {}", time(timeouts.connect_millis)));
    to.line(format!("timeout http-request {}", time(timeouts.request_headers_millis)));
    to.line(format!("timeout http-keep-alive {}", time(timeouts.idle_millis)));
    to.line(format!("timeout client {}", time(timeouts.response_millis)));
    to.line(format!("timeout server {}", time(timeouts.response_millis)));
    match timeouts.tunnel_idle_millis {
        0 => to.line(format!("timeout tunnel {FOR_EVER}")),
        millis => to.line(format!("timeout tunnel {}", time(millis))),
    }
    if config.pools.iter().any(|pool| pool.mode == Mode::Http) {
        say_of_timeouts(timeouts.response_millis, to);
    }
    retries(&config.retry, to);
    if config.hold_millis > 0 {
        to.cannot(Feature::Hold, "hold: HAProxy answers 503 at once while no backend is up");
    }
}

fn say_of_timeouts(response_millis: u64, to: &mut Writer) {
    if response_millis != usual().timeouts.response_millis {
        to.cannot(
            Feature::Timeouts,
            format!(
                "timeouts.response for the beginning of an answer alone: HAProxy cuts one that pauses for {} later on as \
                 well",
                time(response_millis)
            ),
        );
    }
}

fn retries(retry: &ResolvedRetry, to: &mut Writer) {
    to.line(format!("retries {}", retry.attempts.saturating_sub(1)));
    // At every repetition, not at the last one alone: otherwise one that died is asked again.
    to.line("option redispatch 1");
    let mut on: Vec<String> = Vec::new();
    on.extend(retry.on_connect.then(|| "conn-failure".to_owned()));
    on.extend(retry.on_no_response.then(|| "empty-response".to_owned()));
    on.extend(retry.statuses.iter().filter(|status| RETRIED.contains(status)).map(u16::to_string));
    let words = if on.is_empty() { "none".to_owned() } else { on.join(" ") };
    to.line(format!("retry-on {words}"));
    let others: Vec<String> =
        retry.statuses.iter().filter(|status| !RETRIED.contains(status)).map(u16::to_string).collect();
    if !others.is_empty() {
        to.cannot(
            Feature::RetryStatus,
            format!("retries on {}: HAProxy hands such an answer to the client", others.join(", ")),
        );
    }
    if !has_usual_budget(retry) {
        to.cannot(
            Feature::RetryBudget,
            format!(
                "retry.budgetPercent {} and retry.bodyLimit {}: HAProxy repeats every request that fits into its buffer, \
                 as often as retries says",
                retry.budget_percent, retry.body_limit
            ),
        );
    }
}

/// Whether requests are repeated that may have been acted on.
pub(super) fn repeats_what_was_sent(retry: &ResolvedRetry) -> bool {
    retry.attempts > 1 && (retry.on_no_response || retry.statuses.iter().any(|status| RETRIED.contains(status)))
}
