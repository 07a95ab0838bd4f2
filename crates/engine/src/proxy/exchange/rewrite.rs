//! Writes the heads of requests and responses as they are forwarded (RFC 9110 7.6), each in one pass.

use stickylb_http1::{Fate, FieldKind, Framing, RequestHead, ResponseHead, Version, write_date};

use super::request::Request;
use crate::balancer::{CookieSticky, Endpoint};
use crate::config::{HostHeader, is_local_name};
use crate::proxy::connection::Client;
use crate::state::Shared;

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
    write(out, &[host_for(endpoint, host, client.config.host_header), b"\r\n"]);
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
    peer.announce(head, request.ip, host, out);
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
fn host_for<'h>(endpoint: &'h Endpoint, client: Option<&'h [u8]>, rule: HostHeader) -> &'h [u8] {
    let keep = match rule {
        HostHeader::Backend => None,
        HostHeader::Client => client,
        HostHeader::Auto => client.filter(|host| endpoint.is_local && is_local_host(host)),
    };
    keep.unwrap_or(endpoint.host_header.as_bytes())
}

/// What a response head says beside what the backend sent.
pub(crate) struct Said<'a> {
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
    shared: &Shared,
    said: &Said<'_>,
    out: &mut Vec<u8>,
) {
    let new = request.version() == Version::Http11;
    let switches = head.line.status == 101;
    write_status(head, out);
    // RFC 9112 6.3: no Content-Length beside Transfer-Encoding; RFC 9110 8.6: nor one where no body may follow.
    let mut lengths = !head.has(FieldKind::TransferEncoding) && !matches!(head.line.status, 100..=199 | 204);
    let decide = |kind: FieldKind, name: &[u8], value: &[u8]| {
        let ours = matches!(kind, FieldKind::XBackend | FieldKind::XBackendId);
        if kind.is_hop_by_hop()
            || ours
            || kind == FieldKind::ContentLength && !std::mem::take(&mut lengths)
            || head.is_named_by_connection(kind, name)
        {
            Fate::Ends
        } else if kind == FieldKind::Location && own_location(value, said.endpoint, request.host()).is_some() {
            Fate::Changes
        } else {
            Fate::Keeps
        }
    };
    head.write_fields(out, decide, |_, name, value, out| {
        if let Some((host, after)) = own_location(value, said.endpoint, request.host()) {
            write(out, &[name, b": http://", host, after, b"\r\n"]);
        }
    });
    if switches {
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
    let via = shared.via.value(head.line.version);
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

/// Whether a `Host` value, with its port or without, is a name of this machine.
pub(crate) fn is_local_host(host: &[u8]) -> bool {
    // Nearly always this one, so that nothing else need be looked for.
    host.strip_prefix(b"localhost").is_some_and(|port| port.iter().all(|b| matches!(b, b':' | b'0'..=b'9')))
        || std::str::from_utf8(host).is_ok_and(|host| is_local_name(without_port(host)))
}

/// The host of a `Host` value.
pub(crate) fn without_port(host: &str) -> &str {
    match host.rsplit_once(':') {
        Some((name, port)) if !port.contains(']') => name,
        _ => host,
    }
}

/// A redirect to the backend's own origin becomes one to the client's: the host to name, and what follows it.
fn own_location<'h>(location: &'h [u8], endpoint: &Endpoint, host: Option<&'h [u8]>) -> Option<(&'h [u8], &'h [u8])> {
    let host = host?;
    let origin = endpoint.address.origin()?;
    let (start, after) = location.split_at_checked(origin.len())?;
    let whole = matches!(after, [] | [b'/' | b'?' | b'#', ..]);
    (start.eq_ignore_ascii_case(origin.as_bytes()) && whole).then_some((host, after))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_host_without_its_port() {
        for (host, name) in [("a:1", "a"), ("a", "a"), ("[::1]:2", "[::1]"), ("[::1]", "[::1]")] {
            assert_eq!(without_port(host), name);
        }
    }
}
