//! How Caddy speaks to backends: alike to all of a proxy.

use stickylb::api::{ResolvedBackend, ResolvedConfig, ResolvedScheme};

use super::text::{duration, token};
use crate::export::writer::Writer;

/// Whether two backends can be in one proxy.
pub(super) fn is_alike(one: &ResolvedBackend, other: &ResolvedBackend) -> bool {
    let tls = |backend: &ResolvedBackend| {
        (backend.scheme == ResolvedScheme::Https).then(|| (backend.verify, backend.server_name.clone()))
    };
    tls(one) == tls(other) && one.proxy_protocol == other.proxy_protocol
}

pub(super) fn write(config: &ResolvedConfig, backends: &[&ResolvedBackend], to: &mut Writer) {
    let Some(first) = backends.first() else { return };
    let idle = backends.iter().map(|backend| backend.idle_timeout_millis).min().unwrap_or_default();
    to.line("transport http {");
    to.indented(|to| {
        to.line(format!("dial_timeout {}", duration(config.timeouts.connect_millis)));
        to.line(format!("response_header_timeout {}", duration(config.timeouts.response_millis)));
        // A backend that closes idle connections first would cost a request.
        to.line(format!("keepalive {}", duration(idle)));
        if first.scheme == ResolvedScheme::Https {
            to.line("tls");
            if let Some(name) = first.server_name.as_deref().and_then(token) {
                to.line(format!("tls_server_name {name}"));
            }
            if !first.verify {
                to.line("tls_insecure_skip_verify");
            }
        }
        if first.proxy_protocol > 0 {
            to.line(format!("proxy_protocol v{}", first.proxy_protocol));
        }
    });
    to.line("}");
}
