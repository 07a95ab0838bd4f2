//! Which requests are retried, how often, and what the log says of the others.

use std::collections::HashSet;
use std::sync::Mutex;
use std::time::Duration;

use serde_json::json;

use crate::support::backend::echo;
use crate::support::{After, Backend, Config, request, response};

/// Reads each request with its body and dies without an answer.
fn dying() -> Backend {
    Backend::start(|call| {
        call.body();
        After::Reset
    })
}

fn with_body(method: &str, body: &str) -> Vec<u8> {
    let length = format!("Content-Length: {}", body.len());
    [&request(method, "/", &["Cookie: X-Backend-ID=0", &length])[..], body.as_bytes()].concat()
}

#[test]
fn a_body_within_the_limit_is_replayed_byte_for_byte() {
    let (dying, alive) = (dying(), Backend::echoing());
    let balancer = Config::new(&[&dying, &alive]).start();
    let body = "0123456789abcdef".repeat(4000);
    let answer = balancer.exchange(&with_body("PUT", &body));
    assert_eq!((answer.status, answer.backend()), (200, Some(1)));
    assert!(answer.text() == body, "another body than was sent");
    assert!(balancer.line(" PUT / 200 ").contains("retried: b0 gave no answer"));
}

#[test]
fn a_chunked_body_is_replayed_too() {
    let (dying, alive) = (dying(), Backend::echoing());
    let balancer = Config::new(&[&dying, &alive]).start();
    let head = request("PUT", "/", &["Cookie: X-Backend-ID=0", "Transfer-Encoding: chunked"]);
    let answer = balancer.exchange(&[&head[..], b"5\r\nhello\r\n6\r\n world\r\n0\r\n\r\n"].concat());
    assert_eq!((answer.status, answer.text().as_str()), (200, "hello world"));
}

#[test]
fn a_chunked_body_is_the_same_for_the_next_backend_however_it_came() {
    let (dying, alive) = (dying(), Backend::echoing());
    let balancer = Config::new(&[&dying, &alive]).start();
    let head = request("PUT", "/", &["Cookie: X-Backend-ID=0", "Transfer-Encoding: chunked", "Trailer: X-Sum, Cookie"]);
    let signed = format!("5;chunk-signature={}\r\nhello\r\n", "0".repeat(64));
    let body =
        [signed.as_str(), "006 \t;a=\"b;c\"\r\n world\r\n", "00;last\r\nX-Sum: 7\r\nCookie: evil\r\n\r\n"].concat();
    let answer = balancer.exchange(&[&head[..], body.as_bytes()].concat());
    assert_eq!((answer.status, answer.text().as_str()), (200, "hello world"));
    for backend in [&dying, &alive] {
        assert_eq!(backend.requests().len(), 1);
    }
    let seen = alive.requests()[0].body.clone().unwrap();
    assert_eq!((seen.bytes.as_slice(), seen.complete), (&b"hello world"[..], true));
    assert_eq!(seen.trailers, [("x-sum".to_owned(), b"7".to_vec())], "what is dropped is so each time");
}

#[test]
fn a_chunked_body_whose_backend_dies_in_the_middle_of_a_chunk_is_whole_at_the_next() {
    let dying = Backend::start(|_| After::Reset);
    let alive = Backend::echoing();
    let balancer = Config::new(&[&dying, &alive]).set("/health/passive", json!({"failures": 0})).start();
    let chunks = ["Cookie: X-Backend-ID=0", "Transfer-Encoding: chunked"];
    let body = "10;x\r\nhello wonderful!\r\n5\r\nworld\r\n0\r\nX-Sum: 7\r\n\r\n";
    for (n, split) in [1, 2, 4, 5, 6, 12, 23, 31, 35, 40].into_iter().enumerate() {
        let (before, behind) = body.split_at(split);
        let mut client = balancer.client();
        client.send(&[&request("PUT", "/", &chunks)[..], before.as_bytes()].concat());
        alive.wait_for_requests(n + 1);
        client.send(behind.as_bytes());
        let answer = client.response();
        assert_eq!((answer.status, answer.text().as_str()), (200, "hello wonderful!world"), "split at {split}");
        assert_eq!(alive.wait_for_body(n).trailers, [("x-sum".to_owned(), b"7".to_vec())], "split at {split}");
    }
    assert_eq!(dying.requests().len(), 10);
}

#[test]
fn a_body_beyond_the_limit_is_not_sent_again_and_the_log_says_why() {
    let (dying, alive) = (dying(), Backend::echoing());
    let balancer = Config::new(&[&dying, &alive]).set("/retry/bodyLimit", json!(1000)).start();
    assert_eq!(balancer.exchange(&with_body("PUT", &"x".repeat(1001))).status, 502);
    assert!(balancer.line(" PUT / 502 ").contains("not retried: its body is larger than retry.bodyLimit"));
    assert_eq!(alive.requests().len(), 0);
}

#[test]
fn what_may_have_been_acted_on_is_never_sent_twice() {
    for method in ["POST", "PATCH", "LOCK"] {
        let (dying, alive) = (dying(), Backend::echoing());
        let balancer = Config::new(&[&dying, &alive]).start();
        assert_eq!(balancer.exchange(&with_body(method, "hello")).status, 502, "{method}");
        let line = balancer.line(&format!(" {method} / 502 "));
        assert!(line.contains("not retried: it may have been acted on"), "{line}");
        assert_eq!((dying.requests().len(), alive.requests().len()), (1, 0), "{method}");
    }
}

#[test]
fn attempts_are_counted_and_those_tried_are_left_out() {
    let all = [dying(), dying(), dying(), dying()];
    let each: Vec<&Backend> = all.iter().collect();
    let balancer = Config::new(&each).set("/retry/attempts", json!(3)).start();
    assert_eq!(balancer.get("/").status, 502);
    let tried: Vec<usize> = all.iter().map(|backend| backend.requests().len()).collect();
    assert_eq!(tried.iter().sum::<usize>(), 3, "{tried:?}");
    assert!(tried.iter().all(|count| *count <= 1), "{tried:?}");
    assert!(balancer.line(" GET / 502 ").contains("not retried: retry.attempts is reached"));
}

#[test]
fn repetitions_are_bounded_by_the_budget() {
    let all = [dying(), dying()];
    // Checks keep passing, so that only traffic decides.
    let balancer = Config::new(&[&all[0], &all[1]]).set("/retry/budgetPercent", json!(0)).start();
    for _ in 0..60 {
        assert_eq!(balancer.get("/").status, 502);
    }
    let sent: usize = all.iter().map(|backend| backend.requests().len()).sum();
    assert!(sent < 120, "each of 60 requests was sent again");
    assert!(balancer.line("the retry budget is spent").contains(" 502 "));
}

#[test]
fn statuses_in_retry_on_are_tried_elsewhere_and_the_last_answer_stands() {
    let busy = || Backend::answering(response("503 Busy", &[], "busy"));
    let (first, alive) = (busy(), Backend::echoing());
    let on = json!(["connect", "no-response", 503]);
    let balancer = Config::new(&[&first, &alive]).set("/retry/on", on.clone()).start();
    let answer = balancer.exchange(&request("GET", "/", &["Cookie: X-Backend-ID=0"]));
    assert_eq!((answer.status, answer.backend()), (200, Some(1)));
    assert!(balancer.line(" GET / 200 ").contains("retried: b0 answered 503"));
    assert_eq!(balancer.exchange(&with_body("POST", "x")).status, 503, "it may have been acted on");

    let (one, two) = (busy(), busy());
    let balancer = Config::new(&[&one, &two]).set("/retry/on", on).start();
    let answer = balancer.get("/");
    assert_eq!((answer.status, answer.text().as_str()), (503, "busy"));
}

#[test]
fn a_status_in_retry_on_counts_without_the_other_words() {
    let (busy, alive) = (Backend::answering(response("503 Busy", &[], "")), Backend::echoing());
    let balancer = Config::new(&[&busy, &alive]).set("/retry/on", json!([503])).start();
    let answer = balancer.exchange(&request("GET", "/", &["Cookie: X-Backend-ID=0"]));
    assert_eq!((answer.status, answer.backend()), (200, Some(1)));
}

#[test]
fn what_retry_on_leaves_out_is_not_tried_elsewhere() {
    let (dying, alive) = (dying(), Backend::echoing());
    let balancer = Config::new(&[&dying, &alive]).set("/retry/on", json!(["connect"])).start();
    assert_eq!(balancer.exchange(&request("GET", "/", &["Cookie: X-Backend-ID=0"])).status, 502);
    assert!(balancer.line(" GET / 502 ").contains("not retried: retry.on leaves it out"));
}

#[test]
fn with_hold_a_request_waits_for_the_backend_that_restarts() {
    let mut backend = Backend::echoing();
    let port = backend.port;
    let balancer = Config::new(&[&backend]).set("/hold", json!(60_000)).start();
    backend.stop();
    // The first request finds it dead, the second comes when that is known; neither was processed.
    let mut first = balancer.client();
    first.send(&request("POST", "/first", &["Content-Length: 0"]));
    balancer.line("UP -> DOWN");
    let mut second = balancer.client();
    second.send(&request("GET", "/held", &[]));
    let _again = Backend::echoing_again_on(port);
    assert_eq!((first.response().status, second.response().status), (200, 200));
    assert!(balancer.line(" POST /first 200 ").contains("retried: b0 refused"));
}

#[test]
fn with_hold_a_request_that_finds_more_backends_dead_than_it_may_ask_waits_too() {
    let mut all = [(); 4].map(|()| Backend::echoing());
    let balancer = Config::new(&all.each_ref()).set("/hold", json!(60_000)).start();
    let port = all[2].port;
    all.iter_mut().for_each(Backend::stop);
    let mut client = balancer.client();
    client.send(&with_body("POST", "hello"));
    balancer.line("b2: UP -> DOWN");
    let _again = Backend::echoing_again_on(port);
    let answer = client.response();
    assert_eq!((answer.status, answer.text().as_str()), (200, "hello"));
}

#[test]
fn with_hold_what_may_have_been_acted_on_is_not_held() {
    let mut backend = dying();
    let balancer = Config::new(&[&backend]).set("/hold", json!(60_000)).start();
    assert_eq!(balancer.exchange(&with_body("POST", "hello")).status, 502);
    backend.stop();
}

#[test]
fn a_body_is_whole_at_the_next_backend_where_the_first_took_nothing() {
    // A Unix socket reports at once that the other side is gone, mostly before the head is written.
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("gone.sock");
    let gone = std::os::unix::net::UnixListener::bind(&path).unwrap();
    std::thread::spawn(move || gone.incoming().for_each(drop));
    let alive = Backend::echoing();
    let gone = json!({"id": 0, "url": format!("unix:{}", path.display()), "healthAlgorithm": "tcp"});
    let config = Config::new(&[&alive]).set("/health/passive", json!({"failures": 0}));
    let alive = json!({"id": 1, "url": format!("http://127.0.0.1:{}", alive.port)});
    let balancer = config.set("/backends", json!([gone, alive])).start();
    let chunks = &["Transfer-Encoding: chunked", "Cookie: X-Backend-ID=0"];
    for _ in 0..40 {
        let mut client = balancer.client();
        client.send(&[&request("POST", "/", chunks)[..], b"5\r\nhello\r\n"].concat());
        std::thread::sleep(Duration::from_millis(5));
        // Once the head was written the request may have been processed, and the connection may be closed.
        let _ = client.wire.write(b"5\r\nworld\r\n0\r\n\r\n");
        let answer = client.response();
        assert!(matches!((answer.status, answer.text().as_str()), (200, "helloworld") | (502, _)), "{answer:?}");
    }
    // Twice what is kept for a retry: it is sent only once the backend has read the head.
    let large = "x".repeat(128 * 1024);
    for _ in 0..10 {
        let answer = balancer.exchange(&with_body("PUT", &large));
        assert!(matches!(answer.status, 200 | 502) && (answer.status == 502 || answer.text() == large));
    }
}

#[test]
fn a_kept_connection_that_breaks_in_the_middle_of_an_answer_is_a_try_that_failed() {
    let backend = Backend::start(|call| {
        if call.target == "/good" {
            return echo(call);
        }
        call.send(b"HTTP/1.1 200 OK\r\nContent-");
        After::Close
    });
    let balancer = Config::new(&[&backend]).start();
    let mut client = balancer.client();
    assert_eq!(client.exchange(&request("GET", "/good", &[])).status, 200);
    assert_eq!(client.exchange(&request("GET", "/bad", &[])).status, 502);
    assert_eq!(backend.targets(), ["/good", "/bad"], "it was not sent a second time");
}

#[test]
fn a_kept_connection_that_ends_before_a_word_is_told_as_closed_and_blames_nobody() {
    let seen = Mutex::new(HashSet::new());
    let backend = Backend::start(move |call| {
        // Its second request finds the connection ended.
        if seen.lock().unwrap().insert(call.connection) { echo(call) } else { After::Reset }
    });
    let balancer = Config::new(&[&backend]).start();
    let mut client = balancer.client();
    for path in ["/one", "/two"] {
        assert_eq!(client.exchange(&request("GET", path, &[])).status, 200);
    }
    assert!(balancer.line(" GET /two 200 ").contains("retried: b0 had closed the kept connection"));
    assert_eq!(balancer.backend(0)["errors"], 0);
}

#[test]
fn a_hold_that_is_over_is_a_503() {
    let mut backend = Backend::echoing();
    let port = backend.port;
    backend.stop();
    let balancer = Config::of_ports(&[port]).set("/hold", json!(100)).start();
    let answer = balancer.exchange(&request("GET", "/", &["Accept: text/html"]));
    assert_eq!(answer.status, 503);
    assert!(answer.text().contains("http-equiv=\"refresh\""), "a browser's page reloads itself");
}
