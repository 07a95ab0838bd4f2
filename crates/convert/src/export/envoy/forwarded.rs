//! Whose `X-Forwarded-*` is believed, and what backends are told.

use super::block::block;
use crate::export::writer::Writer;
use crate::export::yaml::quoted;

/// From where the connections of a filter chain come.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Trust {
    /// From anywhere: nobody is believed.
    Nobody,
    /// From the proxies that are believed.
    Proxies,
    /// From all others.
    Others,
}

/// A network, as `{address_prefix: "10.0.0.0", prefix_len: 8}`.
pub(super) fn range(network: &str) -> String {
    let whole = if network.contains(':') { "128" } else { "32" };
    let (address, length) = network.split_once('/').unwrap_or((network, whole));
    format!("{{address_prefix: {}, prefix_len: {length}}}", quoted(address))
}

/// How the client's address is found.
pub(super) fn client_address(trust: Trust, proxies: &[String], to: &mut Writer) {
    if trust != Trust::Proxies {
        to.line("use_remote_address: true");
        return;
    }
    to.line("use_remote_address: false");
    block(to, "original_ip_detection_extensions:", |to| {
        let kind = "envoy.extensions.http.original_ip_detection.xff.v3.XffConfig";
        super::block::extension(to, "envoy.http.original_ip_detection.xff", kind, |to| {
            block(to, "xff_trusted_cidrs:", |to| {
                block(to, "cidrs:", |to| proxies.iter().for_each(|proxy| to.line(format!("- {}", range(proxy)))));
            });
            to.line("skip_xff_append: false");
        });
    });
}

/// What a route configuration makes of the fields that tell of the client.
pub(super) fn headers(trust: Trust, to: &mut Writer) {
    block(to, "request_headers_to_add:", |to| {
        let set = |to: &mut Writer, name: &str, value: &str, action: &str| {
            to.line(format!("- header: {{key: {name}, value: \"{value}\"}}"));
            to.indented(|to| to.line(format!("append_action: {action}")));
        };
        let (overwrite, add) = ("OVERWRITE_IF_EXISTS_OR_ADD", "ADD_IF_ABSENT");
        set(to, "x-real-ip", "%DOWNSTREAM_REMOTE_ADDRESS_WITHOUT_PORT%", overwrite);
        if trust == Trust::Proxies {
            set(to, "x-forwarded-host", "%REQ(:AUTHORITY)%", add);
        } else {
            // What others say is replaced.
            set(to, "x-forwarded-for", "%DOWNSTREAM_REMOTE_ADDRESS_WITHOUT_PORT%", overwrite);
            set(to, "x-forwarded-host", "%REQ(:AUTHORITY)%", overwrite);
        }
    });
    if trust != Trust::Proxies {
        to.line("request_headers_to_remove: [forwarded]");
    }
}
