//! Writes the heads of requests and responses as they are forwarded (RFC 9110 7.6), each in one pass.

use stickylb_http1::{Fate, FieldKind, Framing, RequestHead, ResponseHead, Version, write_date};

use super::hsts;
use super::redirect::{Places, leads, led_back};
use super::request::{HostKind, Request};
use crate::balancer::{Backend, CookieSticky, Endpoint};
use crate::config::HostHeader;
use crate::proxy::connection::Client;
use crate::proxy::host::is_local_host;

fn write(out: &mut Vec<u8>, parts: &[&[u8]]) {
    for part in parts {
        out.extend_from_slice(part);
    }
}

/// Writes a request head as this backend is to see it.
pub(crate) fn write_request(request: &Request, client: &Client<'_>, endpoint: &Endpoint, out: &mut Vec<u8>) {
    let (peer, shared) = (&client.peer, &client.proxy.shared);
    let head = &request.head;
    let [before, path] = request.path();
    let host = request.host();
    write(out, &[head.method(), b" ", before, path, b" HTTP/1.1\r\nhost: "]);
    let sent = host_for(endpoint, request, client.config.host_header);
    write(out, &[sent, b"\r\n"]);
    let ends = |kind: FieldKind| match kind {
        FieldKind::Host => true,
        // RFC 9110 10.1.1: HTTP/1.0 expects nothing.
        FieldKind::Expect => head.line.version == Version::Http10,
        _ => kind.is_hop_by_hop() || !peer.keeps(kind),
    };
    let decide = |kind: FieldKind, name: &[u8], value: &[u8]| {
        if ends(kind) || head.is_named_by_connection(kind, name) {
            Fate::Ends
        } else if kind == FieldKind::Cookie && CookieSticky::any_in(&request.own_cookies, value)
            || kind == FieldKind::MaxForwards && request.hops_left().is_some()
        {
            Fate::Changes
        } else {
            Fate::Keeps
        }
    };
    head.write_fields(out, decide, |kind, name, value, out| match request.hops_left() {
        Some(left) if kind == FieldKind::MaxForwards => {
            let mut digits = itoa::Buffer::new();
            write(out, &[name, b": ", digits.format(left.saturating_sub(1)).as_bytes(), b"\r\n"]);
        }
        _ => CookieSticky::write_others(&request.own_cookies, name, value, out),
    });
    if request.framing == Framing::Chunked {
        write(out, &[b"transfer-encoding: chunked\r\n"]);
    }
    if head.lists(FieldKind::Te, b"trailers") {
        write(out, &[b"te: trailers\r\nconnection: te\r\n"]);
    }
    if request.upgrades {
        write_upgrade(request.protocols(), out);
    }
    let rewritten = host.is_some_and(|host| host != sent);
    peer.announce(head, request.ip, host, rewritten, out);
    let via = shared.via.value(head.line.version);
    write(out, &[b"via: ", via, b"\r\n\r\n"]);
}

/// Writes `Upgrade` on one line, however many it came on, with its `Connection`.
fn write_upgrade<'h>(protocols: impl Iterator<Item = &'h [u8]>, out: &mut Vec<u8>) {
    let mut before: &[u8] = b"upgrade: ";
    let mut after: &[u8] = b"";
    for protocol in protocols {
        write(out, &[std::mem::replace(&mut before, b", "), protocol]);
        after = b"\r\nconnection: upgrade\r\n";
    }
    out.extend_from_slice(after);
}

/// The `Host` that this backend is to see.
fn host_for<'h>(endpoint: &'h Endpoint, request: &'h Request, rule: HostHeader) -> &'h [u8] {
    let client = request.host();
    let is_local = |host: &[u8]| endpoint.is_local && (request.host_kind == HostKind::PoolName || is_local_host(host));
    let keep = match rule {
        HostHeader::Backend => None,
        HostHeader::Client => client,
        HostHeader::Auto => client.filter(|host| is_local(host)),
    };
    keep.unwrap_or(endpoint.host_header.as_bytes())
}

/// What a response head says beside what the backend sent.
pub(crate) struct Said<'a> {
    /// Whose it is.
    pub(crate) backend: &'a Backend,
    /// Where it comes from.
    pub(crate) endpoint: &'a Endpoint,
    /// The sticky cookie, where the client gets one.
    pub(crate) set_cookie: Option<&'a [u8]>,
    /// The body's framing, as the backend sent it.
    pub(crate) framing: Framing,
    /// Whether the client's connection is kept alive after it.
    pub(crate) keeps: bool,
}

/// Writes a response head as the client is to see it.
pub(crate) fn write_response(
    head: &ResponseHead,
    request: &Request,
    client: &Client<'_>,
    said: &Said<'_>,
    out: &mut Vec<u8>,
) {
    let new = request.version() == Version::Http11;
    let switches = head.line.status == 101;
    let host = request.host();
    let led = |kind: FieldKind, value: &[u8]| {
        let sent = host_for(said.endpoint, request, client.config.host_header);
        let client = client.peer.origin(&request.head, host?);
        led_back(kind, value, &Places { endpoint: said.endpoint, sent, client })
    };
    write_status(head, out);
    // RFC 9112 6.3: no Content-Length beside Transfer-Encoding; RFC 9110 8.6: nor one where no body may follow.
    let mut lengths = !head.has(FieldKind::TransferEncoding) && !matches!(head.line.status, 100..=199 | 204);
    let decide = |kind: FieldKind, name: &[u8], value: &[u8]| {
        let ours = matches!(kind, FieldKind::XBackend | FieldKind::XBackendId);
        if kind.is_hop_by_hop()
            || ours
            || kind == FieldKind::ContentLength && !std::mem::take(&mut lengths)
            || head.is_named_by_connection(kind, name)
            || kind == FieldKind::StrictTransportSecurity && hsts::is_dropped(request, client, said.backend)
        {
            Fate::Ends
        } else if leads(kind) && led(kind, value).is_some() {
            Fate::Changes
        } else {
            Fate::Keeps
        }
    };
    head.write_fields(out, decide, |kind, name, value, out| {
        if let Some(led) = led(kind, value) {
            write(out, &[name, b": ", &led, b"\r\n"]);
        }
    });
    // RFC 9110 15.5.22: a 426 says to what the client has to change.
    if switches || head.line.status == 426 {
        write_upgrade(head.values(FieldKind::Upgrade), out);
    }
    if matches!(said.framing, Framing::Chunked | Framing::Close) && new && !switches {
        write(out, &[b"transfer-encoding: chunked\r\n"]);
    }
    if !head.has(FieldKind::Date) {
        out.extend_from_slice(b"date: ");
        write_date(out);
        out.extend_from_slice(b"\r\n");
    }
    write(out, &[b"x-backend: ", said.endpoint.url_header.as_bytes(), b"\r\n"]);
    write(out, &[b"x-backend-id: ", said.endpoint.id_header.as_bytes(), b"\r\n"]);
    if let Some(cookie) = said.set_cookie {
        // Beside the backend's own cookies, never in their place.
        write(out, &[b"set-cookie: ", cookie, b"\r\n"]);
    }
    let via = client.proxy.shared.via.value(head.line.version);
    write(out, &[b"via: ", via, b"\r\n"]);
    if !switches {
        out.extend_from_slice(connection_field(said.keeps, new));
    }
    out.extend_from_slice(b"\r\n");
}

/// Writes an interim response (1xx, RFC 9110 15.2).
pub(crate) fn write_interim(head: &ResponseHead, out: &mut Vec<u8>) {
    write_status(head, out);
    let decide = |kind: FieldKind, name: &[u8], _: &[u8]| {
        let other = matches!(kind, FieldKind::ContentLength | FieldKind::XBackend | FieldKind::XBackendId);
        let ends = kind.is_hop_by_hop() || other || head.is_named_by_connection(kind, name);
        if ends { Fate::Ends } else { Fate::Keeps }
    };
    head.write_fields(out, decide, |_, _, _, _| {});
    out.extend_from_slice(b"\r\n");
}

fn write_status(head: &ResponseHead, out: &mut Vec<u8>) {
    let mut digits = itoa::Buffer::new();
    let status = digits.format(head.line.status);
    write(out, &[b"HTTP/1.1 ", status.as_bytes(), b" ", head.reason(), b"\r\n"]);
}

/// The `Connection` field, where the connection's fate differs from the version's default.
pub(crate) fn connection_field(keeps: bool, new: bool) -> &'static [u8] {
    match (keeps, new) {
        (true, true) => b"",
        (true, false) => b"connection: keep-alive\r\n",
        (false, _) => b"connection: close\r\n",
    }
}

/// Whether a request has passed this balancer before: a forwarding loop.
pub(crate) fn is_looping(head: &RequestHead, pseudonym: &[u8]) -> bool {
    head.values(FieldKind::Via).any(|line| memchr::memmem::find(line, pseudonym).is_some())
}
