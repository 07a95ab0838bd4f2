//! Validates requests in the order of RFC 9112: what is malformed or ambiguous reaches no backend.

use http::StatusCode;
use stickylb_http1::{BadFraming, BadHead, BadTarget, FieldKind, Framing, RequestHead, Target, Version, is_host};

/// Why a request is refused.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Refusal {
    pub(crate) status: StatusCode,
    pub(crate) why: &'static str,
}

fn bad(why: &'static str) -> Refusal {
    Refusal { status: StatusCode::BAD_REQUEST, why }
}

/// The refusal of a head that could not be parsed (RFC 9112 2 to 5).
pub(crate) fn unreadable(bad_head: BadHead) -> Refusal {
    let (status, why) = match bad_head {
        BadHead::StartLine => (StatusCode::BAD_REQUEST, "The request line is malformed."),
        BadHead::NoHttp => (StatusCode::BAD_REQUEST, "What came is no HTTP."),
        BadHead::Tls => (
            StatusCode::BAD_REQUEST,
            "The client speaks TLS, and this is a port for plain HTTP: use http:// in its URL, or start with --tls.",
        ),
        BadHead::Http2 => (
            StatusCode::HTTP_VERSION_NOT_SUPPORTED,
            "The client speaks HTTP/2 without asking first, and this is a port for HTTP/1.1: let the client use that.",
        ),
        BadHead::MethodTooLong => (StatusCode::NOT_IMPLEMENTED, "The request's method is longer than 128 bytes."),
        BadHead::Version => (StatusCode::HTTP_VERSION_NOT_SUPPORTED, "The request's version is none of HTTP/1."),
        BadHead::TargetTooLong => (StatusCode::URI_TOO_LONG, "The request's target is longer than 64 KB."),
        BadHead::TooLarge => (
            StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE,
            "The request's header fields are larger than limits.headerBytes.",
        ),
        BadHead::TooManyFields => {
            (StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE, "The request has more header fields than limits.headers.")
        }
        BadHead::FieldName(_) => (StatusCode::BAD_REQUEST, "A header field's name is malformed."),
        BadHead::FieldValue(_) => (StatusCode::BAD_REQUEST, "A header field's value is malformed."),
    };
    Refusal { status, why }
}

/// Validates a head; gives its target and where its body ends.
pub(crate) fn check(head: &RequestHead) -> Result<(Target, Framing), Refusal> {
    // RFC 9112 3.2: exactly one valid Host in HTTP/1.1.
    let mut hosts = head.values(FieldKind::Host);
    match (hosts.next(), hosts.next()) {
        (None, _) if head.line.version == Version::Http11 => return Err(bad("The request has no Host header.")),
        (Some(_), Some(_)) => return Err(bad("The request has more than one Host header.")),
        (Some(host), None) if !is_host(host) => return Err(bad("The Host header is not a host.")),
        _ => {}
    }

    // RFC 9110 9.3.6, 9.3.8: this is no forward proxy, and TRACE would echo secrets.
    if matches!(head.method(), b"CONNECT" | b"TRACE") {
        let why = "CONNECT and TRACE are not allowed.";
        return Err(Refusal { status: StatusCode::METHOD_NOT_ALLOWED, why });
    }

    // RFC 9112 3.2: the asterisk is for OPTIONS, a bare authority for CONNECT.
    let target = match Target::parse(head.target(), head.line.target) {
        Ok(Target::Asterisk) if head.method() != b"OPTIONS" => return Err(bad("The target * is for OPTIONS alone.")),
        Ok(Target::Other) => return Err(bad("The request's target is no path.")),
        Ok(target) => target,
        Err(BadTarget::Fragment) => return Err(bad("The request's target has a fragment: a # stands in no target.")),
        Err(BadTarget::Scheme) => return Err(bad("The request's target is for another protocol than HTTP.")),
        Err(BadTarget::Authority) => return Err(bad("The request's target names no valid host.")),
    };

    // RFC 9112 6: one unambiguous framing.
    let framing = Framing::of_request(head).map_err(|framing| match framing {
        BadFraming::Both => bad("The request has both Content-Length and Transfer-Encoding."),
        BadFraming::TwoLengths => bad("The request has more than one Content-Length."),
        BadFraming::Length => bad("The Content-Length is not a number below 2^63."),
        BadFraming::OldCoding => bad("HTTP/1.0 has no Transfer-Encoding."),
        BadFraming::Coding => {
            let why = "The only Transfer-Encoding understood is one 'chunked'.";
            Refusal { status: StatusCode::NOT_IMPLEMENTED, why }
        }
    })?;
    Ok((target, framing))
}
