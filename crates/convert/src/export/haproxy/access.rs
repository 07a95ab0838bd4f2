//! Who may connect, and how often.

use stickylb::api::{Mode, ResolvedAccess, ResolvedConfig, ResolvedListener};

use super::Writer;
use super::quote::MOST_WORDS;

/// The sections that count the connections of each address, and its requests. No pool has such a name.
const CONNECTIONS: &str = "connections.per.ip";
const REQUESTS: &str = "requests.per.ip";

/// The address of a client, of either version.
const TABLE: &str = "stick-table type ipv6 size 100k expire 1m";

/// The rules for a connection as a whole.
pub(super) fn write_connection(config: &ResolvedConfig, listener: &ResolvedListener, to: &mut Writer) {
    let access = &config.access;
    let is_http = listener.mode == Mode::Http;
    if !config.trusted_proxies.is_empty() && (is_http || listener.proxy_protocol) {
        networks("trusted", &config.trusted_proxies, to);
    }
    if listener.proxy_protocol {
        let trusted = if config.trusted_proxies.is_empty() { "" } else { " !trusted" };
        to.line(format!("tcp-request connection reject if !{{ src 127.0.0.0/8 ::1 }}{trusted}"));
    }
    if !access.deny.is_empty() {
        networks("denied", &access.deny, to);
    }
    if !access.allow.is_empty() {
        networks("allowed", &access.allow, to);
    }
    // The PROXY protocol's header names the client, and is read before a session begins.
    let stage = if listener.proxy_protocol { "session" } else { "connection" };
    if access.connections_per_ip > 0 {
        // What a trusted proxy brings is of many clients.
        let shared = if is_http && !config.trusted_proxies.is_empty() { " unless trusted" } else { "" };
        to.line(format!("tcp-request {stage} track-sc0 src table {CONNECTIONS}{shared}"));
    }
    if is_http {
        return;
    }
    if !access.deny.is_empty() {
        to.line(format!("tcp-request {stage} reject if denied"));
    }
    if !access.allow.is_empty() {
        to.line(format!("tcp-request {stage} reject if !allowed"));
    }
    if access.connections_per_ip > 0 {
        to.line(format!("tcp-request {stage} reject if {{ sc0_conn_cur gt {} }}", access.connections_per_ip));
    }
}

/// The rules for the other end of the connection.
pub(super) fn write_peer(config: &ResolvedConfig, to: &mut Writer) {
    write_networks(&config.access, to);
    if config.access.connections_per_ip > 0 {
        to.line(format!(
            "http-request deny deny_status 429 if {{ sc0_conn_cur gt {} }}",
            config.access.connections_per_ip
        ));
    }
}

/// The rules for the client that a trusted proxy speaks for, whose address is now `src`.
pub(super) fn write_client(config: &ResolvedConfig, to: &mut Writer) {
    if !config.trusted_proxies.is_empty() {
        write_networks(&config.access, to);
    }
    let rate = config.access.requests_per_second_per_ip;
    if rate > 0 {
        // Those that are refused do not count.
        to.line(format!("http-request track-sc1 src table {REQUESTS}"));
        to.line(format!("http-request deny deny_status 429 if {{ sc1_gpc0_rate ge {rate} }}"));
        to.line("http-request sc-inc-gpc0(1)");
    }
}

fn write_networks(access: &ResolvedAccess, to: &mut Writer) {
    if !access.deny.is_empty() {
        to.line("http-request deny deny_status 403 if denied");
    }
    if !access.allow.is_empty() {
        to.line("http-request deny deny_status 403 if !allowed");
    }
}

fn networks(name: &str, networks: &[String], to: &mut Writer) {
    for some in networks.chunks(MOST_WORDS) {
        to.line(format!("acl {name} src {}", some.join(" ")));
    }
}

/// What counts for all listeners together.
pub(super) fn write_tables(access: &ResolvedAccess, to: &mut Writer) {
    let tables = [
        (access.connections_per_ip, CONNECTIONS, "conn_cur"),
        (access.requests_per_second_per_ip, REQUESTS, "gpc0_rate(1s)"),
    ];
    for (_, name, counted) in tables.into_iter().filter(|(limit, ..)| *limit > 0) {
        to.gap();
        to.line(format!("backend {name}"));
        to.indented(|to| to.line(format!("{TABLE} store {counted}")));
    }
}
