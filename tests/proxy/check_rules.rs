//! Health checks and traffic judge a backend's response by the same rules: neither accepts what the other refuses.

use std::io::Read as _;

use serde_json::{Value, json};
use tokio_tungstenite::tungstenite::handshake::derive_accept_key;

use crate::support::one_answer::Transport::{self, Plain, Tls, TlsWithoutNotice};
use crate::support::one_answer::{backend, reply};
use crate::support::raw::target;
use crate::support::socket::LINES;
use crate::support::tls::self_signed;
use crate::support::{Config, request, response, until};

/// Over these backends, each checked by `algorithm`; certificates are not verified.
fn config(urls: &[String], algorithm: &str) -> Config {
    let backend = |(id, url)| json!({"id": id, "name": format!("b{id}"), "url": url, "tls": {"verify": false}});
    let backends: Vec<Value> = urls.iter().enumerate().map(backend).collect();
    Config::of(json!({
        "port": 0,
        "retry": {"attempts": 1},
        "health": {"algorithm": algorithm, "interval": 60000, "timeout": 20000},
        "backends": backends,
    }))
}

/// What happens to a response.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Verdict {
    Taken,
    /// Refused with 502; the reason contains these words.
    Refused(&'static str),
    /// Passed on as far as it was received.
    Cut,
}

use Verdict::{Cut, Refused, Taken};

const STATUS_LINE: Verdict = Refused("its status line is none of HTTP/1");
const FIELD: Verdict = Refused("a header field is malformed");
const TOO_LARGE: Verdict = Refused("its header fields are beyond limits.headers or limits.headerBytes");
const LENGTH: Verdict = Refused("its Content-Length is not one number");
const CODING: Verdict = Refused("its Transfer-Encoding is not 'chunked'");
const SWITCH: Verdict = Refused("it switches to a protocol nobody asked for");
const NO_ANSWER: Verdict = Refused("gave no answer");

/// Asserts how a check and a request judge each response with these fields; `good` is the status of those that are
/// accepted.
fn assert_judged_alike(
    transport: &Transport,
    algorithm: &str,
    fields: &[&str],
    good: u16,
    answers: &[(&str, Vec<u8>, Verdict)],
) {
    let urls: Vec<String> = answers
        .iter()
        .map(|(_, answer, _)| {
            let answer = answer.clone();
            backend(transport, move |head| with_accept(&answer, head))
        })
        .collect();
    let checked = config(&urls, algorithm).start().health();
    let unchecked = config(&urls, "tcp").start();
    for (index, (name, _, verdict)) in answers.iter().enumerate() {
        let backend = &checked["backends"][index];
        let error = backend["lastError"].as_str().unwrap_or_default();
        let check = match backend["state"].as_str() {
            Some("UP") => Taken,
            _ if error.contains("cut short by the backend") => Cut,
            _ => said(error, *verdict),
        };
        assert_eq!(check, *verdict, "the check of '{name}': {error}");

        let cookie = format!("Cookie: X-Backend-ID={index}");
        let mut client = unchecked.client();
        client.send(&request("GET", &format!("/{index}"), &[fields, &[&cookie]].concat()));
        let response = client.next_response("GET").expect("an answer to every request");
        let traffic = match response.status {
            502 => said(&unchecked.line(&format!(" /{index} 502 ")), *verdict),
            status if status == good && (status == 101 || response.body.complete) => Taken,
            status if status == good => Cut,
            status => panic!("'{name}' is answered with {status}"),
        };
        assert_eq!(traffic, *verdict, "traffic to '{name}'");
    }
}

/// The verdict if the text gives its reason, otherwise a refusal for another reason.
fn said(text: &str, verdict: Verdict) -> Verdict {
    if matches!(verdict, Refused(words) if text.contains(words)) { verdict } else { Refused("another reason") }
}

/// The response, with the right accept value for the key in a WebSocket request (RFC 6455 4.2.2).
fn with_accept(answer: &[u8], head: &str) -> Vec<u8> {
    const ACCEPT: &[u8] = b"<ACCEPT>";
    let Some(at) = answer.windows(ACCEPT.len()).position(|part| part == ACCEPT) else { return answer.to_vec() };
    let key = head.lines().find_map(|line| {
        let (name, value) = line.split_once(':')?;
        name.eq_ignore_ascii_case("sec-websocket-key").then(|| value.trim())
    });
    let accept = derive_accept_key(key.unwrap_or_default().as_bytes());
    [&answer[..at], accept.as_bytes(), &answer[at + ACCEPT.len()..]].concat()
}

fn ok(fields: &str, body: &str) -> Vec<u8> {
    format!("HTTP/1.1 200 OK\r\n{fields}\r\n{body}").into_bytes()
}

/// A response with this many fields.
fn fields(count: usize) -> Vec<u8> {
    ok(&format!("{}Content-Length: 2\r\n", "X: y\r\n".repeat(count - 1)), "ok")
}

fn start(line: &str) -> Vec<u8> {
    format!("{line}\r\nContent-Length: 2\r\n\r\nok").into_bytes()
}

fn chunked(body: &str) -> Vec<u8> {
    ok("Transfer-Encoding: chunked\r\n", body)
}

fn answers() -> Vec<(&'static str, Vec<u8>, Verdict)> {
    vec![
        ("2 fields", fields(2), Taken),
        ("101 fields", fields(101), Taken),
        ("128 fields", fields(128), Taken),
        ("129 fields", fields(129), TOO_LARGE),
        ("a field of 60 KB", ok(&format!("X: {}\r\nContent-Length: 2\r\n", "x".repeat(60_000)), "ok"), Taken),
        ("a field of 70 KB", ok(&format!("X: {}\r\nContent-Length: 2\r\n", "x".repeat(70_000)), "ok"), TOO_LARGE),
        ("HTTP/1.0", start("HTTP/1.0 200 OK"), Taken),
        ("HTTP/1.2", start("HTTP/1.2 200 OK"), Taken),
        ("HTTP/2.0", start("HTTP/2.0 200 OK"), STATUS_LINE),
        ("no reason, no space", start("HTTP/1.1 200"), Taken),
        ("a reason in Latin-1", b"HTTP/1.1 200 Gr\xfcn\r\nContent-Length: 2\r\n\r\nok".to_vec(), Taken),
        ("a control character in the reason", start("HTTP/1.1 200 O\x01K"), STATUS_LINE),
        ("a status of two digits", start("HTTP/1.1 20 OK"), STATUS_LINE),
        ("Shoutcast", start("ICY 200 OK"), STATUS_LINE),
        ("an empty line first", start("\r\nHTTP/1.1 200 OK"), Taken),
        ("lines that end with LF alone", b"HTTP/1.1 200 OK\nContent-Length: 2\n\nok".to_vec(), Taken),
        ("a name with a space", ok("X Y: z\r\nContent-Length: 2\r\n", "ok"), FIELD),
        ("a folded field", ok("X: y\r\n z\r\nContent-Length: 2\r\n", "ok"), FIELD),
        ("a NUL in a value", ok("X: y\0z\r\nContent-Length: 2\r\n", "ok"), FIELD),
        ("one length twice", ok("Content-Length: 2\r\nContent-Length: 2\r\n", "ok"), Taken),
        ("two lengths", ok("Content-Length: 2\r\nContent-Length: 3\r\n", "ok!"), LENGTH),
        ("a list of lengths", ok("Content-Length: 2, 2\r\n", "ok"), LENGTH),
        ("a length with a sign", ok("Content-Length: +2\r\n", "ok"), LENGTH),
        ("a length beside chunks", ok("Content-Length: 9\r\nTransfer-Encoding: chunked\r\n", "0\r\n\r\n"), Taken),
        ("the coding identity", ok("Transfer-Encoding: identity\r\n", "ok"), CODING),
        ("two codings", ok("Transfer-Encoding: gzip, chunked\r\n", "0\r\n\r\n"), CODING),
        ("chunks in HTTP/1.0", b"HTTP/1.0 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n".to_vec(), Taken),
        (
            "103 first",
            [&b"HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n"[..], &response("200 OK", &[], "ok")].concat(),
            Taken,
        ),
        ("100 first, unasked", [&b"HTTP/1.1 100 Continue\r\n\r\n"[..], &response("200 OK", &[], "ok")].concat(), Taken),
        (
            "a malformed 103 first",
            [&b"HTTP/1.1 103 Early Hints\r\nA B: c\r\n\r\n"[..], &response("200 OK", &[], "ok")].concat(),
            FIELD,
        ),
        ("103 and nothing more", b"HTTP/1.1 103 Early Hints\r\n\r\n".to_vec(), NO_ANSWER),
        (
            "101",
            b"HTTP/1.1 101 Switching Protocols\r\nConnection: upgrade\r\nUpgrade: websocket\r\n\r\n".to_vec(),
            SWITCH,
        ),
        ("nothing", Vec::new(), NO_ANSWER),
        ("half a head", b"HTTP/1.1 200 OK\r\nContent-Le".to_vec(), NO_ANSWER),
        ("a whole body", response("200 OK", &[], "ok"), Taken),
        ("more than the length", ok("Content-Length: 2\r\n", "okHTTP/1.1 400 Bad Request\r\n\r\n"), Taken),
        ("less than the length", ok("Content-Length: 9\r\n", "ok"), Cut),
        ("nothing of the length", ok("Content-Length: 9\r\n", ""), Cut),
        ("a body that ends with its connection", ok("", "ok"), Taken),
        ("whole chunks", chunked("2;x=y\r\nok\r\n0\r\nX-Sum: 1\r\n\r\n"), Taken),
        ("no last chunk", chunked("2\r\nok\r\n"), Cut),
        ("a last chunk without its end", chunked("2\r\nok\r\n0\r\n"), Cut),
        ("half a chunk", chunked("9\r\nok"), Cut),
        ("a chunk longer than its size", chunked("2\r\nokay\r\n0\r\n\r\n"), Cut),
        ("a chunk without a size", chunked("ok\r\n0\r\n\r\n"), Cut),
        ("malformed trailers", chunked("2\r\nok\r\n0\r\nX Y: 1\r\n\r\n"), Cut),
    ]
}

fn alike_over(transport: &Transport) {
    assert_judged_alike(transport, "http-status", &[], 200, &answers());
}

#[test]
fn a_check_and_traffic_judge_an_answer_alike() {
    alike_over(&Plain);
}

#[test]
fn they_do_over_tls() {
    alike_over(&Tls(self_signed().1));
}

#[test]
fn they_do_over_tls_that_ends_without_notice() {
    alike_over(&TlsWithoutNotice(self_signed().1));
}

#[test]
fn they_judge_a_switch_to_websocket_alike() {
    let switch = |fields: &str| {
        format!("HTTP/1.1 101 Switching Protocols\r\n{fields}Sec-WebSocket-Accept: <ACCEPT>\r\n\r\n").into_bytes()
    };
    let lines = "X: y\r\n".repeat(126);
    let answers = [
        ("a handshake", switch("Connection: Upgrade\r\nUpgrade: websocket\r\n"), Taken),
        ("in capitals", switch("CONNECTION: UPGRADE\r\nUPGRADE: WEBSOCKET\r\n"), Taken),
        ("without Connection", switch("Upgrade: websocket\r\n"), Taken),
        ("a subprotocol nobody asked for", switch("Upgrade: websocket\r\nSec-WebSocket-Protocol: x\r\n"), Taken),
        ("103 first", [&b"HTTP/1.1 103 Early Hints\r\n\r\n"[..], &switch("Upgrade: websocket\r\n")].concat(), Taken),
        ("128 fields", switch(&format!("{lines}Upgrade: websocket\r\n")), Taken),
        ("129 fields", switch(&format!("{lines}X: v\r\nUpgrade: websocket\r\n")), TOO_LARGE),
        ("without Upgrade", switch("Connection: Upgrade\r\n"), SWITCH),
        ("another protocol", switch("Upgrade: h2c\r\n"), SWITCH),
        ("one more protocol", switch("Upgrade: websocket, h2c\r\n"), SWITCH),
        ("a malformed field", switch("Upgrade: websocket\r\nX Y: z\r\n"), FIELD),
        ("nothing", Vec::new(), NO_ANSWER),
    ];
    assert_judged_alike(&Plain, "websocket", &LINES, 101, &answers);
}

#[test]
fn the_limits_of_the_configuration_are_those_of_checks_as_well_and_follow_it() {
    let large = |bytes| ok(&format!("X: {}\r\nContent-Length: 2\r\n", "x".repeat(bytes)), "ok");
    let urls = [fields(20), fields(21), large(9000)].map(|answer| backend(&Plain, move |_| answer.clone()));
    let limits = |headers: u32, bytes: u32| {
        config(&urls, "http-status")
            .set("/limits", json!({"headers": headers, "headerBytes": bytes}))
            .set("/health/interval", json!(100))
    };
    let balancer = limits(20, 8192).start();
    let states = || [0, 1, 2].map(|index| balancer.backend(index)["state"].as_str().unwrap().to_owned());
    assert_eq!(states(), ["UP", "DOWN", "DOWN"]);
    balancer.rewrite(&limits(21, 16_384));
    until("the limits are wide enough", || states() == ["UP", "UP", "UP"]);
}

/// A backend whose response with these fields never ends; returns its URL.
fn endless(fields: &'static str) -> String {
    let port = target(move |mut stream| {
        if reply(&mut stream, &|_| ok(fields, "data: 1\n\n")).is_ok() {
            // Until the balancer closes.
            let _ = stream.read(&mut [0; 1]);
        }
    });
    format!("http://localhost:{port}")
}

#[test]
fn a_check_by_an_event_stream_does_not_wait_for_its_end() {
    let events = endless("Content-Type: text/event-stream; charset=utf-8\r\n");
    // Begun before a test gives up waiting, and so before the check times out.
    let balancer = config(&[events], "http-status").set("/health/timeout", json!(600_000)).start();
    assert_eq!(balancer.backend(0)["state"], "UP");
}

#[test]
fn a_body_without_an_end_passes_when_the_time_is_over_and_nobody_looks_at_it() {
    let (open, looked_at) = (endless(""), endless(""));
    let balancer = config(&[open, looked_at], "http-status")
        .set("/health/timeout", json!(300))
        .set("/health/interval", json!(100))
        .set("/backends/1/healthExpect", json!({"body": "data"}))
        .start();
    // A later check may say it, if a busy machine was too slow for the first one.
    until("it is taken", || balancer.backend(0)["state"] == "UP");
    until("it is refused", || balancer.backend(1)["lastError"] == "no answer within 300 ms");
}
