//! Finds the secrets in a body or a query, by the names of its fields.
//!
//! One rule for JSON, forms, multipart forms, XML and lines of text, whole or cut: what follows a name that means a secret is
//! its value. It needs no parser, so that it finds them in the beginning of a body as well.

#[cfg(test)]
mod tests;

use std::borrow::Cow;
use std::ops::Range;

/// Words in a field's name that make its value a secret, without separators.
const WORDS: [&str; 15] = [
    "auth",
    "token",
    "secret",
    "password",
    "passwd",
    "passphrase",
    "pwd",
    "apikey",
    "accesskey",
    "privatekey",
    "session",
    "signature",
    "credential",
    "cookie",
    "jwt",
];

/// Names that mean a secret only where they are all of it.
const NAMES: [&str; 6] = ["pass", "pin", "otp", "cvv", "cvc", "sid"];

/// How far around a name is looked for what belongs to it, so that no text takes long.
const NEAR: usize = 256;

/// How often text is taken out of percent-encodings and escapes, which may stand in each other.
const CODED: usize = 3;

/// Whether a field of this name has a secret value.
pub(super) fn is_secret(name: &[u8]) -> bool {
    let name = String::from_utf8_lossy(&decoded(name)).to_ascii_lowercase();
    let name: String = name.chars().filter(|c| c.is_alphanumeric()).collect();
    // Who wrote something, and who may decide it, is no secret.
    let name = name.replace("authority", "").replace("authori", "\0").replace("author", "").replace('\0', "authori");
    NAMES.contains(&name.as_str()) || WORDS.iter().any(|word| name.contains(word))
}

/// Text without its percent-encoding and its JSON escapes.
fn decoded(name: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(name.len());
    let mut at = 0;
    let hex = |digits: &[u8]| {
        let digits = std::str::from_utf8(digits).ok()?;
        u8::try_from(u32::from_str_radix(digits, 16).ok()?).ok()
    };
    while at < name.len() {
        let found = match name[at..] {
            [b'%', ..] => name.get(at + 1..at + 3).and_then(hex).map(|byte| (byte, 3)),
            [b'\\', b'u', ..] => name.get(at + 2..at + 6).and_then(hex).map(|byte| (byte, 6)),
            _ => None,
        };
        let (byte, used) = found.unwrap_or((name[at], 1));
        out.push(byte);
        at += used;
    }
    out
}

/// Where in these bytes secrets stand, in order and not overlapping.
pub(crate) fn find(text: &[u8]) -> Vec<Range<usize>> {
    find_in(text, CODED)
}

fn find_in(text: &[u8], coded: usize) -> Vec<Range<usize>> {
    let mut found = Vec::new();
    let mut at = 0;
    // As far as it was looked for coded text.
    let mut looked = 0;
    while at < text.len() {
        let end = end_of_name(text, at);
        if end == at {
            at += 1;
            continue;
        }
        if at >= looked && coded > 0 {
            looked = until(text, at, |byte| byte == b'=' || ends_value(byte));
            if hides_coded(&text[at..looked], coded) {
                let whole = at..until(text, looked, ends_value);
                at = whole.end;
                found.push(whole);
                continue;
            }
        }
        let name = &text[at..end];
        let value = if is_secret(name) { value_of(text, at, end) } else { part_of_form(text, name, at, end) };
        at = end;
        if let Some(value) = value.filter(|value| !value.is_empty()) {
            at = value.end.max(end);
            found.push(value);
        }
    }
    found
}

/// The bytes with each secret replaced by what `instead` makes of its length.
pub(crate) fn masked(text: &[u8], instead: impl Fn(usize) -> String) -> Cow<'_, [u8]> {
    let found = find(text);
    if found.is_empty() {
        return Cow::Borrowed(text);
    }
    let mut out = Vec::with_capacity(text.len());
    let mut from = 0;
    for secret in found {
        out.extend_from_slice(&text[from..secret.start]);
        out.extend_from_slice(instead(secret.len()).as_bytes());
        from = secret.end;
    }
    out.extend_from_slice(&text[from..]);
    Cow::Owned(out)
}

/// Whether a secret stands in text that is coded, as JSON in a form's field or an address in a query: what is coded is then
/// hidden whole.
fn hides_coded(text: &[u8], coded: usize) -> bool {
    let is_coded = text.contains(&b'%') || position(text, b"\\u").is_some();
    is_coded && !find_in(&decoded(text), coded - 1).is_empty()
}

fn end_of_name(text: &[u8], mut at: usize) -> usize {
    loop {
        match text[at..] {
            [b'\\', b'u', ..] => at = (at + 6).min(text.len()),
            [byte, ..] if byte.is_ascii_alphanumeric() || byte >= 0x80 || b"_-.%+[]".contains(&byte) => at += 1,
            _ => return at,
        }
    }
}

/// The value of the secret whose name stands here.
fn value_of(text: &[u8], start: usize, end: usize) -> Option<Range<usize>> {
    if let Some(value) = in_element(text, start, end) {
        return Some(value);
    }
    let (quote, mut at) = quote_at(text, end).map_or((None, end), |(quote, after)| (Some(quote), after));
    let blank = |byte: u8| byte == b' ' || byte == b'\t' || quote.is_some() && (byte == b'\n' || byte == b'\r');
    at = skip(text, at, blank);
    let sign = *text.get(at).filter(|byte| matches!(byte, b':' | b'='))?;
    at = skip(text, at + 1, blank);
    Some(value_at(text, at, &Before { name: start, is_quoted: quote.is_some(), sign }))
}

/// The text of the XML element whose opening tag has this name.
fn in_element(text: &[u8], start: usize, end: usize) -> Option<Range<usize>> {
    let near = start.saturating_sub(NEAR);
    let prefix = near + text[near..start].iter().rposition(|byte| !byte.is_ascii_alphanumeric() && *byte != b':')?;
    if text[prefix] != b'<' || !matches!(text.get(end), Some(b'>' | b' ' | b'\n')) {
        return None;
    }
    let from = end + text[end..].iter().take(NEAR).position(|byte| *byte == b'>')? + 1;
    Some(from..until(text, from, |byte| byte == b'<'))
}

/// What follows the head of a multipart form's part whose name means a secret.
fn part_of_form(text: &[u8], name: &[u8], start: usize, end: usize) -> Option<Range<usize>> {
    if name != b"name" || text.get(end) != Some(&b'=') {
        return None;
    }
    let near = start.saturating_sub(NEAR);
    let line = text[near..start].iter().rposition(|byte| *byte == b'\n').map_or(near, |at| near + at + 1);
    let is_form = text[line..start].windows(9).any(|word| word.eq_ignore_ascii_case(b"form-data"));
    if !is_form {
        return None;
    }
    let at = if text.get(end + 1) == Some(&b'"') { end + 2 } else { end + 1 };
    let head = &text[at..text.len().min(at + NEAR)];
    let field = until(head, 0, |byte| matches!(byte, b'"' | b';' | b'\r' | b'\n'));
    if !is_secret(&head[..field]) {
        return None;
    }
    let ends = [&b"\r\n\r\n"[..], b"\n\n"].into_iter().filter_map(|end| Some(position(head, end)? + end.len()));
    // Of a part whose head is longer, the rest of the head is hidden as well.
    let from = at + ends.min().unwrap_or(field);
    let to = position(&text[from..], b"\n--").map_or(text.len(), |to| from + to);
    let to = if to > from && text[to - 1] == b'\r' { to - 1 } else { to };
    Some(from..to)
}

/// A quote that may be escaped, as in JSON within JSON: how many backslashes and which, and where it ends.
fn quote_at(text: &[u8], at: usize) -> Option<((usize, u8), usize)> {
    let quote = skip(text, at, |byte| byte == b'\\');
    let which = *text.get(quote).filter(|byte| matches!(byte, b'"' | b'\''))?;
    Some(((quote - at, which), quote + 1))
}

/// What stands before a value.
struct Before {
    /// Where its name begins.
    name: usize,
    /// Whether its name stands in quotes.
    is_quoted: bool,
    /// `:` or `=`
    sign: u8,
}

fn value_at(text: &[u8], at: usize, before: &Before) -> Range<usize> {
    if let Some((quote, from)) = quote_at(text, at) {
        let end = end_of_string(text, from, quote);
        // In a query this quote may be a character like any other.
        let is_over = |byte: u8| ends_value(byte) || b"<>/".contains(&byte);
        let goes_on =
            before.sign == b'=' && quote == (0, b'\'') && text.get(end + 1).is_some_and(|byte| !is_over(*byte));
        return if goes_on { at..until(text, end, ends_value) } else { from..end };
    }
    let end = match text.get(at) {
        Some(b'{' | b'[') => end_of_nested(text, at),
        _ if before.sign == b'=' => until(text, at, ends_value),
        _ if before.is_quoted => until(text, at, |byte| b"\r\n,}]<".contains(&byte)),
        _ => end_of_line(text, at, before.name),
    };
    // These tell nothing.
    if matches!(text[at..end].trim_ascii(), b"null" | b"true" | b"false") { at..at } else { at..end }
}

/// Whether a byte ends what follows a `=` without a quote. Whatever else may end it is part of some secrets.
fn ends_value(byte: u8) -> bool {
    byte.is_ascii_whitespace() || byte == b'&' || byte == b'"'
}

/// Where a value in a line of text ends: with the line, or before it with the string in which its name stands.
fn end_of_line(text: &[u8], at: usize, name: usize) -> usize {
    let near = name.saturating_sub(NEAR);
    let quote = text[near..name].iter().rposition(|byte| matches!(byte, b'"' | b'\n'));
    let end = quote.map(|quote| near + quote).filter(|quote| text[*quote] == b'"').and_then(|quote| {
        let run = text[..quote].iter().rev().take(NEAR).take_while(|byte| **byte == b'\\').count();
        let before = text[..quote - run].iter().rev().take(NEAR).find(|byte| !byte.is_ascii_whitespace());
        let opens = before.is_none_or(|byte| b":,[{=".contains(byte));
        opens.then(|| end_of_string(text, at, (run, b'"')))
    });
    let end = end.unwrap_or(text.len());
    at + until(&text[at..end], 0, |byte| matches!(byte, b'\r' | b'\n'))
}

/// Where a string ends: before the quote, and the backslashes that belong to it.
fn end_of_string(text: &[u8], from: usize, (escapes, which): (usize, u8)) -> usize {
    let mut run = 0;
    for (at, byte) in text.iter().enumerate().skip(from) {
        match *byte {
            b'\\' => run += 1,
            byte if byte == which && escapes == 0 && run % 2 == 0 => return at,
            byte if byte == which && escapes > 0 && run == escapes => return at - escapes,
            _ => run = 0,
        }
        if *byte == which {
            run = 0;
        }
    }
    text.len()
}

/// Where an object or array ends; strings in it may hold brackets.
fn end_of_nested(text: &[u8], from: usize) -> usize {
    let (mut at, mut depth) = (from, 0_usize);
    while at < text.len() {
        match text[at] {
            b'{' | b'[' => depth += 1,
            b'}' | b']' => depth -= 1,
            b'"' => at = end_of_string(text, at + 1, (0, b'"')),
            _ => {}
        }
        at += 1;
        if depth == 0 {
            break;
        }
    }
    at.min(text.len())
}

fn skip(text: &[u8], at: usize, over: impl Fn(u8) -> bool) -> usize {
    until(text, at, |byte| !over(byte))
}

fn until(text: &[u8], at: usize, stop: impl Fn(u8) -> bool) -> usize {
    text.iter().skip(at).position(|byte| stop(*byte)).map_or(text.len(), |more| at + more)
}

fn position(text: &[u8], part: &[u8]) -> Option<usize> {
    memchr::memmem::find(text, part)
}
