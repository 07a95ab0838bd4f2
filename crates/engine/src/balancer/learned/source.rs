//! One place where ids are found: where a backend writes them, and where clients bring them.

use percent_encoding::percent_decode;
use std::borrow::Cow;
use std::sync::Arc;
use stickylb_http1::{FieldKind, RequestHead, ResponseHead};

use super::pointer::Pointer;
use crate::api::{IdInRequest, IdInResponse, LearnFrom, LearnPreset};
use crate::balancer::cookie::value_of;
use crate::balancer::rendezvous::Fingerprint;

/// One place where ids are found.
pub(super) struct Source {
    /// Where clients bring them, in words: `cookie sid`. Sources with the same words have the same ids.
    pub(super) words: Arc<str>,
    /// The hash of the words.
    pub(super) place: Fingerprint,
    brought: Brought,
    written: Written,
    /// Whether an id that no backend gave out belongs to the one that it is first brought to: where the client makes it, or
    /// the backend never gives out another.
    pub(super) binds_on_use: bool,
    /// Whether a `DELETE` with an id ends it, and no other thing.
    pub(super) ends_by_delete: bool,
}

/// The header of a session of the Model Context Protocol.
const MCP: &str = "Mcp-Session-Id";

/// Where clients bring ids.
enum Brought {
    Header(Arc<str>),
    Cookie(Arc<str>),
    Query(Arc<str>),
    /// The segment of the path behind this one.
    Behind(&'static [u8]),
    /// In a JSON body.
    Json(Pointer),
}

/// Where backends write them.
enum Written {
    Header(Arc<str>),
    Cookie(Arc<str>),
    Json(Pointer),
    /// The first packet of Engine.IO, whose JSON has it there.
    Packet(Pointer),
    /// The address in the first event of a stream, whose query has it under this name.
    Endpoint(&'static str),
    /// Nowhere: clients make them.
    Nowhere,
}

impl Source {
    /// The places that these words stand for.
    pub(super) fn of(from: &LearnFrom) -> Vec<Source> {
        match from {
            LearnFrom::Preset(preset) => Source::of_preset(*preset),
            LearnFrom::Id { response, request } => {
                let written = match response {
                    IdInResponse::Header(name) => Written::Header(Arc::clone(name)),
                    IdInResponse::Cookie(name) => Written::Cookie(Arc::clone(name)),
                    IdInResponse::Json(pointer) => Written::Json(Pointer::new(pointer)),
                };
                vec![Source::new(brought(request), written)]
            }
        }
    }

    fn of_preset(preset: LearnPreset) -> Vec<Source> {
        let query = |name: &str| Brought::Query(name.into());
        let json = |pointer: &str| Written::Json(Pointer::new(pointer));
        let cookie = |name: &str| Source {
            // A copy takes another's, and then gives out none of its own.
            binds_on_use: true,
            ..Source::new(Brought::Cookie(name.into()), Written::Cookie(name.into()))
        };
        match preset {
            LearnPreset::Mcp => {
                let name: Arc<str> = MCP.into();
                // The older transport of events says in the first one where to send to.
                let endpoint = |name| Source::new(query(name), Written::Endpoint(name));
                let header = Source::new(Brought::Header(Arc::clone(&name)), Written::Header(name));
                vec![header, endpoint("sessionId"), endpoint("session_id")]
            }
            LearnPreset::SocketIo => vec![Source::new(query("sid"), Written::Packet(Pointer::new("/sid")))],
            LearnPreset::SignalR => vec![
                Source::new(query("id"), json("/connectionToken")),
                Source::new(query("id"), json("/connectionId")),
            ],
            LearnPreset::Streamlit => vec![cookie("_streamlit_xsrf"), cookie("_xsrf")],
            LearnPreset::Gradio => {
                [query("session_hash"), Brought::Behind(b"heartbeat"), Brought::Json(Pointer::new("/session_hash"))]
                    .map(|brought| Source {
                        binds_on_use: true,
                        ..Source::at("session_hash".into(), brought, Written::Nowhere)
                    })
                    .into()
            }
        }
    }

    fn new(brought: Brought, written: Written) -> Self {
        let words = match &brought {
            Brought::Header(name) => format!("header {name}").into(),
            Brought::Cookie(name) => format!("cookie {name}").into(),
            Brought::Query(name) => format!("query {name}").into(),
            Brought::Behind(_) | Brought::Json(_) => "path or body".into(),
        };
        Source::at(words, brought, written)
    }

    fn at(words: Arc<str>, brought: Brought, written: Written) -> Self {
        let place = Fingerprint::of(words.as_bytes());
        let ends_by_delete = matches!(&brought, Brought::Header(name) if name.eq_ignore_ascii_case(MCP));
        Source { words, place, brought, written, binds_on_use: false, ends_by_delete }
    }

    /// What is found of an id that a request brings there; `query` is without the question mark. Of several cookies of one
    /// name, which differ in their paths, it is the first of which something is.
    pub(super) fn brought<T>(
        &self,
        head: &RequestHead,
        query: &[u8],
        mut find: impl FnMut(&[u8]) -> Option<T>,
    ) -> Option<T> {
        match &self.brought {
            Brought::Header(name) => find(head.named(name.as_bytes()).next()?.trim_ascii()),
            Brought::Cookie(name) => {
                let pairs = head.values(FieldKind::Cookie).flat_map(|line| line.split(|b| *b == b';'));
                pairs.filter_map(|pair| value_of(pair, name.as_bytes())).find_map(|value| find(unquoted(value)))
            }
            Brought::Query(name) => find(&parameter(query, name)?),
            Brought::Behind(segment) => {
                let path = head.target().split(|b| *b == b'?').next()?;
                let mut segments = path.split(|b| *b == b'/');
                segments.find(|one| one == segment)?;
                find(segments.next()?)
            }
            Brought::Json(_) => None,
        }
    }

    /// Whether requests bring the id in their bodies.
    pub(super) fn is_in_requests_body(&self) -> bool {
        matches!(self.brought, Brought::Json(_))
    }

    /// The id that a request brings in its body, of which as much is there.
    pub(super) fn brought_in_body(&self, text: &[u8]) -> Option<String> {
        if let Brought::Json(pointer) = &self.brought { pointer.find(text) } else { None }
    }

    /// Takes the ids that a response's head gives out. One that says no is not believed, but for a cookie, which clients keep.
    pub(super) fn written_in_head(&self, head: &ResponseHead, mut take: impl FnMut(&[u8])) {
        match &self.written {
            Written::Header(name) if head.line.status < 400 => {
                if let Some(id) = head.named(name.as_bytes()).next() {
                    take(id.trim_ascii());
                }
            }
            // All of one name: which of them a client brings is a matter of their paths.
            Written::Cookie(name) => {
                for line in head.values(FieldKind::SetCookie) {
                    let mut parts = line.split(|b| *b == b';');
                    let value = parts.next().and_then(|pair| value_of(pair, name.as_bytes()));
                    if let Some(value) = value.filter(|_| !is_deletion(parts)) {
                        take(unquoted(value));
                    }
                }
            }
            _ => {}
        }
    }

    /// Whether bodies give out ids.
    pub(super) fn is_in_bodies(&self) -> bool {
        matches!(self.written, Written::Json(_) | Written::Packet(_) | Written::Endpoint(_))
    }

    /// Whether the body behind this head may. `brought` is the place of the id that the request had.
    pub(super) fn is_in_body_of(&self, head: &ResponseHead, brought: Option<Fingerprint>) -> bool {
        match &self.written {
            Written::Json(_) => true,
            // On a connection that is open no other is opened.
            Written::Packet(_) => brought != Some(self.place),
            Written::Endpoint(_) => is_event_stream(head),
            Written::Header(_) | Written::Cookie(_) | Written::Nowhere => false,
        }
    }

    /// The id in a body, of which as much is there.
    pub(super) fn written_in_body(&self, text: &[u8]) -> Option<String> {
        match &self.written {
            Written::Json(pointer) => pointer.find(text),
            Written::Packet(pointer) => pointer.find(first_packet(text)?),
            Written::Endpoint(name) => {
                let (_, query) = endpoint(text)?.split_once('?')?;
                parameter(query.as_bytes(), name).map(|id| String::from_utf8_lossy(&id).into_owned())
            }
            Written::Header(_) | Written::Cookie(_) | Written::Nowhere => None,
        }
    }
}

/// Whether a response is a stream of server-sent events.
pub(super) fn is_event_stream(head: &ResponseHead) -> bool {
    head.value(FieldKind::ContentType).is_some_and(|kind| kind.starts_with(b"text/event-stream"))
}

/// A cookie's value without the quotes around it (RFC 6265 4.1.1), which some clients bring back and some do not.
fn unquoted(value: &[u8]) -> &[u8] {
    value.strip_prefix(b"\"").and_then(|value| value.strip_suffix(b"\"")).unwrap_or(value)
}

/// Whether a cookie with these attributes is taken from the client: `Max-Age` is 0 or less, or without one `Expires` in a
/// year before 2000, as frameworks write it.
fn is_deletion<'l>(attributes: impl Iterator<Item = &'l [u8]>) -> bool {
    let (mut at_once, mut expired) = (None, false);
    for attribute in attributes {
        let mut sides = attribute.splitn(2, |b| *b == b'=');
        let (Some(name), Some(value)) = (sides.next(), sides.next()) else { continue };
        if name.trim_ascii().eq_ignore_ascii_case(b"max-age") {
            let age = value.trim_ascii();
            at_once = Some(age.starts_with(b"-") || (!age.is_empty() && age.iter().all(|b| *b == b'0')));
        } else if name.trim_ascii().eq_ignore_ascii_case(b"expires") {
            let mut numbers = value.split(|b| !b.is_ascii_digit());
            expired = numbers.any(|number| number.len() == 4 && number.starts_with(b"19"));
        }
    }
    at_once.unwrap_or(expired)
}

/// The first value of a query parameter, without its percent-encoding.
fn parameter<'q>(query: &'q [u8], name: &str) -> Option<Cow<'q, [u8]>> {
    let mut pairs = query.split(|b| *b == b'&');
    let value = pairs.find_map(|pair| pair.strip_prefix(name.as_bytes())?.strip_prefix(b"="))?;
    Some(percent_decode(value).into())
}

/// The address that the event `endpoint` has, where it is the first and has come to its end.
fn endpoint(text: &[u8]) -> Option<&str> {
    let text = std::str::from_utf8(text).ok()?;
    let (event, rest) = text.split_once('\n')?;
    let (data, _) = rest.split_once('\n')?;
    let is_endpoint = event.strip_prefix("event:").is_some_and(|name| name.trim() == "endpoint");
    data.strip_prefix("data:").map(str::trim).filter(|_| is_endpoint)
}

fn brought(request: &IdInRequest) -> Brought {
    match request {
        IdInRequest::Header(name) => Brought::Header(Arc::clone(name)),
        IdInRequest::Cookie(name) => Brought::Cookie(Arc::clone(name)),
        IdInRequest::Query(name) => Brought::Query(Arc::clone(name)),
    }
}

/// The JSON of the packet that opens a connection of Engine.IO, which is of type 0 and the first of an answer: `0{…}`, with its
/// length before it in version 3, as `97:0{…}` or in bytes that end with 255.
fn first_packet(text: &[u8]) -> Option<&[u8]> {
    let begins = |length: usize| text.get(length..).filter(|rest| rest.starts_with(b"0{")).map(|rest| &rest[1..]);
    let digits = text.iter().take_while(|b| b.is_ascii_digit()).count();
    let bytes = text.iter().take(8).position(|b| *b == 0xff);
    let behind = match text.first()? {
        0 => bytes? + 1,
        _ if text.get(digits) == Some(&b':') => digits + 1,
        _ => 0,
    };
    begins(behind)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cookie_that_a_client_is_told_to_drop_is_told_from_one_to_keep() {
        for (attributes, drops) in [
            ("Max-Age=0", true),
            (" max-age = -1; Path=/", true),
            ("Path=/; Expires=Thu, 01-Jan-1970 00:00:01 GMT", true),
            ("expires=Thu, 01 Jan 1970 00:00:00 GMT; HttpOnly", true),
            ("Expires=Thu, 01 Jan 1970 00:00:00 GMT; Max-Age=60", false),
            ("Max-Age=60; Path=/", false),
            ("Max-Age=", false),
            ("Expires=Thu, 01 Jan 2070 19:00:00 GMT", false),
            ("Path=/1970; HttpOnly", false),
            ("", false),
        ] {
            assert_eq!(is_deletion(attributes.as_bytes().split(|b| *b == b';')), drops, "{attributes}");
        }
    }

    #[test]
    fn the_address_in_the_first_event_is_found_once_its_line_has_ended() {
        for (text, found) in [
            ("event: endpoint\ndata: /messages?sessionId=x\n", Some("/messages?sessionId=x")),
            ("event:endpoint\r\ndata:/m/?session_id=x\r\n\r\n", Some("/m/?session_id=x")),
            ("event: endpoint\ndata: /messages?sessionId=x", None),
            ("event: endpoint\n", None),
            ("event: message\ndata: /messages?sessionId=x\n", None),
            ("", None),
        ] {
            assert_eq!(endpoint(text.as_bytes()), found, "{text:?}");
        }
    }

    #[test]
    fn the_packet_that_opens_a_connection_is_found_in_each_version() {
        let json = br#"{"sid":"x"}"#;
        for (text, found) in [
            (&br#"0{"sid":"x"}"#[..], true),
            (br#"12:0{"sid":"x"}"#, true),
            (b"\x00\x01\x02\xff0{\"sid\":\"x\"}", true),
            (br#"40{"sid":"x"}"#, false),
            (br#"{"sid":"x"}"#, false),
            (b"0", false),
            (b"12:", false),
            (b"\x00\x01", false),
            (b"", false),
        ] {
            assert_eq!(first_packet(text), found.then_some(&json[..]), "{}", text.escape_ascii());
        }
    }
}
