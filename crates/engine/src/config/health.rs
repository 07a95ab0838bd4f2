//! The `health` section, and the `health…` keys with which a backend lays its own over it.

use super::check::{CheckAlgorithm, Expect, HealthCheck, Passive};
use super::document::{Keys, Node};
use super::secret::Secret;
use super::statuses::statuses;

/// What the keys are called that a backend can have of its own.
struct Names {
    path: &'static str,
    method: &'static str,
    algorithm: &'static str,
    timeout: &'static str,
    headers: &'static str,
    expect: &'static str,
    command: &'static str,
}

const IN_THE_SECTION: Names = Names {
    path: "path",
    method: "method",
    algorithm: "algorithm",
    timeout: "timeout",
    headers: "headers",
    expect: "expect",
    command: "command",
};

const OF_A_BACKEND: Names = Names {
    path: "healthPath",
    method: "healthMethod",
    algorithm: "healthAlgorithm",
    timeout: "healthTimeout",
    headers: "healthHeaders",
    expect: "healthExpect",
    command: "healthCommand",
};

/// The section.
pub(crate) fn health(keys: &mut Keys<'_, '_>) -> HealthCheck {
    let mut health = HealthCheck::default();
    keys.set("interval", &mut health.interval, |n| n.millis(100));
    check(keys, &IN_THE_SECTION, &mut health);
    keys.set("agent", &mut health.agent, |n| n.boolean());
    if health.agent && matches!(health.algorithm, CheckAlgorithm::Tcp | CheckAlgorithm::Command) {
        let name = health.algorithm.name();
        keys.wrong_at("agent", format!("an agent speaks in the headers of an HTTP answer, and '{name}' reads none"));
    }
    keys.set("rise", &mut health.rise, |n| n.integer(1, 100).and_then(|v| u32::try_from(v).ok()));
    keys.set("fall", &mut health.fall, |n| n.integer(1, 100).and_then(|v| u32::try_from(v).ok()));
    keys.set("passive", &mut health.passive, |n| n.object(passive));
    health
}

/// What one backend has of its own, laid over the section.
pub(crate) fn overrides(keys: &mut Keys<'_, '_>, health: &mut HealthCheck) {
    check(keys, &OF_A_BACKEND, health);
}

fn check(keys: &mut Keys<'_, '_>, names: &Names, health: &mut HealthCheck) {
    keys.set(names.path, &mut health.path, |n| n.parsed(path));
    keys.set(names.method, &mut health.method, |n| n.parsed(method));
    keys.set(names.timeout, &mut health.timeout, |n| n.millis(1));
    keys.set(names.headers, &mut health.headers, headers);
    keys.set(names.expect, &mut health.expect, |n| n.object(expect));
    keys.set(names.command, &mut health.command, command);
    if keys.has(names.algorithm) {
        keys.set(names.algorithm, &mut health.algorithm, algorithm);
    } else if keys.has(names.command) {
        health.algorithm = CheckAlgorithm::Command;
    }
    let chosen = health.algorithm;
    let (algorithm, command) = (names.algorithm, names.command);
    if keys.has(command) && chosen != CheckAlgorithm::Command {
        keys.wrong_at(command, format!("only '{algorithm}' \"command\" runs it: leave '{algorithm}' out"));
    }
    if keys.has(algorithm) && !keys.has(command) && chosen == CheckAlgorithm::Command && health.command.is_empty() {
        keys.wrong_at(algorithm, format!("needs '{command}': the program and its arguments, such as [\"./check\"]"));
    }
    if keys.has(names.expect) && !chosen.reads_an_answer() {
        let chosen = chosen.name();
        keys.wrong_at(
            names.expect,
            format!("looks at an HTTP answer, and '{chosen}' reads none: use http-status or http"),
        );
    }
}

fn algorithm(n: Node<'_, '_>) -> Option<CheckAlgorithm> {
    n.one_of(&CheckAlgorithm::ALL.map(|a| (a.name(), a)))
}

fn expect(keys: &mut Keys<'_, '_>) -> Expect {
    let status = keys.get("status", statuses);
    let body = keys.get("body", |n| n.parsed(|text| some_text(text, "names no text that the body must hold")));
    let mut json = Vec::new();
    keys.get("json", |n| {
        n.pairs(|pointer, n| {
            if pointer.is_empty() || pointer.starts_with('/') {
                json.push((pointer.to_owned(), n.json()));
            } else {
                n.wrong::<()>(format!("'{pointer}' is no JSON pointer: write \"/{pointer}\""));
            }
        })
    });
    Expect { status, body, json }
}

fn command(n: Node<'_, '_>) -> Option<Vec<String>> {
    let mut words = Vec::new();
    let count = n.each(|n| words.extend(n.parsed(no_nul)))?;
    let names_none = count == 0 || (words.len() == count && words[0].is_empty());
    if names_none { n.wrong("names no program: write [\"./check\", \"--fast\"]") } else { Some(words) }
}

fn passive(keys: &mut Keys<'_, '_>) -> Passive {
    let mut passive = Passive::default();
    keys.set("failures", &mut passive.failures, |n| n.integer(0, 10_000).and_then(|v| u32::try_from(v).ok()));
    keys.set("statuses", &mut passive.statuses, statuses);
    keys.set("ejectFor", &mut passive.eject_for, |n| n.millis(100));
    keys.set("maxEjectedPercent", &mut passive.max_ejected_percent, |n| {
        n.integer(1, 100).and_then(|v| u32::try_from(v).ok())
    });
    passive
}

fn some_text(text: &str, without: &str) -> Result<String, String> {
    if text.is_empty() { Err(without.to_owned()) } else { Ok(text.to_owned()) }
}

fn no_nul(word: &str) -> Result<String, String> {
    if word.contains('\0') { Err("no argument can hold a NUL".to_owned()) } else { Ok(word.to_owned()) }
}

fn path(path: &str) -> Result<String, String> {
    if path.starts_with('/') && path.parse::<http::uri::PathAndQuery>().is_ok() {
        Ok(path.to_owned())
    } else {
        Err(format!("'{path}' is not a path: it starts with / and has no spaces"))
    }
}

fn method(method: &str) -> Result<http::Method, String> {
    match method {
        "CONNECT" | "TRACE" => Err(format!("{method} cannot check a backend: write GET or HEAD")),
        _ => method.parse().map_err(|_| format!("'{method}' is not a method: write GET or HEAD")),
    }
}

fn headers(n: Node<'_, '_>) -> Option<Vec<(http::HeaderName, Secret)>> {
    let mut headers: Vec<(http::HeaderName, Secret)> = Vec::new();
    n.secret().pairs(|name, n| {
        let Ok(header) = name.parse::<http::HeaderName>() else {
            n.wrong::<()>(format!("'{name}' is not a header name"));
            return;
        };
        if headers.iter().any(|(written, _)| *written == header) {
            n.wrong::<()>("is written twice: leave one, header names differ in more than case");
            return;
        }
        if let Some(value) = n.parsed(Secret::resolve) {
            if http::HeaderValue::from_str(value.reveal()).is_ok() {
                headers.push((header, value));
            } else {
                n.wrong::<()>("a header value is one line without control characters");
            }
        }
    })?;
    Some(headers)
}
