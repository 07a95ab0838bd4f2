//! One place where ids are found: where a backend writes them, and where clients bring them.

use percent_encoding::percent_decode;
use std::borrow::Cow;
use std::sync::Arc;
use stickylb_http1::{FieldKind, RequestHead, ResponseHead};

use super::pointer::Pointer;
use crate::api::{IdInRequest, IdInResponse, LearnFrom, LearnPreset};
use crate::balancer::cookie::value_of;

/// One place where ids are found.
pub(super) struct Source {
    /// Where clients bring them, in words: `cookie sid`. Sources with the same words have the same ids.
    pub(super) place: Arc<str>,
    brought: Brought,
    written: Written,
    /// Whether an id that no backend gave out belongs to the one that it is first brought to: where the client makes it, or
    /// the backend never gives out another.
    pub(super) binds_on_use: bool,
}

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
                let name: Arc<str> = "Mcp-Session-Id".into();
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
                        place: "session_hash".into(),
                        binds_on_use: true,
                        ..Source::new(brought, Written::Nowhere)
                    })
                    .into()
            }
        }
    }

    fn new(brought: Brought, written: Written) -> Self {
        let place = match &brought {
            Brought::Header(name) => format!("header {name}").into(),
            Brought::Cookie(name) => format!("cookie {name}").into(),
            Brought::Query(name) => format!("query {name}").into(),
            Brought::Behind(_) | Brought::Json(_) => "path or body".into(),
        };
        Source { place, brought, written, binds_on_use: false }
    }

    /// The id that a request brings there; `query` is without the question mark.
    pub(super) fn brought<'r>(&self, head: &'r RequestHead, query: &'r [u8]) -> Option<Cow<'r, [u8]>> {
        let id = match &self.brought {
            Brought::Header(name) => Cow::Borrowed(head.named(name.as_bytes()).next()?.trim_ascii()),
            Brought::Cookie(name) => {
                let mut pairs = head.values(FieldKind::Cookie).flat_map(|line| line.split(|b| *b == b';'));
                Cow::Borrowed(pairs.find_map(|pair| value_of(pair, name.as_bytes()))?)
            }
            Brought::Query(name) => parameter(query, name)?,
            Brought::Behind(segment) => {
                let path = head.target().split(|b| *b == b'?').next()?;
                let mut segments = path.split(|b| *b == b'/');
                segments.find(|one| one == segment)?;
                Cow::Borrowed(segments.next()?)
            }
            Brought::Json(_) => return None,
        };
        Some(id).filter(|id| !id.is_empty())
    }

    /// Whether requests bring the id in their bodies.
    pub(super) fn is_in_requests_body(&self) -> bool {
        matches!(self.brought, Brought::Json(_))
    }

    /// The id that a request brings in its body, of which as much is there.
    pub(super) fn brought_in_body(&self, text: &[u8]) -> Option<String> {
        if let Brought::Json(pointer) = &self.brought { pointer.find(text) } else { None }
    }

    /// The id that a response's head gives out. One that says no is not believed, but for a cookie, which clients keep.
    pub(super) fn written_in_head<'r>(&self, head: &'r ResponseHead) -> Option<&'r [u8]> {
        let id = match &self.written {
            Written::Header(name) if head.line.status < 400 => head.named(name.as_bytes()).next()?.trim_ascii(),
            Written::Cookie(name) => {
                let mut lines = head.values(FieldKind::SetCookie);
                let pair = |line: &'r [u8]| line.split(|b| *b == b';').next();
                lines.find_map(|line| value_of(pair(line)?, name.as_bytes()))?
            }
            _ => return None,
        };
        Some(id).filter(|id| !id.is_empty())
    }

    /// Whether bodies give out ids.
    pub(super) fn is_in_bodies(&self) -> bool {
        matches!(self.written, Written::Json(_) | Written::Packet(_) | Written::Endpoint(_))
    }

    /// Whether the body behind this head may.
    pub(super) fn is_in_body_of(&self, head: &ResponseHead) -> bool {
        let is_stream = |kind: &[u8]| kind.starts_with(b"text/event-stream");
        let may =
            !matches!(self.written, Written::Endpoint(_)) || head.value(FieldKind::ContentType).is_some_and(is_stream);
        self.is_in_bodies() && may
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
