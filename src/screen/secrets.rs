//! Finds the secrets in a body or a query, by the names of its fields.
//!
//! One rule for JSON, forms, multipart forms, XML and lines of text, whole or cut: what follows a name that means a secret is
//! its value. It needs no parser, so that it finds them in the beginning of a body as well.

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
const NAMES: [&str; 5] = ["pass", "pin", "otp", "cvv", "cvc"];

/// How far around a name is looked for what belongs to it, so that no text takes long.
const NEAR: usize = 256;

/// Whether a field of this name in a body has a secret value.
fn is_secret(name: &[u8]) -> bool {
    let name = decoded(name).to_ascii_lowercase();
    let name: String = name.chars().filter(|c| c.is_alphanumeric()).collect();
    // Who wrote something, and who may decide it, is no secret.
    let name = name.replace("authority", "").replace("authori", "\0").replace("author", "").replace('\0', "authori");
    NAMES.contains(&name.as_str()) || WORDS.iter().any(|word| name.contains(word))
}

/// A name without its percent-encoding and its JSON escapes.
fn decoded(name: &[u8]) -> String {
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
    String::from_utf8_lossy(&out).into_owned()
}

/// Where in these bytes secrets stand, in order and not overlapping.
pub(crate) fn find(text: &[u8]) -> Vec<Range<usize>> {
    let mut found = Vec::new();
    let mut at = 0;
    while at < text.len() {
        let end = end_of_name(text, at);
        if end == at {
            at += 1;
            continue;
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
    Some(value_at(text, at, sign))
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
    let field = &text[at..until(text, at, |byte| matches!(byte, b'"' | b';' | b'\r' | b'\n'))];
    if !is_secret(field) {
        return None;
    }
    let ends =
        [&b"\r\n\r\n"[..], b"\n\n"].into_iter().filter_map(|end| Some(position(&text[at..], end)? + at + end.len()));
    let from = ends.min()?;
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

fn value_at(text: &[u8], at: usize, sign: u8) -> Range<usize> {
    if let Some((quote, from)) = quote_at(text, at) {
        return from..end_of_string(text, from, quote);
    }
    let end = match text.get(at) {
        Some(b'{' | b'[') => end_of_nested(text, at),
        _ if sign == b'=' => until(text, at, |byte| byte.is_ascii_whitespace() || b"&;,<>\"'".contains(&byte)),
        _ => until(text, at, |byte| b"\r\n,}]<".contains(&byte)),
    };
    // These tell nothing.
    if matches!(text[at..end].trim_ascii(), b"null" | b"true" | b"false") { at..at } else { at..end }
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

#[cfg(test)]
mod tests {
    use super::*;

    fn hidden(text: &str) -> String {
        String::from_utf8(masked(text.as_bytes(), |_| "*".to_owned()).into_owned()).expect("text")
    }

    #[test]
    fn the_values_of_secret_fields_are_hidden_in_json() {
        for (text, shown) in [
            (r#"{"user":"bob","password":"a\"b","n":1}"#, r#"{"user":"bob","password":"*","n":1}"#),
            (r#"{"api_key" : 12345, "ok": true}"#, r#"{"api_key" : *, "ok": true}"#),
            ("{\n  \"accessToken\":\n \"x\"\n}", "{\n  \"accessToken\":\n \"*\"\n}"),
            (r#"{"credentials":{"user":"]","key":"x"},"b":[1]}"#, r#"{"credentials":*,"b":[1]}"#),
            (r#"{"pa\u0073sword":"x"}"#, r#"{"pa\u0073sword":"*"}"#),
            (r#"{"inner":"{\"token\":\"x\",\"a\":1}"}"#, r#"{"inner":"{\"token\":\"*\",\"a\":1}"}"#),
            (r#"{"password":"cut in the mid"#, r#"{"password":"*"#),
            (
                r#"{"token":null,"author":"ann","authenticated":true}"#,
                r#"{"token":null,"author":"ann","authenticated":true}"#,
            ),
        ] {
            assert_eq!(hidden(text), shown);
        }
    }

    #[test]
    fn and_in_forms_queries_xml_and_lines() {
        for (text, shown) in [
            ("user=bob&password=a%20b&c=d", "user=bob&password=*&c=d"),
            ("user%5Bpassword%5D=x&user[pwd]=y", "user%5Bpassword%5D=*&user[pwd]=*"),
            ("/login?token=abc&x=1", "/login?token=*&x=1"),
            (
                "<user><password kind='a'>x</password><name>bob</name></user>",
                "<user><password kind='a'>*</password><name>bob</name></user>",
            ),
            ("<a secret=\"x y\" b='c'/>", "<a secret=\"*\" b='c'/>"),
            ("DB_PASSWORD=x\nHOST=y\n", "DB_PASSWORD=*\nHOST=y\n"),
            ("password: x y\nuser: bob", "password: *\nuser: bob"),
        ] {
            assert_eq!(hidden(text), shown);
        }
    }

    #[test]
    fn and_in_multipart_forms_also_between_bytes_that_are_no_text() {
        let form = b"--b\r\nContent-Disposition: form-data; name=\"file\"\r\n\r\n\xff\x00\r\n--b\r\n\
            Content-Disposition: form-data; name=\"password\"\r\n\r\nhunter2\r\nmore\r\n--b--\r\n";
        let shown = masked(form, |length| format!("({length})"));
        assert!(shown.ends_with(b"name=\"password\"\r\n\r\n(13)\r\n--b--\r\n"), "{}", shown.escape_ascii());
        assert!(shown.windows(2).any(|bytes| bytes == b"\xff\x00"));
    }

    #[test]
    fn any_bytes_are_taken_without_a_panic() {
        let words: [&[u8]; 14] = [
            b"password",
            b"\"",
            b"\\",
            b":",
            b"=",
            b"{",
            b"}",
            b"]",
            b"<",
            b">",
            b"form-data; name=",
            b"\r\n\r\n",
            b"\\u00",
            b"\xff",
        ];
        let mut seed = 7_usize;
        for _ in 0..20_000 {
            let mut text = Vec::new();
            for _ in 0..12 {
                seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
                text.extend_from_slice(words[(seed >> 33) % words.len()]);
            }
            let found = find(&text);
            assert!(found.windows(2).all(|pair| pair[0].end <= pair[1].start), "{}", text.escape_ascii());
        }
    }
}
