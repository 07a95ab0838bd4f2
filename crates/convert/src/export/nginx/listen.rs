//! Where clients connect, and how they are spoken to.

use stickylb::api::{Mode, ResolvedListener, ResolvedTls};

use super::plan::Plan;
use super::quote::word;
use crate::export::any_port::port;
use crate::export::feature::Feature;
use crate::export::writer::Writer;

/// This machine: beside the trusted proxies it may begin a connection with a PROXY protocol header.
const THIS_MACHINE: [&str; 2] = ["127.0.0.0/8", "::1"];

/// The lines of a listener up to its TLS, which is returned where it can be written.
pub(super) fn write<'c>(plan: &Plan<'c>, number: usize, to: &mut Writer) -> Option<&'c ResolvedTls> {
    let listener = &plan.config.listeners[number];
    let port = port(plan.config, number);
    if listener.port == 0 {
        to.cannot(Feature::AnyPort, format!("port 0: nginx takes no free port, and this is {port}"));
    }
    let tls = listener.tls.as_ref().filter(|tls| can_speak(tls, port, to));
    let mut end = String::new();
    if tls.is_some() {
        end.push_str(" ssl");
    }
    if listener.proxy_protocol {
        end.push_str(" proxy_protocol");
    }
    to.line(format!("listen {}{end};", address(listener, port)));
    if listener.both_loopbacks {
        to.line(format!("listen [::1]:{port}{end};"));
    }
    if let Some(tls) = tls {
        certificate(tls, to);
    }
    if listener.proxy_protocol {
        proxy_protocol(plan, listener.mode, to);
    }
    tls
}

fn address(listener: &ResolvedListener, port: u16) -> String {
    if listener.host.is_ipv6() {
        let both = if listener.host.is_unspecified() { " ipv6only=off" } else { "" };
        format!("[{}]:{port}{both}", listener.host)
    } else {
        format!("{}:{port}", listener.host)
    }
}

/// Whether nginx can have these certificates; where not, that is said.
fn can_speak(tls: &ResolvedTls, port: u16, to: &mut Writer) -> bool {
    let Some(first) = tls.certificates.first() else {
        let sentence = format!(
            "tls of port {port}: certificates that are made here are for this machine alone: write ssl behind listen, with an \
             ssl_certificate and ssl_certificate_key of your own"
        );
        to.cannot(Feature::OwnAuthority, sentence);
        return false;
    };
    let is_variable = |path: &str| path.contains('$');
    if is_variable(&first.cert) || is_variable(&first.key) {
        let sentence =
            format!("tls of port {port}: nginx takes $ in a path for a variable: give the certificate another path");
        to.cannot(Feature::Tls, sentence);
        return false;
    }
    for other in &tls.certificates[1..] {
        let sentence = format!(
            "tls of port {port}: nginx chooses a certificate by server_name: give {} a server of its own, with its names",
            other.cert
        );
        to.cannot(Feature::Tls, sentence);
    }
    true
}

fn certificate(tls: &ResolvedTls, to: &mut Writer) {
    if let Some(first) = tls.certificates.first() {
        to.line(format!("ssl_certificate {};", word(&first.cert)));
        to.line(format!("ssl_certificate_key {};", word(&first.key)));
    }
    to.line(if tls.only_1_3 { "ssl_protocols TLSv1.3;" } else { "ssl_protocols TLSv1.2 TLSv1.3;" });
}

/// Who is believed about the client in the PROXY protocol header.
fn proxy_protocol(plan: &Plan<'_>, mode: Mode, to: &mut Writer) {
    let trusted = plan.config.trusted_proxies.iter().map(String::as_str);
    for network in trusted.chain(THIS_MACHINE) {
        to.line(format!("set_real_ip_from {network};"));
    }
    if mode == Mode::Http {
        to.line("real_ip_header proxy_protocol;");
    }
}
