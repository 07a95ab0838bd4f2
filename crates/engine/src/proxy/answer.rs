//! What the balancer answers itself.

use std::io::Write as _;

use http::StatusCode;

use super::rewrite::connection_field;
use crate::access::Refused;
use crate::http1::{Version, write_date};
use crate::visible::escaped_json;

/// The body of a 503, the direct predecessor's.
const UNAVAILABLE: &str = "No healthy backends available.";
/// The body of a 502, the direct predecessor's.
const BAD_GATEWAY: &str = "Bad gateway — backend did not respond.";

/// What may be asked of backends, with any other method beside it.
const METHODS: &str = "GET, HEAD, POST, PUT, DELETE, OPTIONS, PATCH";

/// The body of a 429, that of the Go proxy.
const TOO_MANY: &str = "Too Many Requests.";
const FORBIDDEN: &str = "Forbidden.";

/// An answer of the balancer's own: JSON, or a page for a browser.
pub(super) struct Answer {
    pub(super) status: StatusCode,
    pub(super) error: String,
    /// More for a person, on the page alone.
    pub(super) why: String,
    /// The connection ends after it.
    pub(super) close: bool,
}

impl Answer {
    /// No backend takes the request.
    pub(super) fn unavailable(why: String) -> Self {
        Answer { status: StatusCode::SERVICE_UNAVAILABLE, error: UNAVAILABLE.to_owned(), why, close: false }
    }

    /// Those tried gave no answer.
    pub(super) fn bad_gateway(why: String) -> Self {
        Answer { status: StatusCode::BAD_GATEWAY, error: BAD_GATEWAY.to_owned(), why, close: false }
    }

    /// Every place is taken, and so is every place in the queue.
    pub(super) fn too_many(why: String) -> Self {
        Answer { status: StatusCode::TOO_MANY_REQUESTS, error: TOO_MANY.to_owned(), why, close: false }
    }

    /// No place came free in time.
    pub(super) fn no_place(why: String) -> Self {
        let error = "No place at a backend came free in time.".to_owned();
        Answer { status: StatusCode::SERVICE_UNAVAILABLE, error, why, close: false }
    }

    /// The backend took too long.
    pub(super) fn gateway_timeout(why: String) -> Self {
        let error = "Gateway timeout — backend did not answer in time.".to_owned();
        Answer { status: StatusCode::GATEWAY_TIMEOUT, error, why, close: false }
    }

    /// The client may not come in, or is there too often.
    pub(super) fn not_admitted(refused: &Refused, close: bool) -> Self {
        let (status, error) = match refused {
            Refused::Forbidden(_) => (StatusCode::FORBIDDEN, FORBIDDEN),
            Refused::TooMany(_) => (StatusCode::TOO_MANY_REQUESTS, TOO_MANY),
        };
        Answer { status, error: error.to_owned(), why: refused.why().to_owned(), close }
    }

    /// The request must not pass. Its connection closes: what follows on it cannot be trusted to be a request.
    pub(super) fn refused(status: StatusCode, why: &str) -> Self {
        Answer { status, error: why.to_owned(), why: String::new(), close: true }
    }

    /// The response; a page where the client asks for one.
    pub(super) fn reply(self, wants_page: bool) -> Reply {
        let (media, body) = if wants_page {
            ("text/html; charset=utf-8", self.page())
        } else {
            ("application/json", escaped_json(serde_json::json!({ "error": self.error }).to_string()))
        };
        let mut reply = Reply::new(self.status, media, body);
        reply.close = self.close;
        match self.status {
            StatusCode::SERVICE_UNAVAILABLE | StatusCode::TOO_MANY_REQUESTS => reply.fields.push(("retry-after", "1")),
            // RFC 9110 15.5.6: such an answer says what is allowed.
            StatusCode::METHOD_NOT_ALLOWED => reply.fields.push(("allow", METHODS)),
            _ => {}
        }
        reply
    }

    fn page(&self) -> String {
        let reload = if self.status == StatusCode::SERVICE_UNAVAILABLE {
            "<meta http-equiv=\"refresh\" content=\"2\">"
        } else {
            ""
        };
        format!(
            "<!doctype html><html lang=\"en\"><meta charset=\"utf-8\">{reload}<title>{code} {error}</title>\
             <style>body{{font:16px/1.5 system-ui,sans-serif;max-width:40em;margin:15vh auto;padding:0 1em;\
             color-scheme:light dark}}h1{{font-size:1.4em}}p{{opacity:.8}}</style>\
             <h1>{code} · {error}</h1><p>{why}</p><p>stickylb-tui</p></html>",
            code = self.status.as_u16(),
            error = escaped(&self.error),
            why = escaped(&self.why),
        )
    }
}

/// A response of the balancer's own, whole.
pub(super) struct Reply {
    pub(super) status: StatusCode,
    pub(super) fields: Vec<(&'static str, &'static str)>,
    pub(super) body: String,
    /// The connection ends after it.
    pub(super) close: bool,
    /// It answers a HEAD that is not good enough to be a request (RFC 9110 9.3.2: no body, whatever the status).
    pub(super) to_head: bool,
}

impl Reply {
    pub(super) fn new(status: StatusCode, media: &'static str, body: String) -> Self {
        Reply {
            status,
            fields: vec![("content-type", media), ("cache-control", "no-store")],
            body,
            close: false,
            to_head: false,
        }
    }

    /// To an OPTIONS that goes no further (RFC 9110 9.3.7).
    pub(super) fn options() -> Self {
        Reply {
            status: StatusCode::OK,
            fields: vec![("allow", METHODS)],
            body: String::new(),
            close: false,
            to_head: false,
        }
    }

    /// Says that this has another value, or that it is said at all.
    pub(super) fn with(mut self, name: &'static str, value: &'static str) -> Self {
        self.fields.retain(|(other, _)| *other != name);
        self.fields.push((name, value));
        self
    }

    /// Writes it; without its body to a HEAD.
    pub(super) fn write(&self, to_head: bool, keeps: bool, version: Version, out: &mut Vec<u8>) {
        let reason = self.status.canonical_reason().unwrap_or_default();
        // Writing to a vector cannot fail.
        let _ = write!(out, "HTTP/1.1 {} {reason}\r\n", self.status.as_u16());
        for (name, value) in &self.fields {
            let _ = write!(out, "{name}: {value}\r\n");
        }
        let _ = write!(out, "content-length: {}\r\ndate: ", self.body.len());
        write_date(out);
        out.extend_from_slice(b"\r\n");
        out.extend_from_slice(connection_field(keeps, version == Version::Http11));
        out.extend_from_slice(b"\r\n");
        if !to_head {
            out.extend_from_slice(self.body.as_bytes());
        }
    }

    /// Writes the head of a stream of events.
    pub(super) fn write_stream(keeps: bool, version: Version, out: &mut Vec<u8>) {
        out.extend_from_slice(b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ncache-control: no-store\r\n");
        if version == Version::Http11 {
            out.extend_from_slice(b"transfer-encoding: chunked\r\n");
        }
        out.extend_from_slice(b"date: ");
        write_date(out);
        out.extend_from_slice(b"\r\n");
        out.extend_from_slice(connection_field(keeps, version == Version::Http11));
        out.extend_from_slice(b"\r\n");
    }
}

fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in crate::visible::visible(text).chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&#39;"),
            c => out.push(c),
        }
    }
    out
}
