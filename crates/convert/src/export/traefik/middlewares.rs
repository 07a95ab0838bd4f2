//! What happens to a request before a backend has it.

use stickylb::api::{Mode, ResolvedAccess, ResolvedBackend, ResolvedConfig};

use super::check;
use super::entry_points::EntryPoint;
use super::facts::{asks_again, pools};
use super::text::scalar;
use crate::export::feature::Feature;
use crate::export::writer::Writer;

/// Lets nobody through: it allows an address that no client can have.
pub(super) const NOBODY: &str = "nobody";
pub(super) const ALLOWED: &str = "allowed";
const RATE: &str = "rate";
const PER_ADDRESS: &str = "per-address";
const BODY: &str = "body";
const RETRY: &str = "retry";

/// Those of every router, in the order they see a request.
pub(super) fn usual(config: &ResolvedConfig) -> Vec<String> {
    let access = &config.access;
    let wanted = [
        (ALLOWED, !access.allow.is_empty()),
        (RATE, access.requests_per_second_per_ip > 0),
        (PER_ADDRESS, access.connections_per_ip > 0),
        (BODY, config.limits.body_bytes > 0),
        (RETRY, retries(config)),
    ];
    wanted.into_iter().filter(|(_, is_wanted)| *is_wanted).map(|(name, _)| name.to_owned()).collect()
}

/// The one that sends clients of plain HTTP to https.
pub(super) fn to_https(entry_point: &EntryPoint) -> String {
    format!("to-https-{}", entry_point.port())
}

/// The one that limits what a backend has at a time.
pub(super) fn limit_of(backend: &ResolvedBackend) -> String {
    format!("limit-{}", backend.id)
}

pub(super) fn write(config: &ResolvedConfig, entry_points: &[EntryPoint], to: &mut Writer) {
    let is_http = |entry_point: &&EntryPoint| entry_point.listener.mode == Mode::Http;
    let redirects: Vec<&EntryPoint> = entry_points
        .iter()
        .filter(is_http)
        .filter(|entry_point| entry_point.listener.tls.as_ref().is_some_and(|tls| !tls.refuses_plain))
        .collect();
    let limited: Vec<&ResolvedBackend> = pools(config, Mode::Http)
        .flat_map(|pool| &pool.backends)
        .filter(|backend| backend.max_connections > 0)
        .collect();
    if usual(config).is_empty() && redirects.is_empty() && limited.is_empty() && config.access.deny.is_empty() {
        return;
    }
    to.line("middlewares:");
    to.indented(|to| {
        access(config, to);
        if config.limits.body_bytes > 0 {
            named(BODY, "buffering", &[format!("maxRequestBodyBytes: {}", config.limits.body_bytes)], to);
        }
        if retries(config) {
            retry(config, to);
        }
        for entry_point in redirects {
            let lines = ["scheme: https".to_owned(), format!("port: \"{}\"", entry_point.port())];
            named(&to_https(entry_point), "redirectScheme", &lines, to);
        }
        for backend in limited {
            named(&limit_of(backend), "inFlightReq", &[format!("amount: {}", backend.max_connections)], to);
        }
    });
}

fn named(name: &str, kind: &str, lines: &[String], to: &mut Writer) {
    to.line(format!("{name}:"));
    to.indented(|to| {
        to.line(format!("{kind}:"));
        to.indented(|to| lines.iter().for_each(|line| to.line(line)));
    });
}

fn networks(networks: &[String]) -> String {
    let quoted: Vec<String> = networks.iter().map(|network| scalar(network)).collect();
    format!("sourceRange: [{}]", quoted.join(", "))
}

/// By the address that the connection came from, or its PROXY protocol header names.
const BY_ADDRESS: [&str; 2] = ["sourceCriterion:", "  ipStrategy: {depth: 0}"];

/// Those who may connect, and those who may not.
pub(super) fn ip_lists(access: &ResolvedAccess, to: &mut Writer) {
    if !access.deny.is_empty() {
        named(NOBODY, "ipAllowList", &[networks(&["255.255.255.255/32".to_owned()])], to);
    }
    if !access.allow.is_empty() {
        named(ALLOWED, "ipAllowList", &[networks(&access.allow)], to);
    }
}

fn access(config: &ResolvedConfig, to: &mut Writer) {
    let access = &config.access;
    ip_lists(access, to);
    let rate = access.requests_per_second_per_ip;
    if rate > 0 {
        if !config.trusted_proxies.is_empty() {
            let sentence = "access.requestsPerSecondPerIp: Traefik counts the clients of a trusted proxy together";
            to.cannot(Feature::Rate, sentence);
        }
        named(RATE, "rateLimit", &[format!("average: {rate}"), format!("burst: {rate}")], to);
    }
    if access.connections_per_ip > 0 {
        to.cannot(
            Feature::ConnectionsPerIp,
            "access.connectionsPerIp: Traefik counts requests at one time in its place, and answers 429 beyond them",
        );
        let amount = format!("amount: {}", access.connections_per_ip);
        let lines: Vec<String> = [amount].into_iter().chain(BY_ADDRESS.map(str::to_owned)).collect();
        named(PER_ADDRESS, "inFlightReq", &lines, to);
    }
}

/// Whether anything is tried again.
fn retries(config: &ResolvedConfig) -> bool {
    let retry = &config.retry;
    retry.attempts > 1 && (retry.on_connect || retry.on_no_response || !retry.statuses.is_empty())
}

/// The tries must outlast those that a dead backend gets until it is ejected.
fn attempts(config: &ResolvedConfig) -> u32 {
    let until_ejected = |pool| asks_again(pool).then(|| check::failures_that_eject(pool) + 1);
    let needed = pools(config, Mode::Http).filter_map(until_ejected).max().unwrap_or(0);
    config.retry.attempts.max(needed)
}

fn retry(config: &ResolvedConfig, to: &mut Writer) {
    let retry = &config.retry;
    let attempts = attempts(config);
    if attempts > retry.attempts {
        to.comment("More attempts than ours: a dead backend gets some until it is ejected.");
    }
    let mut lines = vec![format!("attempts: {attempts}")];
    let own = retry.on_no_response.then_some(502);
    let statuses: std::collections::BTreeSet<u16> = own.into_iter().chain(retry.statuses.iter().copied()).collect();
    if retry.on_no_response {
        to.cannot(
            Feature::RetryNoResponse,
            "retry.on no-response: Traefik answers 502 for it and repeats that, and a backend's own 502 as well",
        );
    }
    if !statuses.is_empty() {
        let quoted: Vec<String> = statuses.iter().map(|status| format!("\"{status}\"")).collect();
        lines.push(format!("status: [{}]", quoted.join(", ")));
        lines.push(format!("maxRequestBodyBytes: {}", retry.body_limit));
    }
    if !retry.on_connect {
        lines.push("disableRetryOnNetworkError: true".to_owned());
    }
    if retry.budget_percent != 20 {
        to.cannot(Feature::RetryBudget, "retry.budgetPercent: Traefik has none, every request may be repeated");
    }
    named(RETRY, "retry", &lines, to);
}
