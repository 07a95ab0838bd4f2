//! What all proxies of a pool have in common.

use stickylb::api::{ResolvedBackend, ResolvedConfig, ResolvedPool, ResolvedScheme};

use super::address::{CHOSEN, chosen};
use super::text::{pattern, token};
use super::{check, retry, transport};
use crate::export::feature::Feature;
use crate::export::local::sees_own_host;
use crate::export::writer::Writer;

/// Writes the snippet that each `reverse_proxy` of a pool imports.
pub(super) fn write(config: &ResolvedConfig, pool: &ResolvedPool, backends: &[&ResolvedBackend], to: &mut Writer) {
    to.line(format!("(proxy-{}) {{", pool.name));
    to.indented(|to| {
        retry::rules(config, pool, backends, to);
        most_requests(pool, backends, to);
        check::write(pool, backends, to);
        host(config, pool, backends, to);
        transport::write(config, backends, to);
    });
    to.line("}");
}

/// Writes which `Host` backends see, and that their own is the client's in `Location`.
fn host(config: &ResolvedConfig, pool: &ResolvedPool, backends: &[&ResolvedBackend], to: &mut Writer) {
    let own = with_own_host(config, backends);
    if !own.is_empty() {
        to.line(format!("header_up Host {}", host_placeholder(pool)));
        let origins: Vec<String> = own.iter().map(|backend| pattern(&backend.authority())).collect();
        let (origins, client) = (origins.join("|"), "{http.request.scheme}://{http.request.hostport}");
        to.line(format!("header_down Location \"^https?://(?:{origins})(/|$)\" \"{client}$1\""));
    } else if backends.iter().any(|backend| backend.scheme == ResolvedScheme::Https) {
        // Over TLS some versions send the backend's own.
        to.line("header_up Host {http.request.hostport}");
    }
}

/// Writes which `Host` each backend sees, where that is not the client's for all of them.
pub(super) fn host_map(config: &ResolvedConfig, pool: &ResolvedPool, backends: &[&ResolvedBackend], to: &mut Writer) {
    let own = with_own_host(config, backends);
    if own.is_empty() {
        return;
    }
    to.line(format!("map {CHOSEN} {} {{", host_placeholder(pool)));
    to.indented(|to| {
        for backend in own {
            if let (Some(address), Some(host)) = (chosen(backend), token(&backend.authority())) {
                to.line(format!("{address} {host}"));
            }
        }
        to.line("default {http.request.hostport}");
    });
    to.line("}");
    to.gap();
}

fn host_placeholder(pool: &ResolvedPool) -> String {
    format!("{{pool_{}_host}}", pool.name)
}

/// The backends that see their own name as `Host`.
fn with_own_host<'b>(config: &ResolvedConfig, backends: &[&'b ResolvedBackend]) -> Vec<&'b ResolvedBackend> {
    backends.iter().filter(|backend| sees_own_host(config.host_header, backend)).copied().collect()
}

/// `maxConnections`: Caddy has one limit for all backends of a proxy.
fn most_requests(pool: &ResolvedPool, backends: &[&ResolvedBackend], to: &mut Writer) {
    let Some(first) = backends.first() else { return };
    let limit = first.max_connections;
    if backends.iter().any(|backend| backend.max_connections != limit) {
        to.cannot(
            Feature::MaxConnections,
            format!("maxConnections of {}: Caddy has one limit for all backends of a proxy, and these differ: they have none", pool.name),
        );
    } else if limit > 0 {
        to.line(format!("unhealthy_request_count {limit}"));
    }
}
