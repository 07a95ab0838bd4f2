//! What a request asks for, and of whom (RFC 9112 3.2).

use memchr::{memchr, memchr2};

use super::span::Span;

/// The target of a request, in its four forms (RFC 9112 3.2). Spans are those of the head.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Target {
    /// `/path?query`
    Origin(Span),
    /// `http://authority/path?query`
    Absolute {
        /// Host and port.
        authority: Span,
        /// Path and query; perhaps a query alone, perhaps empty.
        path: Span,
    },
    /// `*`, which `OPTIONS` asks of the server as a whole.
    Asterisk,
    /// Anything else. An authority alone is for CONNECT.
    Other,
}

/// Why a target is malformed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BadTarget {
    /// A `#` stands in no target.
    Fragment,
    /// It is of another protocol.
    Scheme,
    /// Its authority is no host.
    Authority,
}

impl Target {
    /// The parts of a target, which begins at `place` in its head.
    pub fn parse(target: &[u8], place: Span) -> Result<Target, BadTarget> {
        if memchr(b'#', target).is_some() {
            return Err(BadTarget::Fragment);
        }
        match target {
            [b'/', ..] => return Ok(Target::Origin(place)),
            b"*" => return Ok(Target::Asterisk),
            _ => {}
        }
        let Some(colon) = memchr(b':', target).filter(|at| target[at + 1..].starts_with(b"//")) else {
            return Ok(Target::Other);
        };
        let scheme = &target[..colon];
        if !scheme.eq_ignore_ascii_case(b"http") && !scheme.eq_ignore_ascii_case(b"https") {
            return Err(BadTarget::Scheme);
        }
        let start = colon + "://".len();
        let end = memchr2(b'/', b'?', &target[start..]).map_or(target.len(), |at| start + at);
        // RFC 9110 4.2.4: user information in a target is an attempt to mislead, and refused with it.
        if !is_host(&target[start..end]) {
            return Err(BadTarget::Authority);
        }
        Ok(Target::Absolute { authority: place.part(start, end), path: place.part(end, target.len()) })
    }
}

/// The bytes of a name (RFC 3986 3.2.2): unreserved, escaped, and delimiters within it.
const IN_A_NAME: [bool; 256] = {
    let mut table = [false; 256];
    let mut byte = 0_u8;
    while byte < 128 {
        table[byte as usize] = byte.is_ascii_alphanumeric()
            || matches!(
                byte,
                b'-' | b'.'
                    | b'_'
                    | b'~'
                    | b'%'
                    | b'!'
                    | b'$'
                    | b'&'
                    | b'\''
                    | b'('
                    | b')'
                    | b'*'
                    | b'+'
                    | b','
                    | b';'
                    | b'='
            );
        byte += 1;
    }
    table
};

/// Whether this is a host (RFC 3986 3.2.2 and 3.2.3), as strictly as servers agree on it: a name, an address, a bracketed
/// IPv6 address, then perhaps a port.
pub fn is_host(host: &[u8]) -> bool {
    let (name, port) = match host.iter().rposition(|b| *b == b':') {
        Some(at) if !host[at..].contains(&b']') => (&host[..at], &host[at + 1..]),
        _ => (host, &b""[..]),
    };
    let good_name = match name {
        [b'[', inner @ .., b']'] => std::str::from_utf8(inner).is_ok_and(|v6| v6.parse::<std::net::Ipv6Addr>().is_ok()),
        // An empty Host is allowed where the target has no authority, which origin form never has a use for.
        [] => false,
        _ => name.iter().all(|b| IN_A_NAME[usize::from(*b)]),
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

    #[test]
    fn the_four_forms_of_a_target() {
        let parse = |text: &str| Target::parse(text.as_bytes(), Span::new(4, 4 + text.len()));
        let absolute =
            |from, to, end| Ok(Target::Absolute { authority: Span::new(from, to), path: Span::new(to, end) });
        assert_eq!(parse("/a?b"), Ok(Target::Origin(Span::new(4, 8))));
        assert_eq!(parse("//a//"), Ok(Target::Origin(Span::new(4, 9))));
        assert_eq!(parse("*"), Ok(Target::Asterisk));
        assert_eq!(parse("http://a:1/b"), absolute(11, 14, 16));
        assert_eq!(parse("HTTPS://a?q"), absolute(12, 13, 15));
        assert_eq!(parse("http://a"), absolute(11, 12, 12));
        for other in ["a", "localhost:80", "?a", "mailto:a"] {
            assert_eq!(parse(other), Ok(Target::Other), "{other}");
        }
        assert_eq!(parse("/a#b"), Err(BadTarget::Fragment));
        assert_eq!(parse("ftp://a/"), Err(BadTarget::Scheme));
        for bad in ["http://", "http:///a", "http://u:p@a/", "http://a\\b/"] {
            assert_eq!(parse(bad), Err(BadTarget::Authority), "{bad}");
        }
    }
}
