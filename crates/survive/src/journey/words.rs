//! What an answer says of itself, in a few words.

use std::ops::ControlFlow;

use html5gum::{Token, Tokenizer};

use super::json;
use crate::Answer;

/// No more characters of a body are shown.
const LONGEST: usize = 60;

/// The first words of a body that tells why a request was refused; empty where it has none. Ids in it are masked.
pub(super) fn of_body(answer: &Answer) -> String {
    let said = if let Some(begin) = json::begin(&answer.body) {
        of_json(&answer.body[begin..])
    } else if answer.body.iter().find(|byte| !byte.is_ascii_whitespace()) == Some(&b'<') {
        of_html(&answer.body)
    } else {
        let text = String::from_utf8_lossy(&answer.body[..answer.body.len().min(1024)]);
        text.lines().map(str::trim).find(|line| !line.is_empty()).unwrap_or_default().to_owned()
    };
    masked(&said)
}

fn of_json(body: &[u8]) -> String {
    const KEYS: [&str; 6] = ["message", "error", "detail", "title", "reason", "msg"];
    let mut best: Option<(usize, String)> = None;
    json::scalars(body, |scalar| {
        let key = scalar.pointer.rsplit('/').next().unwrap_or_default();
        if let (false, Some(rank)) = (scalar.is_number, KEYS.iter().position(|name| *name == key))
            && best.as_ref().is_none_or(|(other, _)| rank < *other)
        {
            best = Some((rank, scalar.text.into_owned()));
        }
        ControlFlow::Continue(())
    });
    best.map(|(_, text)| text).unwrap_or_default()
}

fn of_html(body: &[u8]) -> String {
    let mut texts: Vec<String> = Vec::new();
    let (mut skipped, mut in_title) = (false, false);
    for Ok(token) in Tokenizer::new(body) {
        match token {
            Token::StartTag(tag) => {
                skipped = matches!(tag.name.as_slice(), b"script" | b"style");
                in_title = tag.name.as_slice() == b"title";
            }
            Token::EndTag(_) => (skipped, in_title) = (false, false),
            Token::String(text) if !skipped => {
                let text = String::from_utf8_lossy(text.as_slice()).trim().to_owned();
                if !text.is_empty() && (text != "Error" || !in_title) {
                    texts.push(text);
                }
            }
            _ => {}
        }
        if texts.len() == 50 {
            break;
        }
    }
    let telling = texts.iter().position(|text| is_csrf(text)).unwrap_or(0);
    texts.get(telling).cloned().unwrap_or_default()
}

/// Whether words are of forged requests, or the tokens against them.
pub(super) fn is_csrf(text: &str) -> bool {
    let text = text.to_ascii_lowercase();
    ["csrf", "xsrf", "forgery", "authenticity", "page expired"].iter().any(|word| text.contains(word))
}

/// One line of at most [`LONGEST`] characters, with `…` for what may be an id, and without the name of an exception.
pub(super) fn masked(text: &str) -> String {
    let line = text.lines().next().unwrap_or_default().trim();
    let exception = |name: &str| name.ends_with("Error") && name.bytes().all(|byte| byte.is_ascii_alphanumeric());
    let line = line.split_once(": ").filter(|(name, _)| exception(name)).map_or(line, |(_, rest)| rest);
    let mut said = String::new();
    for word in line.split_whitespace().take(12) {
        if !said.is_empty() {
            said.push(' ');
        }
        let is_id = |part: &str| (part.len() >= 8 && part.bytes().any(|byte| byte.is_ascii_digit())) || part.len() > 24;
        let of_id = |c: char| c.is_ascii_alphanumeric() || "-_.~+=%".contains(c);
        let mut rest = word;
        while !rest.is_empty() {
            let end = rest.find(|c| !of_id(c)).unwrap_or(rest.len());
            said.push_str(if is_id(&rest[..end]) { "…" } else { &rest[..end] });
            let other = rest[end..].find(of_id).map_or(rest.len(), |at| end + at);
            said.push_str(&rest[end..other]);
            rest = &rest[other..];
        }
    }
    let said: String = said.chars().map(|c| if c.is_control() { ' ' } else { c }).collect();
    if said.chars().count() > LONGEST { said.chars().take(LONGEST).chain(['…']).collect() } else { said }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn said(body: &str) -> String {
        of_body(&Answer { body: body.as_bytes().to_vec(), ..Answer::default() })
    }

    #[test]
    fn a_body_says_why_in_a_few_words_without_ids() {
        assert_eq!(said(r#"{"code":1,"message":"Session ID unknown"}"#), "Session ID unknown");
        assert_eq!(said(r#"{"error":{"code":-32001,"message":"Session not found"},"id":null}"#), "Session not found");
        let page = "<!DOCTYPE html><title>Error</title><pre>ForbiddenError: invalid csrf token<br> at csrf</pre>";
        assert_eq!(said(page), "invalid csrf token");
        assert_eq!(said("no session 0123456789abcdef here\nmore"), "no session … here");
        assert_eq!(said("id='4f1c-99aa-1234'"), "id='…'");
        assert_eq!(said(""), "");
        assert!(said(&"word ".repeat(100)).chars().count() <= LONGEST + 1);
    }
}
