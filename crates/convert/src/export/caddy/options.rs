//! The options that stand at the beginning of the file.

use std::net::IpAddr;

use stickylb::api::{Mode, ResolvedConfig, ResolvedListener};

use super::http_listeners;
use super::text::duration;
use crate::export::any_port::port;
use crate::export::feature::Feature;
use crate::export::writer::Writer;

pub(super) fn write(config: &ResolvedConfig, to: &mut Writer) {
    to.line("{");
    to.indented(|to| {
        to.line("admin off");
        to.line("persist_config off");
        if http_listeners(config).any(makes_certificates) {
            to.line("auto_https disable_redirects");
            to.line("skip_install_trust");
            // For all sites: one that has certificates of files, and names none, is in the way of an issuer of another alone.
            to.line("cert_issuer internal");
        } else {
            to.line("auto_https off");
        }
        if http_listeners(config).any(has_files) {
            // Certificates of files would have Caddy ask their authority about them.
            to.line("ocsp_stapling off");
        }
        to.line(format!("grace_period {}", duration(config.timeouts.shutdown_millis)));
        for (number, listener) in config.listeners.iter().enumerate() {
            if listener.mode == Mode::Http {
                to.gap();
                server(config, number, to);
            }
        }
    });
    to.line("}");
}

/// Whether Caddy is to make the certificates of a listener.
pub(super) fn makes_certificates(listener: &ResolvedListener) -> bool {
    listener.tls.as_ref().is_some_and(|tls| tls.certificates.is_empty())
}

/// Whether its certificates are files.
fn has_files(listener: &ResolvedListener) -> bool {
    listener.tls.as_ref().is_some_and(|tls| !tls.certificates.is_empty())
}

/// What holds for all connections at one address.
fn server(config: &ResolvedConfig, number: usize, to: &mut Writer) {
    let listener = &config.listeners[number];
    let host = match listener.host {
        IpAddr::V4(ip) => ip.to_string(),
        IpAddr::V6(ip) => format!("[{ip}]"),
    };
    to.line(format!("servers {host}:{} {{", port(config, number)));
    to.indented(|to| {
        to.line("protocols h1 h2");
        wrappers(config, listener, to);
        to.line(format!("max_header_size {}", config.limits.header_bytes));
        to.line("timeouts {");
        to.indented(|to| {
            to.line(format!("read_header {}", duration(config.timeouts.request_headers_millis)));
            to.line(format!("idle {}", duration(config.timeouts.idle_millis)));
        });
        to.line("}");
        if !config.trusted_proxies.is_empty() {
            to.cannot(
                Feature::TrustedProxies,
                "trustedProxies that tell of a client by Forwarded: Caddy does not read it, X-Forwarded-* alone counts",
            );
            to.line(format!("trusted_proxies static {}", config.trusted_proxies.join(" ")));
            // From the right, as proxies add to it: what stands left of the last one is any client's word.
            to.line("trusted_proxies_strict");
        }
    });
    to.line("}");
}

/// What comes before the requests on a connection, from the outside to the inside.
fn wrappers(config: &ResolvedConfig, listener: &ResolvedListener, to: &mut Writer) {
    let redirects = listener.tls.as_ref().is_some_and(|tls| !tls.refuses_plain);
    if listener.proxy_protocol {
        to.cannot(
            Feature::ProxyFromClients,
            "proxyProtocol of a listener: Caddy does not insist on the header, a trusted proxy is served without it as well, as the client",
        );
    }
    if !listener.proxy_protocol && !redirects {
        return;
    }
    to.line("listener_wrappers {");
    to.indented(|to| {
        if listener.proxy_protocol {
            to.line("proxy_protocol {");
            to.indented(|to| {
                to.line(format!("timeout {}", duration(config.timeouts.request_headers_millis)));
                let trusted = config.trusted_proxies.iter().map(|network| as_network(network));
                let own = ["127.0.0.0/8".to_owned(), "::1/128".to_owned()];
                to.line(format!("allow {}", own.into_iter().chain(trusted).collect::<Vec<_>>().join(" ")));
                to.line("fallback_policy reject");
            });
            to.line("}");
        }
        if redirects {
            to.line("http_redirect");
        }
        to.line("tls");
    });
    to.line("}");
}

/// An address as the network of it alone.
fn as_network(network: &str) -> String {
    match network.parse::<IpAddr>() {
        Ok(IpAddr::V4(ip)) => format!("{ip}/32"),
        Ok(IpAddr::V6(ip)) => format!("{ip}/128"),
        Err(_) => network.to_owned(),
    }
}
