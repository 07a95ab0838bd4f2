//! The listeners, as those of one Gateway.

use stickylb::api::{Mode, ResolvedConfig, ResolvedListener};

use super::object::object;
use crate::export::any_port::port;
use crate::export::feature::Feature;
use crate::export::writer::Writer;
use crate::export::yaml::quoted;

/// The Gateway's name, and the beginning of its routes'.
pub(super) const GATEWAY: &str = "stickylb";

/// Its listeners by their ports: of those that share one, which differ by an address that a Gateway has not, the first.
pub(super) fn listeners(config: &ResolvedConfig) -> Vec<(u16, &ResolvedListener)> {
    let mut listeners: Vec<(u16, &ResolvedListener)> = Vec::new();
    for (number, listener) in config.listeners.iter().enumerate() {
        let own = port(config, number);
        if listeners.iter().all(|(other, _)| *other != own) {
            listeners.push((own, listener));
        }
    }
    listeners
}

/// The name of the listener at a port in the Gateway.
pub(super) fn section_of(port: u16) -> String {
    format!("p{port}")
}

pub(super) fn write(config: &ResolvedConfig, to: &mut Writer) {
    to.gap();
    object("gateway.networking.k8s.io/v1", "Gateway", GATEWAY, to);
    to.line("spec:");
    to.indented(|to| {
        to.line("gatewayClassName: example");
        notes(config, to);
        to.line("listeners:");
        for (port, listener) in listeners(config) {
            of_one(port, listener, to);
        }
    });
}

fn of_one(port: u16, listener: &ResolvedListener, to: &mut Writer) {
    let protocol = match (listener.mode == Mode::Tcp, listener.tls.is_some()) {
        (false, false) => "HTTP",
        (false, true) => "HTTPS",
        (true, false) => "TCP",
        (true, true) => "TLS",
    };
    to.line(format!("- name: {}", section_of(port)));
    to.indented(|to| {
        to.line(format!("port: {port}"));
        to.line(format!("protocol: {protocol}"));
        let Some(tls) = &listener.tls else { return };
        let section = section_of(port);
        let secret = |number: usize| format!("{GATEWAY}-{section}-{number}");
        for (number, certificate) in tls.certificates.iter().enumerate() {
            let (cert, key) = (quoted(&certificate.cert), quoted(&certificate.key));
            to.comment(format!("kubectl create secret tls {} --cert={cert} --key={key}", secret(number + 1)));
        }
        if tls.certificates.is_empty() {
            let sentence =
                format!("tls of port {port}: Kubernetes makes no certificates, put one in the Secret {}", secret(1));
            to.cannot(Feature::OwnAuthority, sentence);
        }
        if tls.only_1_3 {
            to.cannot(
                Feature::Tls,
                format!("tls.minVersion of port {port}: a Gateway has none, its own default counts"),
            );
        }
        if listener.mode == Mode::Http && !tls.refuses_plain {
            let sentence =
                format!("http and https on one port, {port}: a Gateway's port is one of them, plain HTTP fails");
            to.cannot(Feature::PlainOnTls, sentence);
        }
        to.line("tls:");
        to.line("  mode: Terminate");
        to.line("  certificateRefs:");
        for number in 1..=tls.certificates.len().max(1) {
            to.line(format!("  - name: {}", secret(number)));
        }
    });
}

fn notes(config: &ResolvedConfig, to: &mut Writer) {
    for (port, _) in listeners(config).iter().filter(|(_, listener)| listener.port == 0) {
        to.cannot(Feature::AnyPort, format!("port 0: a Gateway's port is known before, so it is {port}"));
    }
    if listeners(config).len() < config.listeners.len() {
        let sentence = "listeners that share a port: a Gateway does not tell them apart by address, the first is here";
        to.cannot(Feature::Routes, sentence);
    }
    if config.listeners.iter().any(|listener| listener.proxy_protocol) {
        let sentence = "proxyProtocol: a Gateway has no word for it, its implementation may have";
        to.cannot(Feature::ProxyFromClients, sentence);
    }
}
