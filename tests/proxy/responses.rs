//! Responses: where they end, what they must not contain, and what happens to malformed ones (RFC 9112 4, 6.3 and 8).

use std::sync::Arc;
use std::time::Duration;

use serde_json::json;

use crate::support::patience::Wait;
use crate::support::wire::Framing;
use crate::support::{self, After, Backend, Balancer, Client, Config, Gate, request, response};

/// Reads until this text has arrived, and leaves it in the buffer.
fn read_until(client: &mut Client, text: &str) {
    let wait = Wait::begin();
    while !String::from_utf8_lossy(&client.received()).contains(text) {
        assert!(!wait.is_over(), "waited in vain: {text:?}");
        assert_ne!(client.wire.fill().unwrap(), 0, "the connection ended before {text:?} came");
    }
}

#[test]
fn a_head_response_keeps_its_length_and_the_connection_is_good_afterwards() {
    let backend = Backend::start(|call| {
        if call.head.start.starts_with("HEAD") {
            call.send(b"HTTP/1.1 200 OK\r\nContent-Length: 1234\r\n\r\n");
            return After::Keep;
        }
        support::backend::echo(call)
    });
    let balancer = Balancer::over(&[&backend]);
    let mut client = balancer.client();
    for _ in 0..3 {
        assert_eq!(client.exchange(&request("HEAD", "/", &[])).all("content-length"), ["1234"]);
        assert_eq!(client.exchange(&request("GET", "/", &[])).status, 200);
    }
}

#[test]
fn a_head_response_is_not_given_a_length_that_get_would_not_have() {
    // RFC 9110 8.6
    for lines in ["Transfer-Encoding: chunked\r\n", ""] {
        let backend = Backend::answering(format!("HTTP/1.1 200 OK\r\n{lines}\r\n"));
        let balancer = Balancer::over(&[&backend]);
        let mut client = balancer.client();
        let answer = client.exchange(&request("HEAD", "/", &[]));
        assert_eq!(answer.all("content-length"), Vec::<String>::new(), "{lines}");
    }
}

#[test]
fn a_304_keeps_its_length_and_has_no_body() {
    let backend = Backend::answering("HTTP/1.1 304 Not Modified\r\nContent-Length: 1234\r\nETag: \"a\"\r\n\r\n");
    let balancer = Balancer::over(&[&backend]);
    let mut client = balancer.client();
    for _ in 0..2 {
        let answer = client.exchange(&request("GET", "/", &[]));
        assert_eq!((answer.status, answer.get("etag").as_deref()), (304, Some("\"a\"")));
        let lengths = answer.all("content-length");
        assert!(lengths.is_empty() || lengths == ["1234"], "RFC 9110 15.4.5: {lengths:?}");
    }
}

/// Bytes that a backend sends after a response without a body must reach nobody.
fn assert_no_body(first: &'static str, method: &str) {
    let backend = Backend::start(move |call| {
        if call.target == "/first" {
            call.send(first.as_bytes());
            return After::Keep;
        }
        support::backend::echo(call)
    });
    let balancer = Balancer::over(&[&backend]);
    let mut client = balancer.client();
    for _ in 0..3 {
        client.send(&request(method, "/first", &[]));
        let status = client.next_response(method).unwrap();
        assert!(first.contains(&status.status.to_string()));
        let next = client.exchange(&[&request("POST", "/next", &["Content-Length: 4"])[..], b"next"].concat());
        assert_eq!((next.status, next.text().as_str()), (200, "next"));
    }
}

#[test]
fn a_body_behind_a_204_reaches_nobody() {
    assert_no_body("HTTP/1.1 204 No Content\r\nContent-Length: 5\r\n\r\nhello", "GET");
    assert_no_body("HTTP/1.1 204 No Content\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n", "GET");
}

#[test]
fn a_body_behind_a_304_or_a_head_reaches_nobody() {
    assert_no_body("HTTP/1.1 304 Not Modified\r\nContent-Length: 5\r\n\r\nhello", "GET");
    assert_no_body("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello", "HEAD");
}

#[test]
fn a_204_has_neither_length_nor_coding() {
    // RFC 9110 8.6, RFC 9112 6.1
    for line in ["Content-Length: 5", "Content-Length: 0", "Transfer-Encoding: chunked"] {
        let backend = Backend::answering(format!("HTTP/1.1 204 No Content\r\n{line}\r\n\r\n"));
        let answer = Balancer::over(&[&backend]).get("/");
        assert_eq!((answer.status, answer.get("content-length"), answer.get("transfer-encoding")), (204, None, None));
    }
}

#[test]
fn a_body_that_ends_with_the_connection_arrives_whole_and_piece_by_piece() {
    let gate = Arc::new(Gate::default());
    let shut = Arc::clone(&gate);
    let backend = Backend::start(move |call| {
        call.send(b"HTTP/1.0 200 OK\r\nContent-Type: text/plain\r\n\r\nfirst ");
        shut.pass();
        call.send(b"second");
        After::Close
    });
    let balancer = Balancer::over(&[&backend]);
    let mut client = balancer.client();
    client.send(&request("GET", "/", &[]));
    let head = client.head().unwrap().unwrap();
    assert_eq!(head.all("transfer-encoding"), ["chunked"]);
    read_until(&mut client, "first ");
    gate.open();
    let body = client.wire.body(Framing::Chunked);
    assert_eq!((String::from_utf8_lossy(&body.bytes).as_ref(), body.complete), ("first second", true));
    assert_eq!(client.exchange(&request("GET", "/", &[])).text(), "first second");
}

/// A backend whose response breaks off; `waits` says whether the client has read some of it before.
fn cut_short(head: &str, part: &str, after: After, waits: bool) {
    let gate = Arc::new(Gate::default());
    let shut = Arc::clone(&gate);
    let bytes = [head, part].concat();
    let backend = Backend::start(move |call| {
        call.send(bytes.as_bytes());
        if waits {
            shut.pass();
        }
        after
    });
    let balancer = Balancer::over(&[&backend]);
    let mut client = balancer.client();
    client.send(&request("GET", "/cut", &[]));
    if waits {
        read_until(&mut client, "some");
        gate.open();
    }
    if let Some(answer) = client.next_response("GET") {
        assert!(!answer.body.complete, "cut short, and looks whole: {answer:?}");
        assert_eq!(answer.status, 200);
    }
    client.assert_closed();
    let line = balancer.line(" /cut ");
    assert!(line.contains("cut short by the backend"), "{line}");
    assert_eq!(balancer.backend(0)["errors"], 1);
}

#[test]
fn a_body_cut_short_of_its_length_is_seen_as_cut_short() {
    let head = "HTTP/1.1 200 OK\r\nContent-Length: 50\r\n\r\n";
    cut_short(head, "some", After::Close, true);
    cut_short(head, "some", After::Reset, true);
    cut_short(head, "some", After::Close, false);
}

#[test]
fn a_body_cut_short_of_its_last_chunk_is_seen_as_cut_short() {
    let head = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n";
    cut_short(head, "4\r\nsome\r\n", After::Close, true);
    cut_short(head, "4\r\nsome\r\n", After::Reset, true);
    cut_short(head, "9\r\nsome", After::Close, true);
    cut_short(head, "4\r\nsome\r\n0\r\n", After::Close, true);
    cut_short(head, "4\r\nsome\r\nxyz\r\n", After::Keep, false);
}

#[test]
fn a_body_that_ends_with_a_reset_is_seen_as_cut_short() {
    cut_short("HTTP/1.1 200 OK\r\n\r\n", "some", After::Reset, true);
}

#[test]
fn what_came_before_a_cut_reaches_the_client() {
    let backend = Backend::start(|call| {
        call.send(b"HTTP/1.1 200 OK\r\nContent-Length: 50\r\n\r\nsome");
        After::Close
    });
    let balancer = Balancer::over(&[&backend]);
    for _ in 0..20 {
        let mut client = balancer.client();
        client.send(&request("GET", "/cut", &[]));
        let answer = client.next_response("GET").map(|answer| (answer.status, answer.text()));
        assert_eq!(answer, Some((200, "some".to_owned())));
    }
}

#[test]
fn a_cut_short_answer_to_http_1_0_is_seen_as_cut_short() {
    // Without a length, only a reset shows such a client that the body is incomplete.
    let gate = Arc::new(Gate::default());
    let shut = Arc::clone(&gate);
    let backend = Backend::start(move |call| {
        call.send(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nsome\r\n");
        shut.pass();
        After::Close
    });
    let balancer = Balancer::over(&[&backend]);
    let mut client = balancer.client();
    client.send(b"GET /cut HTTP/1.0\r\nHost: localhost\r\n\r\n");
    read_until(&mut client, "some");
    gate.open();
    let answer = client.response();
    assert_eq!(answer.framing, Framing::Close);
    assert!(!answer.body.complete, "the half response looks whole");
}

#[test]
fn both_framings_at_once_reach_the_client_as_one() {
    for lines in ["Content-Length: 3\r\nTransfer-Encoding: chunked", "Transfer-Encoding: chunked\r\nContent-Length: 3"]
    {
        let backend = Backend::answering(format!("HTTP/1.1 200 OK\r\n{lines}\r\n\r\n5\r\nhello\r\n0\r\n\r\n"));
        let balancer = Balancer::over(&[&backend]);
        let mut client = balancer.client();
        for n in 0..3 {
            let answer = client.exchange(&request("GET", "/", &[]));
            assert_eq!((answer.text().as_str(), answer.get("content-length")), ("hello", None), "{lines}");
            assert_eq!(backend.requests()[n].connection, n + 1, "RFC 9112 6.3: that connection is not used again");
        }
    }
}

#[test]
fn a_response_that_is_none_is_502_and_the_log_says_why() {
    let status_line = "its status line is none of HTTP/1";
    let (field, length) = ("a header field is malformed", "its Content-Length is not one number");
    let bad = [
        ("HTTP/1.1 abc OK\r\n\r\n", status_line),
        ("HTTP/1.1 20 OK\r\n\r\n", status_line),
        ("HTTP/1.1 2000 OK\r\n\r\n", status_line),
        ("HTTP/3.0 200 OK\r\n\r\n", status_line),
        ("junk\r\n\r\n", status_line),
        ("\x16\x03\x01\x02\r\n\r\n", status_line),
        ("220 smtp.example ESMTP\r\n", status_line),
        ("HTTP/1.1 200 OK\r\nContent-Length: x\r\n\r\n", length),
        ("HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\n", length),
        ("HTTP/1.1 200 OK\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\nhello", length),
        ("HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip, chunked\r\n\r\n", "its Transfer-Encoding is not 'chunked'"),
        ("HTTP/1.1 200 OK\r\nX-One: a\0b\r\n\r\n", field),
        ("HTTP/1.1 200 OK\r\nX One: a\r\n\r\n", field),
    ];
    for (bytes, why) in bad {
        let backend = Backend::answering(bytes);
        let balancer = Balancer::over(&[&backend]);
        assert_eq!(balancer.get("/junk").status, 502, "{bytes:?}");
        let line = balancer.line(" /junk 502 ");
        assert!(line.contains(&format!("b0 sent a malformed response: {why}")), "{bytes:?}: {line}");
    }
}

#[test]
fn a_head_that_is_refused_gets_no_body() {
    let backend = Backend::echoing();
    let balancer = Balancer::over(&[&backend]);
    for lines in [&["Content-Length: x"][..], &["Transfer-Encoding: gzip"], &["Host: two"]] {
        let mut client = balancer.client();
        client.send(&request("HEAD", "/", lines));
        let answer = client.next_response("HEAD").unwrap();
        assert!(matches!(answer.status, 400 | 501), "{}", answer.status);
        client.assert_closed();
    }
}

#[test]
fn a_101_that_nobody_asked_for_is_502() {
    let backend = Backend::answering("HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: x\r\n\r\n");
    let balancer = Balancer::over(&[&backend]);
    assert_eq!(balancer.get("/").status, 502);
    assert_eq!(balancer.exchange(&request("POST", "/", &["Content-Length: 0"])).status, 502);
}

#[test]
fn bytes_beyond_a_response_never_reach_the_next_client() {
    let extra = response("200 OK", &[], "poison");
    let all = [&response("200 OK", &[], "good")[..], &extra].concat();
    let backend = Backend::answering(all);
    let balancer = Balancer::over(&[&backend]);
    for n in 0..20 {
        assert_eq!(balancer.get("/").text(), "good", "request {n}");
    }
    let mut client = balancer.client();
    for _ in 0..20 {
        assert_eq!(client.exchange(&request("GET", "/", &[])).text(), "good");
    }
}

#[test]
fn unknown_status_codes_and_reasons_pass() {
    for line in ["299 Odd", "418 I'm a teapot", "599 ", "999 Far", "200 ", "200", "404 Not-\t(here)"] {
        let backend = Backend::answering(format!("HTTP/1.1 {line}\r\nContent-Length: 2\r\n\r\nok"));
        let answer = Balancer::over(&[&backend]).get("/");
        let (status, reason) = line.split_once(' ').unwrap_or((line, ""));
        assert_eq!((answer.status.to_string().as_str(), answer.text().as_str()), (status, "ok"), "{line}");
        assert_eq!(answer.reason, reason, "{line}");
    }
}

#[test]
fn a_reason_of_any_bytes_passes() {
    // RFC 9112 4: obs-text
    let backend = Backend::answering(b"HTTP/1.1 200 Gr\xfc\xdfe\r\nContent-Length: 0\r\n\r\n".to_vec());
    let balancer = Balancer::over(&[&backend]);
    let mut client = balancer.client();
    assert_eq!(client.exchange(&request("GET", "/", &[])).status, 200);
    assert!(client.received().starts_with(b"HTTP/1.1 200 Gr\xfc\xdfe\r\n"));
}

#[test]
fn encoded_bodies_pass_as_they_are() {
    let bytes: Vec<u8> = (0..=255).cycle().take(5000).collect();
    let head = "HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: 5000\r\nVary: Accept-Encoding\r\n\r\n";
    let backend = Backend::answering([head.as_bytes(), &bytes].concat());
    let balancer = Balancer::over(&[&backend]);
    let answer = balancer.exchange(&request("GET", "/", &["Accept-Encoding: br, gzip"]));
    assert_eq!(answer.body.bytes, bytes);
    assert_eq!(answer.all("content-length"), ["5000"]);
    assert_eq!(backend.requests()[0].all("accept-encoding"), ["br, gzip"]);
}

#[test]
fn each_event_of_a_stream_passes_when_it_comes() {
    let gate = Arc::new(Gate::default());
    let shut = Arc::clone(&gate);
    let backend = Backend::start(move |call| {
        call.send(b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n");
        call.send(b"9\r\ndata: 1\n\n\r\n");
        shut.pass();
        call.send(b"9\r\ndata: 2\n\n\r\n0\r\n\r\n");
        After::Keep
    });
    let balancer = Balancer::over(&[&backend]);
    let mut client = balancer.client();
    client.send(&request("GET", "/events", &["Accept: text/event-stream"]));
    read_until(&mut client, "data: 1\n\n");
    gate.open();
    assert_eq!(client.response().text(), "data: 1\n\ndata: 2\n\n");
}

#[test]
fn a_silent_stream_of_events_is_not_cut_by_the_times_of_requests() {
    let backend = Backend::start(|call| {
        call.send(b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n\r\ndata: 1\n\n");
        // Not a wait: the test is that several of these times pass.
        std::thread::sleep(Duration::from_millis(1500));
        call.send(b"data: 2\n\n");
        After::Close
    });
    let times = json!({"response": 300, "idle": 300, "requestHeaders": 300, "tunnelIdle": 300});
    let balancer = Config::new(&[&backend]).set("/timeouts", times).start();
    let mut client = balancer.client();
    client.send(&request("GET", "/events", &["Accept: text/event-stream"]));
    assert_eq!(client.response().text(), "data: 1\n\ndata: 2\n\n");
}
