//! A request as text for an editor, and back: request line, header lines, an empty line, and the body.

use stickylb::api::{BODY_KEPT, Body, EDITED_BODY, Edited, Heads};

use crate::screen::body::{Content, amount, readable};
use crate::screen::head::{has_body, parts, text};

/// The longest head that may be written, in bytes.
const HEAD: usize = 16 * 1024;

/// The longest text that is read back, in bytes.
pub(crate) const TEXT: usize = HEAD + EDITED_BODY + 8 * 1024;

/// What the engine says of the body by itself, whatever the head says.
const OF_THE_FRAME: [&str; 3] = ["content-length", "transfer-encoding", "trailer"];

/// The request as text, and its body where an editor should not get that: one that is binary stays as it is unless another
/// is written. `palette` is the key that commands are typed after.
///
/// # Errors
/// A sentence if its head was not kept whole.
pub(super) fn of(heads: &Heads, place: &str, palette: &str) -> Result<(Vec<u8>, Option<Vec<u8>>), String> {
    if heads.request.cut {
        return Err("its head was too large to be kept whole: it cannot be edited".to_owned());
    }
    let (first, fields) = parts(&heads.request.bytes);
    let (body, of_body) = match &heads.request_body {
        Some(kept) => body(heads, kept),
        None if has_body(&fields) => {
            let keep = format!("{palette}bodies on keeps those to come");
            (Kept::Nothing, format!("# Its body was not kept ({keep}): write one below.\n"))
        }
        None => (Kept::Nothing, String::new()),
    };
    let hint = format!(
        "# Save and leave the editor, and this request is sent: {}.\n\
         # Left as it is, or emptied, it is not. Lines up here with a # are never sent.\n\
         # Secrets stand in it as they are. The file is yours alone and soon removed.\n\
         # The body follows an empty line; its length is counted for you.\n{of_body}",
        text(place.as_bytes())
    );
    let mut out = hint.into_bytes();
    let mut line = |line: &[&[u8]]| {
        out.extend(line.iter().copied().flatten());
        out.push(b'\n');
    };
    line(&[first]);
    for field in fields.iter().filter(|field| !is_of_the_frame(field.name)) {
        line(&[field.name, b": ", field.value]);
    }
    line(&[]);
    // Many editors end the last line of a file, so that it always is ended here, and is not part of the body.
    line(&[if let Kept::Text(body) = body { body } else { b"" }]);
    Ok((out, if let Kept::Binary(bytes) = body { Some(bytes.to_vec()) } else { None }))
}

/// What is kept of a body, for an editor.
enum Kept<'b> {
    Nothing,
    Text(&'b [u8]),
    Binary(&'b [u8]),
}

/// The request's body as it was kept, and a line of comment where it is not in the text.
fn body<'b>(heads: &Heads, kept: &'b Body) -> (Kept<'b>, String) {
    if !kept.is_whole() {
        let why = match BODY_KEPT / 1024 {
            most if kept.is_cut() => format!("was longer than {most} KB"),
            _ => "did not come to its end".to_owned(),
        };
        return (Kept::Nothing, format!("# Its body {why} and is not here: write one below.\n"));
    }
    let read = readable(&heads.request, kept);
    match read.content {
        Content::Empty => (Kept::Nothing, String::new()),
        // What came compressed is sent so, and no editor keeps that whole.
        Content::Text if read.coding.is_none() => (Kept::Text(&kept.bytes), String::new()),
        _ => {
            let why = "is sent as it is, unless you write one below";
            (Kept::Binary(&kept.bytes), format!("# Its body is no text ({}) and {why}.\n", amount(kept)))
        }
    }
}

fn is_of_the_frame(name: &[u8]) -> bool {
    OF_THE_FRAME.iter().any(|of| name.eq_ignore_ascii_case(of.as_bytes()))
}

/// The request that a text says; `None` where it was emptied.
///
/// # Errors
/// What is wrong with it, in one sentence.
pub(super) fn read(text: &[u8]) -> Result<Option<Edited>, String> {
    let mut rest = text;
    let (mut first, mut after) = line_of(rest);
    while first.starts_with(b"#") || first.is_empty() {
        if after.is_empty() {
            return Ok(None);
        }
        rest = after;
        (first, after) = line_of(rest);
    }
    let mut head = request_line(first)?;
    let mut hosts = 0;
    let mut number = 0;
    loop {
        let (line, next) = line_of(after);
        after = next;
        if line.is_empty() {
            break;
        }
        number += 1;
        let (name, value) = field(line, number)?;
        hosts += usize::from(name.eq_ignore_ascii_case(b"host"));
        if !is_of_the_frame(name) {
            head.extend_from_slice(&[name, b": ", value, b"\r\n"].concat());
        }
    }
    head.extend_from_slice(b"\r\n");
    let body = after.strip_suffix(b"\r\n").or(after.strip_suffix(b"\n")).unwrap_or(after);
    match hosts {
        _ if head.len() > HEAD => Err(format!("its head is longer than {} KB", HEAD / 1024)),
        _ if body.len() > EDITED_BODY => Err(format!("its body is longer than {} KB", EDITED_BODY / 1024)),
        1 => Ok(Some(Edited::new(head, body.to_vec()))),
        0 => Err("it has no Host header: write a line such as Host: localhost".to_owned()),
        _ => Err("it has more than one Host header: leave one".to_owned()),
    }
}

/// The first line without its end, and what follows it.
fn line_of(text: &[u8]) -> (&[u8], &[u8]) {
    let end = memchr::memchr(b'\n', text);
    let (line, rest) = end.map_or((text, &b""[..]), |end| (&text[..end], &text[end + 1..]));
    (line.strip_suffix(b"\r").unwrap_or(line), rest)
}

/// The request line as it is sent, with HTTP/1.1 where it has no version.
fn request_line(line: &[u8]) -> Result<Vec<u8>, String> {
    let shown = || shortened(line);
    let wrong = || format!("'{}' is no request line: write one such as GET /path HTTP/1.1", shown());
    let words: Vec<&[u8]> = line.split(|byte| *byte == b' ').filter(|word| !word.is_empty()).collect();
    let (method, target, version) = match words[..] {
        [method, target] => (method, target, &b"HTTP/1.1"[..]),
        [method, target, version @ (b"HTTP/1.1" | b"HTTP/1.0")] => (method, target, version),
        _ => return Err(wrong()),
    };
    if !method.iter().copied().all(is_token) || line.iter().any(u8::is_ascii_control) {
        return Err(wrong());
    }
    Ok([method, b" ", target, b" ", version, b"\r\n"].concat())
}

/// A header's name and value.
fn field(line: &[u8], number: usize) -> Result<(&[u8], &[u8]), String> {
    let wrong = |what: &str| format!("header {number}, '{}', {what}", shortened(line));
    let colon = memchr::memchr(b':', line)
        .ok_or_else(|| wrong("has no colon: write Name: value, and an empty line before the body"))?;
    let (name, value) = (&line[..colon], line[colon + 1..].trim_ascii());
    if name.is_empty() || !name.iter().copied().all(is_token) {
        return Err(wrong("has a name that no header can have"));
    }
    if value.iter().any(|byte| byte.is_ascii_control() && *byte != b'\t') {
        return Err(wrong("has a control character in its value"));
    }
    Ok((name, value))
}

/// Characters of a name (RFC 9110 5.6.2).
fn is_token(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte)
}

/// The beginning of a line, fit to be shown. Its value may be a secret, so that only what stands before a colon is.
fn shortened(line: &[u8]) -> String {
    let end = memchr::memchr(b':', line).unwrap_or(line.len()).min(40);
    text(&line[..end])
}

#[cfg(test)]
mod tests {
    use super::*;

    const REQUEST: &str =
        "POST /cart HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer x\r\nTransfer-Encoding: chunked\r\n\r\n";

    fn heads(body: Option<Body>) -> Heads {
        let mut heads = Heads::new(1.into(), ([127, 0, 0, 1], 3001).into(), ([127, 0, 0, 1], 1).into());
        heads.request.set(REQUEST.as_bytes());
        heads.request_body = body;
        heads
    }

    fn why(text: &str) -> String {
        read(text.as_bytes()).expect_err("a mistake")
    }

    #[test]
    fn a_request_comes_back_as_it_was_written_whatever_ends_its_last_line() {
        for body in [&b"{\"a\": 1}"[..], b"two\r\nlines\n", b"# no comment", b"\n\n", b""] {
            let (text, binary) =
                of(&heads(Some(Body::new(body.to_vec(), body.len() as u64, true))), "alpha", ":").expect("text");
            assert_eq!(binary, None);
            let edited = read(&text).expect("a request").expect("not empty");
            assert_eq!(edited.head, b"POST /cart HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer x\r\n\r\n");
            assert_eq!(edited.body, body);
        }
    }

    #[test]
    fn a_binary_body_is_no_text_for_an_editor() {
        let (text, binary) = of(&heads(Some(Body::new(vec![0, 255], 2, true))), "alpha", ":").expect("text");
        assert_eq!(binary, Some(vec![0, 255]));
        assert!(read(&text).expect("a request").expect("not empty").body.is_empty());
        assert!(String::from_utf8(text).expect("text").contains("is no text (2 bytes)"));
    }

    #[test]
    fn the_text_says_where_the_body_is_missing() {
        let text = |heads: &Heads| String::from_utf8(of(heads, "alpha", "!").expect("text").0).expect("text");
        let said = |body| text(&heads(body));
        assert!(said(None).contains("not kept (!bodies on keeps"));
        let begun = said(Some(Body::new(b"hel".to_vec(), 3, false)));
        assert!(begun.contains("did not come to its end") && !begun.ends_with("hel\n"), "{begun}");
        let mut empty = heads(None);
        empty.request.set(b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\n\r\n");
        assert!(!text(&empty).contains("Its body"), "it had none");
        assert!(said(Some(Body::new(vec![b'x'; BODY_KEPT], 1 << 20, false))).contains("longer than 16 KB"));
    }

    #[test]
    fn a_place_with_a_line_break_is_no_request() {
        let (text, _) = of(&heads(None), "al\nGET /evil HTTP/1.1", ":").expect("text");
        assert!(read(&text).expect("a request").expect("not empty").head.starts_with(b"POST /cart"));
    }

    #[test]
    fn what_is_emptied_is_nothing() {
        for text in ["", "\n\n", "# only\n# comments\n", "#"] {
            assert_eq!(read(text.as_bytes()), Ok(None), "{text:?}");
        }
    }

    #[test]
    fn a_version_and_spare_blanks_may_be_left_out_or_in() {
        let edited =
            read(b"\nGET  /a\r\nHost:a\r\ncontent-length: 99\r\n\r\nbody").expect("a request").expect("not empty");
        assert_eq!(edited.head, b"GET /a HTTP/1.1\r\nHost: a\r\n\r\n");
        assert_eq!(edited.body, b"body");
    }

    #[test]
    fn each_mistake_is_one_sentence_without_a_secret() {
        assert!(why("hello\nHost: a\n").starts_with("'hello' is no request line: write"));
        assert!(why("GET / HTTP/2\nHost: a\n").contains("is no request line"));
        assert!(why("GET / HTTP/1.1\nX: y\n").starts_with("it has no Host header"));
        assert!(why("GET / HTTP/1.1\nHost: a\nhost: b\n").starts_with("it has more than one Host header"));
        assert!(why("GET / HTTP/1.1\nHost: a\nbody\n").starts_with("header 2, 'body', has no colon"));
        assert!(why("GET / HTTP/1.1\nHost: a\n folded: x\n").contains("has a name that no header can have"));
        let secret = why("GET / HTTP/1.1\nHost: a\nX-Key: hunter\x002\n");
        assert!(
            secret.starts_with("header 2, 'X-Key', has a control character") && !secret.contains("hunter"),
            "{secret}"
        );
        let large = format!("GET / HTTP/1.1\nHost: a\n\n{}", "x".repeat(EDITED_BODY + 2));
        assert_eq!(why(&large), "its body is longer than 64 KB");
    }
}
