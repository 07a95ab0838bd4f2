//! Certificates, and the oldest version.

use stickylb::api::{ResolvedConfig, ResolvedTls};

use super::text::scalar;
use crate::export::feature::Feature;
use crate::export::writer::Writer;

pub(super) fn write(config: &ResolvedConfig, to: &mut Writer) {
    let all: Vec<&ResolvedTls> = config.listeners.iter().filter_map(|listener| listener.tls.as_ref()).collect();
    let certificates: Vec<_> = all.iter().flat_map(|tls| &tls.certificates).collect();
    let is_only_1_3 = all.iter().all(|tls| tls.only_1_3);
    if all.is_empty() {
        return;
    }
    to.gap();
    if all.iter().any(|tls| tls.certificates.is_empty()) {
        to.cannot(
            Feature::OwnAuthority,
            "tls: Traefik makes no certificates that a browser trusts, clients get its self-signed one until a tls.certificates is here",
        );
    }
    if !is_only_1_3 && all.iter().any(|tls| tls.only_1_3) {
        to.cannot(Feature::Tls, "tls.minVersion 1.3: Traefik decides it by names, so all listeners take 1.2 too");
    }
    to.line("tls:");
    to.indented(|to| {
        if let Some(first) = certificates.first() {
            to.line("certificates:");
            for certificate in &certificates {
                to.line(format!("- certFile: {}", scalar(&certificate.cert)));
                to.line(format!("  keyFile: {}", scalar(&certificate.key)));
            }
            // Clients that name no host, or an unknown one, get it.
            to.line("stores:");
            to.line("  default:");
            to.line("    defaultCertificate:");
            to.line(format!("      certFile: {}", scalar(&first.cert)));
            to.line(format!("      keyFile: {}", scalar(&first.key)));
        }
        to.line("options:");
        to.line("  default:");
        to.line(format!("    minVersion: {}", if is_only_1_3 { "VersionTLS13" } else { "VersionTLS12" }));
    });
}
