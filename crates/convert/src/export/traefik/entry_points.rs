//! Where clients connect: the static configuration, as flags.

use std::net::{IpAddr, Ipv6Addr, SocketAddr};

use stickylb::api::{ResolvedConfig, ResolvedListener};

use super::text::millis;
use crate::export::any_port::port;
use crate::export::feature::Feature;
use crate::export::usual::usual;
use crate::export::writer::Writer;

/// A listener, and the entry points that are it: two where it is on both loopback addresses.
pub(super) struct EntryPoint<'a> {
    pub(super) listener: &'a ResolvedListener,
    pub(super) name: String,
    pub(super) addresses: Vec<(String, SocketAddr)>,
}

impl EntryPoint<'_> {
    pub(super) fn port(&self) -> u16 {
        self.addresses[0].1.port()
    }

    /// Their names, as a list of YAML.
    pub(super) fn names(&self) -> String {
        let names: Vec<&str> = self.addresses.iter().map(|(name, _)| name.as_str()).collect();
        format!("[{}]", names.join(", "))
    }
}

/// Each listener's, named by its port, and by its number where two share one.
pub(super) fn of<'a>(config: &'a ResolvedConfig) -> Vec<EntryPoint<'a>> {
    let ports: Vec<u16> = (0..config.listeners.len()).map(|number| port(config, number)).collect();
    let entry_point = |(number, listener): (usize, &'a ResolvedListener)| {
        let own = ports[number];
        let is_alone = ports.iter().filter(|other| **other == own).count() == 1;
        let name = if is_alone { format!("e{own}") } else { format!("e{own}-{number}") };
        let mut addresses = vec![(name.clone(), SocketAddr::new(listener.host, own))];
        if listener.both_loopbacks {
            addresses.push((format!("{name}-v6"), SocketAddr::new(IpAddr::V6(Ipv6Addr::LOCALHOST), own)));
        }
        EntryPoint { listener, name, addresses }
    };
    config.listeners.iter().enumerate().map(entry_point).collect()
}

/// The command that starts Traefik on this file.
pub(super) fn flags(config: &ResolvedConfig, entry_points: &[EntryPoint], to: &mut Writer) {
    let mut flags = vec!["exec traefik --providers.file.filename=dynamic.yaml".to_owned()];
    for entry_point in entry_points {
        for (name, address) in &entry_point.addresses {
            let of_entry_point = of_one(config, entry_point.listener, *address);
            flags.extend(of_entry_point.iter().map(|flag| format!("  --entryPoints.{name}.{flag}")));
        }
    }
    let last = flags.len() - 1;
    for (number, flag) in flags.iter().enumerate() {
        to.line(format!("#: {flag}{}", if number == last { "" } else { " \\" }));
    }
}

/// Its options, with what a shell would change in quotes.
fn of_one(config: &ResolvedConfig, listener: &ResolvedListener, address: SocketAddr) -> Vec<String> {
    let timeouts = &config.timeouts;
    let mut options = vec![
        format!("address='{address}'"),
        // It counts for a whole request, and would end long uploads.
        "transport.respondingTimeouts.readTimeout=0s".to_owned(),
        format!("transport.respondingTimeouts.idleTimeout={}", millis(timeouts.idle_millis)),
        format!("transport.lifeCycle.graceTimeOut={}", millis(timeouts.shutdown_millis)),
        format!("http.maxHeaderBytes={}", config.limits.header_bytes),
    ];
    let trusted = config.trusted_proxies.join(",");
    match (listener.proxy_protocol, trusted.is_empty()) {
        (true, true) => options.push("proxyProtocol.insecure=true".to_owned()),
        (true, false) => options.push(format!("proxyProtocol.trustedIPs={trusted}")),
        (false, _) => {}
    }
    if !trusted.is_empty() {
        options.push(format!("forwardedHeaders.trustedIPs={trusted}"));
    }
    options
}

/// What an entry point cannot do of ours.
pub(super) fn notes(config: &ResolvedConfig, entry_points: &[EntryPoint], to: &mut Writer) {
    for entry_point in entry_points.iter().filter(|entry_point| entry_point.listener.port == 0) {
        let port = entry_point.port();
        to.cannot(Feature::AnyPort, format!("port 0: Traefik tells nobody which port it got, so it is {port}"));
    }
    to.cannot(
        Feature::Timeouts,
        "timeouts.requestHeaders: Traefik limits the time of a whole request alone, so there is no limit",
    );
    if config.timeouts.tunnel_idle_millis > 0 {
        to.cannot(Feature::Timeouts, "timeouts.tunnelIdle: Traefik has none, quiet tunnels stay");
    }
    let limits = &config.limits;
    let usual = usual().limits;
    if (limits.connections, limits.headers) != (usual.connections, usual.headers) {
        to.cannot(Feature::Limits, "limits.connections, limits.headers: Traefik has neither");
    }
    if limits.body_bytes > 0 {
        to.cannot(
            Feature::Limits,
            "limits.bodyBytes: Traefik reads the whole body, and the whole answer, before it passes them on",
        );
    }
}
