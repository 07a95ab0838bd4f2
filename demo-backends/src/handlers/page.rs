//! The HTML pages.

use hyper::body::Incoming;
use hyper::header::ACCEPT;
use hyper::{HeaderMap, Request, StatusCode};
use serde::Serialize;

use crate::handlers::cookie::cookie;
use crate::handlers::visit;
use crate::ink::ink;
use crate::response::{self, Response};
use crate::state::backend::Backend;

const HTML: &str = "text/html; charset=utf-8";
const STICKY_COOKIE: &str = "X-Backend-ID";
/// How many characters of a cookie are shown.
const SHOWN_COOKIE: usize = 60;

/// What a `{{placeholder}}` is replaced with.
enum Value {
    /// Text that may come from a request; escaped.
    Text(String),
    /// Markup that belongs to this crate; not escaped.
    Markup(&'static str),
}

#[derive(Serialize)]
struct NotFound<'a> {
    error: &'static str,
    backend: &'a str,
    path: &'a str,
}

/// `/`.
pub(crate) fn page(backend: &Backend, request: &Request<Incoming>) -> Response {
    let sticky = match cookie(request.headers(), STICKY_COOKIE) {
        Some(value) => format!("{STICKY_COOKIE}={}", value.chars().take(SHOWN_COOKIE).collect::<String>()),
        None => "not sent to the backend".to_owned(),
    };
    let visit = visit::count(backend, request);
    let times = match visit.number {
        1 => "once".to_owned(),
        2 => "twice".to_owned(),
        number => format!("{number} times"),
    };
    // The script compares it with `x-served-by`, where a name may look different.
    let served = String::from_utf8_lossy(backend.identity.served_by.as_bytes()).into_owned();
    let mut values = common(backend, request);
    values.push(("served", Value::Text(served)));
    values.push(("cookie", Value::Text(sticky)));
    values.push(("visits", Value::Text(visit.number.to_string())));
    values.push(("times", Value::Text(times)));
    values.push(("page.css", Value::Markup(include_str!("page.css"))));
    values.push(("page.js", Value::Markup(include_str!("page.js"))));
    values.push(("live.js", Value::Markup(include_str!("live.js"))));
    let mut response = response::full(StatusCode::OK, HTML, fill(include_str!("page.html"), &values));
    visit::keep(visit, &mut response);
    response
}

/// 404 for every other path, as a page to browsers and as JSON to programs.
pub(crate) fn not_found(backend: &Backend, request: &Request<Incoming>) -> Response {
    let status = StatusCode::NOT_FOUND;
    if accepts_html(request.headers()) {
        let values = common(backend, request);
        response::full(status, HTML, fill(include_str!("not_found.html"), &values))
    } else {
        let not_found = NotFound { error: "not found", backend: &backend.identity.name, path: request.uri().path() };
        response::json(status, &not_found)
    }
}

fn common(backend: &Backend, request: &Request<Incoming>) -> Vec<(&'static str, Value)> {
    let identity = &backend.identity;
    let target = request.uri().path_and_query().map_or_else(|| request.uri().path(), |target| target.as_str());
    vec![
        ("name", Value::Text(identity.name.clone())),
        ("port", Value::Text(identity.port.to_string())),
        ("pid", Value::Text(identity.pid.to_string())),
        ("requests", Value::Text(backend.requests().to_string())),
        // The icon is a data URL, in which `#` would begin a fragment.
        ("hex", Value::Text(identity.color.replace('#', ""))),
        ("letter", Value::Text(identity.letter.to_string())),
        ("color", Value::Text(identity.color.clone())),
        ("ink", Value::Markup(ink(&identity.color))),
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

/// Replaces the placeholders in one pass, so that a `{{name}}` inside a value is
/// text and no placeholder.
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
            Some((_, Value::Markup(markup))) => page.push_str(markup),
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
mod tests {
    use super::*;

    #[test]
    fn fills_in_one_pass() {
        let values = [("a", Value::Text("<{{b}}>".to_owned())), ("b", Value::Markup("<b>"))];
        assert_eq!(fill("x{{a}}y{{b}}z", &values), "x&lt;{{b}}&gt;y<b>z");
        assert_eq!(fill("x{{", &values), "x{{");
    }
}
