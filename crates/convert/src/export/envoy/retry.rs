//! When a request is tried again.

use stickylb::api::{ResolvedConfig, ResolvedPool, ResolvedRetry};

use super::block::{block, extension, seconds, typed};
use super::endpoints;
use super::facts::moves_clients;
use super::scope::Listener;
use crate::export::writer::Writer;

/// How often a backend is chosen anew, where the one that was chosen has been tried.
const CHOICES: u32 = 10;

/// Whether requests that may be repeated are tried again where others are not.
pub(super) fn tells_methods_apart(retry: &ResolvedRetry) -> bool {
    retry.attempts > 1 && (retry.on_no_response || !retry.statuses.is_empty())
}

/// What is done about requests that get no answer, where they `may_repeat` or not.
pub(super) fn policy(this: &Listener, pool: &ResolvedPool, may_repeat: bool, to: &mut Writer) {
    let config = this.config;
    let retry = &config.retry;
    let mut on = Vec::new();
    if retry.attempts > 1 {
        if retry.on_connect {
            on.extend(["connect-failure", "refused-stream", "reset-before-request"]);
        }
        if may_repeat && retry.on_no_response {
            on.push("reset");
        }
        if may_repeat && !retry.statuses.is_empty() {
            on.push("retriable-status-codes");
        }
    }
    let next_priority = next_priority(config, pool);
    let kind = if may_repeat { "repeat" } else { "retry" };
    let name = next_priority.map_or_else(|| kind.to_owned(), |_| format!("{kind}-{}", pool.name));
    this.anchors.block(to, "retry_policy:", &name, |to| {
        to.comment("Until the first byte of an answer; the timeout of a route would cut long ones.");
        to.line(format!("per_try_timeout: {}", seconds(config.timeouts.response_millis)));
        if on.is_empty() {
            to.line("num_retries: 0");
            return;
        }
        to.line(format!("retry_on: {}", on.join(",")));
        if on.contains(&"retriable-status-codes") {
            let statuses: Vec<String> = retry.statuses.iter().map(ToString::to_string).collect();
            to.line(format!("retriable_status_codes: [{}]", statuses.join(", ")));
        }
        to.line(format!("num_retries: {}", retry.attempts - 1));
        block(to, "retry_host_predicate:", |to| {
            let kind = "envoy.extensions.retry.host.previous_hosts.v3.PreviousHostsPredicate";
            extension(to, "envoy.retry_host_predicates.previous_hosts", kind, |_| {});
        });
        to.line(format!("host_selection_retry_max_attempts: {CHOICES}"));
        if let Some(tries) = next_priority {
            block(to, "retry_priority:", |to| {
                to.line("name: envoy.retry_priorities.previous_priorities");
                block(to, "typed_config:", |to| {
                    let kind = "envoy.extensions.retry.priority.previous_priorities.v3.PreviousPrioritiesConfig";
                    typed(to, kind, |to| to.line(format!("update_frequency: {tries}")));
                });
            });
        }
    });
}

/// After how many tries the next priority is asked: as many as one has backends, where those that fail are not ejected by then.
fn next_priority(config: &ResolvedConfig, pool: &ResolvedPool) -> Option<u32> {
    let groups = endpoints::by_priority(pool);
    let (_, before_last) = groups.split_last()?;
    let most = u32::try_from(before_last.iter().map(Vec::len).max()?).ok()?;
    (!moves_clients(pool) && most < config.retry.attempts).then_some(most)
}
