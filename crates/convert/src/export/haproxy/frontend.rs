//! Where clients connect: a `frontend` for each listener.

use std::net::SocketAddr;

use stickylb::api::{Mode, ResolvedCertificate, ResolvedConfig, ResolvedListener, ResolvedTls};

use super::quote::{MOST_WORDS, word};
use super::{Feature, NOT_FOUND, Writer, access, forwarded, route};
use crate::export::any_port::port;

/// Certificates that have room on one line, with two words each.
const MOST_CERTIFICATES: usize = MOST_WORDS / 2;

pub(super) fn write(config: &ResolvedConfig, number: usize, listener: &ResolvedListener, to: &mut Writer) {
    to.gap();
    to.line(format!("frontend {}", name(config, number)));
    to.indented(|to| {
        if listener.mode == Mode::Tcp {
            to.line("mode tcp");
        }
        binds(config, number, to);
        access::write_connection(config, listener, to);
        if listener.mode == Mode::Http {
            access::write_peer(config, to);
            forwarded::write(config, to);
            access::write_client(config, to);
            limit_bodies(config.limits.body_bytes, to);
        }
        route::write(listener, to);
    });
}

/// Its mode and port, with a number where an earlier one has the same.
fn name(config: &ResolvedConfig, number: usize) -> String {
    let named = |number: usize| format!("{}-{}", config.listeners[number].mode.name(), port(config, number));
    let name = named(number);
    match (0..number).filter(|other| named(*other) == name).count() {
        0 => name,
        before => format!("{name}-{}", before + 1),
    }
}

fn binds(config: &ResolvedConfig, number: usize, to: &mut Writer) {
    let (listener, port) = (&config.listeners[number], port(config, number));
    if listener.port == 0 {
        to.cannot(Feature::AnyPort, format!("any free port: HAProxy listens on {port}"));
    }
    let tls = listener.tls.as_ref().map(|tls| tls_words(config, port, tls, to)).unwrap_or_default();
    let proxy = if listener.proxy_protocol { " accept-proxy" } else { "" };
    to.line(format!("bind {}{proxy}{tls}", SocketAddr::new(listener.host, port)));
    if listener.both_loopbacks {
        to.line(format!("bind [::1]:{port}{proxy}{tls}"));
    }
}

fn tls_words(config: &ResolvedConfig, port: u16, tls: &ResolvedTls, to: &mut Writer) -> String {
    if tls.certificates.is_empty() {
        to.cannot(
            Feature::OwnAuthority,
            format!(
                "certificates made here: HAProxy speaks plain HTTP on port {port} until ssl crt FILE is added to bind"
            ),
        );
        return String::new();
    }
    if !tls.refuses_plain {
        to.cannot(
            Feature::PlainOnTls,
            format!(
                "plain HTTP on port {port} sent to https: HAProxy closes it, and redirects from another port alone"
            ),
        );
    }
    let mut words = String::from(" ssl");
    if tls.certificates.len() > MOST_CERTIFICATES {
        to.cannot(
            Feature::Tls,
            format!(
                "certificates beyond {MOST_CERTIFICATES} on port {port}: HAProxy's lines end there, name them in a file by \
                 crt-list"
            ),
        );
    }
    for files in tls.certificates.iter().take(MOST_CERTIFICATES) {
        words.push_str(" crt ");
        words.push_str(&word(&files.cert));
        let looked_for = key_place(files, extension_is_left_out(config));
        if files.key != files.cert && files.key != looked_for {
            to.cannot(
                Feature::Tls,
                format!(
                    "the key of {}: HAProxy looks for it beside the certificate: ln -s {} {looked_for}",
                    files.cert, files.key
                ),
            );
        }
    }
    words.push_str(if tls.only_1_3 { " ssl-min-ver TLSv1.3" } else { " ssl-min-ver TLSv1.2" });
    words
}

/// Where HAProxy looks for the key of a certificate that is alone in its file.
fn key_place(files: &ResolvedCertificate, extension_is_left_out: bool) -> String {
    let stem = files.cert.strip_suffix(".crt").filter(|_| extension_is_left_out);
    format!("{}.key", stem.unwrap_or(&files.cert))
}

/// Whether keys are called `app.key` where certificates are `app.crt`, which HAProxy has to be told.
pub(super) fn extension_is_left_out(config: &ResolvedConfig) -> bool {
    let certificates =
        config.listeners.iter().filter_map(|listener| listener.tls.as_ref()).flat_map(|tls| &tls.certificates);
    let stem = |files: &ResolvedCertificate| files.cert.strip_suffix(".crt").map(|stem| format!("{stem}.key"));
    certificates.into_iter().any(|files| stem(files).as_ref() == Some(&files.key))
}

fn limit_bodies(bytes: u64, to: &mut Writer) {
    if bytes > 0 {
        to.line(format!("http-request deny deny_status 413 if {{ req.body_size gt {bytes} }}"));
        to.cannot(
            Feature::Limits,
            "limits.bodyBytes for a body in chunks: HAProxy knows no length of it, and lets it pass",
        );
    }
}

/// The backend of requests for a host that nobody has.
pub(super) fn write_not_found(config: &ResolvedConfig, to: &mut Writer) {
    let needs = |listener: &&ResolvedListener| {
        listener.mode == Mode::Http && (listener.refuses_unknown_hosts || listener.pool.is_none())
    };
    let Some(listener) = config.listeners.iter().find(needs) else { return };
    let names: Vec<&str> = listener.routes.iter().filter_map(|route| route.host.as_deref()).collect();
    let said = serde_json::json!({ "error": "No such name leads to a pool.", "names": names }).to_string();
    to.gap();
    to.line(format!("backend {NOT_FOUND}"));
    to.indented(|to| {
        to.line(format!("http-request return status 404 content-type application/json string {}", word(&said)));
    });
}
