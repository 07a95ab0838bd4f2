//! Places in a request that carry an id.

use std::ops::{ControlFlow, Range};

use super::json;
use super::limits::{LONGEST, SEARCHED};
use super::url::{self, Codec, Part};
use crate::Request;

/// Where a request carries a value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Slot {
    /// In the target.
    Target(Part),
    /// In a field, by its place among them.
    Field(usize),
    /// In a cookie, by the place of its field.
    Cookie(usize),
    /// In the body.
    Body,
}

/// A value that a request carries.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Carried {
    /// Where.
    pub(super) slot: Slot,
    /// Its bytes there.
    pub(super) span: Range<usize>,
    /// How it is written.
    pub(super) codec: Codec,
    /// It as text.
    pub(super) value: String,
    /// Its name there, such as a parameter's or a form field's; empty where it has none.
    pub(super) name: String,
}

/// Fields that carry no ids, or are not looked at here: cookies have rules of their own.
fn says_nothing(name: &str) -> bool {
    const NAMES: [&str; 12] = [
        "accept",
        "cache-control",
        "connection",
        "content-length",
        "content-type",
        "cookie",
        "date",
        "host",
        "origin",
        "pragma",
        "upgrade",
        "user-agent",
    ];
    let name = name.to_ascii_lowercase();
    NAMES.contains(&name.as_str())
        || name.starts_with("accept-")
        || name.starts_with("sec-fetch")
        || name.starts_with("sec-ch-")
}

/// The values that a request carries, of at least `shortest` bytes; where one is within another, the wider comes first.
pub(super) fn carried(request: &Request, shortest: usize) -> Vec<Carried> {
    let mut found = Vec::new();
    let mut take = |slot: Slot, name: &str, span: Range<usize>, codec: Codec, raw: &str| {
        if raw.len() < shortest || raw.len() > 3 * LONGEST {
            return;
        }
        let value = codec.read(raw).into_owned();
        if (shortest..=LONGEST).contains(&value.len()) {
            found.push(Carried { slot, span, codec, value, name: name.to_owned() });
        }
    };
    for (part, span, codec) in url::parts(&request.target) {
        let raw = &request.target[span.clone()];
        let name = if let Part::Query(name) = &part { name.clone() } else { String::new() };
        take(Slot::Target(part.clone()), &name, span.clone(), codec, raw);
        if let Part::Segment(_) = part {
            for inner in pieces(raw, b".;=:@,") {
                take(
                    Slot::Target(part.clone()),
                    "",
                    span.start + inner.start..span.start + inner.end,
                    codec,
                    &raw[inner],
                );
            }
        }
    }
    for (at, (name, value)) in request.fields.0.iter().enumerate().filter(|(_, (name, _))| !says_nothing(name)) {
        let Ok(text) = std::str::from_utf8(value) else { continue };
        take(Slot::Field(at), name, 0..text.len(), Codec::Raw, text);
        if name.eq_ignore_ascii_case("referer") {
            for (_, span, codec) in url::parts(text) {
                take(Slot::Field(at), name, span.clone(), codec, &text[span]);
            }
        } else {
            for span in pieces(text, b" ,;=\"") {
                take(Slot::Field(at), name, span.clone(), Codec::Raw, &text[span]);
            }
        }
    }
    body(request, &mut take);
    found
}

/// The pieces of text between these bytes, if there are several.
fn pieces<'t>(text: &'t str, between: &'t [u8]) -> impl Iterator<Item = Range<usize>> + 't {
    let mut at = 0;
    text.split(|c: char| u8::try_from(c).is_ok_and(|byte| between.contains(&byte))).filter_map(move |piece| {
        let span = at..at + piece.len();
        at = span.end + 1;
        (!piece.is_empty() && piece.len() < text.len()).then_some(span)
    })
}

fn body(request: &Request, take: &mut impl FnMut(Slot, &str, Range<usize>, Codec, &str)) {
    if request.body.is_empty() {
        return;
    }
    let kind = request.fields.text("content-type").unwrap_or_default().to_ascii_lowercase();
    if let Some(boundary) = boundary(request) {
        return multipart(&request.body, boundary.as_bytes(), take);
    }
    let bytes = &request.body[..request.body.len().min(SEARCHED)];
    let text = match std::str::from_utf8(bytes) {
        Ok(text) => text,
        // A character that is cut in two at the end.
        Err(error) if error.error_len().is_none() => {
            std::str::from_utf8(&bytes[..error.valid_up_to()]).unwrap_or_default()
        }
        Err(_) => return,
    };
    if json::begin(bytes).is_some() {
        // Packets of engine.io, divided by 1E.
        let mut at = 0;
        for packet in text.split('\u{1e}') {
            if let Some(begin) = json::begin(packet.as_bytes()) {
                let start = at + begin;
                json::scalars(&bytes[start..at + packet.len()], |scalar| {
                    let span = start + scalar.span.start..start + scalar.span.end;
                    let name = scalar.pointer.rsplit('/').next().unwrap_or_default();
                    let codec = if scalar.is_number { Codec::JsonNumber } else { Codec::JsonString };
                    take(Slot::Body, name, span.clone(), codec, &text[span]);
                    ControlFlow::Continue(())
                });
            }
            at += packet.len() + 1;
        }
    } else if kind.contains("urlencoded") || (kind.is_empty() && text.contains('=')) {
        let mut at = 0;
        for pair in text.split('&') {
            let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
            let start = at + name.len() + 1;
            if !value.is_empty() {
                take(Slot::Body, &Codec::Form.read(name), start..start + value.len(), Codec::Form, value);
            }
            at += pair.len() + 1;
        }
    } else {
        take(Slot::Body, "", 0..text.len(), Codec::Raw, text);
        for span in pieces(text, b" \t\r\n\"'<>,;:=&/?(){}[]") {
            take(Slot::Body, "", span.clone(), Codec::Raw, &text[span]);
        }
    }
}

/// What divides the parts of a multipart body (RFC 2046 5.1.1).
fn boundary(request: &Request) -> Option<String> {
    let kind = request.fields.text("content-type")?;
    if !kind.get(..10)?.eq_ignore_ascii_case("multipart/") {
        return None;
    }
    let at = kind.to_ascii_lowercase().find("boundary=")? + "boundary=".len();
    let value = kind[at..].split(';').next()?.trim().trim_matches('"');
    (!value.is_empty()).then(|| format!("--{value}"))
}

/// The text fields of a form.
fn multipart(bytes: &[u8], boundary: &[u8], take: &mut impl FnMut(Slot, &str, Range<usize>, Codec, &str)) {
    let mut at = 0;
    while let Some(start) = find(bytes, at, boundary).map(|found| found + boundary.len()) {
        let Some(head_end) = find(bytes, start, b"\r\n\r\n") else { return };
        let Some(end) = find(bytes, head_end + 4, boundary) else { return };
        let value = head_end + 4..end.saturating_sub(2).max(head_end + 4);
        let head = String::from_utf8_lossy(&bytes[start..head_end]).into_owned();
        let name = head.split("name=\"").nth(1).and_then(|rest| rest.split('"').next()).unwrap_or_default();
        if let (false, Ok(text)) = (head.contains("filename="), std::str::from_utf8(&bytes[value.clone()])) {
            take(Slot::Body, name, value, Codec::Raw, text);
        }
        at = end;
    }
}

fn find(bytes: &[u8], from: usize, what: &[u8]) -> Option<usize> {
    bytes.get(from..)?.windows(what.len()).position(|window| window == what).map(|at| from + at)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Fields;

    fn found(target: &str, fields: &[(&str, &str)], body: &str) -> Vec<(String, String)> {
        let fields = fields.iter().map(|(name, value)| ((*name).to_owned(), value.as_bytes().to_vec())).collect();
        let body = body.as_bytes().to_vec();
        let request = Request { target: target.to_owned(), fields: Fields(fields), body, ..Request::default() };
        carried(&request, 8).into_iter().map(|one| (one.name, one.value)).collect()
    }

    fn has(found: &[(String, String)], name: &str, value: &str) -> bool {
        found.contains(&(name.to_owned(), value.to_owned()))
    }

    #[test]
    fn ids_are_seen_wherever_a_request_carries_them() {
        assert!(has(&found("/a/abcdefgh.png", &[], ""), "", "abcdefgh"));
        assert!(has(&found("/a;jsessionid=abcdefgh", &[], ""), "", "abcdefgh"));
        assert!(has(&found("/a?sid=abc%2Bdefgh", &[], ""), "sid", "abc+defgh"));
        assert!(has(&found("/", &[("Authorization", "Bearer abc.defgh")], ""), "Authorization", "abc.defgh"));
        assert!(has(&found("/", &[("Referer", "http://localhost/abcdefgh?x=1")], ""), "Referer", "abcdefgh"));
        let form = [("Content-Type", "application/x-www-form-urlencoded")];
        assert!(has(&found("/", &form, "a=1&_csrf=abc+defgh%3D"), "_csrf", "abc defgh="));
        assert!(has(&found("/", &[], r#"{"a":{"token":"abcdefgh"}}"#), "token", "abcdefgh"));
        assert!(has(&found("/", &[], "40{\"token\":\"abcdefgh\"}\u{1e}42[\"join\",12345678]"), "1", "12345678"));
        let multipart = [("Content-Type", "multipart/form-data; boundary=XX")];
        let body = "--XX\r\nContent-Disposition: form-data; name=\"_csrf\"\r\n\r\nabcdefgh\r\n--XX\r\n\
            Content-Disposition: form-data; name=\"f\"; filename=\"a.txt\"\r\n\r\nnot this one\r\n--XX--\r\n";
        let parts = found("/", &multipart, body);
        assert_eq!(parts.last(), Some(&("_csrf".to_owned(), "abcdefgh".to_owned())));
    }
}
