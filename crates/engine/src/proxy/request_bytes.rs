//! The bytes of a request that is sent again: as it was, with its body where that was kept whole, or as a person wrote it.

use crate::api::{BODY_KEPT, Body, EDITED_BODY, Edited, Heads, ToReplay};

/// Said of a body that was not kept.
const NOT_KEPT: &str =
    "it had a body, which was not kept: type :bodies on, let its client send it once more, and replay that";

/// Fields that say where a body ends, or what comes behind it: what is sent has its length and no trailers.
const OF_THE_FRAME: [&[u8]; 3] = [b"content-length", b"transfer-encoding", b"trailer"];

/// The request that is meant, head and body; else why there is none, in one sentence.
pub(super) fn of(heads: &Heads, what: &ToReplay) -> Result<Vec<u8>, String> {
    match &what.edited {
        Some(Edited { body, .. }) if body.len() > EDITED_BODY => {
            Err(format!("its body is longer than the {} KB that may be sent from here", EDITED_BODY / 1024))
        }
        Some(Edited { head, .. }) if !ends_once(head) => {
            Err("its head must end with an empty line, and have none before that".to_owned())
        }
        Some(Edited { head, body }) => Ok(framed(head, body)),
        None if heads.request.cut => Err("its head was too large to be kept whole".to_owned()),
        None if !has_body(&heads.request.bytes) => Ok(heads.request.bytes.clone()),
        None => kept_whole(heads.request_body.as_ref()).map(|body| framed(&heads.request.bytes, &body.bytes)),
    }
}

/// The body, where every byte of it is there.
fn kept_whole(body: Option<&Body>) -> Result<&Body, String> {
    match body {
        Some(body) if body.is_whole() => Ok(body),
        Some(body) if body.is_cut() => Err(format!(
            "its body is longer than {} KB, and only its beginning was kept: e in the dialog sends another one",
            BODY_KEPT / 1024
        )),
        Some(_) => Err("its body did not come to its end".to_owned()),
        None => Err(NOT_KEPT.to_owned()),
    }
}

/// Whether a head ends with its one empty line: what came behind another, or on a last line without an end, would be read as
/// something else, such as another request.
fn ends_once(head: &[u8]) -> bool {
    let is_empty = |line: &[u8]| line.trim_ascii().is_empty();
    head.ends_with(b"\n") && lines(head).position(is_empty).is_some_and(|at| at + 1 == lines(head).count())
}

/// Whether a head says that a body follows.
fn has_body(head: &[u8]) -> bool {
    lines(head).any(|line| {
        let is_length = named(line, b"content-length");
        is_length && line.iter().any(|byte| matches!(byte, b'1'..=b'9')) || named(line, b"transfer-encoding")
    })
}

/// A head that gives the length of this body, and the body. Every other line stays as it is.
fn framed(head: &[u8], body: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(head.len() + body.len() + 32);
    let mut had_frame = false;
    for line in lines(head) {
        let of_the_frame = OF_THE_FRAME.iter().any(|name| named(line, name));
        had_frame |= of_the_frame;
        if line.trim_ascii().is_empty() {
            break;
        }
        if !of_the_frame {
            out.extend_from_slice(line);
        }
    }
    // Where a length was given, none would be another request to some servers.
    if had_frame || !body.is_empty() {
        out.extend_from_slice(format!("Content-Length: {}\r\n", body.len()).as_bytes());
    }
    out.extend_from_slice(b"\r\n");
    out.extend_from_slice(body);
    out
}

/// The lines, with their ends.
fn lines(head: &[u8]) -> impl Iterator<Item = &[u8]> {
    head.split_inclusive(|byte| *byte == b'\n')
}

/// Whether the line is a field of this name, in any case.
fn named(line: &[u8], name: &[u8]) -> bool {
    line.split_at_checked(name.len())
        .is_some_and(|(begin, rest)| begin.eq_ignore_ascii_case(name) && rest.trim_ascii_start().starts_with(b":"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::net::SocketAddr;

    const HEAD: &str = "POST /a HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\nTrailer: X-Sum\r\nX: y\r\n\r\n";

    fn heads(head: &str, body: Option<Body>) -> Heads {
        let here = SocketAddr::from(([127, 0, 0, 1], 3001));
        let mut heads = Heads::new(1.into(), here, here);
        heads.request.set(head.as_bytes());
        heads.request_body = body;
        heads
    }

    fn sent(heads: &Heads, edited: Option<Edited>) -> Result<String, String> {
        let what = ToReplay { edited, ..ToReplay::new(1.into(), None) };
        of(heads, &what).map(|bytes| String::from_utf8(bytes).expect("text"))
    }

    #[test]
    fn a_chunked_request_is_sent_again_with_its_length() {
        let kept = heads(HEAD, Some(Body::new(b"hello".to_vec(), 5, true)));
        let expected = "POST /a HTTP/1.1\r\nHost: a\r\nX: y\r\nContent-Length: 5\r\n\r\nhello";
        assert_eq!(sent(&kept, None).as_deref(), Ok(expected));
        let edited = Edited::new(HEAD.into(), b"other body".to_vec());
        let sent = sent(&kept, Some(edited)).expect("sent");
        assert!(sent.ends_with("X: y\r\nContent-Length: 10\r\n\r\nother body"), "{sent}");
    }

    #[test]
    fn an_edited_head_that_would_hide_another_request_is_not_sent() {
        let kept = heads(HEAD, None);
        for head in [
            "GET / HTTP/1.1\r\nHost: a\r\nX: y",
            "GET / HTTP/1.1\r\nHost: a\r\n",
            "GET / HTTP/1.1\r\n \r\nHost: a\r\n\r\n",
            "",
        ] {
            let edited = Edited::new(head.into(), b"DELETE /z HTTP/1.1\r\nHost: a\r\n\r\n".to_vec());
            assert!(sent(&kept, Some(edited)).is_err_and(|why| why.contains("empty line")), "{head:?}");
        }
    }

    #[test]
    fn without_a_body_it_is_what_it_was() {
        let head = "DELETE /a HTTP/1.1\nHost: a\r\nContent-Length: 0\r\n\r\n";
        assert_eq!(sent(&heads(head, None), None).as_deref(), Ok(head));
    }

    #[test]
    fn where_the_body_is_not_there_it_says_what_to_do() {
        let why = |body| sent(&heads(HEAD, body), None).expect_err("not sent");
        assert!(why(None).contains(":bodies on"), "{}", why(None));
        let cut = Body::new(vec![b'x'; BODY_KEPT], 1 << 20, false);
        assert!(why(Some(cut)).starts_with("its body is longer than 16 KB"));
        assert_eq!(why(Some(Body::new(b"hel".to_vec(), 3, false))), "its body did not come to its end");
        let large = Edited::new(HEAD.into(), vec![b'x'; EDITED_BODY + 1]);
        assert!(sent(&heads(HEAD, None), Some(large)).expect_err("not sent").contains("64 KB"));
    }
}
