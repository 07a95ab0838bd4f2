//! Requests that must not reach a backend, in the order of RFC 9112.
//!
//! What the HTTP library refuses by itself (malformed lines, lengths, chunk sizes) never gets here; what it hides is
//! found by `wire.rs`.

use http::header::{HOST, TRANSFER_ENCODING};
use http::uri::Scheme;
use http::{Method, Request, StatusCode, Version};

/// Why a request is refused.
#[derive(Clone, Copy, Debug)]
pub(super) struct Refusal {
    pub(super) status: StatusCode,
    pub(super) why: &'static str,
}

fn refuse(status: StatusCode, why: &'static str) -> Result<(), Refusal> {
    Err(Refusal { status, why })
}

/// Whether a request may pass.
pub(super) fn check<B>(request: &Request<B>) -> Result<(), Refusal> {
    let headers = request.headers();

    // RFC 9112 3.2: one Host in HTTP/1.1, and a good one.
    let mut hosts = headers.get_all(HOST).iter();
    match (hosts.next(), hosts.next()) {
        (None, _) if request.version() >= Version::HTTP_11 => {
            return refuse(StatusCode::BAD_REQUEST, "The request has no Host header.");
        }
        (Some(_), Some(_)) => return refuse(StatusCode::BAD_REQUEST, "The request has more than one Host header."),
        (Some(host), None) if !is_host(host.as_bytes()) => {
            return refuse(StatusCode::BAD_REQUEST, "The Host header is not a host.");
        }
        _ => {}
    }

    // RFC 9112 3.2: the asterisk is for OPTIONS, a bare authority for CONNECT.
    let uri = request.uri();
    if uri.path() == "*" && request.method() != Method::OPTIONS {
        return refuse(StatusCode::BAD_REQUEST, "The target * is for OPTIONS alone.");
    }
    if uri.scheme().is_some_and(|scheme| *scheme != Scheme::HTTP && *scheme != Scheme::HTTPS) {
        return refuse(StatusCode::BAD_REQUEST, "The request's target is for another protocol than HTTP.");
    }
    if uri.authority().is_some() && uri.scheme().is_none() && request.method() != Method::CONNECT {
        return refuse(StatusCode::BAD_REQUEST, "The request's target is no path.");
    }

    // RFC 9112 6.1: one framing, and only the one every server understands alike.
    if headers.contains_key(TRANSFER_ENCODING) {
        let mut codings = headers.get_all(TRANSFER_ENCODING).iter();
        let only = codings.next().is_some_and(|v| v.as_bytes().eq_ignore_ascii_case(b"chunked"));
        if !only || codings.next().is_some() {
            return refuse(StatusCode::NOT_IMPLEMENTED, "The only Transfer-Encoding understood is one 'chunked'.");
        }
    }

    // RFC 9110 9.3.6, 9.3.8: this is no tunnel for clients, and what TRACE echoes may be secret.
    if matches!(*request.method(), Method::CONNECT | Method::TRACE) {
        return refuse(StatusCode::METHOD_NOT_ALLOWED, "CONNECT and TRACE are not allowed.");
    }
    Ok(())
}

/// RFC 3986 3.2.2 and 3.2.3, as strictly as servers agree on it: a name, an address, a bracketed IPv6
/// address, then perhaps a port.
fn is_host(host: &[u8]) -> bool {
    let (name, port) = match host.iter().rposition(|b| *b == b':') {
        Some(at) if !host[at..].contains(&b']') => (&host[..at], &host[at + 1..]),
        _ => (host, &b""[..]),
    };
    let good_name = match name {
        [b'[', inner @ .., b']'] => std::str::from_utf8(inner).is_ok_and(|v6| v6.parse::<std::net::Ipv6Addr>().is_ok()),
        // An empty Host is allowed where the target has no authority, which origin form never has a use for.
        [] => false,
        _ => name.iter().all(|b| b.is_ascii_alphanumeric() || b"-._~%!$&'()*+,;=".contains(b)),
    };
    good_name && port.len() <= 5 && port.iter().all(u8::is_ascii_digit)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hosts_are_names_and_addresses_with_a_port_or_without() {
        for host in ["localhost", "localhost:3001", "127.0.0.1:1", "[::1]", "[::1]:3001", "a-b.example", "a_b"] {
            assert!(is_host(host.as_bytes()), "{host}");
        }
        for host in ["", ":80", "a b", "a/b", "a@b", "a:b", "a:1:2", "[::1", "::1]", "[x]", "a\"b", "ü", "a:123456"] {
            assert!(!is_host(host.as_bytes()), "{host}");
        }
    }
}
