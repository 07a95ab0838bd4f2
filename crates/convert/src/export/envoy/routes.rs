//! Which pool a request goes to.
//!
//! Ours are tried one after the other. Envoy chooses a virtual host by the host alone, and then the first of its routes: so
//! each host that a route has becomes a virtual host with all routes that are for it, in their order.

use std::net::IpAddr;

use stickylb::api::{ResolvedListener, ResolvedRoute, UpgradeMatch};

use super::block::{block, item, seconds};
use super::forwarded::{self, Trust};
use super::scope::Listener;
use super::{cluster, retry, sticky};
use crate::export::feature::Feature;
use crate::export::writer::Writer;
use crate::export::yaml::quoted;

/// Methods that are safe or idempotent (RFC 9110 9.2).
const IDEMPOTENT: &str = "GET|HEAD|OPTIONS|PUT|DELETE|TRACE";
/// IPv4 and IPv6 addresses, with a port or without.
const ADDRESS: &str = r"([0-9]{1,3}(\.[0-9]{1,3}){3}|\[[0-9a-fA-F:.]+\])(:[0-9]+)?";
/// Any request.
const ALL: &str = "prefix: /";

/// A virtual host: a host as routes have it, or all that no other one is for.
enum Host<'c> {
    Named(&'c str),
    Others,
}

/// The routes of a listener.
pub(super) fn write(this: &Listener, trust: Trust, to: &mut Writer) {
    to.line("ignore_port_in_host_matching: true");
    forwarded::headers(trust, to);
    let anchor = format!("hosts-{}", this.number);
    if trust == Trust::Others {
        // The same as of those that come from proxies.
        to.line(format!("virtual_hosts: *{anchor}"));
        return;
    }
    to.line(match trust {
        Trust::Proxies => format!("virtual_hosts: &{anchor}"),
        _ => "virtual_hosts:".to_owned(),
    });
    to.indented(|to| {
        cannot(this, to);
        for host in hosts(this.ours) {
            virtual_host(this, &host, to);
        }
        virtual_host(this, &Host::Others, to);
    });
}

/// The protocols that routes name, and WebSocket.
pub(super) fn protocols(listener: &ResolvedListener) -> Vec<String> {
    let mut protocols = vec!["websocket".to_owned()];
    for route in &listener.routes {
        if let Some(UpgradeMatch::Protocol(protocol)) = &route.upgrade
            && !protocols.contains(protocol)
        {
            protocols.push(protocol.clone());
        }
    }
    protocols
}

fn cannot(this: &Listener, to: &mut Writer) {
    if this.ours.routes.iter().any(|route| route.upgrade == Some(UpgradeMatch::Any)) {
        let sentence = "routes by any upgrade: Envoy has to know the protocols, those that are not among upgrade_configs are \
                        answered 403";
        to.cannot(Feature::RouteUpgrade, sentence);
    }
    if this.config.limits.body_bytes > 0 {
        let sentence = "limits.bodyBytes: Envoy would have to wait for the end of each body, so that it looks at \
                        Content-Length alone, and bodies without one may have any length";
        to.cannot(Feature::Limits, sentence);
    }
}

/// The hosts that have routes of their own, each once.
fn hosts(listener: &ResolvedListener) -> Vec<Host<'_>> {
    let mut hosts: Vec<&str> = Vec::new();
    // Where others are refused, this name still leads to the pool.
    let local = (listener.refuses_unknown_hosts && listener.pool.is_some()).then_some("localhost");
    for host in listener.routes.iter().filter_map(|route| route.host.as_deref()).chain(local) {
        if !hosts.contains(&host) {
            hosts.push(host);
        }
    }
    hosts.into_iter().map(Host::Named).collect()
}

impl Host<'_> {
    /// Whether a route is for it.
    fn has(&self, route: &ResolvedRoute) -> bool {
        match (self, route.host.as_deref()) {
            (_, None) => true,
            (Host::Others, Some(_)) => false,
            (Host::Named(name), Some(wanted)) if *name == wanted => true,
            (Host::Named(name), Some(wanted)) => wanted.strip_prefix('*').is_some_and(|rest| {
                let name = name.strip_prefix('*').unwrap_or(name);
                name.len() > rest.len() && name.ends_with(rest)
            }),
        }
    }

    /// Whether it is no name that somebody gave: an address, or `localhost` itself.
    fn is_nobodys(&self) -> bool {
        let is_nobodys = |name: &str| name == "localhost" || bare(name).parse::<IpAddr>().is_ok();
        matches!(self, Host::Named(name) if is_nobodys(name))
    }

    fn domain(&self) -> &str {
        match self {
            Host::Named(name) => name,
            Host::Others => "*",
        }
    }
}

/// An address without the brackets that IPv6 has in URLs.
fn bare(host: &str) -> &str {
    host.strip_prefix('[').and_then(|host| host.strip_suffix(']')).unwrap_or(host)
}

fn virtual_host(this: &Listener, host: &Host, to: &mut Writer) {
    let listener = this.ours;
    item(to, &format!("name: {}", quoted(host.domain())), |to| {
        to.line(format!("domains: [{}]", quoted(host.domain())));
        block(to, "routes:", |to| {
            if this.config.limits.body_bytes > 0 {
                too_large(this.config.limits.body_bytes, to);
            }
            for route in listener.routes.iter().filter(|route| host.has(route)) {
                routed(this, route, &[], to);
                if route.path_prefix.as_deref().is_none_or(|prefix| prefix == "/") && route.upgrade.is_none() {
                    return;
                }
            }
            let rest = listener.pool.as_ref().map(|pool| {
                let mut rest = ResolvedRoute::default();
                rest.pool.clone_from(pool);
                rest
            });
            match (rest, host) {
                (Some(rest), Host::Others) if listener.refuses_unknown_hosts => {
                    routed(
                        this,
                        &rest,
                        &[header(":authority", &format!("safe_regex: {{regex: {}}}", quoted(ADDRESS)))],
                        to,
                    );
                    unknown(to);
                }
                (Some(rest), host) if !listener.refuses_unknown_hosts || host.is_nobodys() => {
                    routed(this, &rest, &[], to);
                }
                _ => unknown(to),
            }
        });
    });
}

fn unknown(to: &mut Writer) {
    item(to, &format!("match: {{{ALL}}}"), |_| {});
    to.line("  direct_response: {status: 404, body: {inline_string: \"Nothing is served under this name.\\n\"}}");
}

fn too_large(bytes: u64, to: &mut Writer) {
    let beyond =
        format!("range_match: {{start: {}, end: {}}}", bytes.saturating_add(1).min(i64::MAX as u64 - 1), i64::MAX);
    item(to, "match:", |to| {
        to.line(ALL);
        block(to, "headers:", |to| to.line(format!("- {{name: content-length, {beyond}}}")));
    });
    to.line("  direct_response: {status: 413, body: {inline_string: \"The body is too large.\\n\"}}");
}

/// A condition on a header field.
fn header(name: &str, string_match: &str) -> String {
    format!("- {{name: {}, string_match: {{{string_match}}}}}", quoted(name))
}

/// A route of ours: several of Envoy's, where tunnels have a time of their own, and where requests that may be repeated are
/// tried again in more cases than others.
fn routed(this: &Listener, route: &ResolvedRoute, conditions: &[String], to: &mut Writer) {
    let mut conditions = conditions.to_vec();
    let upgrade =
        |is: bool| format!("- {{name: upgrade, present_match: true{}}}", if is { "" } else { ", invert_match: true" });
    match &route.upgrade {
        Some(UpgradeMatch::Any) => conditions.push(upgrade(true)),
        Some(UpgradeMatch::None) => conditions.push(upgrade(false)),
        Some(UpgradeMatch::Protocol(protocol)) => {
            conditions.push(header("upgrade", &format!("exact: {}, ignore_case: true", quoted(protocol))));
        }
        _ => {}
    }
    let tunnels = matches!(route.upgrade, Some(UpgradeMatch::Any | UpgradeMatch::Protocol(_)));
    if route.upgrade.is_none() && this.config.timeouts.tunnel_idle_millis > 0 {
        let with_upgrade = [conditions.as_slice(), &[upgrade(true)]].concat();
        one(this, route, &with_upgrade, &Kind { tunnels: true, may_repeat: false }, to);
    }
    if retry::tells_methods_apart(&this.config.retry) {
        let method = header(":method", &format!("safe_regex: {{regex: {}}}", quoted(IDEMPOTENT)));
        let with_method = [conditions.as_slice(), &[method]].concat();
        one(this, route, &with_method, &Kind { tunnels, may_repeat: true }, to);
    }
    one(this, route, &conditions, &Kind { tunnels, may_repeat: false }, to);
}

/// What requests one route of Envoy's is for.
struct Kind {
    tunnels: bool,
    may_repeat: bool,
}

fn one(this: &Listener, route: &ResolvedRoute, conditions: &[String], kind: &Kind, to: &mut Writer) {
    let Some(pool) = super::pool(this.config, &route.pool) else { return };
    item(to, "match:", |to| {
        to.line(path(route.path_prefix.as_deref()));
        if !conditions.is_empty() {
            block(to, "headers:", |to| conditions.iter().for_each(|condition| to.line(condition)));
        }
    });
    to.indented(|to| {
        block(to, "route:", |to| {
            to.line(format!("cluster: {}", quoted(&pool.name)));
            to.line("timeout: 0s");
            if kind.tunnels {
                to.line(format!("idle_timeout: {}", seconds(this.config.timeouts.tunnel_idle_millis)));
            }
            if cluster::rewrites_host(this.config, pool) {
                to.line("auto_host_rewrite: true");
            }
            sticky::hash_policy(pool, to);
            retry::policy(this, pool, kind.may_repeat, to);
        });
        sticky::route(this, pool, to);
    });
}

/// Whole segments of a path.
fn path(prefix: Option<&str>) -> String {
    match prefix {
        None | Some("/") => ALL.to_owned(),
        Some(prefix) if prefix.ends_with('/') => format!("prefix: {}", quoted(prefix)),
        Some(prefix) => format!("path_separated_prefix: {}", quoted(prefix)),
    }
}
