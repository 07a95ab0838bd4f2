//! Health checks. Envoy has one for all endpoints of a cluster.

use std::fmt::Write as _;

use stickylb::api::{
    CheckAlgorithm, ResolvedBackend, ResolvedCheck, ResolvedHeader, ResolvedPool, ResolvedScheme, ResolvedValue,
};

use super::block::{block, item, seconds};
use crate::export::feature::Feature;
use crate::export::writer::Writer;
use crate::export::yaml::quoted;

/// Milliseconds from one check of a backend that is DOWN to the next.
const DOWN_INTERVAL: u64 = 1000;
/// Methods that Envoy has a word for.
const METHODS: [&str; 8] = ["GET", "HEAD", "POST", "PUT", "DELETE", "OPTIONS", "TRACE", "PATCH"];
/// Any status, as a range without its end.
const ANY_STATUS: &str = "[{start: 100, end: 600}]";

/// Whether two backends are checked alike. How often does not count: those of other machines are checked less often.
fn is_alike(a: &ResolvedCheck, b: &ResolvedCheck) -> bool {
    let alike = |check: &ResolvedCheck| {
        let mut alike = check.clone();
        alike.interval_millis = 0;
        alike
    };
    alike(a) == alike(b)
}

/// The check of most backends; of equally many, the first one's.
fn usual(pool: &ResolvedPool) -> Option<&ResolvedCheck> {
    let alike = |check: &ResolvedCheck| pool.backends.iter().filter(|other| is_alike(check, &other.check)).count();
    pool.backends.iter().map(|backend| &backend.check).rev().max_by_key(|check| alike(check))
}

/// What an endpoint has of its own.
pub(super) fn of_endpoint(pool: &ResolvedPool, backend: &ResolvedBackend, to: &mut Writer) {
    let Some(usual) = usual(pool) else { return };
    if !is_alike(usual, &backend.check) {
        let sentence = format!(
            "health of {}: Envoy has one check for all backends of a pool, this one is not checked, traffic alone tells whether \
             it is up",
            backend.name
        );
        to.cannot(Feature::CheckHttp, sentence);
        to.line("health_check_config: {disable_active_health_check: true}");
    } else if is_http(usual) {
        to.line(format!("health_check_config: {{hostname: {}}}", quoted(&host(backend))));
    }
}

fn is_http(check: &ResolvedCheck) -> bool {
    matches!(check.algorithm, CheckAlgorithm::HttpStatus | CheckAlgorithm::Http)
}

/// The `Host` of a check.
fn host(backend: &ResolvedBackend) -> String {
    let given = backend.check.headers.iter().find(|header| header.name == "host");
    match given.map(|header| &header.value) {
        Some(ResolvedValue::Plain(host)) => host.clone(),
        _ if matches!(backend.scheme, ResolvedScheme::Unix(_)) => "localhost".to_owned(),
        _ => backend.authority(),
    }
}

pub(super) fn write(pool: &ResolvedPool, to: &mut Writer) {
    let Some(check) = usual(pool) else { return };
    cannot(pool, check, to);
    let alike = pool.backends.iter().filter(|backend| is_alike(check, &backend.check));
    let interval = alike.map(|backend| backend.check.interval_millis).min().unwrap_or(check.interval_millis).max(1);
    block(to, "health_checks:", |to| {
        item(to, &format!("interval: {}", seconds(interval)), |to| {
            // Otherwise a pool that nobody asks is checked once a minute.
            to.line(format!("no_traffic_interval: {}", seconds(interval)));
            to.line(format!("unhealthy_interval: {}", seconds(interval.min(DOWN_INTERVAL))));
            to.line(format!("timeout: {}", seconds(check.timeout_millis.max(1))));
            to.line(format!("healthy_threshold: {}", check.rise));
            to.line(format!("unhealthy_threshold: {}", check.fall));
            if is_http(check) {
                block(to, "http_health_check:", |to| http(pool, check, to));
            } else {
                to.line("tcp_health_check: {}");
            }
        });
    });
}

fn cannot(pool: &ResolvedPool, check: &ResolvedCheck, to: &mut Writer) {
    let name = &pool.name;
    let connects = "a backend that takes a connection counts as UP";
    match check.algorithm {
        CheckAlgorithm::Websocket => {
            let sentence = format!("checks of {name} by a WebSocket handshake: Envoy has none, {connects}");
            to.cannot(Feature::CheckWebsocket, sentence);
        }
        CheckAlgorithm::Command => {
            let sentence = format!("checks of {name} by a command: Envoy runs no programs, {connects}");
            to.cannot(Feature::CheckCommand, sentence);
        }
        _ => {}
    }
    if check.agent {
        let sentence = format!("health.agent of {name}: Envoy does not read x-lb-weight, x-lb-state and x-lb-load");
        to.cannot(Feature::Agent, sentence);
    }
    if !check.expect.json.is_empty() {
        let sentence = format!("health.expect.json of {name}: Envoy reads no JSON, the rest of the check decides");
        to.cannot(Feature::CheckExpect, sentence);
    }
}

fn http(pool: &ResolvedPool, check: &ResolvedCheck, to: &mut Writer) {
    to.line(format!("path: {}", quoted(&check.path)));
    if METHODS.contains(&check.method.as_str()) {
        to.line(format!("method: {}", check.method));
    } else {
        let sentence =
            format!("health.method of {}: Envoy has no {} for checks, it asks by GET", pool.name, check.method);
        to.cannot(Feature::CheckHttp, sentence);
    }
    headers(pool, check, to);
    let expected = if check.expect.status.is_empty() {
        if check.algorithm == CheckAlgorithm::Http {
            ANY_STATUS.to_owned()
        } else {
            "[{start: 200, end: 300}]".to_owned()
        }
    } else {
        ranges(&check.expect.status)
    };
    to.line(format!("expected_statuses: {expected}"));
    if check.fall > 1 {
        to.comment("Any other status is one failed check; without this, it would make a backend DOWN at once.");
        to.line(format!("retriable_statuses: {ANY_STATUS}"));
    }
    if let Some(body) = &check.expect.body {
        let hex = hexadecimal(body);
        to.comment(format!("A body with: {body}"));
        to.line(format!("receive: [{{text: \"{hex}\"}}]"));
        to.line("response_buffer_size: 0");
    }
}

/// Statuses as Envoy writes them: it knows those below 600, and ends of ranges are not in them.
fn ranges(statuses: &[(u16, u16)]) -> String {
    let known = statuses.iter().filter(|(first, _)| *first < 600);
    let ranges: Vec<String> =
        known.map(|(first, last)| format!("{{start: {}, end: {}}}", (*first).max(100), (*last).min(599) + 1)).collect();
    format!("[{}]", ranges.join(", "))
}

fn hexadecimal(text: &str) -> String {
    text.bytes().fold(String::new(), |mut hex, byte| {
        // Writing to a string cannot fail.
        let _ = write!(hex, "{byte:02x}");
        hex
    })
}

fn headers(pool: &ResolvedPool, check: &ResolvedCheck, to: &mut Writer) {
    let mut lines = Vec::new();
    for header in check.headers.iter().filter(|header| header.name != "host") {
        if let Some(value) = value(header) {
            lines.push((header, value));
        } else {
            let sentence = format!(
                "header {} of the checks of {}: its value may be a secret and is not written here, nothing is sent until it is \
                 added",
                header.name, pool.name
            );
            to.cannot(Feature::CheckSecrets, sentence);
        }
    }
    if lines.is_empty() {
        return;
    }
    block(to, "request_headers_to_add:", |to| {
        for (header, value) in lines {
            to.line(format!("- header: {{key: {}, value: {}}}", quoted(&header.name), quoted(&value)));
            to.line("  append_action: OVERWRITE_IF_EXISTS_OR_ADD");
        }
    });
}

/// A value in Envoy's format strings, where `%` begins a command.
fn value(header: &ResolvedHeader) -> Option<String> {
    match &header.value {
        ResolvedValue::Plain(value) => Some(value.replace('%', "%%")),
        ResolvedValue::Environment(name) if name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_') => {
            Some(format!("%ENVIRONMENT({name})%"))
        }
        _ => None,
    }
}
