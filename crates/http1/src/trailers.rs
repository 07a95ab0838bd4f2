//! Trailer fields, with those dropped that may not be forwarded.

use httparse::{EMPTY_HEADER, Status};

use super::blanks::without_blanks;
use super::field_kind::FieldKind;
use super::head::has_token;

/// Trailer fields of one body.
const FIELDS: usize = 64;

/// Beside those of a [`FieldKind`], names that may not stand behind a body. RFC 9110 6.5.1: what frames, routes, modifies or
/// authorizes a message, controls its answer or says what its content is means nothing there, and a receiver that merged it
/// into the head would be fooled.
const NEVER: [&[u8]; 19] = [
    b"accept-charset",
    b"accept-encoding",
    b"accept-language",
    b"age",
    b"alt-svc",
    b"content-disposition",
    b"content-language",
    b"cookie2",
    b"expires",
    b"http2-settings",
    b"pragma",
    b"proxy",
    b"proxy-authenticate",
    b"retry-after",
    b"set-cookie2",
    b"status",
    b"vary",
    b"warning",
    b"www-authenticate",
];

/// What such names begin with: conditions, what only a browser may say, and what scripts of other sites may read.
const NEVER_BEGIN: [&[u8]; 3] = [b"if-", b"sec-", b"access-control-"];

fn may_trail(name: &[u8]) -> bool {
    let begins = |with: &&[u8]| name.get(..with.len()).is_some_and(|start| start.eq_ignore_ascii_case(with));
    FieldKind::of(name).may_trail()
        && !NEVER.iter().any(|never| name.eq_ignore_ascii_case(never))
        && !NEVER_BEGIN.iter().any(begins)
}

/// Writes a trailer section without the fields that may not stand there, nor those that `Connection` names (RFC 9110
/// 7.6.1), and with the empty line that ends it; `None` where it is malformed. A response's may have blanks before colons, which
/// are removed.
pub(crate) fn write_clean(section: &[u8], connection: &[u8], of_response: bool, out: &mut Vec<u8>) -> Option<()> {
    write_without_blanks(section, connection, out).or_else(|| {
        let cleaned = of_response.then(|| without_blanks(section))?;
        write_without_blanks(&cleaned, connection, out)
    })
}

fn write_without_blanks(section: &[u8], connection: &[u8], out: &mut Vec<u8>) -> Option<()> {
    let mut fields = [EMPTY_HEADER; FIELDS];
    let Ok(Status::Complete((length, fields))) = httparse::parse_headers(section, &mut fields) else { return None };
    if length != section.len() {
        // What is behind an empty line belongs to no trailer section.
        return None;
    }
    for field in fields {
        let name = field.name.as_bytes();
        if may_trail(name) && !has_token(connection, name) {
            for part in [name, b": ", field.value, b"\r\n"] {
                out.extend_from_slice(part);
            }
        }
    }
    out.extend_from_slice(b"\r\n");
    Some(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn clean(names: &[&str]) -> String {
        let section: String = names.iter().map(|name| format!("{name}: x\r\n")).chain(["\r\n".into()]).collect();
        let mut out = Vec::new();
        write_clean(section.as_bytes(), b"close, x-hop", false, &mut out).expect("a good section");
        String::from_utf8_lossy(&out).into_owned()
    }

    #[test]
    fn nothing_that_would_change_a_message_stands_behind_its_body() {
        let never = [
            "Content-Length",
            "Host",
            "X-Hop",
            "If-Match",
            "if-none-match",
            "Date",
            "Location",
            "VARY",
            "Age",
            "Cookie",
            "Set-Cookie",
            "WWW-Authenticate",
            "Via",
            "Origin",
            "X-Forwarded-Port",
            "X_Forwarded_For",
            "X-Backend",
            "Sec-WebSocket-Accept",
            "Access-Control-Allow-Origin",
        ];
        assert_eq!(clean(&never), "\r\n");
    }

    #[test]
    fn what_is_known_when_a_body_is_whole_stands_behind_it() {
        let (etag, rest) = ("ETag", ["Content-MD5", "Content-Digest", "Server-Timing", "grpc-status", "X-If-Match"]);
        assert_eq!(clean(&[etag]), "ETag: x\r\n\r\n");
        assert_eq!(clean(&rest).matches(": x\r\n").count(), rest.len());
    }

    #[test]
    fn what_is_behind_the_section_is_no_part_of_it() {
        assert_eq!(write_clean(b"X: 1\n\r\nGET / HTTP/1.1\r\n\r\n", b"", true, &mut Vec::new()), None);
    }
}
