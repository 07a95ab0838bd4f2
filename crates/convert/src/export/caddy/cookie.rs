//! Clients that a cookie binds to their backends.

use stickylb::api::{ResolvedBackend, ResolvedConfig, ResolvedPool};

use super::address::{CHOSEN, chosen, upstream};
use super::retry;
use super::text::{name, pattern, token};
use crate::export::feature::Feature;
use crate::export::set_cookie;
use crate::export::writer::Writer;

/// The placeholder of the cookie that a client gets.
pub(super) fn placeholder(pool: &ResolvedPool) -> String {
    format!("{{pool_{}_cookie}}", pool.name)
}

/// Writes which cookie each backend's clients have: it is known once a backend is chosen.
pub(super) fn map(pool: &ResolvedPool, backends: &[&ResolvedBackend], to: &mut Writer) {
    let attributes = attributes(pool, to);
    to.line(format!("map {CHOSEN} {} {{", placeholder(pool)));
    to.indented(|to| {
        let mut written = Vec::new();
        for backend in backends {
            let Some(address) = chosen(backend).filter(|address| !written.contains(address)) else { continue };
            if let Some(cookie) = token(&format!("{}={}{attributes}", pool.sticky.cookie.name, backend.id)) {
                to.line(format!("{address} {cookie}"));
            }
            written.push(address);
        }
    });
    to.line("}");
    to.gap();
}

/// Writes the handle of the clients that are bound to the first of these backends: the others stand in for it.
pub(super) fn handle(config: &ResolvedConfig, pool: &ResolvedPool, backends: &[&ResolvedBackend], to: &mut Writer) {
    let [own, others @ ..] = backends else { return };
    let cookie = pattern(&pool.sticky.cookie.name);
    to.comment(format!("Clients of {}.", name(&own.name)));
    to.line(format!("@id-{} header_regexp Cookie \"(?:^|; *){cookie}={} *(?:;|$)\"", own.id, own.id));
    to.line(format!("handle @id-{} {{", own.id));
    to.indented(|to| {
        let addresses: Vec<String> = backends.iter().filter_map(|backend| upstream(backend)).collect();
        to.line(format!("reverse_proxy {} {{", addresses.join(" ")));
        to.indented(|to| {
            to.line("lb_policy first");
            retry::tries(config, backends, true, to);
            to.line(format!("import proxy-{}", pool.name));
            if let Some(chosen) = chosen(own).filter(|_| !others.is_empty()) {
                to.line("handle_response {");
                to.indented(|to| {
                    to.line(format!("@moved not vars {CHOSEN} {chosen}"));
                    to.line(format!("header @moved +Set-Cookie {}", placeholder(pool)));
                    to.line("copy_response");
                });
                to.line("}");
            }
        });
        to.line("}");
    });
    to.line("}");
    to.gap();
}

/// What a response says of the cookie behind its value: `; Path=/; …`.
fn attributes(pool: &ResolvedPool, to: &mut Writer) -> String {
    let mut cookie = pool.sticky.cookie.clone();
    if token(&cookie.path).is_none() {
        to.cannot(
            Feature::StickyCookie,
            format!("sticky.cookie.path of {}: Caddy would read it otherwise, the cookie is for all paths", pool.name),
        );
        "/".clone_into(&mut cookie.path);
    }
    if cookie.domain.as_ref().is_some_and(|domain| token(domain).is_none()) {
        to.cannot(
            Feature::StickyCookie,
            format!(
                "sticky.cookie.domain of {}: Caddy would read it otherwise, the cookie is for its host alone",
                pool.name
            ),
        );
        cookie.domain = None;
    }
    set_cookie::attributes(&cookie)
}
