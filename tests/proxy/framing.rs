//! All parties must agree where a message ends, or one request can hide in another (RFC 9112 6 and 7).

use crate::support::backend::echo;
use crate::support::{After, Backend, Balancer, request, response};

/// A second request that a wrong reading of the first one would expose.
const HIDDEN: &str = "GET /hidden HTTP/1.1\r\nHost: localhost\r\n\r\n";

/// Sends a POST with these header lines and this body, followed by a hidden request. It must be refused with one of
/// these statuses and its connection closed, and nothing may reach the backend.
fn assert_refused(cases: &[(&[u8], &str)], statuses: &[u16]) {
    let backend = Backend::echoing();
    let balancer = Balancer::over(&[&backend]);
    let mut wrong = Vec::new();
    for (lines, body) in cases {
        let mut client = balancer.client();
        client.send(
            &[b"POST /bad HTTP/1.1\r\nHost: localhost\r\n", *lines, b"\r\n\r\n", body.as_bytes(), HIDDEN.as_bytes()]
                .concat(),
        );
        let shown = String::from_utf8_lossy(lines).into_owned();
        match client.next_response("POST") {
            Some(answer) if statuses.contains(&answer.status) => {
                let rest = client.rest();
                if !rest.is_empty() {
                    wrong.push(format!("{shown:?}: more than one answer"));
                }
            }
            other => wrong.push(format!("{shown:?}: {:?}", other.map(|r| r.status))),
        }
    }
    // Anything let through has arrived by the time this request is answered.
    assert_eq!(balancer.get("/after").status, 200);
    let mut reached = backend.targets();
    reached.retain(|target| target != "/after");
    assert!(wrong.is_empty() && reached.is_empty(), "{wrong:#?}, at the backend: {reached:?}");
}

#[test]
fn a_length_beside_a_coding_is_refused_in_either_order() {
    let length_first: &[u8] = b"Content-Length: 5\r\nTransfer-Encoding: chunked";
    let coding_first: &[u8] = b"Transfer-Encoding: chunked\r\nContent-Length: 5";
    assert_refused(&[(length_first, "0\r\n\r\n"), (coding_first, "0\r\n\r\n")], &[400]);
}

#[test]
fn two_lengths_are_refused() {
    let differing: &[u8] = b"Content-Length: 5\r\nContent-Length: 6";
    assert_refused(&[(differing, "hello"), (b"Content-Length: 5, 6", "hello")], &[400]);
}

#[test]
fn equal_lengths_on_two_lines_are_refused() {
    // RFC 9110 8.6 allows merging them, but only attacks are known to need it.
    assert_refused(&[(b"Content-Length: 5\r\nContent-Length: 5", "hello")], &[400]);
}

#[test]
fn what_is_no_decimal_length_is_refused() {
    let lengths: [&[u8]; 13] = [
        b"+5",
        b"-5",
        b"0x5",
        b"5_0",
        b"5 0",
        b"5,5",
        b"five",
        b"5.0",
        b"",
        b"99999999999999999999",
        b"18446744073709551615",
        b"9223372036854775808",
        b"\x0b5",
    ];
    let lines: Vec<Vec<u8>> = lengths.iter().map(|value| [b"Content-Length: ", *value].concat()).collect();
    let cases: Vec<(&[u8], &str)> = lines.iter().map(|line| (line.as_slice(), "hello")).collect();
    assert_refused(&cases, &[400]);
}

#[test]
fn any_coding_but_one_chunked_is_refused() {
    let codings: [&[u8]; 17] = [
        b"xchunked",
        b"chunkedx",
        b"chunked, chunked",
        b"chunked, identity",
        b"identity",
        b"identity, chunked",
        b"gzip, chunked",
        b"gzip",
        b"",
        b"\x0bchunked",
        b"chunked\x0b",
        b"\x0cchunked",
        b"chunked\x00",
        b"\"chunked\"",
        b"chunked;q=1",
        b"chunked,",
        b"chunked\xa0",
    ];
    let lines: Vec<Vec<u8>> = codings.iter().map(|value| [b"Transfer-Encoding: ", *value].concat()).collect();
    let mut cases: Vec<(&[u8], &str)> = lines.iter().map(|line| (line.as_slice(), "0\r\n\r\n")).collect();
    cases.push((b"Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked", "0\r\n\r\n"));
    cases.push((b"Transfer-Encoding: chunked\r\nTransfer-Encoding: identity", "0\r\n\r\n"));
    cases.push((b"Transfer-Encoding: identity\r\nTransfer-Encoding: chunked", "0\r\n\r\n"));
    assert_refused(&cases, &[400, 501]);
}

#[test]
fn a_coding_in_http_1_0_is_refused() {
    let backend = Backend::echoing();
    let balancer = Balancer::over(&[&backend]);
    let mut client = balancer.client();
    client.send(b"POST / HTTP/1.0\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n");
    assert_eq!(client.response().status, 400);
    client.assert_closed();
    assert_eq!(balancer.get("/after").status, 200);
    assert_eq!(backend.targets(), ["/after"]);
}

#[test]
fn spaces_where_none_belong_are_refused() {
    let lines: [&[u8]; 5] = [b"Content-Length : 5", b"X-One: a\r\n b", b"X-One: a\r\n\tb", b"X One: a", b"X-One\t: a"];
    let cases: Vec<(&[u8], &str)> = lines.iter().map(|line| (*line, "hello")).collect();
    assert_refused(&cases, &[400]);
    let backend = Backend::echoing();
    let balancer = Balancer::over(&[&backend]);
    let mut client = balancer.client();
    client.send(b"GET / HTTP/1.1\r\n Host: localhost\r\nX-One: a\r\n\r\n");
    assert_eq!(client.response().status, 400);
    client.assert_closed();
}

#[test]
fn control_bytes_in_a_name_or_value_are_refused() {
    let lines: [&[u8]; 8] = [
        b"X-One: a\rb",
        b"X-One: a\0b",
        b"X-One: a\x01b",
        b"X-One: a\x1bb",
        b"X-One: a\x7fb",
        b"X-\0One: a",
        b"X-\x7fOne: a",
        b"X-One: a\r\r",
    ];
    let cases: Vec<(&[u8], &str)> = lines.iter().map(|line| (*line, "")).collect();
    assert_refused(&cases, &[400]);
}

#[test]
fn lines_that_end_in_a_bare_lf_are_refused_or_sent_on_as_crlf() {
    let backend = Backend::echoing();
    let balancer = Balancer::over(&[&backend]);
    let mut client = balancer.client();
    client.send(b"GET /lf HTTP/1.1\nHost: localhost\nX-One: a\nX-Two: b\n\n");
    if client.response().status == 200 {
        let bytes = backend.bytes(backend.requests()[0].connection);
        let bare = bytes.iter().enumerate().any(|(at, b)| *b == b'\n' && (at == 0 || bytes[at - 1] != b'\r'));
        assert!(!bare, "{}", String::from_utf8_lossy(&bytes));
    } else {
        assert!(backend.requests().is_empty());
    }
}

#[test]
fn a_body_keeps_its_framing_whatever_the_method() {
    let backend = Backend::start(|call| {
        call.body();
        let body = call.target.clone();
        let without_body = call.head.start.starts_with("HEAD");
        call.send(&response("200 OK", &[], if without_body { "" } else { &body }));
        After::Keep
    });
    let balancer = Balancer::over(&[&backend]);
    for method in ["GET", "HEAD", "OPTIONS", "DELETE", "PATCH"] {
        let mut client = balancer.client();
        for (line, body) in [("Content-Length: 5", "hello"), ("Transfer-Encoding: chunked", "5\r\nhello\r\n0\r\n\r\n")]
        {
            client.send(&[&request(method, "/with-body", &[line]), body.as_bytes()].concat());
            assert_eq!(client.next_response(method).unwrap().status, 200, "{method} {line}");
            let seen = backend.requests().pop().unwrap();
            assert_eq!((seen.method.as_str(), seen.text().as_str()), (method, "hello"), "{line}");
            let (name, value) = line.split_once(": ").unwrap();
            assert_eq!(seen.all(&name.to_lowercase()), [value], "{method}");
        }
    }
}

#[test]
fn pipelined_requests_are_answered_in_order() {
    let backend = Backend::start(|call| {
        call.body();
        let body = call.target.clone();
        call.send(&response("200 OK", &[], &body));
        After::Keep
    });
    let balancer = Balancer::over(&[&backend]);
    let mut client = balancer.client();
    let length = format!("Content-Length: {}", HIDDEN.len());
    client.send(&request("GET", "/1", &[]));
    client.send(&[&request("POST", "/2", &[&length]), HIDDEN.as_bytes()].concat());
    client.send(&[&request("GET", "/3", &["Transfer-Encoding: chunked"])[..], b"1\r\na\r\n0\r\n\r\n"].concat());
    client.send(&request("GET", "/4", &[]));
    for expected in ["/1", "/2", "/3", "/4"] {
        assert_eq!(client.response().text(), expected);
    }
    assert_eq!(backend.targets(), ["/1", "/2", "/3", "/4"]);
}

#[test]
fn http_1_0_that_says_keep_alive_and_close_is_closed() {
    // RFC 9112 9.3: a close decides.
    let backend = Backend::echoing();
    let balancer = Balancer::over(&[&backend]);
    for lines in ["Connection: keep-alive, close", "Connection: Close\r\nConnection: Keep-Alive"] {
        let mut client = balancer.client();
        client.send(format!("GET / HTTP/1.0\r\nHost: localhost\r\n{lines}\r\n\r\n").as_bytes());
        let answer = client.response();
        assert!(answer.status == 200 && answer.closes(), "{lines:?}: {answer:?}");
        client.assert_closed();
    }
}

#[test]
fn a_connection_whose_http_1_0_response_does_not_surely_keep_it_is_not_used_again() {
    // RFC 9112 6.1, 9.3
    for lines in [
        "Connection: keep-alive, close\r\nContent-Length: 5\r\n\r\nhello",
        "Connection: keep-alive\r\n\
         Transfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n",
    ] {
        let backend = Backend::answering(format!("HTTP/1.0 200 OK\r\n{lines}"));
        let balancer = Balancer::over(&[&backend]);
        let mut client = balancer.client();
        for _ in 0..3 {
            assert_eq!(client.exchange(&request("GET", "/", &[])).text(), "hello", "{lines:?}");
        }
        let mut connections: Vec<usize> = backend.requests().iter().map(|seen| seen.connection).collect();
        connections.dedup();
        assert_eq!(connections.len(), 3, "{lines:?}");
    }
}

#[test]
fn a_pipelined_request_that_is_cut_short_does_not_shift_the_rest() {
    let backend = Backend::start(|call| {
        if call.target == "/cut" {
            call.send(b"HTTP/1.1 200 OK\r\nContent-Length: 50\r\n\r\nhalf of it");
            return After::Close;
        }
        echo(call)
    });
    let balancer = Balancer::over(&[&backend]);
    let mut client = balancer.client();
    client.send(&[request("GET", "/1", &[]), request("GET", "/cut", &[]), request("GET", "/3", &[])].concat());
    assert_eq!(client.response().status, 200);
    // The head may be lost with the connection; what arrives must neither look complete nor belong to another request.
    if let Some(cut) = client.next_response("GET") {
        assert!(!cut.body.complete);
        assert!("half of it".starts_with(&cut.text()), "{cut:?}");
    }
    client.assert_closed();
}
