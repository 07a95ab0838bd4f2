//! A request that passed, as it is compared and sent again.

use std::time::Duration;
use stickylb_survive::{Answer, End, Exchange, Fields, Request};

use crate::api::{Body, Ended, Heads, RequestEvent, RequestNumber};

/// Fields of the connection, which the next one has its own of (RFC 9110 7.6.1), and of the body's frame. `Upgrade` stays: it
/// tells that a request asks for another protocol.
const OF_THE_CONNECTION: [&str; 9] = [
    "connection",
    "content-length",
    "expect",
    "keep-alive",
    "proxy-connection",
    "te",
    "trailer",
    "transfer-encoding",
    "http2-settings",
];

/// What the balancer adds to an answer.
const ADDED: [&str; 4] = ["x-backend", "x-backend-id", "via", "connection"];

/// Whether a field of a request goes no further than its connection.
pub(crate) fn ends_with_connection(name: &str) -> bool {
    OF_THE_CONNECTION.iter().any(|one| name.eq_ignore_ascii_case(one))
}

/// Whether a field of an answer is the balancer's, or of the connection.
pub(crate) fn is_not_the_apps(name: &str) -> bool {
    ADDED.iter().chain(&["keep-alive", "transfer-encoding"]).any(|one| name.eq_ignore_ascii_case(one))
}

/// A request of which the heads were kept, and its answer; `None` where too little of them was.
///
/// `cookie` is the name of the balancer's own cookie.
pub(crate) fn exchange(
    event: &RequestEvent,
    heads: &Heads,
    copy: usize,
    connection: u64,
    (at, waited): (Duration, Duration),
    cookie: Option<&str>,
) -> Option<Exchange> {
    let is_all = !heads.request.cut && !heads.passed.cut;
    if !is_all || heads.answer.bytes.is_empty() {
        return None;
    }
    let (start, mut fields) = head(&heads.request.bytes);
    let mut words = start.split(' ');
    let (method, target) = (words.next()?.to_owned(), origin_form(words.next()?));
    let has_body = fields.text("content-length").is_some_and(|length| length.trim() != "0")
        || fields.text("transfer-encoding").is_some();
    fields.0.retain(|(name, _)| !ends_with_connection(name));
    if let Some(cookie) = cookie {
        without_cookie(&mut fields, cookie);
    }
    let whole = heads.request_body.as_ref().map_or(!has_body, |body| !has_body || body.is_whole());
    let body = heads.request_body.as_ref().map(|body| body.bytes.clone()).unwrap_or_default();
    let request = Request { method, target, fields, body, whole };

    let (start, mut fields) = head(&heads.passed.bytes);
    let status = start.split(' ').nth(1)?.parse().ok()?;
    fields.0.retain(|(name, value)| {
        let is_own = |cookie: &str| name.eq_ignore_ascii_case("set-cookie") && is_cookie(value, cookie);
        !is_not_the_apps(name) && !cookie.is_some_and(is_own)
    });
    let body = heads.answer_body.clone().unwrap_or_default();
    let end = if status == 101 { End::Held } else { end(event, &body) };
    let mut answer = Answer { status, fields, body: body.bytes, end };
    answer.unpack();
    let number = event.number.map_or(0, RequestNumber::get);
    Some(Exchange { number, connection, copy: Some(copy), at, waited, request, answer })
}

fn end(event: &RequestEvent, body: &Body) -> End {
    match event.ended {
        _ if body.is_cut() => End::Longer,
        Ended::Complete => End::Whole,
        Ended::ClientGone => End::Held,
        _ => End::Cut,
    }
}

/// The first line of a head, and its fields.
fn head(bytes: &[u8]) -> (String, Fields) {
    let mut lines = bytes.split(|b| *b == b'\n').map(|line| line.strip_suffix(b"\r").unwrap_or(line));
    let start = String::from_utf8_lossy(lines.next().unwrap_or_default()).into_owned();
    let field = |line: &[u8]| {
        let colon = line.iter().position(|b| *b == b':')?;
        let (name, value) = line.split_at(colon);
        Some((String::from_utf8_lossy(name).into_owned(), value[1..].trim_ascii().to_vec()))
    };
    (start, Fields(lines.filter_map(field).collect()))
}

/// A target without scheme and host, where it has them (RFC 9112 3.2.2).
fn origin_form(target: &str) -> String {
    let Some((_, rest)) = target.split_once("://") else { return target.to_owned() };
    if target.starts_with('/') {
        return target.to_owned();
    }
    rest.find(['/', '?']).map_or_else(|| "/".to_owned(), |at| rest[at..].to_owned())
}

/// Takes a cookie out of a request.
pub(crate) fn without_cookie(fields: &mut Fields, cookie: &str) {
    for (name, value) in &mut fields.0 {
        if name.eq_ignore_ascii_case("cookie") {
            let others: Vec<&[u8]> = value
                .split(|b| *b == b';')
                .map(<[u8]>::trim_ascii)
                .filter(|one| !one.is_empty() && !is_cookie(one, cookie))
                .collect();
            *value = others.join(&b"; "[..]);
        }
    }
    fields.0.retain(|(name, value)| !(name.eq_ignore_ascii_case("cookie") && value.is_empty()));
}

/// Whether a pair begins with this cookie's name.
pub(crate) fn is_cookie(pair: &[u8], name: &str) -> bool {
    pair.trim_ascii().strip_prefix(name.as_bytes()).is_some_and(|rest| rest.first() == Some(&b'='))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::api::{Decision, Strategy};

    fn heads(request: &str, answer: &str) -> Heads {
        let here = ([127, 0, 0, 1], 3001).into();
        let mut heads = Heads::new(7.into(), here, here);
        heads.request.set(request.as_bytes());
        heads.answer.set(answer.as_bytes());
        heads.passed.set(answer.as_bytes());
        heads
    }

    fn read(heads: &Heads) -> Option<Exchange> {
        let event = RequestEvent::sample(Decision::new(Strategy::default()));
        exchange(&event, heads, 1, 2, (Duration::ZERO, Duration::ZERO), Some("X-Backend-ID"))
    }

    #[test]
    fn the_balancers_own_fields_and_those_of_the_connection_are_left_out() {
        let request = "GET http://localhost:3001/cart?a=1 HTTP/1.1\r\nHost: localhost:3001\r\nConnection: keep-alive\r\n\
                       Cookie: X-Backend-ID=1; sid=abc\r\n\r\n";
        let answer = "HTTP/1.1 200 OK\r\nSet-Cookie: sid=abc\r\nx-backend-id: 1\r\nvia: 1.1 lb\r\n\
                      set-cookie: X-Backend-ID=1; Path=/\r\n\r\n";
        let read = read(&heads(request, answer)).expect("whole");
        assert_eq!((read.request.method.as_str(), read.request.target.as_str()), ("GET", "/cart?a=1"));
        assert_eq!(read.request.fields.text("cookie"), Some("sid=abc"));
        assert_eq!(read.request.fields.0.len(), 2);
        assert_eq!((read.answer.status, read.answer.fields.0.len()), (200, 1));
        assert!(read.request.whole);
    }

    #[test]
    fn a_request_whose_body_was_not_kept_cannot_be_sent_again() {
        let read = read(&heads("POST / HTTP/1.1\r\nContent-Length: 5\r\n\r\n", "HTTP/1.1 200 OK\r\n\r\n"));
        assert!(!read.expect("heads").request.whole);
    }

    #[test]
    fn what_the_balancer_answered_itself_is_no_exchange() {
        let mut heads = heads("GET / HTTP/1.1\r\n\r\n", "HTTP/1.1 502 Bad Gateway\r\n\r\n");
        heads.answer.set(b"");
        assert!(read(&heads).is_none());
    }
}
