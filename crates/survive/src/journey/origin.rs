//! Places in an answer that give a client an id.

use std::ops::ControlFlow;

use super::limits::{LONGEST, SEARCHED, SHORTEST};
use super::runs::of_id;
use super::url::{Part, parts};
use super::{cookies, html, json};
use crate::Answer;

/// No more text before an id tells where it is.
const BEFORE: usize = 16;

/// Where an answer gives an id.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) enum Origin {
    /// The value of a cookie that is set.
    Cookie(String),
    /// A part of a field.
    Header(String, Part),
    /// A part of a string or number of JSON, by its pointer.
    Json(String, Part),
    /// A part of an attribute in HTML, by its key.
    Html(String, Part),
    /// Text, by what is before it and the byte behind it.
    Text(Vec<u8>, Option<u8>),
}

/// What a body is written in.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Form {
    Json(usize),
    Html,
    Text,
    /// A picture, a script, a style sheet: it gives no id.
    Other,
}

fn form(answer: &Answer) -> Form {
    let kind = answer.fields.text("content-type").unwrap_or_default().to_ascii_lowercase();
    let other = ["image/", "font/", "video/", "audio/", "text/css", "javascript", "octet-stream", "zip", "pdf", "wasm"];
    if other.iter().any(|other| kind.contains(other)) {
        return Form::Other;
    }
    if let Some(begin) = json::begin(&answer.body) {
        return Form::Json(begin);
    }
    let first = answer.body.iter().find(|byte| !byte.is_ascii_whitespace());
    if kind.contains("html") || first == Some(&b'<') { Form::Html } else { Form::Text }
}

/// Fields whose values are no ids.
fn says_nothing(name: &str) -> bool {
    const NAMES: [&str; 24] = [
        "accept-ranges",
        "age",
        "allow",
        "alt-svc",
        "cache-control",
        "connection",
        "content-disposition",
        "content-encoding",
        "content-language",
        "content-length",
        "content-security-policy",
        "content-type",
        "date",
        "expires",
        "keep-alive",
        "last-modified",
        "referrer-policy",
        "server",
        "set-cookie",
        "strict-transport-security",
        "transfer-encoding",
        "vary",
        "via",
        "x-powered-by",
    ];
    let name = name.to_ascii_lowercase();
    NAMES.contains(&name.as_str()) || name.starts_with("access-control-")
}

/// The part of a body in which ids are looked for.
fn searched(answer: &Answer) -> &[u8] {
    &answer.body[..answer.body.len().min(SEARCHED)]
}

/// Hands every value of an answer that may be an id to `each`, with its place.
pub(super) fn minted(answer: &Answer, mut each: impl FnMut(Origin, &str)) {
    for set in cookies::set(answer).filter(|set| !set.deleted) {
        each(Origin::Cookie(set.name.to_owned()), set.value);
    }
    let mut whole_and_parts = |value: &str, of: &dyn Fn(Part) -> Origin| {
        let fits = |text: &str| (SHORTEST..=LONGEST).contains(&text.len());
        if fits(value) {
            each(of(Part::Whole), value);
        }
        for (part, span, codec) in parts(value) {
            let text = codec.read(&value[span]);
            if fits(&text) && text != value {
                each(of(part), &text);
            }
        }
    };
    for (name, value) in answer.fields.0.iter().filter(|(name, _)| !says_nothing(name)) {
        if let Ok(value) = std::str::from_utf8(value) {
            whole_and_parts(value.trim(), &|part| Origin::Header(name.to_ascii_lowercase(), part));
        }
    }
    let body = searched(answer);
    match form(answer) {
        Form::Json(begin) => json::scalars(&body[begin..], |scalar| {
            whole_and_parts(&scalar.text, &|part| Origin::Json(scalar.pointer.to_owned(), part));
            ControlFlow::Continue(())
        }),
        Form::Html => {
            html::attributes(body, |key, value| whole_and_parts(value, &|part| Origin::Html(key.to_owned(), part)));
            tokens(body, |before, token, behind| each(Origin::Text(before.to_vec(), behind), token));
        }
        Form::Text => tokens(body, |before, token, behind| each(Origin::Text(before.to_vec(), behind), token)),
        Form::Other => {}
    }
}

/// Hands on what looks like an id in text: with a digit, and with text before it that tells where it is.
fn tokens(body: &[u8], mut each: impl FnMut(&[u8], &str, Option<u8>)) {
    let mut at = 0;
    while at < body.len() {
        if !of_id(body[at]) {
            at += 1;
            continue;
        }
        let length = body[at..].iter().take_while(|byte| of_id(**byte)).count();
        let end = at + length;
        let token = &body[at..end];
        if (SHORTEST..=LONGEST).contains(&length) && token.iter().any(u8::is_ascii_digit) {
            let line = &body[at.saturating_sub(BEFORE)..at];
            let from = line.iter().rposition(|byte| *byte == b'\n' || byte.is_ascii_digit()).map_or(0, |stop| stop + 1);
            if let (Ok(token), true) = (std::str::from_utf8(token), from < line.len() || at == 0) {
                each(&line[from..], token, body.get(end).copied());
            }
        }
        at = end;
    }
}

/// The texts at places of this kind in a body, in their order.
fn texts_at<'b>(body: &'b [u8], before: &'b [u8], behind: Option<u8>) -> impl Iterator<Item = &'b [u8]> {
    let mut from = Some(0);
    std::iter::from_fn(move || {
        loop {
            let at = from?;
            let found = if before.is_empty() { 0 } else { find(&body[at..], before)? };
            let start = at + found + before.len();
            // What stands before nothing is at the beginning.
            from = (!before.is_empty()).then_some(at + found + 1);
            let length = body[start..].iter().take_while(|byte| of_id(**byte)).count();
            if (SHORTEST..=LONGEST).contains(&length) && body.get(start + length).copied() == behind {
                return Some(&body[start..start + length]);
            }
        }
    })
}

fn find(bytes: &[u8], what: &[u8]) -> Option<usize> {
    bytes.windows(what.len()).position(|window| window == what)
}

impl Origin {
    /// What an answer has at the place at which another had `value`.
    pub(super) fn read_like(&self, other: &Answer, value: &str, answer: &Answer) -> Option<String> {
        let Origin::Text(before, behind) = self else { return self.read(answer) };
        let place = texts_at(searched(other), before, *behind).position(|text| text == value.as_bytes())?;
        let text = texts_at(searched(answer), before, *behind).nth(place)?;
        Some(String::from_utf8_lossy(text).into_owned())
    }

    /// What an answer has at this place.
    pub(super) fn read(&self, answer: &Answer) -> Option<String> {
        match self {
            Origin::Cookie(name) => {
                let set = cookies::set(answer).filter(|set| set.name == name).last()?;
                (!set.deleted).then(|| set.value.to_owned())
            }
            Origin::Header(name, part) => part.of(answer.fields.text(name)?.trim()),
            Origin::Json(pointer, part) => {
                let mut found = None;
                json::scalars(searched(answer).get(json::begin(&answer.body)?..)?, |scalar| {
                    if scalar.pointer != pointer {
                        return ControlFlow::Continue(());
                    }
                    found = part.of(&scalar.text);
                    ControlFlow::Break(())
                });
                found
            }
            Origin::Html(key, part) => {
                let mut found = None;
                html::attributes(searched(answer), |one, value| {
                    if one == key {
                        found = part.of(value);
                    }
                });
                found
            }
            Origin::Text(before, behind) => {
                let text = texts_at(searched(answer), before, *behind).next()?;
                Some(String::from_utf8_lossy(text).into_owned())
            }
        }
    }
}

/// Whether an answer has this text anywhere: then it is data that stays, in whatever order it comes, and no id of this run.
pub(super) fn has(answer: &Answer, text: &str) -> bool {
    let within = |bytes: &[u8]| contains(bytes, text.as_bytes());
    let in_head = || answer.fields.0.iter().any(|(_, value)| within(value));
    within(searched(answer)) || in_head() || {
        let escaped = serde_json::to_string(text).unwrap_or_default();
        let escaped = escaped.trim_matches('"').replace('/', "\\/");
        escaped != text && contains(searched(answer), escaped.as_bytes())
    }
}

/// Whether text is in bytes, and not as a part of something longer.
fn contains(bytes: &[u8], text: &[u8]) -> bool {
    let Some(first) = text.first() else { return true };
    let mut from = 0;
    while let Some(at) = bytes[from..].iter().position(|byte| byte == first).map(|at| from + at) {
        let end = at + text.len();
        let alone = |byte: Option<&u8>| byte.is_none_or(|byte| !byte.is_ascii_alphanumeric());
        if bytes[at..].starts_with(text) && alone(bytes.get(end)) && (at == 0 || alone(bytes.get(at - 1))) {
            return true;
        }
        from = at + 1;
    }
    false
}
