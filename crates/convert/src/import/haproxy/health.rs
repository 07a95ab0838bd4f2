//! The checks of a section's servers as our `health`.

use serde_json::{Map, Value, json};

use super::check::{Check, Kind};
use super::server::Server;
use crate::import::draft::Backend;
use crate::import::left_out::LeftOut;

/// Milliseconds between checks, and how many change the state, unless it is said.
const USUAL: (u64, u64, u64) = (2000, 2, 3);

/// Failures after which `observe` takes a server out, unless it is said.
const USUAL_ERRORS: u64 = 10;

/// Keys of `health` that a backend can have of its own, what these are called there, and what holds where `health` has none.
const OF_A_BACKEND: [(&str, &str, Option<&str>); 6] = [
    ("algorithm", "healthAlgorithm", Some("http-status")),
    ("path", "healthPath", Some("/")),
    ("method", "healthMethod", Some("GET")),
    ("timeout", "healthTimeout", None),
    ("headers", "healthHeaders", None),
    ("command", "healthCommand", None),
];

/// A server, and how it is checked.
pub(super) struct Checked {
    pub(super) server: Server,
    /// Its section's, or that of a server that it follows.
    pub(super) check: Check,
}

/// Our `health` for these servers, whose order is that of the backends; a backend that is checked otherwise than the first one
/// gets keys of its own.
pub(super) fn health(all: &[Checked], backends: &mut [Backend], left_out: &mut LeftOut) -> Map<String, Value> {
    let mut health = Map::new();
    let says_of_none = |server: &Server, left_out: &mut LeftOut| {
        left_out.say(server.line, "servers are always checked here, those without 'check' by connecting");
    };
    let Some(first) = all.iter().find(|one| one.server.options.is_checked) else {
        health.insert("algorithm".to_owned(), "tcp".into());
        all.first().into_iter().for_each(|one| says_of_none(&one.server, left_out));
        passive(all, &mut health, left_out);
        return health;
    };
    let times = |one: &Checked| {
        let options = &one.server.options;
        let (interval, rise, fall) = USUAL;
        let interval = options.interval.unwrap_or(interval).max(100);
        (interval, options.rise.unwrap_or(rise), options.fall.unwrap_or(fall))
    };
    let (interval, rise, fall) = times(first);
    health.insert("interval".to_owned(), interval.into());
    health.insert("rise".to_owned(), rise.into());
    health.insert("fall".to_owned(), fall.into());
    let of_first: Vec<&Checked> =
        all.iter().filter(|one| one.server.options.is_checked && one.check == first.check).collect();
    health.extend(request(&first.check, interval, &of_first));
    for (one, backend) in all.iter().zip(backends) {
        if !one.server.options.is_checked {
            says_of_none(&one.server, left_out);
            if first.check.kind != Kind::Tcp {
                backend.keys.insert("healthAlgorithm".to_owned(), "tcp".into());
            }
            continue;
        }
        if times(one) != (interval, rise, fall) {
            let why =
                format!("'inter', 'rise' and 'fall' are one for all of them here, those of line {}", first.server.line);
            left_out.say(one.server.line, why);
        }
        if one.check != first.check {
            own(&request(&one.check, interval, &[one]), &health, &mut backend.keys);
        }
    }
    passive(all, &mut health, left_out);
    health
}

/// Writes a check into a backend where it is another one than its pool's.
fn own(request: &Map<String, Value>, pools: &Map<String, Value>, keys: &mut Map<String, Value>) {
    for (key, ours, usual) in OF_A_BACKEND {
        match (request.get(key), pools.get(key), usual) {
            (Some(value), pool, _) if pool != Some(value) => {
                keys.insert(ours.to_owned(), value.clone());
            }
            (None, Some(_), Some(usual)) if key != "algorithm" || !request.contains_key("command") => {
                keys.insert(ours.to_owned(), usual.into());
            }
            (None, Some(_), None) if key == "headers" => {
                keys.insert(ours.to_owned(), json!({}));
            }
            _ => {}
        }
    }
    if request.get("expect") != pools.get("expect") {
        keys.insert("healthExpect".to_owned(), request.get("expect").cloned().unwrap_or_else(|| json!({})));
    }
}

/// What a check asks for, as keys of our `health`, for servers that are checked so.
fn request(check: &Check, interval: u64, servers: &[&Checked]) -> Map<String, Value> {
    let mut health = Map::from_iter([("timeout".to_owned(), check.timeout.unwrap_or(interval).max(1).into())]);
    let mut set = |key: &str, value: Value| health.insert(key.to_owned(), value);
    match (&check.kind, &check.command) {
        (Kind::Command, Some(command)) => {
            set("command", json!([command]));
            return health;
        }
        (Kind::Http, _) => {}
        _ => {
            set("algorithm", "tcp".into());
            return health;
        }
    }
    let is_handshake = check.statuses.as_deref() == Some("101");
    if is_handshake {
        set("algorithm", "websocket".into());
    }
    if let Some(path) = check.path.as_ref().filter(|path| *path != "/") {
        set("path", path.as_str().into());
    }
    // It asks by OPTIONS unless it is told otherwise.
    let method = check.method.as_deref().unwrap_or("OPTIONS");
    if method != "GET" {
        set("method", method.into());
    }
    let headers = headers(check, is_handshake, servers);
    if !headers.is_empty() {
        set("headers", headers.into());
    }
    if is_handshake {
        return health;
    }
    let mut expect = Map::new();
    match check.statuses.as_deref() {
        Some("200-299") => {}
        Some("100-599" | "100-999" | "200-599") => {
            set("algorithm", "http".into());
        }
        // What passes there where nothing is said.
        other => {
            let usual = if check.body.is_some() { "100-599" } else { "200-399" };
            expect.insert("status".to_owned(), other.unwrap_or(usual).into());
        }
    }
    expect.extend(check.body.clone().map(|text| ("body".to_owned(), text.into())));
    if !expect.is_empty() {
        set("expect", expect.into());
    }
    health
}

/// The header fields of a check, but those that ours sends by itself.
fn headers(check: &Check, is_handshake: bool, servers: &[&Checked]) -> Map<String, Value> {
    let of_handshake = ["connection", "upgrade", "sec-websocket-key", "sec-websocket-version"];
    let is_sent = |name: &str, value: &Value| {
        let host = value.as_str().unwrap_or_default();
        let is_own = name == "host" && servers.iter().all(|one| one.server.is_called(host));
        is_own || is_handshake && of_handshake.contains(&name)
    };
    let others = check.headers.iter().filter(|(name, value)| !is_sent(&name.to_ascii_lowercase(), value));
    others.map(|(name, value)| (name.clone(), value.clone())).collect()
}

/// `observe`: what failing traffic does. Without it, nothing.
fn passive(all: &[Checked], health: &mut Map<String, Value>, left_out: &mut LeftOut) {
    let Some(first) = all.iter().find(|one| one.server.options.observes.is_some()) else {
        health.insert("passive".to_owned(), json!({ "failures": 0 }));
        return;
    };
    let options = &first.server.options;
    let mut passive = json!({ "failures": options.error_limit.unwrap_or(USUAL_ERRORS) });
    if options.observes.as_deref() == Some("layer7") {
        // Those that count there.
        passive["statuses"] = "500, 502-504, 506-599".into();
    }
    health.insert("passive".to_owned(), passive);
    // One that follows another's checks cannot have it.
    for other in all.iter().map(|one| &one.server).filter(|server| server.options.tracks.is_none()) {
        if (&other.options.observes, other.options.error_limit) != (&options.observes, options.error_limit) {
            let why = format!(
                "'observe' and 'error-limit' are one for all of them here, those of line {}",
                first.server.line
            );
            left_out.say(other.line, why);
        }
    }
}
