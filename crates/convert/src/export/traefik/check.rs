//! How Traefik learns that a backend is down.

use stickylb::api::{CheckAlgorithm, ResolvedBackend, ResolvedCheck, ResolvedPool, ResolvedValue};

use super::facts;
use super::text::{millis, of_environment, scalar, shown};
use crate::export::feature::Feature;
use crate::export::writer::Writer;

/// Whether Traefik can check it: by the status of an answer alone.
pub(super) fn is_checked(backend: &ResolvedBackend) -> bool {
    backend.check.algorithm == CheckAlgorithm::HttpStatus
}

/// Failures in a row that take a backend of this pool out.
pub(super) fn failures_that_eject(pool: &ResolvedPool) -> u32 {
    let own = pool.backends.iter().map(|backend| backend.check.passive.failures).find(|failures| *failures > 0);
    own.unwrap_or(3)
}

/// The active check of a backend, or of several that are checked alike.
pub(super) fn active(check: &ResolvedCheck, to: &mut Writer) {
    to.line("healthCheck:");
    to.indented(|to| {
        to.line(format!("path: {}", scalar(&path(&check.path))));
        if check.method != "GET" {
            to.line(format!("method: {}", scalar(&check.method)));
        }
        to.line(format!("interval: {}", millis(check.interval_millis)));
        to.line(format!("timeout: {}", millis(check.timeout_millis)));
        to.line("followRedirects: false");
        if let Some(status) = status(&check.expect.status) {
            to.line(format!("status: {status}"));
        }
        headers(check, to);
    });
}

/// A path that is no reference to another host (RFC 3986 4.2).
fn path(path: &str) -> String {
    if path.starts_with("//") { format!("/.{path}") } else { path.to_owned() }
}

/// The one status that counts, where it is not every 2xx and 3xx.
fn status(expected: &[(u16, u16)]) -> Option<u16> {
    match expected {
        [(first, last)] if first == last => Some(*first),
        [] => None,
        _ if expected.iter().any(|(first, last)| *first < 400 && *last >= 200) => None,
        [(first, _), ..] => Some(*first),
    }
}

fn headers(check: &ResolvedCheck, to: &mut Writer) {
    let mut lines = Vec::new();
    for header in &check.headers {
        let value = match &header.value {
            ResolvedValue::Plain(value) => Some(scalar(value)),
            ResolvedValue::Environment(variable) => of_environment(variable),
            _ => None,
        };
        match value {
            Some(value) if header.name == "host" => to.line(format!("hostname: {value}")),
            Some(value) => lines.push(format!("{}: {value}", scalar(&header.name))),
            None => {
                let name = shown(&header.name);
                to.cannot(
                    Feature::CheckSecrets,
                    format!("health.headers {name}: its value may be a secret and is left out, write it here"),
                );
            }
        }
    }
    if !lines.is_empty() {
        to.line("headers:");
        to.indented(|to| lines.iter().for_each(|line| to.line(line)));
    }
}

/// Whether failing traffic takes backends of this pool out: where requests would come to them again, where more than failed
/// connections is to count, and where nothing is checked, since it is all there is.
pub(super) fn is_ejected(pool: &ResolvedPool, is_checked: bool) -> bool {
    let wants = |backend: &ResolvedBackend| {
        let passive = &backend.check.passive;
        passive.failures > 0 && (!is_checked || !passive.statuses.is_empty())
    };
    facts::asks_again(pool) || pool.backends.iter().any(wants)
}

pub(super) fn passive(pool: &ResolvedPool, check: &ResolvedCheck, to: &mut Writer) {
    to.line("passiveHealthCheck:");
    to.indented(|to| {
        to.line(format!("maxFailedAttempts: {}", failures_that_eject(pool)));
        to.line(format!("failureWindow: {}", millis(check.passive.eject_for_millis)));
    });
}

/// What of a pool's checks Traefik cannot do.
pub(super) fn notes(pool: &ResolvedPool, is_checked: bool, to: &mut Writer) {
    let name = &pool.name;
    // The checks of a pool are mostly the same: what is missing in several is said once.
    let mut said: Vec<(Feature, String)> = Vec::new();
    for lack in pool.backends.iter().flat_map(|backend| lacks(name, &backend.check)) {
        if !said.contains(&lack) {
            to.cannot(lack.0, lack.1.clone());
            said.push(lack);
        }
    }
    if pool.backends.iter().any(|backend| backend.check.agent) {
        to.cannot(Feature::Agent, format!("health.agent of {name}: Traefik does not read weights from answers"));
    }
    if is_checked && pool.backends.iter().any(|backend| (backend.check.rise, backend.check.fall) != (1, 1)) {
        let sentence = format!("rise, fall of {name}: Traefik has neither, each check that passes or fails counts");
        to.cannot(Feature::RiseFall, sentence);
    }
    if is_ejected(pool, is_checked) {
        let until = if is_checked { "until its next check passes" } else { "for that time" };
        let failures = failures_that_eject(pool);
        let sentence = format!(
            "health.passive of {name}: {failures} failures in a row take a backend out {until}; every 5xx is one, and all may be out"
        );
        to.cannot(Feature::Ejection, sentence);
    }
}

/// What of a check in this pool Traefik has not.
fn lacks(pool: &str, check: &ResolvedCheck) -> Vec<(Feature, String)> {
    let of_kind = |feature, word| {
        let sentence = format!("health by {word} of {pool}: Traefik has none for HTTP, it sees failing requests alone");
        Some((feature, sentence))
    };
    let kind = match check.algorithm {
        CheckAlgorithm::HttpStatus => statuses(pool, check),
        CheckAlgorithm::Tcp => of_kind(Feature::CheckTcp, "tcp"),
        CheckAlgorithm::Websocket => of_kind(Feature::CheckWebsocket, "websocket"),
        CheckAlgorithm::Command => of_kind(Feature::CheckCommand, "command"),
        _ => of_kind(Feature::CheckHttp, "any answer"),
    };
    let reads = check.expect.body.is_some() || !check.expect.json.is_empty();
    let expect = reads.then(|| {
        let sentence = "Traefik does not read the answer, its status counts";
        (Feature::CheckExpect, format!("health.expect.body, .json of {pool}: {sentence}"))
    });
    kind.into_iter().chain(expect).collect()
}

fn statuses(pool: &str, check: &ResolvedCheck) -> Option<(Feature, String)> {
    let is_said = match check.expect.status[..] {
        [(first, last)] => first != last && (first, last) != (200, 399),
        _ => true,
    };
    let taken = match status(&check.expect.status) {
        Some(status) => format!("{status} alone"),
        None => "every 2xx and 3xx".to_owned(),
    };
    is_said.then(|| (Feature::CheckHttp, format!("health.expect.status of {pool}: Traefik takes {taken}")))
}
