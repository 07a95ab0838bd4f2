//! How backends are checked: the `health` section, and the `health…` keys with which a backend overrides it.

use std::time::Duration;

use super::address::Address;
use super::expect::Expect;
use super::keys::Keys;
use super::node::Node;
use super::passive::Passive;
use super::secret::Secret;
use super::token::TOKEN;
use super::written::Named;
use crate::api::CheckAlgorithm;

/// How one backend is checked: the `health` section with the backend's own `health…` keys laid over it.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct HealthCheck {
    /// Time from one check's end to the next one's start; `None` goes by the backend's address
    /// ([`HealthCheck::interval_for`]). A DOWN backend is checked at least once a second.
    pub interval: Option<Duration>,
    /// Time a check may take as a whole.
    pub timeout: Duration,
    /// Path and query that are asked for, starting with `/`.
    pub path: String,
    /// Request method.
    pub method: http::Method,
    /// What counts as healthy.
    pub algorithm: CheckAlgorithm,
    /// Header fields sent with the check; the values may be secrets.
    pub headers: Vec<(http::HeaderName, Secret)>,
    /// What the answer must be.
    pub expect: Expect,
    /// The program that [`CheckAlgorithm::Command`] runs, and its arguments.
    pub command: Vec<String>,
    /// Whether the answer's `x-lb-weight`, `x-lb-state` and `x-lb-load` are followed.
    pub agent: bool,
    /// Passed checks in a row that make a DOWN backend UP.
    pub rise: u32,
    /// Failed checks in a row that make an UP backend DOWN.
    pub fall: u32,
    /// What failing traffic does.
    pub passive: Passive,
}

impl Default for HealthCheck {
    fn default() -> Self {
        HealthCheck {
            interval: None,
            timeout: Duration::from_secs(2),
            path: "/".to_owned(),
            method: http::Method::GET,
            algorithm: CheckAlgorithm::HttpStatus,
            headers: Vec::new(),
            expect: Expect::default(),
            command: Vec::new(),
            agent: false,
            rise: 1,
            fall: 1,
            passive: Passive::default(),
        }
    }
}

/// The interval where none is written: a server on this machine is one that somebody works on, and is checked at little cost.
const INTERVAL: Duration = Duration::from_secs(10);
const LOCAL_INTERVAL: Duration = Duration::from_secs(2);

/// Methods that no check can use: CONNECT asks for a tunnel, and TRACE for the request itself.
const NOT_FOR_CHECKS: [&str; 2] = ["CONNECT", "TRACE"];

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

impl HealthCheck {
    /// The interval for a backend at this address: the written one, or two seconds where the host is a name or address of this
    /// machine ([`Address::is_local`]), and ten seconds elsewhere.
    pub fn interval_for(&self, address: &Address) -> Duration {
        self.interval.unwrap_or(if address.is_local() { LOCAL_INTERVAL } else { INTERVAL })
    }

    /// Reads the section; tells whether it says how to check.
    pub(crate) fn read(&mut self, keys: &mut Keys<'_, '_>) -> bool {
        let interval = "From one check's end to the next one's start; null is 2000 on this machine and 10000 elsewhere";
        keys.set("interval", interval, &mut self.interval, |n| {
            let millis = n.or_null(|n| n.millis(100));
            if millis.is_some() || n.is_null() { Some(millis) } else { None }
        });
        let says_how = self.read_check(keys, &IN_THE_SECTION);
        keys.set(
            "agent",
            "Follow what a backend says of itself in the answer to a check: x-lb-weight, x-lb-load, x-lb-state",
            &mut self.agent,
            |n| n.boolean(),
        );
        if self.agent && matches!(self.algorithm, CheckAlgorithm::Tcp | CheckAlgorithm::Command) {
            let name = self.algorithm.name();
            keys.wrong_at(
                "agent",
                format!("an agent speaks in the headers of an HTTP answer, and '{name}' reads none"),
            );
        }
        keys.set("rise", "Passed checks in a row that make a backend UP", &mut self.rise, |n| n.integer(1, 100));
        keys.set("fall", "Failed checks in a row that make it DOWN", &mut self.fall, |n| n.integer(1, 100));
        let passive = "Ejects a backend whose requests fail, though its checks pass";
        keys.section("passive", passive, &mut self.passive, Passive::read);
        says_how || keys.has("agent")
    }

    /// Reads what a backend has of its own over its pool's section; tells whether that says how to check.
    pub(crate) fn read_own(&mut self, keys: &mut Keys<'_, '_>) -> bool {
        keys.inheriting(|keys| self.read_check(keys, &OF_A_BACKEND))
    }

    fn read_check(&mut self, keys: &mut Keys<'_, '_>, names: &Names) -> bool {
        keys.set(names.path, "What a check asks for", &mut self.path, |n| n.hint("pattern", "^/[^\\s]*$").parsed(path));
        keys.set(names.method, "The method of a check", &mut self.method, |n| {
            n.hint("pattern", TOKEN).hint("not", serde_json::json!({ "enum": NOT_FOR_CHECKS })).parsed(method)
        });
        keys.set(
            names.algorithm,
            "What a backend that is well does: http-status answers 2xx, http answers at all, tcp takes a connection, \
             websocket a handshake, command ends with status 0",
            &mut self.algorithm,
            |n| n.one_of(CheckAlgorithm::NAMES),
        );
        keys.set(names.timeout, "For a check as a whole", &mut self.timeout, |n| n.millis(1));
        let described = "Sent with a check; a value may be \"env:NAME\" or \"file:PATH\"";
        if let Some(headers) = keys.get(names.headers, described, headers) {
            self.headers = headers;
        }
        if let Some(command) = keys.get(names.command, "The program that checks, and its arguments", command) {
            self.command = command;
        }
        if !keys.has(names.algorithm) && keys.has(names.command) {
            self.algorithm = CheckAlgorithm::Command;
        }
        keys.section(names.expect, "What the answer to a check must be", &mut self.expect, Expect::read);
        self.complain_of_the_algorithm(keys, names);
        [names.algorithm, names.path, names.method, names.headers, names.expect, names.command]
            .iter()
            .any(|key| keys.has(key))
    }

    /// Complains of keys that the algorithm does not go with.
    fn complain_of_the_algorithm(&self, keys: &Keys<'_, '_>, names: &Names) {
        let (chosen, algorithm, command) = (self.algorithm, names.algorithm, names.command);
        if keys.has(command) && chosen != CheckAlgorithm::Command {
            keys.wrong_at(command, format!("only '{algorithm}' \"command\" runs it: leave '{algorithm}' out"));
        }
        if keys.has(algorithm) && !keys.has(command) && chosen == CheckAlgorithm::Command && self.command.is_empty() {
            keys.wrong_at(
                algorithm,
                format!("needs '{command}': the program and its arguments, such as [\"./check\"]"),
            );
        }
        if keys.has(names.expect) && !chosen.reads_an_answer() {
            let chosen = chosen.name();
            keys.wrong_at(
                names.expect,
                format!("looks at an HTTP answer, and '{chosen}' reads none: use http-status or http"),
            );
        }
    }
}

fn command(n: Node<'_, '_>) -> Option<Vec<String>> {
    let mut words = Vec::new();
    let count = n.hint("minItems", 1).each(|n| words.extend(n.parsed(no_nul)))?;
    let names_none = count == 0 || (words.len() == count && words[0].is_empty());
    if names_none { n.wrong("names no program: write [\"./check\", \"--fast\"]") } else { Some(words) }
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
    if NOT_FOR_CHECKS.contains(&method) {
        return Err(format!("{method} cannot check a backend: write GET or HEAD"));
    }
    method.parse().map_err(|_| format!("'{method}' is not a method: write GET or HEAD"))
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
