//! The HTML pages.

use hyper::body::Incoming;
use hyper::header::{ACCEPT, COOKIE};
use hyper::{HeaderMap, Request, StatusCode};
use serde::Serialize;

use crate::backend::Backend;
use crate::palette;
use crate::reply::{self, Reply};

const HTML: &str = "text/html; charset=utf-8";
const STICKY_COOKIE: &str = "X-Backend-ID";
const SHOWN_COOKIE: usize = 60;

/// What stands in for a `{{placeholder}}`.
enum Value {
    /// Anything from outside, escaped.
    Text(String),
    /// Markup of this crate's own, taken as it is.
    Own(&'static str),
}

#[derive(Serialize)]
struct NotFound<'a> {
    error: &'static str,
    backend: &'a str,
    path: &'a str,
}

/// `/`.
pub(crate) fn page(backend: &Backend, request: &Request<Incoming>) -> Reply {
    let cookie = match sticky_cookie(request.headers()) {
        Some(value) => format!("{STICKY_COOKIE}={value}"),
        None => "not sent to the backend".to_owned(),
    };
    // In a header a name may look different; the page compares with headers.
    let served = String::from_utf8_lossy(backend.served_by.as_bytes()).into_owned();
    let mut values = common(backend, request);
    values.push(("served", Value::Text(served)));
    values.push(("cookie", Value::Text(cookie)));
    values.push(("page.css", Value::Own(include_str!("page.css"))));
    values.push(("page.js", Value::Own(include_str!("page.js"))));
    values.push(("live.js", Value::Own(include_str!("live.js"))));
    reply::full(StatusCode::OK, HTML, fill(include_str!("page.html"), &values))
}

/// Whatever is no address of this backend.
pub(crate) fn not_found(backend: &Backend, request: &Request<Incoming>) -> Reply {
    let status = StatusCode::NOT_FOUND;
    if accepts_html(request.headers()) {
        let values = common(backend, request);
        reply::full(status, HTML, fill(include_str!("not_found.html"), &values))
    } else {
        let not_found = NotFound { error: "not found", backend: &backend.name, path: request.uri().path() };
        reply::json(status, &not_found)
    }
}

fn common(backend: &Backend, request: &Request<Incoming>) -> Vec<(&'static str, Value)> {
    let identity = backend.identity();
    let target = request.uri().path_and_query().map_or_else(|| request.uri().path(), |target| target.as_str());
    vec![
        ("name", Value::Text(backend.name.clone())),
        ("port", Value::Text(identity.port.to_string())),
        ("pid", Value::Text(identity.pid.to_string())),
        ("requests", Value::Text(identity.requests.to_string())),
        // In the icon's address a bare `#` would begin a fragment.
        ("hex", Value::Text(identity.color.replace('#', ""))),
        ("color", Value::Own(identity.color)),
        ("ink", Value::Own(palette::ink(identity.color))),
        ("method", Value::Text(request.method().to_string())),
        ("target", Value::Text(target.to_owned())),
    ]
}

fn accepts_html(headers: &HeaderMap) -> bool {
    headers
        .get_all(ACCEPT)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .any(|value| value.to_ascii_lowercase().contains("text/html"))
}

fn sticky_cookie(headers: &HeaderMap) -> Option<String> {
    headers
        .get_all(COOKIE)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(';'))
        .filter_map(|pair| pair.trim().split_once('='))
        .find(|(name, _)| *name == STICKY_COOKIE)
        .map(|(_, value)| value.chars().take(SHOWN_COOKIE).collect())
}

/// Puts the values in the template's places in one pass, so that nothing that
/// came from outside is ever read as a placeholder itself.
fn fill(template: &str, values: &[(&str, Value)]) -> String {
    let mut page = String::with_capacity(template.len() * 4);
    let mut rest = template;
    while let Some((before, after)) = rest.split_once("{{") {
        page.push_str(before);
        let Some((name, after)) = after.split_once("}}") else {
            page.push_str("{{");
            rest = after;
            break;
        };
        match values.iter().find(|(known, _)| *known == name) {
            Some((_, Value::Text(text))) => escape(text, &mut page),
            Some((_, Value::Own(markup))) => page.push_str(markup),
            None => debug_assert!(false, "the template asks for {name}, which has no value"),
        }
        rest = after;
    }
    page.push_str(rest);
    page
}

fn escape(text: &str, page: &mut String) {
    for c in text.chars() {
        match c {
            '&' => page.push_str("&amp;"),
            '<' => page.push_str("&lt;"),
            '>' => page.push_str("&gt;"),
            '"' => page.push_str("&quot;"),
            '\'' => page.push_str("&#39;"),
            _ => page.push(c),
        }
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn fills_in_one_pass() {
        let values = [("a", Value::Text("<{{b}}>".to_owned())), ("b", Value::Own("<b>"))];
        assert_eq!(fill("x{{a}}y{{b}}z", &values), "x&lt;{{b}}&gt;y<b>z");
        assert_eq!(fill("x{{", &values), "x{{");
    }

    #[test]
    fn finds_the_cookie() {
        let mut headers = HeaderMap::new();
        headers.append(COOKIE, "a=b; X-Backend-ID=2".parse().unwrap());
        assert_eq!(sticky_cookie(&headers).as_deref(), Some("2"));
        headers.clear();
        assert_eq!(sticky_cookie(&headers), None);
    }
}
