//! Builds a curl command line that repeats a request with the same method, path, headers and cookies.
//!
//! The command line is pasted into a shell, so each word is quoted literally; a word that has control characters or is
//! not UTF-8 is escaped for `printf`.

use std::fmt::Write as _;
use stickylb::api::{CookieAction, Heads, RequestEvent};
use stickylb::untrusted::Untrusted;

use super::head::{self, Field, parts};

/// Hop-by-hop fields, and fields that curl sends itself.
const NOT_SENT: [&str; 9] = [
    "connection",
    "keep-alive",
    "proxy-connection",
    "te",
    "trailer",
    "transfer-encoding",
    "upgrade",
    "content-length",
    "expect",
];

/// The command line, and a note for the user. `authority` is the file of whom to trust, where the listener's certificate is made
/// here: a curl that trusts it anyway takes no harm of it.
///
/// # Errors
/// A sentence if the head was not kept whole or is malformed.
pub(crate) fn command(
    heads: &Heads,
    request: &RequestEvent,
    authority: Option<&Untrusted<String>>,
) -> Result<(String, &'static str), String> {
    if heads.request.cut {
        return Err("its head was too large to be kept whole: it cannot be copied".to_owned());
    }
    let (line, fields) = parts(&heads.request.bytes);
    let mut words = line.split(|byte| *byte == b' ');
    let (Some(method), Some(target), Some(version)) = (words.next(), words.next(), words.next()) else {
        return Err("it was a malformed request: it cannot be copied".to_owned());
    };
    let has_body = head::has_body(&fields);
    let mut out = String::from("curl -i -g --path-as-is");
    match method {
        b"GET" if !has_body => {}
        b"HEAD" if !has_body => out.push_str(" -I"),
        _ => add(&mut out, "-X", method),
    }
    out.push_str(if version == b"HTTP/1.0" { " --http1.0" } else { " --http1.1" });
    if let Some(authority) = authority {
        add(&mut out, "--cacert", authority.raw().as_bytes());
    }
    let (host, path) = split(target);
    if path == b"*" {
        out.push_str(" --request-target '*'");
    }
    let url = [heads.url.raw().as_bytes(), if path == b"*" { b"/" } else { path }].concat();
    out.push(' ');
    out.push_str(&quoted(&url));
    // Suppress header fields that curl would add but the client did not send.
    let of_bodies = ["Content-Type", "Expect"].into_iter().filter(|_| has_body);
    let own_host = host.is_none().then_some("Host");
    for name in ["User-Agent", "Accept"].into_iter().chain(own_host).chain(of_bodies) {
        if name == "Expect" || !fields.iter().any(|field| named(field, &name.to_ascii_lowercase())) {
            add(&mut out, "-H", format!("{name}:").as_bytes());
        }
    }
    if let Some(host) = host {
        add(&mut out, "-H", &[b"Host: ", host].concat());
    }
    let given = given_cookie(heads, request);
    let mut has_cookie = false;
    for field in &fields {
        // Without a body curl sends no Content-Length, so keep the client's.
        let no_length = !has_body && named(field, "content-length");
        if !no_length && is_of_the_connection(field, &fields) || host.is_some() && named(field, "host") {
            continue;
        }
        if named(field, "accept-encoding") {
            out.push_str(" --compressed");
        }
        let mut value = field.value.to_vec();
        if named(field, "cookie") && !std::mem::replace(&mut has_cookie, true) {
            value = with_cookie(field.value, given);
        }
        let separator: &[u8] = if value.is_empty() { b";" } else { b": " };
        add(&mut out, "-H", &[field.name, separator, &value].concat());
    }
    if let Some(cookie) = given.filter(|_| !has_cookie) {
        add(&mut out, "-H", &[b"Cookie: ", cookie].concat());
    }
    if has_body {
        out.push_str(" --data-binary @-");
    }
    match heads.request_body.as_ref().filter(|_| has_body) {
        _ if !has_body => Ok((out, ": a curl that is this client, with its cookies and secrets")),
        Some(body) if body.is_whole() => {
            let line = format!("{} | {out}", printed(&body.bytes));
            Ok((line, ": a curl that is this client, with its body, its cookies and secrets"))
        }
        _ => Ok((out, ", this client's secrets among them; its body was not kept: give it on standard input")),
    }
}

fn named(field: &Field<'_>, name: &str) -> bool {
    field.name.eq_ignore_ascii_case(name.as_bytes())
}

fn is_of_the_connection(field: &Field<'_>, fields: &[Field<'_>]) -> bool {
    let mut listed =
        fields.iter().filter(|field| named(field, "connection")).flat_map(|f| f.value.split(|b| *b == b','));
    // A request such as `Connection: Host` must not remove fields that every request needs.
    let kept = ["host", "cookie", "authorization"].iter().any(|name| named(field, name));
    NOT_SENT.iter().any(|name| named(field, name))
        || !kept && listed.any(|name| name.trim_ascii().eq_ignore_ascii_case(field.name))
}

/// Splits a request target into the host, if it is an absolute `http://` or `https://` URL, and the path with its query.
fn split(target: &[u8]) -> (Option<&[u8]>, &[u8]) {
    let begins = |scheme: &[u8]| target.get(..scheme.len()).is_some_and(|start| start.eq_ignore_ascii_case(scheme));
    let scheme = [b"http://".as_slice(), b"https://"].into_iter().find(|scheme| begins(scheme));
    let Some(rest) = scheme.map(|scheme| &target[scheme.len()..]) else { return (None, target) };
    let end = rest.iter().position(|byte| matches!(byte, b'/' | b'?')).unwrap_or(rest.len());
    (Some(&rest[..end]), &rest[end..])
}

/// The balancer's cookie pair, if this response set one: the client sends it from then on.
fn given_cookie<'h>(heads: &'h Heads, request: &RequestEvent) -> Option<&'h [u8]> {
    if request.decision.cookie == CookieAction::None {
        return None;
    }
    let (_, fields) = parts(&heads.passed.bytes);
    // The balancer appends its own after all of the backend's.
    let last = fields.iter().rev().find(|field| named(field, "set-cookie"))?;
    last.value.split(|byte| *byte == b';').next()
}

/// Adds the cookie pair `given`, replacing cookies of the same name.
fn with_cookie(cookies: &[u8], given: Option<&[u8]>) -> Vec<u8> {
    let Some(given) = given else { return cookies.to_vec() };
    let name = |pair: &[u8]| pair.split(|byte| *byte == b'=').next().map(<[u8]>::to_vec);
    let pairs = cookies.split(|byte| *byte == b';').map(<[u8]>::trim_ascii);
    let others = pairs.filter(|pair| name(pair) != name(given) && !pair.is_empty());
    others.chain([given]).collect::<Vec<_>>().join(&b"; "[..])
}

fn add(out: &mut String, option: &str, word: &[u8]) {
    // Writing to a string cannot fail, here and below.
    let _ = write!(out, " {option} {}", quoted(word));
}

/// Quotes one word for any POSIX shell.
pub(crate) fn quoted(word: &[u8]) -> String {
    if let Ok(text) = std::str::from_utf8(word)
        && Untrusted::new(text).is_plain()
    {
        return format!("'{}'", text.replace('\'', r"'\''"));
    }
    format!("\"$({})\"", printed(word))
}

/// A command that prints these bytes in any POSIX shell.
fn printed(bytes: &[u8]) -> String {
    let mut out = String::from("printf '%b' '");
    for byte in bytes {
        match byte {
            b'\\' => out.push_str(r"\\"),
            b'\'' => out.push_str(r"'\''"),
            b' '..=b'~' => out.push(char::from(*byte)),
            byte => {
                let _ = write!(out, "\\0{byte:03o}");
            }
        }
    }
    out.push('\'');
    out
}

#[cfg(test)]
mod tests {
    use std::process::Command;

    use super::*;

    /// The words as `sh` passes them to a command, one per line.
    fn through_sh(words: &[&[u8]]) -> Vec<u8> {
        let words: Vec<String> = words.iter().map(|word| quoted(word)).collect();
        let script = format!("printf '%s\\n' {}", words.join(" "));
        let output = Command::new("sh").args(["-c", &script]).output().expect("a shell");
        assert!(output.status.success());
        output.stdout
    }

    #[test]
    fn no_word_breaks_out_of_its_quotes() {
        let words: [&[u8]; 8] = [
            b"it's",
            b"'; touch /tmp/owned; '",
            b"$(id) `id` $HOME \\ \" !! *",
            b"caf\xc3\xa9",
            b"\xff\xfe' $(id) \\0101 %s %b",
            b"\x1b]0;x\x07\xe2\x80\xae",
            b"",
            b"-n",
        ];
        let expected: Vec<u8> = words.iter().flat_map(|word| [word, &b"\n"[..]].concat()).collect();
        assert_eq!(through_sh(&words), expected);
    }

    #[test]
    fn what_is_copied_holds_no_character_that_a_terminal_obeys() {
        for word in [&b"\x1b[2J"[..], b"\xc2\x9b", b"\xe2\x80\xae", b"a\nb"] {
            assert!(Untrusted::new(quoted(word)).is_plain());
        }
    }

    #[test]
    fn a_body_of_any_bytes_reaches_standard_input_whole() {
        let bytes: Vec<u8> = (0..=255).chain(*b"\\0101 %s'\n\n").collect();
        let output = Command::new("sh").args(["-c", &printed(&bytes)]).output().expect("a shell");
        assert_eq!(output.stdout, bytes);
        assert!(Untrusted::new(printed(&bytes)).is_plain());
    }

    #[test]
    fn the_cookie_that_an_answer_gave_takes_the_place_of_the_old_one() {
        assert_eq!(with_cookie(b"a=1; X-Backend-ID=4; b=2", Some(b"X-Backend-ID=2")), b"a=1; b=2; X-Backend-ID=2");
        assert_eq!(with_cookie(b"a=1", None), b"a=1");
    }

    #[test]
    fn an_absolute_target_is_a_host_and_a_path() {
        assert_eq!(split(b"http://shop.test:80/cart?x"), (Some(&b"shop.test:80"[..]), &b"/cart?x"[..]));
        assert_eq!(split(b"https://shop.test/cart"), (Some(&b"shop.test"[..]), &b"/cart"[..]));
        assert_eq!(split(b"/cart"), (None, &b"/cart"[..]));
        assert_eq!(split(b"HTTP://a"), (Some(&b"a"[..]), &b""[..]));
    }
}
