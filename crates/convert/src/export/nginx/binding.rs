//! What leads a client's request to the backend that it is bound to, where that is written out.

use stickylb::api::{Mode, StickyBy};

use super::plan::{Binding, Plan, PoolPlan, Role};
use super::quote::{literal, pattern, word};
use crate::export::feature::Feature;
use crate::export::set_cookie::set_cookie;
use crate::export::writer::Writer;

/// The variable with the cookie that an answer gives its client.
const SET_COOKIE: &str = "$set_sticky_cookie";

/// The key of requests without one where all of those go to one backend: nginx does not hash an empty one.
const NO_KEY: &str = "none";

/// The maps that choose one of a pool's upstreams.
pub(super) fn write(pool: &PoolPlan<'_>, to: &mut Writer) {
    key(pool, to);
    match &pool.binding {
        Binding::Cookie { apart, .. } if !apart.is_empty() => {
            to.gap();
            to.comment(format!("The backend of pool {} that a client is bound to by its cookie.", pool.pool.name));
            to.line(format!("map $http_cookie {} {{", pool.target_variable()));
            to.indented(|to| {
                to.line(format!("default {};", pool.url(&pool.name)));
                let name = pattern(&pool.pool.sticky.cookie.name);
                for place in apart {
                    let id = pool.servers[*place].backend.id;
                    let pair = word(&format!("~(?:^|;)\\s*{name}={id}\\s*(?:;|$)"));
                    to.line(format!("{pair} {};", pool.url(&pool.name_apart(*place))));
                }
            });
            to.line("}");
        }
        Binding::Key(key) => {
            to.line(format!("map {key} {} {{", pool.target_variable()));
            to.indented(|to| {
                to.line(format!("default {};", pool.url(&pool.name_keyed())));
                to.line(format!("\"\" {};", pool.url(&pool.name)));
            });
            to.line("}");
        }
        _ => {}
    }
}

/// The map that finds a request's sticky key in a header or the query.
fn key(pool: &PoolPlan<'_>, to: &mut Writer) {
    let variable = pool.key_variable();
    match &pool.pool.sticky.by {
        StickyBy::Header(name) => {
            to.gap();
            to.comment(format!("The sticky key of pool {}.", pool.pool.name));
            let field = name.to_ascii_lowercase().replace('-', "_");
            let source = if can_be_named(name) {
                format!("$http_{field}")
            } else {
                let sentence = format!(
                    "sticky by header of pool {}: nginx can name no header {name}: no request has a key",
                    pool.pool.name
                );
                to.cannot(Feature::StickyHeader, sentence);
                "\"\"".to_owned()
            };
            to.line(format!("map {source} {variable} {{"));
            to.indented(|to| {
                to.line(format!("default {source};"));
                if pool.pool.sticky.fixed_without_key {
                    to.line(format!("\"\" {NO_KEY};"));
                }
            });
            to.line("}");
        }
        StickyBy::Query(name) => {
            to.gap();
            to.comment(format!("The sticky key of pool {}.", pool.pool.name));
            // Its name is short: an expression takes no long ones.
            let value = pool.value_name();
            to.line(format!("map $args {variable} {{"));
            to.indented(|to| {
                let none = if pool.pool.sticky.fixed_without_key { NO_KEY } else { "\"\"" };
                to.line(format!("default {none};"));
                to.line(format!("{} ${value};", word(&format!("~(?:^|&){}=(?<{value}>[^&]+)", pattern(name)))));
            });
            to.line("}");
        }
        _ => {}
    }
}

/// Whether nginx has a variable for a header field of this name.
fn can_be_named(name: &str) -> bool {
    name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'_')
}

/// Whether this pool's answers are given their cookie by the map of [`write_cookies`].
fn is_given_cookie(pool: &PoolPlan<'_>) -> bool {
    matches!(pool.binding, Binding::Cookie { is_native: false, .. })
}

/// The cookie of each answer by the backend that gave it, where nginx has no word for that.
pub(super) fn write_cookies(plan: &Plan<'_>, to: &mut Writer) {
    let pools: Vec<&PoolPlan<'_>> = plan.of_mode(Mode::Http).filter(|pool| is_given_cookie(pool)).collect();
    if pools.is_empty() {
        return;
    }
    to.gap();
    to.comment("The cookie that binds a client to the backend that answered: the last one, where several were tried.");
    to.line(format!("map \"$proxy_host $upstream_addr\" {SET_COOKIE} {{"));
    to.indented(|to| {
        to.line("default \"\";");
        for pool in pools {
            cookies_of(pool, to);
        }
    });
    to.line("}");
    to.line(format!("add_header Set-Cookie {SET_COOKIE} always;"));
}

fn cookies_of(pool: &PoolPlan<'_>, to: &mut Writer) {
    let upstream = pattern(&pool.name);
    for (place, server) in pool.servers.iter().enumerate() {
        if matches!(server.role, Role::Out | Role::LeftOut(_)) {
            continue;
        }
        let Some(address) = pool.address_pattern(place) else {
            let sentence = format!(
                "sticky cookie of {}: nginx tells its address, not its name, and others have its port: it gives no cookie",
                server.backend.name
            );
            to.cannot(Feature::StickyCookie, sentence);
            continue;
        };
        let by = word(&format!("~^{upstream}(?:\\.\\d+)? (?:.* )?{address}$"));
        to.line(format!("{by} {};", word(&literal(&set_cookie(&pool.pool.sticky.cookie, server.backend.id)))));
    }
}
