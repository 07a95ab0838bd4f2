//! What connections to backends begin with: a PROXY protocol header, TLS.

use std::net::IpAddr;

use stickylb::api::{ResolvedBackend, ResolvedPool, ResolvedScheme};

use super::block::{block, item, typed};
use crate::export::writer::Writer;
use crate::export::yaml::quoted;

/// Where most systems keep the authorities they trust.
const AUTHORITIES: &str = "/etc/ssl/certs/ca-certificates.crt";
const SOCKETS: &str = "envoy.extensions.transport_sockets";

/// What a connection begins with.
#[derive(Clone, Copy, PartialEq, Eq)]
struct Transport<'b> {
    /// The version of the PROXY protocol, or 0.
    proxy: u8,
    tls: Option<Tls<'b>>,
}

#[derive(Clone, Copy, PartialEq, Eq)]
struct Tls<'b> {
    name: &'b str,
    verify: bool,
}

const PLAIN: Transport<'static> = Transport { proxy: 0, tls: None };

fn transport(backend: &ResolvedBackend) -> Transport<'_> {
    let name = backend.server_name.as_deref().unwrap_or(&backend.host);
    let tls = (backend.scheme == ResolvedScheme::Https).then_some(Tls { name, verify: backend.verify });
    Transport { proxy: backend.proxy_protocol, tls }
}

/// The different ones of a pool.
fn transports(pool: &ResolvedPool) -> Vec<Transport<'_>> {
    let mut transports = Vec::new();
    for transport in pool.backends.iter().map(transport) {
        if !transports.contains(&transport) {
            transports.push(transport);
        }
    }
    transports
}

/// The name by which an endpoint finds its own, where a pool has several.
pub(super) fn name(pool: &ResolvedPool, backend: &ResolvedBackend) -> Option<String> {
    let transports = transports(pool);
    let own = transport(backend);
    let at = transports.iter().position(|other| *other == own)?;
    (transports.len() > 1).then(|| name_at(at))
}

fn name_at(at: usize) -> String {
    format!("transport-{}", at + 1)
}

pub(super) fn write(pool: &ResolvedPool, to: &mut Writer) {
    let transports = transports(pool);
    match transports.as_slice() {
        [] | [PLAIN] => {}
        [one] => block(to, "transport_socket:", |to| one.write(to)),
        several => block(to, "transport_socket_matches:", |to| {
            for (at, transport) in several.iter().enumerate() {
                let name = name_at(at);
                item(to, &format!("name: {name}"), |to| {
                    to.line(format!("match: {{transport: {name}}}"));
                    block(to, "transport_socket:", |to| transport.write(to));
                });
            }
        }),
    }
}

impl Transport<'_> {
    fn write(self, to: &mut Writer) {
        if self.proxy == 0 {
            self.write_inner(to);
            return;
        }
        to.line("name: envoy.transport_sockets.upstream_proxy_protocol");
        block(to, "typed_config:", |to| {
            typed(to, &format!("{SOCKETS}.proxy_protocol.v3.ProxyProtocolUpstreamTransport"), |to| {
                to.line(format!("config: {{version: V{}}}", self.proxy));
                block(to, "transport_socket:", |to| self.write_inner(to));
            });
        });
    }

    fn write_inner(self, to: &mut Writer) {
        if let Some(tls) = self.tls {
            tls.write(to);
            return;
        }
        to.line("name: envoy.transport_sockets.raw_buffer");
        block(to, "typed_config:", |to| typed(to, &format!("{SOCKETS}.raw_buffer.v3.RawBuffer"), |_| {}));
    }
}

impl Tls<'_> {
    fn write(self, to: &mut Writer) {
        let is_address = self.name.parse::<IpAddr>().is_ok();
        to.line("name: envoy.transport_sockets.tls");
        block(to, "typed_config:", |to| {
            typed(to, &format!("{SOCKETS}.tls.v3.UpstreamTlsContext"), |to| {
                if !is_address {
                    to.line(format!("sni: {}", quoted(self.name)));
                }
                block(to, "common_tls_context:", |to| {
                    to.line("tls_params: {tls_maximum_protocol_version: TLSv1_3}");
                    if !self.verify {
                        to.comment("Its certificate is not looked at.");
                        return;
                    }
                    block(to, "validation_context:", |to| {
                        to.comment("The authorities of Debian and others; Fedora and macOS have them elsewhere.");
                        to.line(format!("trusted_ca: {{filename: {AUTHORITIES}}}"));
                        let kind = if is_address { "IP_ADDRESS" } else { "DNS" };
                        let name = format!("{{san_type: {kind}, matcher: {{exact: {}}}}}", quoted(self.name));
                        to.line(format!("match_typed_subject_alt_names: [{name}]"));
                    });
                });
            });
        });
    }
}
