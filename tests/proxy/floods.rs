//! Times and bounds hold whatever comes instead of a request or an answer.

use std::io::Write as _;

use serde_json::json;

use crate::support::{After, Backend, Balancer, Config, request, until};

#[test]
fn a_flood_of_empty_lines_is_no_request_and_ends_at_its_time() {
    let backend = Backend::echoing();
    let balancer = Config::new(&[&backend])
        .set("/timeouts/requestHeaders", json!(500))
        .set("/timeouts/idle", json!(20_000))
        .start();
    for pause in [0, 50] {
        let stream = balancer.client().wire.stream.try_clone().unwrap();
        let mut flooding = std::net::TcpStream::connect(stream.peer_addr().unwrap()).unwrap();
        until("the connection is closed", || {
            std::thread::sleep(std::time::Duration::from_millis(pause));
            flooding.write_all(b"\r\n\r\n").is_err()
        });
    }
}

#[test]
fn a_flood_of_interim_responses_does_not_hold_off_the_time_for_the_answer() {
    let backend = Backend::start(|call| {
        call.body();
        // Until the balancer has had enough.
        while call.wire.write(b"HTTP/1.1 102 Processing\r\n\r\n").is_ok() {
            std::thread::sleep(std::time::Duration::from_millis(20));
        }
        After::Close
    });
    let balancer = Config::new(&[&backend]).set("/timeouts/response", json!(500)).start();
    let answer = balancer.get("/");
    assert_eq!(answer.status, 504);
    assert!(!answer.interim.is_empty());
}

#[test]
fn the_verdict_on_what_is_too_long_is_the_same_in_one_piece_and_in_many() {
    let backend = Backend::echoing();
    let balancer = Balancer::over(&[&backend]);
    let long = |length: usize| "M".repeat(length);
    for (head, status) in [
        (format!("{} / HTTP/1.1\r\nHost: a\r\n\r\n", long(70_000)), 501),
        (format!("{} / HTTP/1.1\r\nHost: a\r\n\r\n", long(129)), 501),
        (format!("{} / HTTP/1.1\r\nHost: a\r\n\r\n", long(128)), 200),
        (format!("GET /{} HTTP/1.1\r\nHost: a\r\n\r\n", long(70_000)), 414),
        (format!("GET / HTTP/1.1\r\nHost: a\r\nX: {}\r\nB ad: x\r\n\r\n", long(70_000)), 431),
    ] {
        for pieces in [1, 3] {
            let mut client = balancer.client();
            for piece in head.as_bytes().chunks(head.len().div_ceil(pieces)) {
                // It may be refused before its end.
                let _ = client.wire.write(piece);
                std::thread::sleep(std::time::Duration::from_millis(if pieces > 1 { 30 } else { 0 }));
            }
            assert_eq!(client.response().status, status, "{pieces}: {head:.30}");
        }
    }
}

#[test]
fn no_more_of_a_clients_text_is_kept_than_its_beginning() {
    let backend = Backend::echoing();
    let balancer = Balancer::over(&[&backend]);
    let method = "M".repeat(128);
    assert_eq!(balancer.exchange(&request(&method, &format!("/{}", "p".repeat(60_000)), &[])).status, 200);
    let line = balancer.line(" /ppp");
    assert!(line.len() < 1000, "{} bytes", line.len());
    assert!(line.contains(&format!(" {} /ppp", "M".repeat(32))), "{line:.200}");
}

#[test]
fn names_with_underscores_that_end_in_the_variables_of_framing_and_forwarding_do_not_pass() {
    let backend = Backend::echoing();
    let balancer = Balancer::over(&[&backend]);
    let lines = ["Content_Length: 5", "Transfer_Encoding: chunked", "x_forwarded-FOR: 6.6.6.6", "My_Own: passes"];
    assert_eq!(balancer.exchange(&request("GET", "/", &lines)).status, 200);
    let seen = &backend.requests()[0];
    for name in ["content_length", "transfer_encoding", "x_forwarded-for"] {
        assert_eq!(seen.get(name), None, "{name}");
    }
    assert_eq!(seen.get("my_own").as_deref(), Some("passes"));
}

#[test]
fn raw_bytes_beyond_ascii_in_a_target_pass_as_they_came() {
    let backend = Backend::echoing();
    let balancer = Balancer::over(&[&backend]);
    let mut client = balancer.client();
    client.send(b"GET /caf\xc3\xa9?\xff HTTP/1.1\r\nHost: localhost\r\n\r\n");
    assert_eq!(client.response().status, 200);
    let bytes = backend.all_bytes();
    let target = b"GET /caf\xc3\xa9?\xff HTTP/1.1\r\n";
    assert!(bytes.windows(target.len()).any(|part| part == target));
}

#[test]
fn the_bytes_of_a_body_that_follows_a_head_response_reach_no_other_request() {
    // As handlers do that take no notice of HEAD: the body comes a moment after its head.
    let backend = Backend::start(|call| {
        call.body();
        let is_head = call.head.start.starts_with("HEAD ");
        call.send(b"HTTP/1.1 200 OK\r\nContent-Length: 44\r\n\r\n");
        if is_head {
            std::thread::sleep(std::time::Duration::from_millis(2));
        }
        call.send(b"HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\nforged");
        After::Keep
    });
    let balancer = Balancer::over(&[&backend]);
    let mut client = balancer.client();
    for number in 0..20 {
        assert_eq!(client.exchange(&request("HEAD", "/", &[])).status, 200, "{number}");
        std::thread::sleep(std::time::Duration::from_millis(number % 4));
        let answer = client.exchange(&request("GET", "/", &[]));
        assert_eq!((answer.status, answer.body.bytes.len()), (200, 44), "{number}: {}", answer.text());
    }
}
