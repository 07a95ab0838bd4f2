//! Parses heads and formats their fields for display, with secrets hidden.

use std::fmt::Write as _;
use stickylb::untrusted::Untrusted;

use super::format;
use super::glyphs::Glyphs;
use super::secrets;
use super::theme::Theme;

/// A header field.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Field<'h> {
    pub(crate) name: &'h [u8],
    pub(crate) value: &'h [u8],
}

/// Splits a head into its first line and its fields.
pub(crate) fn parts(head: &[u8]) -> (&[u8], Vec<Field<'_>>) {
    let mut lines = head.split(|byte| *byte == b'\n').map(|line| line.strip_suffix(b"\r").unwrap_or(line));
    let first = lines.next().unwrap_or_default();
    // A truncated head may end in the middle of a line; without a colon that is not a field.
    let fields = lines.filter_map(|line| {
        let colon = line.iter().position(|byte| *byte == b':')?;
        Some(Field { name: &line[..colon], value: line[colon + 1..].trim_ascii() })
    });
    (first, fields.collect())
}

/// Whether a head with these fields says that a body follows.
pub(crate) fn has_body(fields: &[Field<'_>]) -> bool {
    fields.iter().any(|field| {
        let is_length = field.name.eq_ignore_ascii_case(b"content-length");
        let follows = is_length && field.value.iter().any(|byte| matches!(byte, b'1'..=b'9'));
        follows || field.name.eq_ignore_ascii_case(b"transfer-encoding")
    })
}

/// Bytes as text; control characters and bytes that are not UTF-8 are escaped.
pub(crate) fn text(bytes: &[u8]) -> String {
    let mut out = String::new();
    for chunk in bytes.utf8_chunks() {
        // Writing to a string cannot fail, here and below.
        let _ = write!(out, "{}", Untrusted::new(chunk.valid()));
        for byte in chunk.invalid() {
            let _ = write!(out, "\\x{byte:02x}");
        }
    }
    out
}

/// Whether a field's value is a credential, judged by the field's name.
pub(crate) fn is_secret(name: &[u8]) -> bool {
    // What a server demands is no secret.
    let demands = [&b"www-authenticate"[..], b"proxy-authenticate"];
    let is_harmless = demands.iter().any(|demand| name.eq_ignore_ascii_case(demand));
    is_cookie(name) || !is_harmless && secrets::is_secret(name)
}

pub(crate) fn is_cookie(name: &[u8]) -> bool {
    name.eq_ignore_ascii_case(b"cookie") || name.eq_ignore_ascii_case(b"set-cookie")
}

/// Which of the secrets in heads are shown.
pub(crate) struct Reveal<'s> {
    /// All of them, because the user asked for it.
    pub(crate) all: bool,
    /// The names of sticky cookies, whose values are ids of backends and no secrets.
    pub(crate) sticky: Vec<&'s str>,
}

impl Reveal<'_> {
    /// Whether a part of a `Cookie` or `Set-Cookie` value is a sticky cookie.
    pub(crate) fn is_sticky(&self, pair: &[u8]) -> bool {
        let name = pair.iter().position(|byte| *byte == b'=').map(|at| pair[..at].trim_ascii());
        name.is_some_and(|name| self.sticky.iter().any(|sticky| sticky.as_bytes() == name))
    }
}

impl Field<'_> {
    /// Whether something of it is hidden.
    pub(crate) fn hides_any(&self, reveal: &Reveal<'_>) -> bool {
        !reveal.all && is_secret(self.name) && !self.value.is_empty() && !self.is_sticky_alone(reveal)
    }

    /// Whether it has a sticky cookie and no other.
    fn is_sticky_alone(&self, reveal: &Reveal<'_>) -> bool {
        let mut pairs = self.value.split(|byte| *byte == b';').map(<[u8]>::trim_ascii);
        is_cookie(self.name)
            && if self.is_set_cookie() {
                pairs.next().is_some_and(|first| reveal.is_sticky(first))
            } else {
                pairs.all(|pair| reveal.is_sticky(pair))
            }
    }

    /// The value as text. Unless they are revealed, secret values are hidden; authentication schemes, cookie names and
    /// cookie attributes stay visible.
    pub(crate) fn shown(&self, reveal: &Reveal<'_>, theme: Theme) -> String {
        if !self.hides_any(reveal) {
            return text(self.value);
        }
        if !is_cookie(self.name) {
            // Schemes such as `Bearer` and `Basic` are not secret.
            let scheme = self.value.iter().position(|byte| *byte == b' ').filter(|_| self.is_authorization());
            let (scheme, secret) = self.value.split_at(scheme.map_or(0, |at| at + 1));
            return text(scheme) + &hidden(secret.len(), theme);
        }
        let set = self.is_set_cookie();
        let pair = |(n, pair): (usize, &[u8])| match pair.iter().position(|byte| *byte == b'=') {
            _ if reveal.is_sticky(pair) && (!set || n == 0) => text(pair),
            Some(at) if !set || n == 0 => text(&pair[..=at]) + &hidden(pair.len() - at - 1, theme),
            // Attributes in Set-Cookie.
            _ if set && n > 0 => text(pair),
            // A cookie without a name is all value.
            _ => hidden(pair.len(), theme),
        };
        let pairs = self.value.split(|byte| *byte == b';').map(<[u8]>::trim_ascii);
        pairs.enumerate().map(pair).collect::<Vec<_>>().join("; ")
    }

    fn is_set_cookie(&self) -> bool {
        self.name.eq_ignore_ascii_case(b"set-cookie")
    }

    fn is_authorization(&self) -> bool {
        [&b"authorization"[..], b"proxy-authorization"].iter().any(|name| self.name.eq_ignore_ascii_case(name))
    }
}

/// `•••••• (23 bytes)`
pub(crate) fn hidden(bytes: usize, theme: Theme) -> String {
    let dots = match theme.glyphs {
        Glyphs::Unicode => "••••••",
        Glyphs::Ascii => "******",
    };
    format!("{dots} ({})", format::bytes(bytes as u64))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::screen::theme::Colors;

    const THEME: Theme = Theme { glyphs: Glyphs::Unicode, colors: Colors::Dark };

    fn shown(name: &str, value: &str) -> String {
        Field { name: name.as_bytes(), value: value.as_bytes() }
            .shown(&Reveal { all: false, sticky: Vec::new() }, THEME)
    }

    #[test]
    fn secrets_are_hidden_and_only_their_length_is_told() {
        let tokens = ["X-Api-Key", "x-auth-token", "X-CSRF-Token", "X-Amz-Security-Token", "APIKEY", "X-Session-Id"];
        for name in tokens.into_iter().chain(["X-Passphrase", "X-JWT", "X-Access-Key", "X-Pwd"]) {
            assert_eq!(shown(name, "abcdef"), "•••••• (6 bytes)", "{name}");
        }
        assert_eq!(shown("X-Token", &"x".repeat(1204)), "•••••• (1,204 bytes)");
        assert_eq!(shown("Authorization", "Bearer abc"), "Bearer •••••• (3 bytes)");
        assert_eq!(shown("proxy-authorization", "x"), "•••••• (1 byte)");
        assert_eq!(
            shown("Cookie", "a=1; session=abc=d; bare"),
            "a=•••••• (1 byte); session=•••••• (5 bytes); •••••• (4 bytes)"
        );
        assert_eq!(shown("Set-Cookie", "id=abc; Path=/; HttpOnly"), "id=•••••• (3 bytes); Path=/; HttpOnly");
        assert_eq!(shown("Set-Cookie", "abc; Path=/"), "•••••• (3 bytes); Path=/");
    }

    #[test]
    fn what_is_no_secret_is_shown_and_secrets_that_are_asked_for() {
        assert_eq!(shown("Accept", "text/html"), "text/html");
        assert_eq!(shown("X-Author", "ann"), "ann");
        assert_eq!(shown("WWW-Authenticate", "Basic realm=x"), "Basic realm=x");
        let field = Field { name: b"authorization", value: b"Basic abc" };
        assert_eq!(field.shown(&Reveal { all: true, sticky: Vec::new() }, THEME), "Basic abc");
    }

    #[test]
    fn the_sticky_cookie_is_no_secret_and_others_beside_it_are() {
        let reveal = Reveal { all: false, sticky: vec!["X-Backend-ID"] };
        let shown = |name: &str, value: &str| {
            let field = Field { name: name.as_bytes(), value: value.as_bytes() };
            (field.shown(&reveal, THEME), field.hides_any(&reveal))
        };
        assert_eq!(shown("Cookie", "X-Backend-ID=3"), ("X-Backend-ID=3".to_owned(), false));
        let both = "X-Backend-ID=3; session=•••••• (3 bytes)".to_owned();
        assert_eq!(shown("cookie", "X-Backend-ID=3; session=abc"), (both, true));
        let set = "X-Backend-ID=3; Path=/; HttpOnly";
        assert_eq!(shown("Set-Cookie", set), (set.to_owned(), false));
        assert!(shown("Set-Cookie", "id=abc; X-Backend-ID=3").1);
    }

    #[test]
    fn hostile_bytes_are_written_out() {
        assert_eq!(text(b"a\x1b]0;x\x07\xff\xe2\x80\xae\xc2\x9b"), "a\\x1b]0;x\\x07\\xff\\u{202e}\\x9b");
    }

    #[test]
    fn a_body_follows_where_a_length_or_a_coding_says_so() {
        let says = |line: &str| has_body(&parts(format!("POST / HTTP/1.1\r\nHost: a1\r\n{line}\r\n").as_bytes()).1);
        assert!(says("Content-Length: 10\r\n") && says("transfer-encoding: chunked\r\n"));
        assert!(!says("content-length: 00\r\n") && !says("Content-Length: +0\r\n") && !says("Trailer: X-1\r\n"));
    }

    #[test]
    fn a_head_is_a_first_line_and_fields_however_its_lines_end() {
        let (first, fields) = parts(b"GET / HTTP/1.1\r\nHost: a\nX-Empty:\r\nbroken\r\nX:  y \r\n\r\n");
        assert_eq!(first, b"GET / HTTP/1.1");
        let names: Vec<_> = fields.iter().map(|f| (f.name, f.value)).collect();
        assert_eq!(names, [(&b"Host"[..], &b"a"[..]), (b"X-Empty", b""), (b"X", b"y")]);
    }
}
