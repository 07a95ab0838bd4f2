//! An entry of the file as an exchange.

use std::time::Duration;

use super::address::{Address, address};
use super::entry::{Answered, Asked, Content, Entry, Pair, Timings};
use super::form;
use super::loose::{List, Object, Text};
use super::shorten::CUT;
use super::text::{decoded, whole};
use crate::{Answer, End, Exchange, Fields, Request};

/// The most bytes of an answer's body that are kept.
pub(super) const ANSWER: usize = 64 * 1024;

/// The longest name or value of a field.
const FIELD: usize = 64 * 1024;

/// Fields of a request that belong to the connection it came on (RFC 9110 7.6.1), or that are set anew when it is sent again:
/// its framing, and the codings that it can decode.
const OF_THE_CONNECTION: [&str; 12] = [
    "connection",
    "keep-alive",
    "proxy-connection",
    "te",
    "trailer",
    "transfer-encoding",
    "content-length",
    "accept-encoding",
    "upgrade",
    "http2-settings",
    "proxy-authorization",
    "expect",
];

/// Fields of an answer that no longer hold for its body as the file has it.
const OF_THE_ANSWERS_FRAMING: [&str; 6] =
    ["connection", "keep-alive", "proxy-connection", "transfer-encoding", "content-length", "content-encoding"];

/// The longest that a request may have taken, in milliseconds.
const LONGEST: u64 = 24 * 60 * 60 * 1000;

/// Why an entry is left out.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum LeftOut {
    /// It went to no server: the scheme of its address.
    Scheme(String),
    /// It has no answer.
    Unanswered,
    /// It has no address, or is no request.
    Malformed,
}

/// An entry that can be sent again.
#[derive(Debug)]
pub(super) struct Converted {
    pub(super) authority: String,
    pub(super) exchange: Exchange,
    /// Whether it is a page.
    pub(super) document: bool,
    /// When it began, in milliseconds since 1970.
    pub(super) began: Option<i64>,
}

/// Makes an exchange of an entry.
pub(super) fn convert(entry: Entry, number: u64) -> Result<Converted, LeftOut> {
    let asked = entry.request.0.ok_or(LeftOut::Malformed)?;
    let Address { authority, target, websocket } = address(asked.url.as_str()).map_err(|scheme| match scheme {
        none if none.is_empty() => LeftOut::Malformed,
        scheme => LeftOut::Scheme(scheme),
    })?;
    let method = asked.method.as_str();
    if !is_token(method) || method == "CONNECT" {
        return Err(LeftOut::Malformed);
    }
    let answered = entry.response.0.unwrap_or_default();
    let status = answered.status.number().and_then(|status| u16::try_from(status).ok()).unwrap_or_default();
    if !(100..=999).contains(&status) {
        return Err(LeftOut::Unanswered);
    }
    let websocket = websocket || status == 101;
    let request = request(&asked, method.to_owned(), target, websocket, &authority);
    let answer = answer(answered, status);
    let html = answer.fields.text("content-type").is_some_and(|kind| kind.trim_start().starts_with("text/html"));
    let document = entry.resource.as_str() == "document" || html && status < 400;
    let began = entry.started.as_str().parse::<jiff::Timestamp>().ok().map(jiff::Timestamp::as_millisecond);
    let waited = waited(&entry.timings.0.unwrap_or_default(), &entry.time);
    let exchange = Exchange { number, waited, request, answer, ..Exchange::default() };
    Ok(Converted { authority, exchange, document, began })
}

/// How long it took until the answer began, or all of it where that is not said.
fn waited(timings: &Timings, time: &Text) -> Duration {
    let millis = |text: &Text| text.number().and_then(|millis| u64::try_from(millis).ok()).unwrap_or_default();
    let Timings { blocked, dns, connect, send, wait } = timings;
    let phases = [blocked, dns, connect, send, wait].map(millis);
    let all = phases.into_iter().fold(0, u64::saturating_add);
    Duration::from_millis(if wait.number().is_some() { all } else { millis(time) }.min(LONGEST))
}

fn request(asked: &Asked, method: String, target: String, websocket: bool, authority: &str) -> Request {
    let mut fields = fields(&asked.headers, &OF_THE_CONNECTION);
    let length = sent_length(asked);
    if fields.text("host").is_none() {
        fields.0.insert(0, ("Host".to_owned(), authority.as_bytes().to_vec()));
    }
    if fields.text("cookie").is_none()
        && let Some(cookies) = cookies(&asked.cookies)
    {
        fields.0.push(("Cookie".to_owned(), cookies.into_bytes()));
    }
    join_cookies(&mut fields);
    if websocket {
        upgrade(&mut fields);
    }
    let (body, whole) = match &asked.body.0 {
        Some(posted) => form::body(posted, fields.text("content-type")),
        None => (Vec::new(), length.is_none_or(|length| length == 0)),
    };
    // A file that was sent, and bytes that are no text, are not in the file as they were.
    let whole = whole && length.is_none_or(|length| length == body.len());
    Request { method, target, fields, body, whole }
}

/// How long the body was, where the file says so.
fn sent_length(asked: &Asked) -> Option<usize> {
    let field = asked.headers.0.iter().filter_map(|pair| pair.0.as_ref()).find(|pair| is_named(pair, "content-length"));
    let length = field.and_then(|pair| pair.value.number());
    // Some count -1 or 0 for what they do not know: only a body that there was is sure.
    length.or_else(|| asked.body_size.number().filter(|size| *size > 0)).and_then(|length| usize::try_from(length).ok())
}

fn is_named(pair: &Pair, name: &str) -> bool {
    pair.name.as_str().eq_ignore_ascii_case(name)
}

/// Makes one field of several with cookies, which only HTTP/2 may have (RFC 9113 8.2.3).
fn join_cookies(fields: &mut Fields) {
    let all: Vec<Vec<u8>> = fields.named("cookie").map(<[u8]>::to_vec).collect();
    if all.len() > 1 {
        fields.0.retain(|(name, _)| !name.eq_ignore_ascii_case("cookie"));
        fields.0.push(("Cookie".to_owned(), all.join(&b"; "[..])));
    }
}

/// What makes a request an upgrade (RFC 6455 4.1), where the file does not have it.
fn upgrade(fields: &mut Fields) {
    // The key is the RFC's example: what it is does not matter.
    for (name, value) in [
        ("Connection", "Upgrade"),
        ("Upgrade", "websocket"),
        ("Sec-WebSocket-Version", "13"),
        ("Sec-WebSocket-Key", "dGhlIHNhbXBsZSBub25jZQ=="),
    ] {
        if fields.text(name).is_none() {
            fields.0.push((name.to_owned(), value.as_bytes().to_vec()));
        }
    }
}

fn answer(answered: Answered, status: u16) -> Answer {
    let mut fields = fields(&answered.headers, &OF_THE_ANSWERS_FRAMING);
    let add = |fields: &mut Fields, name: &str, value: String| fields.0.push((name.to_owned(), value.into_bytes()));
    if fields.text("set-cookie").is_none() {
        for cookie in answered.cookies.0.iter().filter_map(|pair| pair.0.as_ref()).filter_map(cookie) {
            add(&mut fields, "Set-Cookie", cookie);
        }
    }
    let redirect = answered.redirect.as_str();
    if (300..400).contains(&status) && !redirect.is_empty() && is_value(redirect) && fields.text("location").is_none() {
        add(&mut fields, "Location", redirect.to_owned());
    }
    let content = answered.content.0.unwrap_or_default();
    let mime = content.mime.as_str();
    if fields.text("content-type").is_none() && mime.contains('/') && is_value(mime) {
        add(&mut fields, "Content-Type", mime.to_owned());
    }
    let (body, end) = answered_body(&content);
    Answer { status, fields, body, end }
}

/// The body as far as it is in the file.
fn answered_body(content: &Content) -> (Vec<u8>, End) {
    let size = content.size.number().unwrap_or_default();
    if content.text.0.is_none() {
        // Saved without contents, or too large for the browser to keep.
        return (Vec::new(), if size > 0 { End::Longer } else { End::Whole });
    }
    let (text, all) = whole(&content.text);
    let mut body =
        if content.encoding.as_str().eq_ignore_ascii_case("base64") { decoded(text) } else { text.as_bytes().to_vec() };
    let longer = !all || body.len() > ANSWER;
    body.truncate(ANSWER);
    body.shrink_to_fit();
    (body, if longer { End::Longer } else { End::Whole })
}

/// The fields, without these and what is none.
fn fields(headers: &List<Object<Pair>>, without: &[&str]) -> Fields {
    let mut fields = Vec::new();
    for pair in headers.0.iter().filter_map(|pair| pair.0.as_ref()) {
        let name = pair.name.as_str();
        // HTTP/2 has its method and target among them, each with a colon (RFC 9113 8.3).
        if !is_token(name) || without.iter().any(|one| name.eq_ignore_ascii_case(one)) {
            continue;
        }
        // Chromium writes several fields of one name as one, with line ends between.
        for value in pair.value.as_str().split('\n').map(str::trim) {
            if is_value(value) {
                fields.push((name.to_owned(), value.as_bytes().to_vec()));
            }
        }
    }
    Fields(fields)
}

/// Whether it can be the name of a field or a method (RFC 9110 5.6.2).
fn is_token(name: &str) -> bool {
    let is_of_it = |byte: u8| byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte);
    !name.is_empty() && name.len() <= FIELD && name.bytes().all(is_of_it)
}

/// Whether it can be the value of a field (RFC 9110 5.5).
fn is_value(value: &str) -> bool {
    value.len() <= FIELD && !value.bytes().any(|byte| byte.is_ascii_control() && byte != b'\t') && !value.ends_with(CUT)
}

/// A cookie as `Set-Cookie` begins.
fn cookie(pair: &Pair) -> Option<String> {
    let (name, value) = (pair.name.as_str(), pair.value.as_str());
    (is_token(name) && is_value(value) && !value.contains(';')).then(|| format!("{name}={value}"))
}

/// The field of a request's cookies.
fn cookies(list: &List<Object<Pair>>) -> Option<String> {
    let all: Vec<String> = list.0.iter().filter_map(|pair| pair.0.as_ref()).filter_map(cookie).collect();
    (!all.is_empty()).then(|| all.join("; "))
}
