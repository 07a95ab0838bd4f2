//! `Expect: 100-continue` and what comes before a final answer (RFC 9110 10.1.1 and 15.2).

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};
use std::time::Duration;

use crate::support::wire::Framing;
use crate::support::{self, After, Backend, Balancer, Config, Gate, request, response};

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
        support::backend::echo(call)
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
        support::backend::echo(call)
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
        support::backend::echo(call)
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

#[test]
fn no_100_is_said_once_the_answer_has_begun() {
    let gate = Arc::new(Gate::default());
    let passed = Arc::clone(&gate);
    let backend = Backend::start(move |call| {
        call.send(b"HTTP/1.1 401 Unauthorized\r\nContent-Length: 10\r\n\r\nhello");
        passed.pass();
        call.send(b"world");
        After::Close
    });
    let balancer = Balancer::over(&[&backend]);
    let mut client = balancer.client();
    client.send(&request("POST", "/", &["Content-Length: 10", "Expect: 100-continue"]));
    assert_eq!(client.head().unwrap().unwrap().status, 401);
    // Longer than the time a backend has to respond.
    std::thread::sleep(Duration::from_millis(600));
    gate.open();
    let body = client.wire.body(Framing::Length(10));
    assert_eq!(String::from_utf8_lossy(&body.bytes), "helloworld");
}

#[test]
fn hints_that_the_client_does_not_take_are_not_read_and_none_is_torn() {
    // 64 MB: the backend reads some of it, and then dies.
    const HINTS: usize = 64 << 10;
    let hint = format!("HTTP/1.1 103 Early Hints\r\nLink: <{}>\r\n\r\n", "a".repeat(960));
    let sent = Arc::new(AtomicUsize::new(0));
    let counted = Arc::clone(&sent);
    let hinting = hint.clone();
    let dying = Backend::start(move |call| {
        call.wire.stream.set_write_timeout(Some(Duration::from_millis(500))).unwrap();
        for _ in 0..HINTS {
            if call.wire.write(hinting.as_bytes()).is_err() {
                break;
            }
            counted.fetch_add(1, SeqCst);
        }
        After::Close
    });
    let alive = Backend::echoing();
    let balancer = Config::new(&[&dying, &alive]).start();
    let mut client = balancer.client();
    client.send(&request("GET", "/", &["Cookie: X-Backend-ID=0"]));
    dying.wait_for_end(dying.wait_for_requests(1)[0].connection);
    assert!(sent.load(SeqCst) < HINTS, "all of them were read though nobody took them");
    // The interim responses it gets are complete, and so is the final one.
    let answer = client.response();
    assert_eq!((answer.status, answer.backend()), (200, Some(1)));
    let received = client.received();
    let text = String::from_utf8_lossy(&received);
    assert_eq!(text.matches("HTTP/1.1 ").count(), answer.interim.len() + 1);
    assert_eq!(text.matches(&"a".repeat(960)).count(), answer.interim.len(), "a torn hint");
}
