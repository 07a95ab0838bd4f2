//! Where clients connect.

use stickylb::api::Mode;

use super::block::{block, extension, item, seconds, typed};
use super::facts::hashes;
use super::filters;
use super::forwarded::{Trust, range};
use super::scope::Listener;
use super::tls::{self, has_certificates};
use crate::export::any_port;
use crate::export::feature::Feature;
use crate::export::writer::Writer;
use crate::export::yaml::quoted;

impl Listener<'_> {
    pub(super) fn write(&self, to: &mut Writer) {
        self.cannot(to);
        item(to, &format!("name: listener-{}", self.number), |to| {
            self.addresses(to);
            self.listener_filters(to);
            block(to, "filter_chains:", |to| self.chains(to));
        });
    }

    fn port(&self) -> u16 {
        any_port::port(self.config, self.number - 1)
    }

    fn cannot(&self, to: &mut Writer) {
        let port = self.port();
        if self.ours.port == 0 {
            to.cannot(Feature::AnyPort, format!("port 0: the port has to be known, it is {port} here"));
        }
        if self.ours.tls.is_some() && !has_certificates(self.ours) {
            let sentence = format!(
                "tls of port {port}: its certificates are made by stickylb-tui, Envoy needs files: until a transport_socket \
                 names them, this port speaks plain HTTP"
            );
            to.cannot(Feature::OwnAuthority, sentence);
        }
        if self.config.access.connections_per_ip > 0 {
            let sentence =
                "connectionsPerIp: Envoy does not count the connections of an address, it may have any number";
            to.cannot(Feature::ConnectionsPerIp, sentence);
        }
    }

    fn addresses(&self, to: &mut Writer) {
        let address = |host: &str| format!("{{address: {}, port_value: {}}}", quoted(host), self.port());
        let host = self.ours.host.to_string();
        block(to, "address:", |to| match host.as_str() {
            // As it is here: IPv4 clients come to it too.
            "::" => {
                to.line(format!("socket_address: {{address: \"::\", port_value: {}, ipv4_compat: true}}", self.port()));
            }
            host => to.line(format!("socket_address: {}", address(host))),
        });
        if self.ours.both_loopbacks {
            block(to, "additional_addresses:", |to| {
                item(to, "address:", |to| to.line(format!("socket_address: {}", address("::1"))));
            });
        }
    }

    fn listener_filters(&self, to: &mut Writer) {
        if !self.ours.proxy_protocol && !has_certificates(self.ours) {
            return;
        }
        block(to, "listener_filters:", |to| {
            if self.ours.proxy_protocol {
                let kind = "envoy.extensions.filters.listener.proxy_protocol.v3.ProxyProtocol";
                extension(to, "envoy.filters.listener.proxy_protocol", kind, |_| {});
            }
            if has_certificates(self.ours) {
                let kind = "envoy.extensions.filters.listener.tls_inspector.v3.TlsInspector";
                extension(to, "envoy.filters.listener.tls_inspector", kind, |_| {});
            }
        });
    }

    /// One filter chain for each way of looking at a connection: by TLS or not, from a proxy that is believed or not.
    fn chains(&self, to: &mut Writer) {
        if self.ours.mode == Mode::Tcp {
            self.chain(None, has_certificates(self.ours), to, |to| self.tcp(to));
            return;
        }
        let trusts: &[Trust] =
            if self.config.trusted_proxies.is_empty() { &[Trust::Nobody] } else { &[Trust::Proxies, Trust::Others] };
        for trust in trusts {
            self.chain(Some(*trust), has_certificates(self.ours), to, |to| filters::http(self, *trust, to));
        }
        if has_certificates(self.ours) && !self.refuses_plain() {
            to.comment("Plain HTTP on the port for TLS is sent to https.");
            self.chain(None, false, to, |to| filters::redirect(self, to));
        }
    }

    fn refuses_plain(&self) -> bool {
        self.ours.tls.as_ref().is_some_and(|tls| tls.refuses_plain)
    }

    fn chain(&self, trust: Option<Trust>, over_tls: bool, to: &mut Writer, filters: impl FnOnce(&mut Writer)) {
        item(to, "filters:", filters);
        to.indented(|to| {
            self.chain_match(trust, over_tls, to);
            if over_tls {
                to.line(format!(
                    "transport_socket_connect_timeout: {}",
                    seconds(self.config.timeouts.request_headers_millis)
                ));
                tls::downstream(self.ours, to);
            }
        });
    }

    /// Which connections a chain is for. Those that no chain is for are closed.
    fn chain_match(&self, trust: Option<Trust>, over_tls: bool, to: &mut Writer) {
        let mut lines = Vec::new();
        if has_certificates(self.ours) {
            let protocol = if over_tls { "tls" } else { "raw_buffer" };
            lines.push(format!("transport_protocol: {protocol}"));
        }
        if self.ours.proxy_protocol {
            // A header is taken from this machine and the proxies alone.
            let local = ["127.0.0.0/8", "::1/128"].into_iter().map(str::to_owned);
            let ranges: Vec<String> = local.chain(self.config.trusted_proxies.iter().cloned()).collect();
            lines.push(format!("direct_source_prefix_ranges: {}", ranges_of(&ranges)));
        }
        if trust == Some(Trust::Proxies) {
            lines.push(format!("source_prefix_ranges: {}", ranges_of(&self.config.trusted_proxies)));
        }
        if !lines.is_empty() {
            block(to, "filter_chain_match:", |to| lines.iter().for_each(|line| to.line(line)));
        }
    }

    fn tcp(&self, to: &mut Writer) {
        filters::network_access(&self.config.access, to);
        let Some(pool) = self.ours.pool.as_deref().and_then(|name| super::pool(self.config, name)) else { return };
        to.line("- name: envoy.filters.network.tcp_proxy");
        to.indented(|to| {
            block(to, "typed_config:", |to| {
                typed(to, "envoy.extensions.filters.network.tcp_proxy.v3.TcpProxy", |to| {
                    to.line(format!("stat_prefix: listener-{}", self.number));
                    to.line(format!("cluster: {}", quoted(&pool.name)));
                    to.line(format!("idle_timeout: {}", seconds(self.config.timeouts.tunnel_idle_millis)));
                    // Each backend is tried before the connection is closed.
                    to.line(format!("max_connect_attempts: {}", super::endpoints::count(pool).max(1)));
                    if hashes(pool) {
                        block(to, "hash_policy:", |to| to.line("- source_ip: {}"));
                    }
                });
            });
        });
    }
}

fn ranges_of(networks: &[String]) -> String {
    let ranges: Vec<String> = networks.iter().map(|network| range(network)).collect();
    format!("[{}]", ranges.join(", "))
}
