//! Which pool a request goes to.

use std::sync::Arc;

use http::header::{HOST, HeaderMap, HeaderValue};
use http::{Request, Version};

use super::headers::{authority, wanted_upgrade, without_port};
use crate::balancer::RouteTaken;
use crate::config::{RouteConfig, UpgradeMatch};
use crate::engine::{LivePool, Routing};

/// The pool of the first route that matches, with that route, or the listener's own.
pub(super) fn route<'l, B>(
    routing: &'l Routing,
    request: &Request<B>,
) -> (&'l Arc<LivePool>, Option<&'l Arc<RouteTaken>>) {
    match routing.routes.iter().find(|route| matches(&route.matches, request)) {
        Some(route) => (&route.pool, Some(&route.taken)),
        None => (&routing.pool, None),
    }
}

fn matches<B>(route: &RouteConfig, request: &Request<B>) -> bool {
    route.upgrade.as_ref().is_none_or(|upgrade| is_upgrade(upgrade, request))
        && route.path_prefix.as_deref().is_none_or(|prefix| begins_with(request.uri().path(), prefix))
        && route.host.as_deref().is_none_or(|host| is_host(host, request))
}

fn is_upgrade<B>(wanted: &UpgradeMatch, request: &Request<B>) -> bool {
    let asked = asked_upgrade(request.version(), request.headers());
    match wanted {
        UpgradeMatch::Any => asked.is_some(),
        UpgradeMatch::None => asked.is_none(),
        UpgradeMatch::Protocol(protocol) => {
            asked.is_some_and(|asked| asked.as_bytes().eq_ignore_ascii_case(protocol.as_bytes()))
        }
    }
}

fn asked_upgrade(version: Version, headers: &HeaderMap) -> Option<HeaderValue> {
    // Not from HTTP/1.0 (RFC 9110 7.8).
    if version == Version::HTTP_11 { wanted_upgrade(headers) } else { None }
}

/// Whether the path begins with these whole segments, as it was sent: `/a/../b` begins with `/a`.
fn begins_with(path: &str, prefix: &str) -> bool {
    path.strip_prefix(prefix).is_some_and(|rest| rest.is_empty() || rest.starts_with('/') || prefix.ends_with('/'))
}

fn is_host<B>(wanted: &str, request: &Request<B>) -> bool {
    let of_target = authority(request.uri());
    let Some(host) = of_target.as_ref().or_else(|| request.headers().get(HOST)) else { return false };
    let Ok(host) = std::str::from_utf8(host.as_bytes()) else { return false };
    let host = without_port(host);
    let host = host.strip_suffix('.').unwrap_or(host);
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

    fn request(target: &str, lines: &[(&'static str, &'static str)]) -> Request<()> {
        let mut request = Request::builder().uri(target);
        for (name, value) in lines {
            request = request.header(*name, *value);
        }
        request.body(()).expect("a good request")
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
