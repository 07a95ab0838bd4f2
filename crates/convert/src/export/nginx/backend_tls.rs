//! TLS to backends.

use stickylb::api::{Mode, ResolvedBackend, ResolvedScheme};

use super::plan::Plan;
use super::quote::{pattern, word};
use crate::export::feature::Feature;
use crate::export::writer::Writer;

/// Where Debian and many others keep the certificates of the authorities that the system trusts.
const AUTHORITIES: &str = "/etc/ssl/certs/ca-certificates.crt";

/// How nginx speaks TLS with all backends that do.
pub(super) fn write(plan: &Plan<'_>, to: &mut Writer) {
    let https = |backend: &&ResolvedBackend| backend.scheme == ResolvedScheme::Https;
    let pools = || plan.of_mode(Mode::Http).filter(|pool| pool.is_https());
    let backends: Vec<&ResolvedBackend> = pools().flat_map(|pool| pool.pool.backends.iter().filter(https)).collect();
    if backends.is_empty() {
        return;
    }
    to.gap();
    let verifies = backends.iter().any(|backend| backend.verify);
    if verifies {
        for backend in backends.iter().filter(|backend| !backend.verify) {
            let sentence = format!(
                "tls.verify of {}: nginx checks the certificates of all backends or of none: its own must be trusted as well",
                backend.name
            );
            to.cannot(Feature::BackendTls, sentence);
        }
    }
    for backend in backends.iter().filter(|backend| backend.verify && name(backend).parse::<std::net::IpAddr>().is_ok())
    {
        let sentence = format!(
            "tls of {}: nginx checks certificates by name, and has none: write its tls.serverName",
            backend.name
        );
        to.cannot(Feature::BackendTls, sentence);
    }
    let first = name(backends[0]);
    let value = if backends.iter().all(|backend| name(backend) == first) {
        word(first)
    } else {
        names(plan, to);
        "$name_of_backend".to_owned()
    };
    to.line("proxy_ssl_server_name on;");
    to.line(format!("proxy_ssl_name {value};"));
    if verifies {
        to.comment("Where another system keeps the authorities that it trusts, write that here.");
        to.line(format!("proxy_ssl_trusted_certificate {AUTHORITIES};"));
        to.line("proxy_ssl_verify on;");
        to.line("proxy_ssl_verify_depth 4;");
    }
}

/// The name that a backend's certificate must be for.
fn name(backend: &ResolvedBackend) -> &str {
    backend.server_name.as_deref().unwrap_or(&backend.host)
}

/// The map from the backend that is being connected to, the last one so far, to its name.
fn names(plan: &Plan<'_>, to: &mut Writer) {
    to.line("map \"$proxy_host $upstream_addr\" $name_of_backend {");
    to.indented(|to| {
        to.line("volatile;");
        to.line("default \"\";");
        for pool in plan.of_mode(Mode::Http).filter(|pool| pool.is_https()) {
            for (place, server) in pool.servers.iter().enumerate() {
                if server.backend.scheme != ResolvedScheme::Https {
                    continue;
                }
                let Some(address) = pool.address_pattern(place) else {
                    let sentence = format!(
                        "tls of {}: nginx tells its address, not its name, and others have its port: it is named to nobody",
                        server.backend.name
                    );
                    to.cannot(Feature::BackendTls, sentence);
                    continue;
                };
                let by = word(&format!("~^{}(?:\\.\\S+)? (?:.* )?{address}$", pattern(&pool.name)));
                to.line(format!("{by} {};", word(name(server.backend))));
            }
        }
    });
    to.line("}");
}
