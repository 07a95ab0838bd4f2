//! Requests as an HTTP archive (HAR 1.2), which browsers' developer tools and other readers open.
//!
//! What HAR has no name for begins with an underscore, as it demands.

#[cfg(test)]
mod tests;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};
use std::borrow::Cow;
use std::sync::Arc;
use stickylb::api::{Body, Event, Heads, Part, RequestEvent, RequestNumber, rfc3339};
use stickylb::untrusted::json_value;

use crate::screen::body::{Content, Readable, amount, readable, value};
use crate::screen::head::{Field, Reveal, hidden, is_cookie, parts};
use crate::screen::secrets;
use crate::screen::state::State;
use crate::screen::theme::Theme;

/// The most requests in one file; the newest are taken.
const MOST: usize = 10_000;

/// What stands in a URL in place of a secret.
const HIDDEN: &str = "hidden";

/// The log's requests that may still be held, in their order.
pub(crate) struct Wanted {
    pub(crate) requests: Vec<(RequestNumber, Arc<Event>)>,
    /// The request whose secrets are shown on the screen: in the file they are too.
    pub(super) open: Option<RequestNumber>,
    pub(super) hiding: Hiding,
}

/// How secrets are hidden.
pub(crate) struct Hiding {
    /// The names of sticky cookies, which are no secrets.
    sticky: Vec<String>,
    theme: Theme,
}

impl Hiding {
    fn reveal(&self, all: bool) -> Reveal<'_> {
        Reveal { all, sticky: self.sticky.iter().map(String::as_str).collect() }
    }
}

impl Wanted {
    /// Those that the log shows.
    pub(crate) fn of(state: &State) -> Self {
        let lines = state.log.window(0, usize::MAX);
        let numbered = lines.into_iter().rev().filter_map(|line| match &*line.event {
            Event::Request(request) => Some((request.number?, line.event)),
            _ => None,
        });
        let mut requests: Vec<_> = numbered.take(MOST).collect();
        requests.reverse();
        let open = state.inspected.number.filter(|_| state.inspected.shows_secrets);
        let sticky = state.reveal(false).sticky.into_iter().map(str::to_owned).collect();
        Wanted { requests, open, hiding: Hiding { sticky, theme: state.theme } }
    }
}

/// The archive of these requests.
pub(crate) fn har(held: &[(Arc<Event>, Box<Heads>)], open: Option<RequestNumber>, hiding: &Hiding) -> String {
    let mut requests: Vec<(&RequestEvent, &Heads)> = held
        .iter()
        .filter_map(|(event, heads)| match &**event {
            Event::Request(request) => Some((request, &**heads)),
            _ => None,
        })
        .collect();
    // The log has them in the order of their ends.
    requests.sort_by_key(|(request, _)| request.time);
    let entry = |(request, heads): (&RequestEvent, &Heads)| {
        let reveal = hiding.reveal(open == Some(heads.number));
        Entry { request, heads, reveal: &reveal, theme: hiding.theme }.value()
    };
    let entries: Vec<Value> = requests.into_iter().map(entry).collect();
    let creator = json!({"name": "stickylb-tui", "version": env!("CARGO_PKG_VERSION")});
    json_value(&json!({"log": {"version": "1.2", "creator": creator, "pages": [], "entries": entries}})) + "\n"
}

/// One request on its way into the archive.
struct Entry<'e> {
    request: &'e RequestEvent,
    heads: &'e Heads,
    /// Which secrets stand in it.
    reveal: &'e Reveal<'e>,
    theme: Theme,
}

impl Entry<'_> {
    fn value(&self) -> Value {
        let request = self.request;
        let mut entry = json!({
            "startedDateTime": rfc3339(request.time),
            "time": whole(request) as f64 / 1000.0,
            "request": self.asked(),
            "response": self.answered(),
            "cache": {},
            "timings": timings(request),
            "connection": self.heads.peer.to_string(),
            "_number": request.number,
            "_client": request.ip,
            "_decision": request.decision.reason(),
            "_ended": request.ending().unwrap_or("complete"),
        });
        if let Some(to) = &request.to {
            entry["_backend"] = json!(to.name);
            entry["_backendUrl"] = json!(to.url);
        }
        entry
    }

    /// By what the client came: its listener's scheme.
    fn scheme(&self) -> &str {
        self.heads.url.raw().split_once("://").map_or("http", |(scheme, _)| scheme)
    }

    fn asked(&self) -> Value {
        let head = &self.heads.request;
        let (first, fields) = parts(&head.bytes);
        let mut words = first.split(|byte| *byte == b' ').map(lossy);
        let (method, target, version) = (words.next(), words.next(), words.next());
        let path = target.unwrap_or_else(|| self.request.path.raw().to_string());
        let host = fields.iter().find(|field| field.name.eq_ignore_ascii_case(b"host")).map(|field| lossy(field.value));
        let url = match (path.contains("://"), host) {
            (true, _) => path.clone(),
            (false, Some(host)) => format!("{}://{host}{path}", self.scheme()),
            (false, None) => format!("{}{path}", self.heads.url.raw()),
        };
        let query = path.split_once('?').map_or("", |(_, query)| query);
        let mut asked = json!({
            "method": method.unwrap_or_else(|| self.request.method.raw().to_string()),
            "url": self.masked(&url, |_| HIDDEN.to_owned()),
            "httpVersion": version.unwrap_or_else(|| "HTTP/1.1".to_owned()),
            "cookies": self.cookies(&fields),
            "headers": self.headers(&fields),
            "queryString": self.query(query),
            "headersSize": size(head),
            "bodySize": self.request.up,
        });
        if let Some(body) = self.heads.request_body.as_ref().filter(|body| !body.bytes.is_empty()) {
            asked["postData"] = self.body(head, body, readable(head, body), "_encoding");
        }
        asked
    }

    fn answered(&self) -> Value {
        let head = &self.heads.passed;
        let (first, fields) = parts(&head.bytes);
        let mut words = first.splitn(3, |byte| *byte == b' ').map(lossy);
        let (version, _, reason) = (words.next(), words.next(), words.next());
        let location = value(head, b"location").map(lossy).unwrap_or_default();
        let read = self.heads.answer_body.as_ref().map(|body| (body, readable(head, body)));
        let is_unpacked = |read: &Readable<'_>| read.coding.is_some() && read.content != Content::Coded && !read.is_cut;
        let unpacked = read.as_ref().map(|(_, read)| read).filter(|read| is_unpacked(read));
        let length = unpacked.map_or(self.request.bytes, |read| read.bytes.len() as u64);
        let mut carried = match read {
            Some((body, read)) if !body.bytes.is_empty() => self.body(head, body, read, "encoding"),
            _ => json!({"mimeType": mime_type(head)}),
        };
        carried["size"] = json!(length);
        json!({
            "status": self.request.status,
            "statusText": reason.unwrap_or_default(),
            "httpVersion": version.filter(|version| !version.is_empty()).unwrap_or_else(|| "HTTP/1.1".to_owned()),
            "cookies": self.set_cookies(&fields),
            "headers": self.headers(&fields),
            "content": carried,
            "redirectURL": self.masked(&location, |_| HIDDEN.to_owned()),
            "headersSize": size(head),
            "bodySize": self.request.bytes,
        })
    }

    fn headers(&self, fields: &[Field<'_>]) -> Value {
        let pair = |field: &Field<'_>| json!({"name": lossy(field.name), "value": self.header(field)});
        fields.iter().map(pair).collect()
    }

    fn header(&self, field: &Field<'_>) -> String {
        match field {
            _ if field.hides_any(self.reveal) => field.shown(self.reveal, self.theme),
            _ if is_cookie(field.name) => lossy(field.value),
            // There may be an address in it, with a secret in its query.
            _ => self.masked(&lossy(field.value), |_| HIDDEN.to_owned()),
        }
    }

    fn cookies(&self, fields: &[Field<'_>]) -> Value {
        let lines = fields.iter().filter(|field| field.name.eq_ignore_ascii_case(b"cookie"));
        let pairs = lines.flat_map(|line| line.value.split(|byte| *byte == b';')).map(<[u8]>::trim_ascii);
        pairs.filter(|pair| !pair.is_empty()).map(|pair| self.cookie(pair)).collect()
    }

    fn set_cookies(&self, fields: &[Field<'_>]) -> Value {
        let lines = fields.iter().filter(|field| field.name.eq_ignore_ascii_case(b"set-cookie"));
        let cookie = |line: &Field<'_>| {
            let mut parts = line.value.split(|byte| *byte == b';').map(<[u8]>::trim_ascii);
            let mut cookie = self.cookie(parts.next().unwrap_or_default());
            for attribute in parts {
                let (name, value) = divided(attribute);
                match name.to_ascii_lowercase().as_str() {
                    "httponly" => cookie["httpOnly"] = json!(true),
                    "secure" => cookie["secure"] = json!(true),
                    name @ ("path" | "domain") => cookie[name] = json!(value),
                    _ => {}
                }
            }
            cookie
        };
        lines.map(cookie).collect()
    }

    fn cookie(&self, pair: &[u8]) -> Value {
        let (name, value) = divided(pair);
        // A cookie without a name is all value.
        let (name, value) = if pair.contains(&b'=') { (name, value) } else { (String::new(), name) };
        let is_shown = self.reveal.all || self.reveal.is_sticky(pair);
        let value = if is_shown { value } else { hidden(value.len(), self.theme) };
        json!({"name": name, "value": value})
    }

    fn query(&self, query: &str) -> Value {
        let masked = self.masked(query, |length| hidden(length, self.theme));
        let pairs = masked.split('&').filter(|pair| !pair.is_empty());
        let pair = |pair: &str| {
            let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
            json!({"name": name, "value": value})
        };
        pairs.map(pair).collect()
    }

    /// A kept body: its text, or what else it is in base64, said under the name `encoding`.
    fn body(&self, head: &Part, body: &Body, read: Readable<'_>, encoding: &str) -> Value {
        let mut value = json!({"mimeType": mime_type(head)});
        let coding = read.coding.filter(|_| read.content == Content::Coded);
        let mut comments: Vec<String> = body.is_cut().then(|| amount(body)).into_iter().collect();
        if let Some(coding) = &coding {
            value["_coding"] = json!(coding);
            if !self.reveal.all {
                // No secret can be found in it.
                comments.push(format!("left out, because secrets in it cannot be hidden: it is {coding}"));
            }
        }
        if !comments.is_empty() {
            value["comment"] = json!(comments.join("; "));
        }
        if coding.is_some() && !self.reveal.all {
            return value;
        }
        let bytes = if self.reveal.all {
            read.bytes
        } else {
            Cow::Owned(secrets::masked(&read.bytes, |length| hidden(length, self.theme)).into_owned())
        };
        if read.content == Content::Text {
            value["text"] = json!(lossy(&bytes));
        } else {
            value["text"] = json!(STANDARD.encode(&bytes));
            value[encoding] = json!("base64");
        }
        value
    }

    fn masked(&self, text: &str, instead: impl Fn(usize) -> String) -> String {
        if self.reveal.all { text.to_owned() } else { lossy(&secrets::masked(text.as_bytes(), instead)) }
    }
}

/// The phases by the names that HAR has for them: together they are the whole time, and -1 is what did not happen.
fn timings(request: &RequestEvent) -> Value {
    let phases = &request.phases;
    let millis = |micros: u64| micros as f64 / 1000.0;
    json!({
        "blocked": millis(phases.queue + whole(request).saturating_sub(phases.sum())),
        "dns": -1,
        "connect": phases.connect.map_or(-1.0, millis),
        "send": millis(phases.head),
        "wait": millis(phases.first_byte.unwrap_or(0)),
        "receive": millis(phases.last_byte.unwrap_or(0)),
        "ssl": -1,
    })
}

/// All of its time, in microseconds.
fn whole(request: &RequestEvent) -> u64 {
    u64::try_from(request.took.as_micros()).unwrap_or(u64::MAX)
}

/// A head's bytes; -1 is unknown.
fn size(head: &Part) -> i64 {
    if head.cut || head.bytes.is_empty() { -1 } else { i64::try_from(head.bytes.len()).unwrap_or(-1) }
}

fn mime_type(head: &Part) -> String {
    value(head, b"content-type").map_or_else(|| "x-unknown".to_owned(), lossy)
}

/// Name and value around the first `=`.
fn divided(pair: &[u8]) -> (String, String) {
    let text = lossy(pair);
    text.split_once('=').map_or((text.clone(), String::new()), |(name, value)| (name.to_owned(), value.to_owned()))
}

fn lossy(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}
