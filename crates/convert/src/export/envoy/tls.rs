//! TLS with clients.

use stickylb::api::ResolvedListener;

use super::block::{block, typed};
use crate::export::writer::Writer;
use crate::export::yaml::quoted;

/// Whether a listener has certificates that another program can read.
pub(super) fn has_certificates(listener: &ResolvedListener) -> bool {
    listener.tls.as_ref().is_some_and(|tls| !tls.certificates.is_empty())
}

pub(super) fn downstream(listener: &ResolvedListener, to: &mut Writer) {
    let Some(tls) = &listener.tls else { return };
    block(to, "transport_socket:", |to| {
        to.line("name: envoy.transport_sockets.tls");
        block(to, "typed_config:", |to| {
            typed(to, "envoy.extensions.transport_sockets.tls.v3.DownstreamTlsContext", |to| {
                block(to, "common_tls_context:", |to| {
                    let oldest = if tls.only_1_3 { "TLSv1_3" } else { "TLSv1_2" };
                    to.line(format!("tls_params: {{tls_minimum_protocol_version: {oldest}}}"));
                    if listener.mode == stickylb::api::Mode::Http {
                        to.line("alpn_protocols: [h2, http/1.1]");
                    }
                    block(to, "tls_certificates:", |to| {
                        for files in &tls.certificates {
                            to.line(format!("- certificate_chain: {{filename: {}}}", quoted(&files.cert)));
                            to.line(format!("  private_key: {{filename: {}}}", quoted(&files.key)));
                        }
                    });
                });
            });
        });
    });
}
