//! Which pool a request goes to.

use stickylb::api::{ResolvedConfig, ResolvedListener, ResolvedRoute, UpgradeMatch};

use super::plan::{Plan, PoolPlan};
use super::quote::{map_key, pattern, word};
use crate::export::writer::Writer;

/// The variable with the protocol that a request asks for, empty where it asks for none.
pub(super) const UPGRADE: &str = "$wanted_upgrade";

/// Upgrades that no request is taken to ask for: to HTTP/2, alone or among others.
pub(super) const HTTP2: &str = r"~*(?:^|,)\s*h2c?\s*(?:,|$)";

/// What of a request the routes of a listener look at.
#[derive(Clone, Copy, Default)]
struct Looks {
    upgrade: bool,
    host: bool,
    path: bool,
}

/// Where the requests of a listener are passed.
pub(super) enum Destination {
    /// All to one pool.
    One(String),
    /// By this variable, which is empty for those that are answered 404 if `refuses`.
    By { variable: String, refuses: bool },
}

/// Where the requests of this listener are passed; `variable` is the one that a map fills where that is needed.
pub(super) fn destination(plan: &Plan<'_>, listener: &ResolvedListener, variable: &str) -> Destination {
    let pool = listener.pool.as_deref().and_then(|name| plan.pool(name));
    match pool {
        Some(pool) if listener.routes.is_empty() && !listener.refuses_unknown_hosts => Destination::One(pool.target()),
        _ => {
            let refuses = pool.is_none() || listener.refuses_unknown_hosts;
            Destination::By { variable: variable.to_owned(), refuses }
        }
    }
}

/// The map that fills the variable.
pub(super) fn write(plan: &Plan<'_>, listener: &ResolvedListener, variable: &str, to: &mut Writer) {
    let looks = Looks {
        upgrade: listener.routes.iter().any(|route| route.upgrade.is_some()),
        host: listener.refuses_unknown_hosts || listener.routes.iter().any(|route| route.host.is_some()),
        path: listener.routes.iter().any(|route| route.path_prefix.is_some()),
    };
    let protocols = protocols(&listener.routes);
    let asked = variable.replace("$pool_at_", "$upgrade_at_");
    if looks.upgrade {
        to.gap();
        to.line(format!("map {UPGRADE} {asked} {{"));
        to.indented(|to| {
            to.line("default other;");
            to.line("\"\" none;");
            to.line(format!("{} none;", word(HTTP2)));
            // A key without a pattern would come before that one.
            for protocol in protocols.iter().filter(|protocol| !["h2c", "h2"].contains(protocol)) {
                to.line(format!("{} {};", map_key(protocol), protocol_word(protocol, &protocols)));
            }
        });
        to.line("}");
    }
    let parts = [(looks.upgrade, asked.as_str()), (looks.host, "$host"), (looks.path, "$request_uri")];
    let parts: Vec<&str> = parts.into_iter().filter(|(is_used, _)| *is_used).map(|(_, part)| part).collect();
    to.gap();
    to.comment("The pool of a request: the first line that matches counts.");
    to.line(format!("map \"{}\" {variable} {{", parts.join(" ")));
    let own = listener.pool.as_deref().and_then(|name| plan.pool(name)).map(PoolPlan::target);
    to.indented(|to| {
        match &own {
            Some(own) if !listener.refuses_unknown_hosts => to.line(format!("default {own};")),
            _ => to.line("default \"\";"),
        }
        for route in &listener.routes {
            let Some(pool) = plan.pool(&route.pool) else { continue };
            to.line(format!("{} {};", word(&matching(route, looks, &protocols)), pool.target()));
        }
        if let Some(own) = own.filter(|_| listener.refuses_unknown_hosts) {
            let upgrade = if looks.upgrade { "\\S+ " } else { "" };
            let end = if looks.path { " " } else { "$" };
            // No host at all, localhost, and addresses: names that nobody gave.
            let host = format!("~^{upgrade}(?:localhost|[0-9.]+|\\[[0-9a-f:.]+\\])?{end}");
            to.line(format!("{} {own};", word(&host)));
        }
    });
    to.line("}");
}

/// Bytes of the longest protocol that some route names.
pub(super) fn longest_protocol(config: &ResolvedConfig) -> usize {
    let routes = config.listeners.iter().flat_map(|listener| &listener.routes);
    let length = |route: &ResolvedRoute| match &route.upgrade {
        Some(UpgradeMatch::Protocol(protocol)) => protocol.len(),
        _ => 0,
    };
    routes.map(length).max().unwrap_or_default()
}

/// The protocols that some route names, each once.
fn protocols(routes: &[ResolvedRoute]) -> Vec<&str> {
    let mut all = Vec::new();
    for route in routes {
        if let Some(UpgradeMatch::Protocol(protocol)) = &route.upgrade
            && !all.contains(&protocol.as_str())
        {
            all.push(protocol);
        }
    }
    all
}

/// What stands for a protocol where it is matched: its own text could be anything.
fn protocol_word(protocol: &str, all: &[&str]) -> String {
    let is_plain = protocol.bytes().all(|b| b.is_ascii_lowercase()) && !matches!(protocol, "none" | "other");
    let place = all.iter().position(|other| *other == protocol).unwrap_or_default();
    if is_plain { protocol.to_owned() } else { format!("named{}", place + 1) }
}

/// The expression that a request of this route matches.
fn matching(route: &ResolvedRoute, looks: Looks, protocols: &[&str]) -> String {
    let mut parts = Vec::new();
    if looks.upgrade {
        parts.push(match &route.upgrade {
            None => "\\S+".to_owned(),
            Some(UpgradeMatch::None) => "none".to_owned(),
            Some(UpgradeMatch::Protocol(protocol)) => protocol_word(protocol, protocols),
            Some(_) => "(?!none )\\S+".to_owned(),
        });
    }
    if looks.host {
        parts.push(match route.host.as_deref() {
            None => "\\S*".to_owned(),
            Some(host) => match host.strip_prefix('*') {
                Some(rest) => format!("\\S+{}", pattern(rest)),
                None => pattern(host),
            },
        });
    }
    let end = if looks.path { "" } else { "$" };
    if looks.path {
        parts.push(match route.path_prefix.as_deref() {
            None => String::new(),
            Some(prefix) if prefix.ends_with('/') => pattern(prefix),
            // Whole segments: `/api` is not in `/apiary`.
            Some(prefix) => format!("{}(?:[/?]|$)", pattern(prefix)),
        });
    }
    format!("~^{}{end}", parts.join(" "))
}
