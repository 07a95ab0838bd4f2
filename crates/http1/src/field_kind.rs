//! The fields a proxy acts on, recognized once when a head is parsed.

/// The fields this program acts on; all that it only passes on are [`FieldKind::Other`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
#[expect(missing_docs, reason = "each is the field of that name")]
pub enum FieldKind {
    Other,
    Accept,
    Authorization,
    CacheControl,
    Connection,
    ContentEncoding,
    ContentLength,
    ContentLocation,
    ContentRange,
    ContentType,
    Cookie,
    Date,
    Expect,
    Forwarded,
    Host,
    KeepAlive,
    Link,
    Location,
    MaxForwards,
    Origin,
    ProxyAuthorization,
    ProxyConnection,
    Range,
    Refresh,
    SetCookie,
    StrictTransportSecurity,
    Te,
    Trailer,
    TransferEncoding,
    /// `X_Forwarded_For`, `Content_Length` and the like: with CGI, WSGI and PHP it ends in the same variable as the name with
    /// dashes, which says where the message ends or who its client is.
    Underscored,
    Upgrade,
    UserAgent,
    Via,
    WwwAuthenticate,
    XBackend,
    XBackendId,
    XForwardedFor,
    XForwardedHost,
    /// Any other `X-Forwarded-`, like `X-Forwarded-Port`.
    XForwardedOther,
    XForwardedProto,
    XRealIp,
}

impl FieldKind {
    /// The kind of a field by its name, in any case.
    pub fn of(name: &[u8]) -> FieldKind {
        // By length and first letter at most two names are left to compare with.
        let candidate: (FieldKind, &[u8]) = match (name.len(), name.first().map(u8::to_ascii_lowercase)) {
            (2, Some(b't')) => (FieldKind::Te, b"te"),
            (3, Some(b'v')) => (FieldKind::Via, b"via"),
            (4, Some(b'h')) => (FieldKind::Host, b"host"),
            (4, Some(b'd')) => (FieldKind::Date, b"date"),
            (4, Some(b'l')) => (FieldKind::Link, b"link"),
            (5, Some(b'r')) => (FieldKind::Range, b"range"),
            (6, Some(b'a')) => (FieldKind::Accept, b"accept"),
            (6, Some(b'c')) => (FieldKind::Cookie, b"cookie"),
            (6, Some(b'e')) => (FieldKind::Expect, b"expect"),
            (6, Some(b'o')) => (FieldKind::Origin, b"origin"),
            (7, Some(b'r')) => (FieldKind::Refresh, b"refresh"),
            (7, Some(b't')) => (FieldKind::Trailer, b"trailer"),
            (7, Some(b'u')) => (FieldKind::Upgrade, b"upgrade"),
            (8, Some(b'l')) => (FieldKind::Location, b"location"),
            (9, Some(b'f')) => (FieldKind::Forwarded, b"forwarded"),
            (9, Some(b'x')) if name[2] | 0x20 == b'b' => (FieldKind::XBackend, b"x-backend"),
            (9, Some(b'x')) => (FieldKind::XRealIp, b"x-real-ip"),
            (10, Some(b'c')) => (FieldKind::Connection, b"connection"),
            (10, Some(b'k')) => (FieldKind::KeepAlive, b"keep-alive"),
            (10, Some(b's')) => (FieldKind::SetCookie, b"set-cookie"),
            (10, Some(b'u')) => (FieldKind::UserAgent, b"user-agent"),
            (12, Some(b'c')) => (FieldKind::ContentType, b"content-type"),
            (12, Some(b'm')) => (FieldKind::MaxForwards, b"max-forwards"),
            (12, Some(b'x')) => (FieldKind::XBackendId, b"x-backend-id"),
            (13, Some(b'a')) => (FieldKind::Authorization, b"authorization"),
            (13, Some(b'c')) if name[1] | 0x20 == b'a' => (FieldKind::CacheControl, b"cache-control"),
            (13, Some(b'c')) => (FieldKind::ContentRange, b"content-range"),
            (14, Some(b'c')) => (FieldKind::ContentLength, b"content-length"),
            (15, Some(b'x')) => (FieldKind::XForwardedFor, b"x-forwarded-for"),
            (16, Some(b'c')) if name[8] | 0x20 == b'l' => (FieldKind::ContentLocation, b"content-location"),
            (16, Some(b'c')) => (FieldKind::ContentEncoding, b"content-encoding"),
            (16, Some(b'p')) => (FieldKind::ProxyConnection, b"proxy-connection"),
            (16, Some(b'x')) => (FieldKind::XForwardedHost, b"x-forwarded-host"),
            (16, Some(b'w')) => (FieldKind::WwwAuthenticate, b"www-authenticate"),
            (17, Some(b't')) => (FieldKind::TransferEncoding, b"transfer-encoding"),
            (17, Some(b'x')) => (FieldKind::XForwardedProto, b"x-forwarded-proto"),
            (25, Some(b's')) => (FieldKind::StrictTransportSecurity, b"strict-transport-security"),
            (19, Some(b'p')) => (FieldKind::ProxyAuthorization, b"proxy-authorization"),
            _ => return FieldKind::of_other(name),
        };
        if is_same(name, candidate.1) { candidate.0 } else { FieldKind::of_other(name) }
    }

    /// The kind of a name that is none of those: few hold an underscore, or begin with an X.
    fn of_other(name: &[u8]) -> FieldKind {
        // Of those that are looked for, each begins with one of these.
        let may_be = matches!(name.first(), Some(b'c' | b'C' | b't' | b'T' | b'x' | b'X'));
        if may_be && name.contains(&b'_') {
            let dashed = name.iter().map(|byte| if *byte == b'_' { b'-' } else { byte.to_ascii_lowercase() });
            let is = |other: &[u8]| dashed.clone().eq(other.iter().copied());
            let begins =
                |with: &[u8]| name.len() >= with.len() && dashed.clone().take(with.len()).eq(with.iter().copied());
            let framing = [b"content-length".as_slice(), b"transfer-encoding", b"x-real-ip"];
            if begins(b"x-forwarded-") || framing.into_iter().any(is) {
                return FieldKind::Underscored;
            }
        }
        match name {
            [b'x' | b'X', b'-', rest @ ..] if rest.get(..10).is_some_and(|r| r.eq_ignore_ascii_case(b"forwarded-")) => {
                FieldKind::XForwardedOther
            }
            _ => FieldKind::Other,
        }
    }

    /// Whether it is a connection-level field, not forwarded (RFC 9110 7.6.1).
    pub fn is_hop_by_hop(self) -> bool {
        matches!(
            self,
            FieldKind::Connection
                | FieldKind::KeepAlive
                | FieldKind::ProxyConnection
                | FieldKind::Te
                | FieldKind::TransferEncoding
                | FieldKind::Upgrade
        )
    }

    /// Whether it is forwarded even where `Connection` names it: without it the message would mean something else, or come
    /// from another client. A proxy in front of this one may pass its client's `Connection` on.
    pub fn is_end_to_end(self) -> bool {
        matches!(
            self,
            FieldKind::Authorization
                | FieldKind::ContentLength
                | FieldKind::ContentType
                | FieldKind::Cookie
                | FieldKind::Forwarded
                | FieldKind::Host
                | FieldKind::SetCookie
                | FieldKind::Trailer
                | FieldKind::XForwardedFor
                | FieldKind::XForwardedHost
                | FieldKind::XForwardedOther
                | FieldKind::XForwardedProto
        )
    }

    /// Whether it may be a trailer field (RFC 9110 6.5.1). Nearly all that a proxy acts on may not.
    pub(crate) fn may_trail(self) -> bool {
        matches!(self, FieldKind::Other | FieldKind::Link | FieldKind::UserAgent)
    }
}

/// Compares a field's name with a lower-case name of the same length, eight bytes at a time. Names hold only letters, digits
/// and punctuation (RFC 9110 5.1); among those, setting the case bit maps nothing but the other case of a letter onto the
/// letters and dashes of the names looked for.
fn is_same(name: &[u8], lower: &[u8]) -> bool {
    const CASE: u8 = 0x20;
    let folded = |bytes: &[u8; 8]| u64::from_ne_bytes(*bytes) | u64::from_ne_bytes([CASE; 8]);
    match (name.last_chunk(), lower.last_chunk()) {
        (Some(end), Some(lower_end)) => {
            // The last eight overlap with those before them where the length is no multiple of eight.
            let mut before = name.as_chunks().0.iter().zip(lower.as_chunks().0);
            folded(end) == folded(lower_end) && before.all(|(bytes, lower)| folded(bytes) == folded(lower))
        }
        _ => name.iter().zip(lower).all(|(byte, lower)| byte | CASE == *lower),
    }
}

/// Bit set of the kinds that occur in a head, so that asking for an absent one costs nothing.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct FieldKinds(u64);

impl FieldKinds {
    pub(crate) fn add(&mut self, kind: FieldKind) {
        self.0 |= 1 << kind as u64;
    }

    pub(crate) fn has(self, kind: FieldKind) -> bool {
        self.0 & 1 << kind as u64 != 0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_told_apart_in_any_case_and_only_whole() {
        for (name, kind) in [
            ("Host", FieldKind::Host),
            ("TRANSFER-ENCODING", FieldKind::TransferEncoding),
            ("content-length", FieldKind::ContentLength),
            ("x-Real-Ip", FieldKind::XRealIp),
            ("WWW-Authenticate", FieldKind::WwwAuthenticate),
            ("X-Backend", FieldKind::XBackend),
            ("Cache-Control", FieldKind::CacheControl),
            ("Content-Range", FieldKind::ContentRange),
            ("uPGRADE", FieldKind::Upgrade),
            ("Location", FieldKind::Location),
            ("X-FORWARDED-proto", FieldKind::XForwardedProto),
            ("X-Forwarded-Port", FieldKind::XForwardedOther),
            ("x-forwarded-", FieldKind::XForwardedOther),
            ("X-Forwarded-Ssl", FieldKind::XForwardedOther),
            ("X-Forwarded-Prefix", FieldKind::XForwardedOther),
            ("X_Forwarded_For", FieldKind::Underscored),
            ("X-FORWARDED_Host", FieldKind::Underscored),
            ("x_forwarded-port", FieldKind::Underscored),
            ("X_Real_IP", FieldKind::Underscored),
            ("X-Real_IP", FieldKind::Underscored),
            ("Content_Length", FieldKind::Underscored),
            ("TRANSFER_encoding", FieldKind::Underscored),
            ("Content-Location", FieldKind::ContentLocation),
            ("Content-Encoding", FieldKind::ContentEncoding),
            ("refresh", FieldKind::Refresh),
            ("Strict-Transport-Security", FieldKind::StrictTransportSecurity),
        ] {
            assert_eq!(FieldKind::of(name.as_bytes()), kind, "{name}");
        }
        for name in [
            "",
            "h",
            "hosts",
            "hast",
            "content_lengt",
            "content_lengthy",
            "content_type",
            "contenT-lengtX",
            "content-lXngth",
            "Xontent-length",
            "x-backenq",
            "transfer-encodinG~",
            "cookiE~",
            "c`okie",
            "locatio^",
            "x-forwarded",
            "x-forwardedfor",
            "x_real_ip_",
            "x",
            "x-",
            "x_y",
        ] {
            assert_eq!(FieldKind::of(name.as_bytes()), FieldKind::Other, "{name}");
        }
    }
}
