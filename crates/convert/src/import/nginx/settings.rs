//! What ours has once for the whole file, as it holds where requests are passed on.

use serde_json::{Value, json};

use super::blocks::Directive;
use super::scope::Scope;
use crate::import::access::{Access, Rule, Rules, is_network};
use crate::import::address::{LONGEST, millis, whole_number};
use crate::import::draft::Draft;
use crate::import::left_out::LeftOut;

/// Networks that may always speak the PROXY protocol here.
const THIS_MACHINE: [&str; 2] = ["127.0.0.0/8", "::1"];

/// Reads what holds at a place from which requests are passed on by HTTP; `is_part` is whether it is for some paths alone.
pub(super) fn read_http(scope: &Scope<'_>, is_part: bool, draft: &mut Draft) {
    let is_for_upgrades = scope.here("proxy_set_header").any(|field| field.word(1).eq_ignore_ascii_case("upgrade"));
    let has_own_time = scope.here("proxy_read_timeout").next().is_some();
    if is_for_upgrades && has_own_time {
        time(scope, "proxy_read_timeout", "timeouts.tunnelIdle", draft);
    }
    if !(is_for_upgrades && has_own_time && is_part) {
        time(scope, "proxy_read_timeout", "timeouts.response", draft);
        alike(scope, draft);
    }
    for (name, key) in [
        ("client_header_timeout", "timeouts.requestHeaders"),
        ("keepalive_timeout", "timeouts.idle"),
        ("proxy_connect_timeout", "timeouts.connect"),
    ] {
        time(scope, name, key, draft);
    }
    sizes(scope, draft);
    retries(scope, draft);
    trusted(scope, draft);
    host_header(scope, draft);
}

/// Reads what holds where raw connections are passed on.
pub(super) fn read_tcp(scope: &Scope<'_>, draft: &mut Draft) {
    time(scope, "proxy_connect_timeout", "timeouts.connect", draft);
    time(scope, "proxy_timeout", "timeouts.tunnelIdle", draft);
    trusted(scope, draft);
}

/// Reads what stands outside of `http` and `stream`.
pub(super) fn read_main(main: &[Directive], draft: &mut Draft) {
    let scope = Scope::new(main);
    time(&scope, "worker_shutdown_timeout", "timeouts.shutdown", draft);
    if let Some(user) = scope.one("user").filter(|user| !user.word(1).is_empty()) {
        draft.once.set("downgradeToUser", user.word(1), (user.line, &user.text()), &mut draft.left_out);
    }
    let events = main.iter().find(|directive| directive.name() == "events").map(Directive::inside).unwrap_or_default();
    if let Some(count) = Scope::new(events).one("worker_connections") {
        // A client's connection, and one to a server.
        match whole_number(count.word(1)).map(|count| count / 2).filter(|count| (1..=1_000_000).contains(count)) {
            Some(half) => draft.once.set("limits.connections", half, (count.line, &count.text()), &mut draft.left_out),
            None => draft.left_out.part(count.line, &count.text(), "it is no number of connections here"),
        }
    }
}

/// A time, which for tunnels may be none.
pub(super) fn time(scope: &Scope<'_>, name: &str, key: &'static str, draft: &mut Draft) {
    let Some(directive) = scope.one(name) else { return };
    let text = directive.text();
    match millis(directive.word(1), "s") {
        Some(time @ 1..=LONGEST) => draft.once.set(key, time, (directive.line, &text), &mut draft.left_out),
        // Longer than ours can be is no limit.
        Some(time) if time > LONGEST && key == "timeouts.tunnelIdle" => {
            draft.once.set(key, 0, (directive.line, &text), &mut draft.left_out);
        }
        _ => draft.left_out.part(directive.line, &text, "there is always a limit here, a day at most"),
    }
}

/// Times that ours has together with that of the answer.
fn alike(scope: &Scope<'_>, draft: &mut Draft) {
    let of = |name: &str| scope.one(name).and_then(|directive| millis(directive.word(1), "s"));
    for name in ["client_body_timeout", "proxy_send_timeout"] {
        let Some(directive) = scope.one(name) else { continue };
        if of(name) != of("proxy_read_timeout") {
            let why = "timeouts.response is for both directions here, that of 'proxy_read_timeout'";
            draft.left_out.part(directive.line, &directive.text(), why);
        }
    }
}

/// Bytes: `64k`, `1m`.
fn bytes(text: &str) -> Option<u64> {
    let lower = text.to_ascii_lowercase();
    let (number, factor) = match lower.strip_suffix(['k', 'm', 'g']) {
        Some(number) if lower.ends_with('k') => (number, 1 << 10),
        Some(number) if lower.ends_with('m') => (number, 1 << 20),
        Some(number) => (number, 1 << 30),
        None => (lower.as_str(), 1),
    };
    whole_number(number)?.checked_mul(factor)
}

fn sizes(scope: &Scope<'_>, draft: &mut Draft) {
    let mut set = |name: &str, word: usize, key: &'static str, range: std::ops::RangeInclusive<u64>| {
        let Some(directive) = scope.one(name) else { return };
        let text = directive.text();
        if let Some(bytes) = bytes(directive.word(word)).filter(|bytes| range.contains(bytes)) {
            draft.once.set(key, bytes, (directive.line, &text), &mut draft.left_out);
        } else {
            let why = format!("{key} is from {} to {}", range.start(), range.end());
            draft.left_out.part(directive.line, &text, &why);
        }
    };
    set("large_client_header_buffers", 2, "limits.headerBytes", 8192..=1 << 20);
    set("max_headers", 1, "limits.headers", 1..=10_000);
    set("client_max_body_size", 1, "limits.bodyBytes", 0..=u64::MAX);
}

fn retries(scope: &Scope<'_>, draft: &mut Draft) {
    let (once, left_out) = (&mut draft.once, &mut draft.left_out);
    let mut tries = scope.one("proxy_next_upstream_tries").and_then(|directive| whole_number(directive.word(1)));
    if let Some(directive) = scope.one("proxy_next_upstream") {
        let mut on: Vec<Value> = Vec::new();
        for word in directive.arguments() {
            let status =
                word.strip_prefix("http_").and_then(whole_number).filter(|status| (400..=599).contains(status));
            match (word.as_str(), status) {
                ("off", _) => tries = Some(1),
                // It does not tell what was sent from what was not.
                ("error", _) => on.extend([json!("connect"), json!("no-response")]),
                ("timeout", _) => {}
                (_, Some(status)) => on.push(status.into()),
                _ => left_out.part(
                    directive.line,
                    word,
                    "a request is tried again here when it was not sent, not answered, or by status",
                ),
            }
        }
        if tries != Some(1) {
            once.set("retry.on", on, (directive.line, &directive.text()), left_out);
        }
    }
    let Some(tries) = tries else { return };
    let directive = scope.one("proxy_next_upstream_tries").or_else(|| scope.one("proxy_next_upstream"));
    let Some(directive) = directive else { return };
    // Nought is as many as there are.
    let tries = if tries == 0 { 100 } else { tries.min(100) };
    once.set("retry.attempts", tries, (directive.line, &directive.text()), left_out);
}

/// The proxies that are believed.
fn trusted(scope: &Scope<'_>, draft: &mut Draft) {
    // Those that speak the PROXY protocol, and those whose header fields count, are one list here: the longest that holds.
    let networks = scope.all("set_real_ip_from");
    let Some(first) = networks.first() else { return };
    let names = networks.iter().filter(|network| !is_network(network.word(1)));
    for network in names {
        draft.left_out.part(network.line, &network.text(), "proxies that are believed are networks here");
    }
    let networks: Vec<&str> = networks
        .iter()
        .map(|network| network.word(1))
        .filter(|network| is_network(network) && !THIS_MACHINE.contains(network))
        .collect();
    if let Some(header) = scope.one("real_ip_header")
        && !["x-forwarded-for", "proxy_protocol"].contains(&header.word(1).to_ascii_lowercase().as_str())
    {
        draft.left_out.part(
            header.line,
            &header.text(),
            "it is X-Forwarded-For and Forwarded that name the client here",
        );
    }
    if !networks.is_empty() {
        draft.once.set("trustedProxies", networks, (first.line, &first.text()), &mut draft.left_out);
    }
}

fn host_header(scope: &Scope<'_>, draft: &mut Draft) {
    let fields = scope.all("proxy_set_header");
    let Some(field) = fields.iter().rev().find(|field| field.word(1).eq_ignore_ascii_case("host")) else {
        return draft.once.set_unless("hostHeader", "backend");
    };
    let (at, text) = (field.line, field.text());
    match host_of(scope, field.word(2), MOST_MAPS) {
        Some(rule) => draft.once.set("hostHeader", rule, (at, &text), &mut draft.left_out),
        None => draft.left_out.part(at, &text, "it is the client's or the backend's own here"),
    }
}

/// How many maps may stand behind each other.
const MOST_MAPS: usize = 4;

/// Whose host it is that a value holds, as our `hostHeader`.
fn host_of(scope: &Scope<'_>, value: &str, depth: usize) -> Option<&'static str> {
    match value {
        "$http_host" | "$host" | "$host:$server_port" | "$host:$http_port" => return Some("client"),
        "$proxy_host" => return Some("backend"),
        _ => {}
    }
    let map = scope.anywhere("map").find(|map| map.word(2) == value)?;
    // What depends on the pool.
    if map.word(1) == "$proxy_host" {
        return Some("auto");
    }
    let default = map.inside().iter().find(|line| line.name() == "default")?;
    host_of(scope, default.word(1), depth.checked_sub(1)?)
}

/// Who may come to a place.
pub(super) fn access(scope: &Scope<'_>, left_out: &mut LeftOut) -> Access {
    let mut rules = Rules::default();
    let lines = scope.all_of(&["allow", "deny"]);
    for line in &lines {
        match (line.name(), line.word(1)) {
            ("allow", "all") => rules.add(Rule::AllowAll),
            ("deny", "all") => rules.add(Rule::DenyAll),
            (name, network) if is_network(network) => {
                let networks = vec![network.to_owned()];
                rules.add(if name == "allow" { Rule::Allow(networks) } else { Rule::Deny(networks) });
            }
            _ => left_out.part(line.line, &line.text(), "who may come is said by addresses here"),
        }
    }
    let mut access = rules.access().unwrap_or_else(|| {
        let line = lines.first().map_or(0, |line| line.line);
        let why = "'allow' and 'deny' are left out: what is denied is denied here whatever is allowed, and there they go by order";
        left_out.say(line, why);
        Access::default()
    });
    access.connections_per_ip = limit(scope, "limit_conn", left_out);
    access.requests_per_second_per_ip = limit(scope, "limit_req", left_out);
    access
}

/// A limit for each address.
fn limit(scope: &Scope<'_>, name: &str, left_out: &mut LeftOut) -> Option<u64> {
    let mut found = None;
    for line in scope.all(name) {
        let zone = line.words.iter().find_map(|word| word.strip_prefix("zone=")).unwrap_or(line.word(1));
        let zones: Vec<&Directive> = scope.anywhere(&format!("{name}_zone")).collect();
        let defined = zones.iter().find(|defined| {
            defined
                .words
                .iter()
                .any(|word| word.strip_prefix("zone=").and_then(|zone| zone.split(':').next()) == Some(zone))
        });
        let by_address = defined.filter(|defined| ["$binary_remote_addr", "$remote_addr"].contains(&defined.word(1)));
        let count = by_address.and_then(|defined| {
            if name == "limit_conn" {
                return whole_number(line.word(2));
            }
            let rate = defined.words.iter().find_map(|word| word.strip_prefix("rate="))?;
            whole_number(rate.strip_suffix("r/s")?)
        });
        match count {
            Some(count) if found.is_none() => found = Some(count),
            _ => left_out.part(
                line.line,
                &line.text(),
                "there is one limit for each address here, by the second for requests",
            ),
        }
    }
    found
}
