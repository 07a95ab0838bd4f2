//! Which pool a request goes to.

use stickylb::api::{Mode, ResolvedListener, ResolvedRoute, UpgradeMatch};

use super::quote::pattern;
use super::{NOT_FOUND, Writer};

pub(super) fn write(listener: &ResolvedListener, to: &mut Writer) {
    if listener.mode == Mode::Http {
        variables(listener, to);
        for (number, route) in listener.routes.iter().enumerate() {
            write_route(number + 1, route, to);
        }
        if listener.refuses_unknown_hosts {
            to.line("acl own-host var(txn.host) -m str localhost");
            to.line(r#"acl own-host var(txn.host) -m reg "^([0-9.]*|\\[.*)\$""#);
            to.line(format!("use_backend {NOT_FOUND} if {{ var(txn.host) -m found }} !own-host"));
        }
    }
    to.line(format!("default_backend {}", listener.pool.as_deref().unwrap_or(NOT_FOUND)));
}

/// What several routes look at: the host without its port, and the protocol of an upgrade that is meant for this hop.
fn variables(listener: &ResolvedListener, to: &mut Writer) {
    if listener.refuses_unknown_hosts || listener.routes.iter().any(|route| route.host.is_some()) {
        to.line("http-request set-var(txn.host) req.hdr(host),host_only,lower,rtrim(.)");
    }
    // Many servers never answer this one.
    to.line("http-request del-header Upgrade if { req.hdr(upgrade) -i h2c h2 }");
    if listener.routes.iter().any(|route| route.upgrade.is_some()) {
        to.line("http-request set-var(txn.upgrade) req.hdr(upgrade,1),lower if { req.hdr(connection) -i upgrade }");
    }
}

fn write_route(number: usize, route: &ResolvedRoute, to: &mut Writer) {
    let mut conditions = Vec::new();
    if let Some(prefix) = &route.path_prefix {
        // Whole segments: itself, and what is below it.
        let segments = prefix.strip_suffix('/');
        if segments.is_none() {
            to.line(format!("acl path-{number} path {}", pattern(prefix)));
        }
        to.line(format!("acl path-{number} path_beg {}", pattern(&format!("{}/", segments.unwrap_or(prefix)))));
        conditions.push(format!("path-{number}"));
    }
    if let Some(host) = &route.host {
        conditions.push(match host.strip_prefix('*') {
            Some(end) => format!("{{ var(txn.host) -m end {} }}", pattern(end)),
            None => format!("{{ var(txn.host) -m str {} }}", pattern(host)),
        });
    }
    if let Some(upgrade) = &route.upgrade {
        conditions.push(match upgrade {
            UpgradeMatch::None => "!{ var(txn.upgrade) -m found }".to_owned(),
            UpgradeMatch::Protocol(protocol) => format!("{{ var(txn.upgrade) -m str {} }}", pattern(protocol)),
            _ => "{ var(txn.upgrade) -m found }".to_owned(),
        });
    }
    let condition = if conditions.is_empty() { String::new() } else { format!(" if {}", conditions.join(" ")) };
    to.line(format!("use_backend {}{condition}", route.pool));
}
