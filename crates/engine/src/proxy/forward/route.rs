//! Which pool a request goes to, and which of its cookies go no further.

use smallvec::SmallVec;
use std::net::IpAddr;
use std::sync::Arc;

use crate::api::RouteTaken;
use crate::balancer::Pool;
use crate::config::{RouteConfig, UpgradeMatch, bare_host, without_brackets};
use crate::proxy::exchange::{HostKind, Request};
use crate::proxy::host::without_port;
use crate::state::{LivePool, Routing};

/// Where a request goes: the pool, and the route or name that led to it.
pub(crate) type Destination<'l> = (&'l Arc<LivePool>, Option<&'l Arc<RouteTaken>>);

/// The pool of the first route that matches, else of the name that is asked for, else the listener's own; `None` where names
/// lead to pools and this one to none.
pub(crate) fn route<'l>(routing: &'l Routing, request: &Request) -> Option<Destination<'l>> {
    if let Some(route) = routing.routes.iter().find(|route| matches(&route.matches, request)) {
        return Some((&route.pool, Some(&route.taken)));
    }
    if !routing.names.is_empty()
        && let Some(host) = host_of(request)
    {
        if let Some(named) = routing.names.iter().find(|named| named.name.eq_ignore_ascii_case(host)) {
            return Some((&named.pool, Some(&named.taken)));
        }
        if !is_nobodys(host) {
            return None;
        }
    }
    routing.pool.as_ref().map(|pool| (pool, None))
}

/// What the host is that a request asks for, also where a route came before it.
pub(crate) fn host_kind(routing: &Routing, request: &Request) -> HostKind {
    let is_name = |host: &str| routing.names.iter().any(|named| named.name.eq_ignore_ascii_case(host));
    let is_pool_name = !routing.names.is_empty() && host_of(request).is_some_and(is_name);
    if is_pool_name { HostKind::PoolName } else { HostKind::Other }
}

/// Whether a host is no name that somebody gave: an address, or `localhost` itself.
fn is_nobodys(host: &str) -> bool {
    host.eq_ignore_ascii_case("localhost") || without_brackets(host).parse::<IpAddr>().is_ok()
}

/// The host that is asked for, without port and without a dot at its end.
fn host_of(request: &Request) -> Option<&str> {
    let host = request.host().and_then(|host| std::str::from_utf8(host).ok())?;
    Some(bare_host(without_port(host)))
}

/// The names of the sticky cookies that are no backend's business: this pool's, and those of the listener's other pools, which
/// mean nothing to this one.
pub(crate) fn own_cookies(routing: &Routing, live: &Arc<LivePool>, pool: &Pool, into: &mut SmallVec<[Arc<str>; 1]>) {
    into.extend(pool.sticky.cookie_name().cloned());
    for other in routing.others(live) {
        into.extend(other.current.load().sticky.cookie_name().cloned());
    }
}

fn matches(route: &RouteConfig, request: &Request) -> bool {
    route.upgrade.as_ref().is_none_or(|upgrade| is_upgrade(upgrade, request))
        && route.path_prefix.as_deref().is_none_or(|prefix| begins_with(request.path(), prefix.as_bytes()))
        && route.host.as_deref().is_none_or(|host| is_host(host, request))
}

fn is_upgrade(wanted: &UpgradeMatch, request: &Request) -> bool {
    let asked = request.wanted_upgrade();
    match wanted {
        UpgradeMatch::Any => asked.is_some(),
        UpgradeMatch::None => asked.is_none(),
        UpgradeMatch::Protocol(protocol) => asked.is_some_and(|asked| asked.eq_ignore_ascii_case(protocol.as_bytes())),
    }
}

/// Whether the path begins with these whole segments, as it was sent: `/a/../b` begins with `/a`.
fn begins_with([before, path]: [&[u8]; 2], prefix: &[u8]) -> bool {
    // What an absolute target leaves out is the root.
    let path = if before.is_empty() { path } else { before };
    path.strip_prefix(prefix).is_some_and(|rest| matches!(rest, [] | [b'/' | b'?', ..]) || prefix.ends_with(b"/"))
}

fn is_host(wanted: &str, request: &Request) -> bool {
    let Some(host) = host_of(request) else { return false };
    match wanted.strip_prefix('*') {
        // `*.example.test`: something must stand before the dot.
        Some(rest) => host
            .len()
            .checked_sub(rest.len())
            .filter(|before| *before > 0 && host.is_char_boundary(*before))
            .is_some_and(|before| host[before..].eq_ignore_ascii_case(rest)),
        None => host.eq_ignore_ascii_case(wanted),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::Config;
    use crate::proxy::connection::{ClientScheme, Peer};
    use stickylb_http1::{HeadLimits, ReadBuffer};

    fn request(target: &str, lines: &[(&str, &str)]) -> Request {
        let mut read_buffer = ReadBuffer::default();
        read_buffer.add(format!("GET {target} HTTP/1.1\r\n").as_bytes());
        if !lines.iter().any(|(name, _)| *name == "host") {
            read_buffer.add(b"host: a\r\n");
        }
        for (name, value) in lines {
            read_buffer.add(format!("{name}: {value}\r\n").as_bytes());
        }
        read_buffer.add(b"\r\n");
        let head =
            read_buffer.head(&HeadLimits { bytes: 4096, fields: 16 }).expect("a good head").expect("a whole head");
        let peer = Peer::new(std::net::Ipv4Addr::LOCALHOST.into(), ClientScheme::Http, &[]);
        let request = Request::new(head, &peer, &Config::new(Vec::new()));
        request.map_err(|(_, refusal)| refusal).expect("a request that may pass")
    }

    #[test]
    fn a_path_prefix_is_whole_segments() {
        for (path, prefix, expected) in [
            ("/api", "/api", true),
            ("/api/cart?x=/", "/api", true),
            ("/apiary", "/api", false),
            ("/API", "/api", false),
            ("/x/api", "/api", false),
            ("/api/", "/api/", true),
            ("/api/cart", "/api/", true),
            ("/api", "/api/", false),
            ("/", "/", true),
            ("/anything", "/", true),
        ] {
            let route = RouteConfig { path_prefix: Some(prefix.to_owned()), ..RouteConfig::default() };
            assert_eq!(matches(&route, &request(path, &[])), expected, "{path} {prefix}");
        }
    }

    #[test]
    fn a_host_is_compared_without_case_and_port_and_the_targets_comes_first() {
        let is = |wanted: &str, target: &str, host| {
            let route = RouteConfig { host: Some(wanted.to_owned()), ..RouteConfig::default() };
            matches(&route, &request(target, &[("host", host)]))
        };
        assert!(is("app.localhost", "/", "APP.localhost:3001"));
        assert!(is("app.localhost", "/", "app.localhost."));
        assert!(is("[::1]", "/", "[::1]:3001"));
        assert!(!is("app.localhost", "/", "xapp.localhost"));
        assert!(is("app.localhost", "http://app.localhost/x", "other"));
        assert!(is("*.localhost", "/", "a.b.localhost"));
        assert!(!is("*.localhost", "/", "localhost") && !is("*.localhost", "/", ".localhost"));
    }

    #[test]
    fn an_upgrade_is_asked_for_by_two_headers_and_every_part_of_a_match_must_hold() {
        let websocket = [("connection", "keep-alive, Upgrade"), ("upgrade", "WebSocket")];
        let is = |upgrade, lines: &[_]| {
            let route =
                RouteConfig { upgrade: Some(upgrade), path_prefix: Some("/live".to_owned()), ..RouteConfig::default() };
            matches(&route, &request("/live", lines))
        };
        assert!(is(UpgradeMatch::Any, &websocket));
        assert!(is(UpgradeMatch::Protocol("websocket".to_owned()), &websocket));
        assert!(!is(UpgradeMatch::Protocol("mqtt".to_owned()), &websocket));
        assert!(!is(UpgradeMatch::None, &websocket));
        assert!(is(UpgradeMatch::None, &websocket[1..]));
        let route = RouteConfig {
            upgrade: Some(UpgradeMatch::Any),
            path_prefix: Some("/other".to_owned()),
            ..RouteConfig::default()
        };
        assert!(!matches(&route, &request("/live", &websocket)));
    }
}
