//! What the balancer answers itself.

use http::StatusCode;
use std::borrow::Cow;
use std::io::Write as _;
use stickylb_http1::{Version, write_date};

use crate::access::Refused;
use crate::proxy::exchange::connection_field;
use crate::untrusted::{Untrusted, json_value};

/// The body of a 503, that of smart-stick-loadbalancer.
const UNAVAILABLE: &str = "No healthy backends available.";

/// The body of a 502, that of smart-stick-loadbalancer.
const BAD_GATEWAY: &str = "Bad gateway — backend did not respond.";

/// What may be asked of backends, with any other method beside it.
const METHODS: &str = "GET, HEAD, POST, PUT, DELETE, OPTIONS, PATCH";

/// The body of a 429, that of WebsocketReverseProxy.
const TOO_MANY: &str = "Too Many Requests.";

const FORBIDDEN: &str = "Forbidden.";

/// An answer of the balancer's own: JSON, or a page for a browser.
pub(crate) struct LocalReply {
    pub(crate) status: StatusCode,
    pub(crate) error: String,
    /// What the page says in place of that, where it knows better.
    title: Option<&'static str>,
    /// More for a person, on the page alone.
    pub(crate) why: String,
    /// The connection ends after it.
    pub(crate) close: bool,
}

impl LocalReply {
    /// No backend takes the request.
    pub(crate) fn unavailable(why: String) -> Self {
        LocalReply {
            status: StatusCode::SERVICE_UNAVAILABLE,
            error: UNAVAILABLE.to_owned(),
            title: None,
            why,
            close: false,
        }
    }

    /// Those tried gave no answer.
    pub(crate) fn bad_gateway(why: String) -> Self {
        LocalReply { status: StatusCode::BAD_GATEWAY, error: BAD_GATEWAY.to_owned(), title: None, why, close: false }
    }

    /// The response is malformed. Scripts are told what smart-stick-loadbalancer tells them of every such failure.
    pub(crate) fn bad_answer(why: String) -> Self {
        LocalReply {
            title: Some("Bad gateway — the backend's response is malformed."), ..LocalReply::bad_gateway(why)
        }
    }

    /// Every place is taken, and so is every place in the queue.
    pub(crate) fn too_many(why: String) -> Self {
        LocalReply { status: StatusCode::TOO_MANY_REQUESTS, error: TOO_MANY.to_owned(), title: None, why, close: false }
    }

    /// No place came free in time.
    pub(crate) fn no_place(why: String) -> Self {
        let error = "No place at a backend came free in time.".to_owned();
        LocalReply { status: StatusCode::SERVICE_UNAVAILABLE, error, title: None, why, close: false }
    }

    /// The backend took too long.
    pub(crate) fn gateway_timeout(why: String) -> Self {
        let error = "Gateway timeout — backend did not answer in time.".to_owned();
        LocalReply { status: StatusCode::GATEWAY_TIMEOUT, error, title: None, why, close: false }
    }

    /// The client may not come in, or is there too often.
    pub(crate) fn not_admitted(refused: &Refused, close: bool) -> Self {
        let (status, error) = match refused {
            Refused::Forbidden(_) => (StatusCode::FORBIDDEN, FORBIDDEN),
            Refused::TooMany(_) => (StatusCode::TOO_MANY_REQUESTS, TOO_MANY),
        };
        LocalReply { status, error: error.to_owned(), title: None, why: refused.why().to_owned(), close }
    }

    /// The request must not pass. Its connection closes: what follows on it cannot be trusted to be a request.
    pub(crate) fn refused(status: StatusCode, why: &str) -> Self {
        LocalReply { status, error: why.to_owned(), title: None, why: String::new(), close: true }
    }

    /// The response; a page where the client asks for one.
    pub(crate) fn reply(self, wants_page: bool) -> Reply {
        let (media, body) = if wants_page {
            ("text/html; charset=utf-8", self.page())
        } else {
            ("application/json", json_value(&serde_json::json!({ "error": self.error })))
        };
        let mut reply = Reply::new(self.status, media, body);
        reply.close = self.close;
        match self.status {
            StatusCode::SERVICE_UNAVAILABLE | StatusCode::TOO_MANY_REQUESTS => {
                reply.fields.push(("retry-after", "1".into()));
            }
            // RFC 9110 15.5.6: such an answer says what is allowed.
            StatusCode::METHOD_NOT_ALLOWED => reply.fields.push(("allow", METHODS.into())),
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
            error = escaped(self.title.unwrap_or(&self.error)),
            why = escaped(&self.why),
        )
    }
}

/// A response of the balancer's own, whole.
pub(crate) struct Reply {
    pub(crate) status: StatusCode,
    pub(crate) fields: Vec<(&'static str, Cow<'static, str>)>,
    pub(crate) body: String,
    /// The connection ends after it.
    pub(crate) close: bool,
    /// It answers a HEAD that is not good enough to be a request (RFC 9110 9.3.2: no body, whatever the status).
    pub(crate) to_head: bool,
}

impl Reply {
    pub(crate) fn new(status: StatusCode, media: &'static str, body: String) -> Self {
        Reply {
            status,
            fields: vec![("content-type", media.into()), ("cache-control", "no-store".into())],
            body,
            close: false,
            to_head: false,
        }
    }

    /// To an OPTIONS that goes no further (RFC 9110 9.3.7).
    pub(crate) fn options() -> Self {
        Reply {
            status: StatusCode::OK,
            fields: vec![("allow", METHODS.into())],
            body: String::new(),
            close: false,
            to_head: false,
        }
    }

    /// To a path that is meant to be asked for elsewhere.
    pub(crate) fn redirect(to: &'static str) -> Self {
        Reply::new(StatusCode::TEMPORARY_REDIRECT, "text/plain; charset=utf-8", format!("See {to}\n"))
            .with("location", to)
    }

    /// Says that this has another value, or that it is said at all.
    pub(crate) fn with(mut self, name: &'static str, value: impl Into<Cow<'static, str>>) -> Self {
        self.fields.retain(|(other, _)| *other != name);
        self.fields.push((name, value.into()));
        self
    }

    /// Writes it; without its body to a HEAD.
    pub(crate) fn write(&self, to_head: bool, keeps: bool, version: Version, out: &mut Vec<u8>) {
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
    pub(crate) fn write_stream(keeps: bool, version: Version, out: &mut Vec<u8>) {
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

/// Text as markup that shows it, its control characters visible.
pub(super) fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in Untrusted::new(text).shown().chars() {
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
