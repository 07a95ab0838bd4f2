//! What the balancer answers itself.

use bytes::Bytes;
use http::header::{ACCEPT, CACHE_CONTROL, CONNECTION, CONTENT_TYPE, HeaderMap, HeaderValue, RETRY_AFTER};
use http::{Response, StatusCode};

use super::body::ResponseBody;
use crate::access::Refused;
use crate::visible::escaped_json;

/// The body of a 503, the direct predecessor's.
const UNAVAILABLE: &str = "No healthy backends available.";
/// The body of a 502, the direct predecessor's.
const BAD_GATEWAY: &str = "Bad gateway — backend did not respond.";

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
    pub(super) fn response(self, request: &HeaderMap) -> Response<ResponseBody> {
        let (media, body) = if wants_page(request) {
            ("text/html; charset=utf-8", self.page())
        } else {
            ("application/json", escaped_json(serde_json::json!({ "error": self.error }).to_string()))
        };
        let mut response = Response::new(ResponseBody::Own(Some(Bytes::from(body))));
        *response.status_mut() = self.status;
        let headers = response.headers_mut();
        headers.insert(CONTENT_TYPE, HeaderValue::from_static(media));
        headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
        if matches!(self.status, StatusCode::SERVICE_UNAVAILABLE | StatusCode::TOO_MANY_REQUESTS) {
            headers.insert(RETRY_AFTER, HeaderValue::from_static("1"));
        }
        if self.close {
            headers.insert(CONNECTION, HeaderValue::from_static("close"));
        }
        response
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

/// Whether a browser asks for a page: scripts ask for JSON or for anything.
fn wants_page(request: &HeaderMap) -> bool {
    request.get_all(ACCEPT).iter().any(|v| v.as_bytes().windows(9).any(|w| w.eq_ignore_ascii_case(b"text/html")))
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
