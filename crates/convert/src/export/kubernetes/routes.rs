//! Which pool answers which requests: `HTTPRoute` and `TCPRoute`.

use stickylb::api::{Mode, ResolvedConfig, ResolvedListener, ResolvedPool, ResolvedRoute, UpgradeMatch};

use super::facts::{codes, is_by_cookie, port, retries};
use super::gateway::{GATEWAY, listeners, section_of};
use super::names::Names;
use super::object::object;
use crate::export::feature::Feature;
use crate::export::writer::Writer;
use crate::export::yaml::quoted;

const API: &str = "gateway.networking.k8s.io/v1";

pub(super) fn write(config: &ResolvedConfig, names: &Names, to: &mut Writer) {
    for (port, listener) in listeners(config) {
        to.gap();
        if listener.mode == Mode::Tcp {
            tcp(config, (port, listener), names, to);
        } else {
            http(config, (port, listener), names, to);
        }
    }
}

fn tcp(config: &ResolvedConfig, (at, listener): (u16, &ResolvedListener), names: &Names, to: &mut Writer) {
    let pool = listener.pool.as_ref().and_then(|name| config.pools.iter().find(|pool| pool.name == *name));
    let Some(pool) = pool else { return };
    object(API, "TCPRoute", &format!("{GATEWAY}-{at}"), to);
    to.line("spec:");
    to.indented(|to| {
        parent(at, to);
        to.line("rules:");
        to.line(format!("- backendRefs: [{{name: {}, port: {}}}]", names.name(&pool.name), port(pool)));
    });
}

fn parent(at: u16, to: &mut Writer) {
    to.line(format!("parentRefs: [{{name: {GATEWAY}, sectionName: {}}}]", section_of(at)));
}

fn http(config: &ResolvedConfig, (at, listener): (u16, &ResolvedListener), names: &Names, to: &mut Writer) {
    if listener.routes.len() > 1 {
        to.cannot(
            Feature::Routes,
            format!("the order of the routes of port {at}: of those that match, the most specific counts"),
        );
    }
    for (number, route) in listener.routes.iter().enumerate() {
        of_one(config, at, &(number + 1).to_string(), route, names, to);
    }
    if let Some(pool) = &listener.pool {
        let mut others = ResolvedRoute::default();
        others.pool.clone_from(pool);
        if listener.refuses_unknown_hosts {
            others.host = Some("localhost".to_owned());
            to.cannot(Feature::Names, "requests for an address: a route has names alone, they are 404");
        }
        of_one(config, at, "others", &others, names, to);
    }
}

fn of_one(config: &ResolvedConfig, at: u16, name: &str, route: &ResolvedRoute, names: &Names, to: &mut Writer) {
    let Some(pool) = config.pools.iter().find(|pool| pool.name == route.pool) else { return };
    let name = format!("{GATEWAY}-{at}-{name}");
    if let Some(what) = not_taken(route) {
        to.cannot(Feature::Routes, format!("{what}: Kubernetes does not take it, its route is left out"));
        return;
    }
    object(API, "HTTPRoute", &name, to);
    to.line("spec:");
    to.indented(|to| {
        parent(at, to);
        if let Some(host) = &route.host {
            to.line(format!("hostnames: [{}]", quoted(host)));
        }
        to.line("rules:");
        to.line(format!("- backendRefs: [{{name: {}, port: {}}}]", names.name(&pool.name), port(pool)));
        to.indented(|to| {
            matches(route, to);
            // Ours limits the wait for an answer to begin; this would end answers that are long.
            to.line("timeouts: {request: 0s}");
            retry(config, to);
            session(pool, to);
        });
    });
}

/// What of a route breaks the rules that the API server checks.
fn not_taken(route: &ResolvedRoute) -> Option<String> {
    let path = route.path_prefix.as_deref().filter(|path| !is_path(path)).map(|path| format!("the path {path}"));
    path.or_else(|| route.host.as_deref().filter(|host| !is_host(host)).map(|host| format!("the host {host}")))
}

fn is_path(path: &str) -> bool {
    let is_char = |c: char| c.is_ascii_alphanumeric() || "-/._~!$&'()*+,;=:@%".contains(c);
    let lower = path.to_ascii_lowercase();
    let is_escaped = path.split('%').skip(1).all(|rest| {
        let digits = rest.as_bytes().get(..2);
        digits.is_some_and(|digits| digits.iter().all(u8::is_ascii_hexdigit))
    });
    let is_plain = !["//", "/./", "/../", "%2f"].iter().any(|part| lower.contains(part));
    let ends = path.ends_with("/.") || path.ends_with("/..");
    path.starts_with('/') && path.len() <= 1024 && path.chars().all(is_char) && is_escaped && is_plain && !ends
}

fn is_host(host: &str) -> bool {
    let rest = host.strip_prefix("*.").unwrap_or(host);
    let is_label = |label: &str| {
        let is_char = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-';
        !label.is_empty()
            && label.len() <= 63
            && !label.starts_with('-')
            && !label.ends_with('-')
            && label.bytes().all(is_char)
    };
    rest.parse::<std::net::IpAddr>().is_err() && host.len() <= 253 && rest.split('.').all(is_label)
}

fn matches(route: &ResolvedRoute, to: &mut Writer) {
    let mut lines = Vec::new();
    if let Some(path) = &route.path_prefix {
        lines.push(format!("path: {{type: PathPrefix, value: {}}}", quoted(path)));
    }
    let header =
        |kind: &str, value: &str| format!("headers: [{{type: {kind}, name: Upgrade, value: {}}}]", quoted(value));
    match &route.upgrade {
        Some(UpgradeMatch::Protocol(protocol)) => lines.push(header("Exact", protocol)),
        Some(UpgradeMatch::None) => {
            let sentence = "route of upgrade false: a route cannot ask for a field's absence, upgrades that no other has go there too";
            to.cannot(Feature::RouteUpgrade, sentence);
        }
        Some(_) => {
            let sentence =
                "route of upgrade true: its regular expression works where the Gateway's implementation has them";
            to.cannot(Feature::RouteUpgrade, sentence);
            lines.push(header("RegularExpression", ".+"));
        }
        None => {}
    }
    let mut dash = "- ";
    if !lines.is_empty() {
        to.line("matches:");
    }
    for line in lines {
        to.line(format!("{dash}{line}"));
        dash = "  ";
    }
}

/// Connections that fail count as soon as anything is repeated.
fn retry(config: &ResolvedConfig, to: &mut Writer) {
    if !retries(config) {
        return;
    }
    let codes = codes(config);
    to.line("retry:");
    to.line(format!("  attempts: {}", config.retry.attempts - 1));
    if !codes.is_empty() {
        to.line(format!("  codes: [{}]", codes.join(", ")));
    }
}

fn session(pool: &ResolvedPool, to: &mut Writer) {
    if !is_by_cookie(pool) {
        return;
    }
    let cookie = &pool.sticky.cookie;
    to.line("sessionPersistence:");
    to.indented(|to| {
        to.line(format!("sessionName: {}", quoted(&cookie.name)));
        to.line("type: Cookie");
        if let Some(age) = cookie.max_age.filter(|age| *age > 0) {
            to.line(format!("absoluteTimeout: {}", duration(age)));
            to.line("cookieConfig: {lifetimeType: Permanent}");
        }
    });
}

/// Seconds as the Gateway API has them (GEP-2257): no number of more than five digits.
fn duration(seconds: u64) -> String {
    let hours = (seconds / 3600).min(99_999);
    let parts = [(hours, "h"), (seconds / 60 % 60, "m"), (seconds % 60, "s")];
    let written = parts.iter().filter(|(number, _)| *number > 0).map(|(number, unit)| format!("{number}{unit}"));
    written.collect::<Vec<String>>().concat()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_have_small_numbers() {
        assert_eq!([1, 3600, 90_061, 400_000_000].map(duration), ["1s", "1h", "25h1m1s", "99999h6m40s"]);
    }

    #[test]
    fn what_the_server_would_refuse_is_known() {
        assert!(["/", "/api", "/a%20b", "/a/b.c"].into_iter().all(is_path));
        assert!(!["/a//b", "/a%2Fb", "/a%zz", "/a%2", "/é", "/a/..", "/{x}", "/a`b"].into_iter().any(is_path));
        assert!(["localhost", "*.api.test", "a-1.test"].into_iter().all(is_host));
        assert!(!["127.0.0.1", "a_b.test", "é.test", "-a.test", "a..b"].into_iter().any(is_host));
    }
}
