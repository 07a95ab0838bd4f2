//! `upstream`: pools.

use serde_json::{Map, Value, json};
use std::collections::HashMap;

use super::blocks::Directive;
use crate::import::address::{LONGEST, host_and_port, is_host, millis, whole_number};
use crate::import::draft::{Backend, Pool, Sticky};
use crate::import::left_out::LeftOut;

/// How servers are spoken to.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Speech {
    /// `http`, `https` or `tcp`.
    pub(super) scheme: &'static str,
    /// Whether the certificate of an https server is not looked at.
    pub(super) trusts_all: bool,
    /// The name that it must be for.
    pub(super) server_name: Option<String>,
    /// Whether connections begin with a PROXY protocol header.
    pub(super) proxy_protocol: bool,
}

/// The pool of an upstream.
///
/// # Errors
/// A server is malformed.
pub(super) fn pool(upstream: &Directive, speech: &Speech, left_out: &mut LeftOut) -> Result<Pool, String> {
    let name = upstream.word(1).to_owned();
    let mut pool = Pool { line: upstream.line, called: format!("upstream '{name}'"), name, ..Pool::default() };
    let mut idle = None;
    let mut passive = None;
    // How many servers have it.
    let mut addresses: HashMap<String, usize> = HashMap::new();
    for directive in upstream.inside() {
        match directive.name() {
            "server" => {
                if let Some(mut backend) = server(directive, speech, &mut passive, left_out)? {
                    // The same address once more needs a name of its own here.
                    let known = addresses.entry(backend.url.clone()).or_insert(0);
                    *known += 1;
                    if *known > 1 {
                        backend.name = format!("{}-{known}", directive.word(1));
                    }
                    pool.backends.push(backend);
                }
            }
            "keepalive_timeout" => idle = millis(directive.word(1), "s").filter(|time| (1..=LONGEST).contains(time)),
            // It is how workers share what they know, and how many connections they keep.
            "zone" | "keepalive" | "keepalive_requests" | "keepalive_time" | "hash_bucket_size" => {}
            _ => method(directive, &mut pool, left_out),
        }
    }
    for backend in &mut pool.backends {
        backend
            .keys
            .extend(idle.filter(|time| *time != USUAL_IDLE).map(|time| ("idleTimeout".to_owned(), time.into())));
    }
    let mixed = pool.backends.windows(2).any(|two| two[0].keys.get("weight") != two[1].keys.get("weight"));
    if mixed && pool.strategy.is_none() {
        pool.strategy = Some("smooth-round-robin");
    }
    pool.health = health(passive.as_ref());
    Ok(pool)
}

/// How the variables begin that hold sticky keys in our own export.
pub(super) const OUR_KEY: &str = "$key_of_";

/// How long a connection may be idle here unless it is said.
const USUAL_IDLE: u64 = 4000;

/// The pool of one server that is named where it is passed to.
pub(super) fn pool_of_one(
    line: usize,
    place: &str,
    speech: &Speech,
    left_out: &mut LeftOut,
) -> Result<Option<Pool>, String> {
    let directive = Directive { line, words: vec!["server".to_owned(), place.to_owned()], block: None };
    let mut passive = None;
    let Some(mut backend) = server(&directive, speech, &mut passive, left_out)? else { return Ok(None) };
    backend.name = String::new();
    let name = place.trim_start_matches("unix:").to_owned();
    let name: String = name.chars().map(|c| if c.is_ascii_alphanumeric() { c } else { '-' }).collect();
    let name = name.trim_matches('-').to_owned();
    let called = format!("server '{place}'");
    // Where there is one server alone, nginx ejects none.
    let health = json!({ "algorithm": "tcp" }).as_object().cloned().unwrap_or_default();
    Ok(Some(Pool { line, called, name, health, backends: vec![backend], ..Pool::default() }))
}

/// Failures that eject a server, for how long, and the line that says so.
struct Passive {
    failures: u64,
    millis: u64,
    line: usize,
}

fn health(passive: Option<&Passive>) -> Map<String, Value> {
    let mut health = Map::from_iter([("algorithm".to_owned(), "tcp".into())]);
    if let Some(passive) = passive {
        let keys = json!({ "failures": passive.failures, "ejectFor": passive.millis.max(100) });
        health.insert("passive".to_owned(), keys);
    }
    health
}

/// One `server`; `None` where it is left out.
fn server(
    directive: &Directive,
    speech: &Speech,
    passive: &mut Option<Passive>,
    left_out: &mut LeftOut,
) -> Result<Option<Backend>, String> {
    let (line, place) = (directive.line, directive.word(1));
    let wrong = || format!("line {line}: '{place}' is not the address of a server: write host:port");
    let url = if let Some(path) = place.strip_prefix("unix:") {
        format!("unix:{path}")
    } else {
        let (host, port) = host_and_port(place).filter(|(host, _)| is_host(host)).ok_or_else(wrong)?;
        let usual = if speech.scheme == "https" { 443 } else { 80 };
        let port = port.or(if speech.scheme == "tcp" { None } else { Some(usual) }).ok_or_else(wrong)?;
        let host = if host.contains(':') { format!("[{host}]") } else { host.to_owned() };
        format!("{}://{host}:{port}", speech.scheme)
    };
    let mut backend = Backend { line, url, ..Backend::default() };
    let mut own = Passive { failures: 1, millis: 10_000, line };
    for word in directive.words.iter().skip(2) {
        if !parameter(word, line, &mut backend, &mut own)? {
            left_out.nothing_like(line, word);
        }
    }
    speak(speech, &mut backend);
    match passive {
        None => *passive = Some(own),
        Some(first) if (first.failures, first.millis) != (own.failures, own.millis) => {
            let why =
                format!("'max_fails' and 'fail_timeout' are one for all of them here, those of line {}", first.line);
            left_out.say(line, why);
        }
        Some(_) => {}
    }
    Ok(Some(backend))
}

/// Reads one parameter; tells whether there is something like it here.
fn parameter(word: &str, line: usize, backend: &mut Backend, passive: &mut Passive) -> Result<bool, String> {
    let (name, value) = word.split_once('=').unwrap_or((word, ""));
    let wrong = || format!("line {line}: '{word}' needs a number or a time: write {name}=10");
    let number = || whole_number(value).ok_or_else(wrong);
    let time = || millis(value, "s").filter(|time| *time <= LONGEST).ok_or_else(wrong);
    let mut set = |key: &str, value: Value| backend.keys.insert(key.to_owned(), value);
    match name {
        "weight" if value == "1" => {}
        "weight" => {
            set("weight", number()?.into());
        }
        "max_conns" => {
            if number()? > 0 {
                set("maxConnections", number()?.into());
            }
        }
        "slow_start" => {
            set("slowStart", time()?.into());
        }
        "backup" => {
            set("backup", true.into());
        }
        // One that is down gets no clients at all there, which is the same where nobody is bound to it.
        "drain" | "down" => {
            set("weight", 0.into());
        }
        "max_fails" => passive.failures = number()?,
        "fail_timeout" => passive.millis = time()?,
        "route" => backend.cookie = Some(value.to_owned()),
        // Names are looked up for each connection.
        "resolve" => {}
        _ => return Ok(false),
    }
    Ok(true)
}

fn speak(speech: &Speech, backend: &mut Backend) {
    let mut tls = Map::new();
    if speech.scheme == "https" && speech.trusts_all {
        tls.insert("verify".to_owned(), false.into());
    }
    let name = speech.server_name.as_ref().filter(|name| !backend.url.starts_with(&format!("https://{name}:")));
    tls.extend(name.map(|name| ("serverName".to_owned(), name.as_str().into())));
    if !tls.is_empty() {
        backend.keys.insert("tls".to_owned(), tls.into());
    }
    if speech.proxy_protocol {
        backend.keys.insert("proxyProtocol".to_owned(), "v1".into());
    }
}

/// How a server is chosen, and what binds a client to it.
fn method(directive: &Directive, pool: &mut Pool, left_out: &mut LeftOut) {
    let arguments: Vec<&str> = directive.arguments().iter().map(String::as_str).collect();
    match (directive.name(), arguments.as_slice()) {
        ("least_conn", _) => pool.strategy = Some("least-connections"),
        ("random", []) => pool.strategy = Some("random"),
        ("random", ["two", ..]) => pool.strategy = Some("power-of-two"),
        ("least_time", _) => pool.strategy = Some("least-latency"),
        ("ip_hash", _) => pool.sticky = by("ip"),
        ("hash", [key, ..]) => match sticky_key(key) {
            Some(key) if key == "ip" => pool.sticky = by(&key),
            // All requests without one have the same hash there.
            Some(key) => {
                let mut keys = by_key(&key);
                keys.insert("missing".to_owned(), "fixed".into());
                pool.sticky = Sticky::By(keys);
            }
            // The variable of our own export, which is looked up by who reads this.
            None if key.starts_with(OUR_KEY) => {}
            None => {
                let why = "a hash here is of the address, a header or a parameter of the query";
                left_out.part(directive.line, &directive.text(), why);
            }
        },
        ("sticky", ["cookie", name, attributes @ ..]) => pool.sticky = cookie(name, attributes, directive, left_out),
        ("sticky", ["learn", parameters @ ..]) => match learn(parameters) {
            Some(from) => {
                pool.sticky =
                    Sticky::By(Map::from_iter([("by".to_owned(), "learn".into()), ("from".to_owned(), from)]));
            }
            None => left_out.part(directive.line, &directive.text(), "an id is learned of a header or a cookie here"),
        },
        _ => left_out.nothing_like(directive.line, &directive.text()),
    }
}

pub(super) fn by(key: &str) -> Sticky {
    Sticky::By(by_key(key))
}

fn by_key(key: &str) -> Map<String, Value> {
    Map::from_iter([("by".to_owned(), key.into())])
}

/// Our stickiness by the value of a variable.
pub(super) fn sticky_key(variable: &str) -> Option<String> {
    let name = variable.strip_prefix('$')?.trim_start_matches('{').trim_end_matches('}');
    if ["remote_addr", "binary_remote_addr"].contains(&name) {
        return Some("ip".to_owned());
    }
    let header = name.strip_prefix("http_").map(|header| format!("header:{}", header.replace('_', "-")));
    header.or_else(|| name.strip_prefix("arg_").map(|parameter| format!("query:{parameter}")))
}

/// What is learned: `create=$upstream_cookie_x lookup=$cookie_x`, as ours.
fn learn(parameters: &[&str]) -> Option<Value> {
    let of = |start: &'static str| parameters.iter().filter_map(move |parameter| parameter.strip_prefix(start));
    let place = |variable: &str| -> Option<String> {
        if let Some(name) = variable.strip_prefix("cookie_") {
            return Some(format!("cookie:{name}"));
        }
        if let Some(name) = variable.strip_prefix("http_") {
            return Some(format!("header:{}", name.replace('_', "-")));
        }
        variable.strip_prefix("arg_").map(|name| format!("query:{name}"))
    };
    let sources: Option<Vec<Value>> = of("create=$upstream_")
        .zip(of("lookup=$"))
        .map(|(created, brought)| {
            let (created, brought) = (place(created)?, place(brought)?);
            let is_whole = created == brought;
            Some(if is_whole { created.into() } else { json!({ "response": created, "request": brought }) })
        })
        .collect();
    match sources?.as_slice() {
        [] => None,
        [one] => Some(one.clone()),
        several => Some(several.into()),
    }
}

fn cookie(name: &str, attributes: &[&str], directive: &Directive, left_out: &mut LeftOut) -> Sticky {
    let mut keys = Map::from_iter([("name".to_owned(), name.into())]);
    for attribute in attributes {
        let (word, value) = attribute.split_once('=').unwrap_or((attribute, ""));
        let found = match (word, value) {
            ("httponly", _) | ("path", "/") => continue,
            ("secure", _) => Some(("secure", json!(true))),
            ("path", path) => Some(("path", path.into())),
            ("domain", domain) => Some(("domain", domain.trim_start_matches('.').into())),
            ("expires", "max") => Some(("maxAge", 315_360_000.into())),
            ("expires", time) => millis(time, "s").map(|time| ("maxAge", (time / 1000).into())),
            ("samesite", "strict") => Some(("sameSite", "Strict".into())),
            ("samesite", "lax") => Some(("sameSite", "Lax".into())),
            ("samesite", "none") => Some(("sameSite", "None".into())),
            _ => None,
        };
        match found {
            Some((key, value)) => {
                keys.insert(key.to_owned(), value);
            }
            None => left_out.nothing_like(directive.line, attribute),
        }
    }
    if keys.get("sameSite").is_some_and(|value| value == "None") && !keys.contains_key("secure") {
        left_out.part(directive.line, "samesite=none", "browsers drop such a cookie where it is not secure");
        keys.remove("sameSite");
    }
    Sticky::Cookie(keys, directive.line)
}
