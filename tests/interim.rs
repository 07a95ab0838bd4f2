//! `Expect: 100-continue` and what comes before a final answer (RFC 9110 10.1.1 and 15.2).

#![allow(clippy::unwrap_used, missing_docs, reason = "tests say what is wrong by panicking")]

mod common;

use common::{After, Backend, Balancer, request, response};

#[test]
fn expect_100_continue_is_answered_before_the_body_is_sent() {
    let backend = Backend::echoing();
    let balancer = Balancer::over(&[&backend]);
    let mut client = balancer.client();
    for _ in 0..2 {
        client.send(&request("POST", "/", &["Content-Length: 5", "Expect: 100-continue"]));
        let interim = client.wire.head().unwrap().unwrap();
        assert!(interim.start.starts_with("HTTP/1.1 100 "), "{}", interim.start);
        client.send(b"hello");
        assert_eq!(client.response().text(), "hello");
    }
}

#[test]
fn a_backend_that_says_100_gets_the_body_and_its_answer_passes() {
    let backend = Backend::start(|call| {
        assert_eq!(call.head.get("expect").as_deref(), Some("100-continue"), "RFC 9110 10.1.1: passed on");
        call.send(b"HTTP/1.1 100 Continue\r\n\r\n");
        common::backend::echo(call)
    });
    let balancer = Balancer::over(&[&backend]);
    let body = "x".repeat(1 << 20);
    let length = format!("Content-Length: {}", body.len());
    let mut client = balancer.client();
    client.send(&request("PUT", "/", &[&length, "Expect: 100-continue"]));
    client.wire.head().unwrap().unwrap();
    client.send(body.as_bytes());
    let answer = client.response();
    assert_eq!((answer.status, answer.text() == body), (200, true));
}

#[test]
fn an_early_refusal_of_an_expected_body_desynchronises_nothing() {
    let backend = Backend::start(|call| {
        if call.target == "/refused" {
            call.send(&response("417 Expectation Failed", &[], "no"));
            return After::Close;
        }
        common::backend::echo(call)
    });
    let balancer = Balancer::over(&[&backend]);
    let hidden = request("GET", "/hidden", &[]);
    for sends_it in [true, false] {
        let mut client = balancer.client();
        let length = format!("Content-Length: {}", hidden.len());
        client.send(&request("POST", "/refused", &[&length, "Expect: 100-continue"]));
        let answer = client.response();
        assert_eq!((answer.status, answer.text().as_str()), (417, "no"));
        let continued = answer.interim.contains(&100);
        // A client that was told to continue owes the body; one that was not may leave it out (RFC 9110 10.1.1).
        if sends_it || continued {
            let _ = client.wire.write(&hidden);
        }
        let _ = client.wire.write(&request("GET", "/next", &[]));
        if let Some(next) = client.next_response("GET") {
            assert_eq!(next.status, 200);
        }
        assert!(!backend.targets().contains(&"/hidden".to_owned()));
    }
}

#[test]
fn informational_responses_never_hang_or_replace_the_answer() {
    for interim in ["100 Continue", "102 Processing", "103 Early Hints", "199 Odd"] {
        let informing = format!("HTTP/1.1 {interim}\r\nLink: </a.css>; rel=preload\r\n\r\n");
        let all = [informing.repeat(3).as_bytes(), &response("200 OK", &[], "final")].concat();
        let backend = Backend::answering(all);
        let balancer = Balancer::over(&[&backend]);
        let mut client = balancer.client();
        for method in ["GET", "POST", "GET"] {
            let answer = client.exchange(&request(method, "/", &["Content-Length: 0"]));
            assert_eq!((answer.status, answer.text().as_str()), (200, "final"), "{interim} to {method}");
        }
    }
}

#[test]
fn early_hints_reach_the_client_before_the_answer_and_only_http_1_1() {
    let hints = "HTTP/1.1 103 Early Hints\r\nLink: </a.css>; rel=preload\r\nConnection: x-hop\r\nX-Hop: 1\r\n\r\n";
    let backend = Backend::answering([hints.repeat(2).as_bytes(), &response("200 OK", &[], "final")].concat());
    let balancer = Balancer::over(&[&backend]);
    let mut client = balancer.client();
    for _ in 0..2 {
        client.send(&request("GET", "/", &[]));
        for _ in 0..2 {
            let head = client.wire.head().unwrap().unwrap();
            assert_eq!(head.start, "HTTP/1.1 103 Early Hints");
            assert_eq!((head.all("link"), head.all("x-hop")), (vec!["</a.css>; rel=preload".to_owned()], vec![]));
        }
        assert_eq!(client.response().text(), "final");
    }
    let mut old = balancer.client();
    old.send(b"GET / HTTP/1.0\r\n\r\n");
    let answer = old.response();
    assert_eq!((answer.interim, answer.body.bytes.as_slice()), (vec![], &b"final"[..]), "RFC 9110 15.2");
}

#[test]
fn the_backends_100_is_the_clients_and_it_is_told_once() {
    let backend = Backend::start(|call| {
        if call.head.get("expect").is_some() {
            call.send(b"HTTP/1.1 100 Continue\r\nX-From: backend\r\n\r\n");
        }
        common::backend::echo(call)
    });
    let balancer = Balancer::over(&[&backend]);
    let mut client = balancer.client();
    for _ in 0..3 {
        client.send(&request("PUT", "/", &["Content-Length: 5", "Expect: 100-continue"]));
        let interim = client.wire.head().unwrap().unwrap();
        assert_eq!(
            (interim.start.as_str(), interim.get("x-from").as_deref()),
            ("HTTP/1.1 100 Continue", Some("backend"))
        );
        client.send(b"hello");
        let answer = client.response();
        assert_eq!((answer.text().as_str(), answer.interim), ("hello", vec![]));
    }
}

#[test]
fn a_body_that_nobody_wants_is_not_asked_for() {
    let backend = Backend::start(|call| {
        call.send(&response("413 Content Too Large", &[], "no"));
        After::Close
    });
    let balancer = Balancer::over(&[&backend]);
    let mut client = balancer.client();
    client.send(&request("POST", "/", &["Content-Length: 5000000", "Expect: 100-continue"]));
    let answer = client.response();
    assert_eq!((answer.status, answer.interim.as_slice(), answer.closes()), (413, &[][..], true));
    client.assert_closed();
}
