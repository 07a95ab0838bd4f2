//! The site of a listener.

use stickylb::api::{Mode, ResolvedConfig, ResolvedListener};

use super::options::makes_certificates;
use super::text::token;
use super::{matcher, pool};
use crate::export::any_port::port;
use crate::export::feature::Feature;
use crate::export::writer::Writer;

/// Hosts that nobody gave a name: `localhost`, addresses, and none.
const NOBODYS: &str = r"(?i)^(?:localhost\.?|[0-9.]+|\[?[0-9a-f.]*:[0-9a-f:.]*\]?)?$";

pub(super) fn write(config: &ResolvedConfig, number: usize, to: &mut Writer) {
    let listener = &config.listeners[number];
    if listener.mode == Mode::Tcp {
        return without_tcp(config, number, to);
    }
    let port = port(config, number);
    if listener.port == 0 {
        to.cannot(
            Feature::AnyPort,
            format!("port 0: Caddy needs to be told one, it is {port} here: write the one that clients know"),
        );
    }
    let scheme = if listener.tls.is_some() { "https" } else { "http" };
    to.line(format!("{scheme}://:{port} {{"));
    to.indented(|to| {
        let other = if listener.both_loopbacks { " ::1" } else { "" };
        to.line(format!("bind {}{other}", listener.host));
        tls(listener, to);
        to.gap();
        to.line("route {");
        to.indented(|to| {
            access(config, to);
            told(config, to);
            routes(listener, to);
        });
        to.line("}");
        pool::backups(config, listener, to);
    });
    to.line("}");
}

/// A listener of which nothing can be written.
fn without_tcp(config: &ResolvedConfig, number: usize, to: &mut Writer) {
    let listener = &config.listeners[number];
    let at = std::net::SocketAddr::new(listener.host, port(config, number));
    to.cannot(
        Feature::Tcp,
        format!(
            "mode tcp of the listener {at}: Caddy speaks HTTP alone without a module of others, nobody listens there"
        ),
    );
    let pool = config.pools.iter().find(|pool| Some(&pool.name) == listener.pool.as_ref());
    if pool.is_some_and(|pool| pool.sticky.by != stickylb::api::StickyBy::Off) {
        to.cannot(Feature::Expiry, "sticky.expiry: nobody listens there, so that no client is remembered");
    }
}

fn tls(listener: &ResolvedListener, to: &mut Writer) {
    let Some(tls) = &listener.tls else { return };
    let oldest = |to: &mut Writer| {
        if tls.only_1_3 {
            to.line("protocols tls1.3");
        }
    };
    if makes_certificates(listener) {
        to.cannot(
            Feature::OwnAuthority,
            "certificates made here: Caddy makes others, by an authority of its own: let clients trust it by `caddy trust`, or name files by `tls CERT KEY`",
        );
        to.line("tls {");
        to.indented(|to| {
            oldest(to);
            to.line("on_demand");
        });
        return to.line("}");
    }
    let written = tls.certificates.iter().filter_map(|files| Some((token(&files.cert)?, token(&files.key)?)));
    let written: Vec<(String, String)> = written.collect();
    if written.len() < tls.certificates.len() {
        to.cannot(Feature::Tls, "a certificate whose path has braces: Caddy would replace them, it is left out");
    }
    for (number, (cert, key)) in written.iter().enumerate() {
        if number == 0 && tls.only_1_3 {
            to.line(format!("tls {cert} {key} {{"));
            to.indented(oldest);
            to.line("}");
        } else {
            to.line(format!("tls {cert} {key}"));
        }
    }
}

fn access(config: &ResolvedConfig, to: &mut Writer) {
    let access = &config.access;
    if !access.deny.is_empty() {
        to.line(format!("@denied client_ip {}", access.deny.join(" ")));
        to.line("respond @denied 403");
        to.gap();
    }
    if !access.allow.is_empty() {
        to.line(format!("@strangers not client_ip {}", access.allow.join(" ")));
        to.line("respond @strangers 403");
        to.gap();
    }
    if config.limits.body_bytes > 0 {
        to.line("request_body {");
        to.indented(|to| to.line(format!("max_size {}", config.limits.body_bytes)));
        to.line("}");
        to.gap();
    }
}

/// What backends are told of the client: Caddy writes some fields itself, and hands on what a client says in others.
fn told(config: &ResolvedConfig, to: &mut Writer) {
    let trusted = &config.trusted_proxies;
    let mut clients = "";
    if !trusted.is_empty() {
        to.line(format!("@clients not remote_ip {}", trusted.join(" ")));
        clients = "@clients ";
    }
    to.line(format!("request_header {clients}-X-Forwarded-*"));
    to.line(format!("request_header {clients}-Forwarded"));
    to.line("request_header X-Real-IP {client_ip}");
    to.comment("Many servers never answer this one.");
    to.line("@http2 header_regexp Upgrade \"(?i)(?:^|,) *h2c? *(?:,|$)\"");
    to.line("request_header @http2 -Upgrade");
    to.gap();
}

fn routes(listener: &ResolvedListener, to: &mut Writer) {
    for (number, route) in listener.routes.iter().enumerate() {
        let name = format!("@route-{number}");
        if !matcher::write(&name, route, to) {
            return handle("", &pool::import(&route.pool), to);
        }
        handle(&name, &pool::import(&route.pool), to);
        to.gap();
    }
    let Some(pool) = &listener.pool else { return to.line("respond 404") };
    if listener.refuses_unknown_hosts {
        to.line(format!("@unnamed vars_regexp {{http.request.host}} \"{NOBODYS}\""));
        handle("@unnamed", &pool::import(pool), to);
        to.gap();
        handle("", "respond 404", to);
    } else if listener.routes.is_empty() {
        to.line(pool::import(pool));
    } else {
        handle("", &pool::import(pool), to);
    }
}

/// One line for the requests of a matcher, and for those that no handle before has taken.
fn handle(matcher: &str, line: &str, to: &mut Writer) {
    let space = if matcher.is_empty() { "" } else { " " };
    to.line(format!("handle{space}{matcher} {{"));
    to.indented(|to| to.line(line));
    to.line("}");
}
