//! Each kind of fault, as its client and its backend see it.

use std::time::{Duration, Instant};

use serde_json::json;

use crate::support::{After, Backend, Balancer, Client, Config, Response, request, response, until};

/// Two backends that echo; a client without a cookie is sent to b0 first.
fn two() -> ([Backend; 2], Balancer) {
    let backends = [Backend::echoing(), Backend::echoing()];
    let config = Config::new(&backends.each_ref()).set("/strategy", json!("first"));
    let config = config.set("/timeouts", json!({"connect": 1000, "response": 2000}));
    (backends, config.set("/sticky", json!({"by": "off"})).start())
}

/// b0 alone has the fault; a check that fails says nothing here.
fn fault(balancer: &Balancer, words: &[&str]) {
    balancer.chaos(&[&["b0"], words, &["checks=spare"]].concat());
}

fn send(balancer: &Balancer, method: &str) -> Response {
    let body = if method == "POST" { "hello" } else { "" };
    let length = format!("Content-Length: {}", body.len());
    balancer.exchange(&[request(method, "/", &[&length]), body.into()].concat())
}

#[test]
fn an_error_reaches_no_backend_and_is_its_answer() {
    let (backends, balancer) = two();
    fault(&balancer, &["error", "503"]);
    let connections = backends[0].connections();
    for method in ["GET", "POST", "HEAD"] {
        let answer = Client::connect(balancer.port).exchange(&request(method, "/", &["Content-Length: 0"]));
        assert_eq!((answer.status, answer.backend()), (503, Some(0)), "{method}");
    }
    assert_eq!((backends[0].requests().len(), backends[0].connections()), (0, connections));
    assert_eq!(balancer.backend(0)["errors"], 3);
    balancer.line("chaos: error 503; first 1 of 2");
}

#[test]
fn an_error_in_retry_on_is_tried_elsewhere_and_one_that_ejects_does() {
    let backends = [Backend::echoing(), Backend::echoing()];
    let config = Config::new(&backends.each_ref()).set("/strategy", json!("first"));
    let config =
        config.set("/retry", json!({"on": ["connect", "no-response", 503]})).set("/sticky", json!({"by": "off"}));
    let balancer = config.set("/health/passive", json!({"statuses": [500], "ejectFor": 60000})).start();
    fault(&balancer, &["error", "503"]);
    assert_eq!(send(&balancer, "GET").backend(), Some(1));
    balancer.line("chaos on b0: error 503; retried: b0 answered 503");
    assert_eq!(send(&balancer, "POST").status, 503, "it may have been acted on, for all that is known");
    fault(&balancer, &["error", "500"]);
    until("it is ejected", || {
        send(&balancer, "POST");
        balancer.backend(0)["state"] == "EJECTED"
    });
}

#[test]
fn a_refusal_is_tried_elsewhere_for_every_method_and_no_kept_connection_is_used() {
    let (backends, balancer) = two();
    let mut client = balancer.client();
    assert_eq!(client.exchange(&request("GET", "/", &[])).backend(), Some(0));
    let before = backends[0].requests().len();
    fault(&balancer, &["refuse", "for=60s"]);
    for method in ["GET", "POST"] {
        assert_eq!(send(&balancer, method).backend(), Some(1), "{method}");
    }
    // Connections say nothing here: traffic that fails asks for a check at once, which is spared.
    assert_eq!(backends[0].requests().len(), before);
    balancer.chaos(&["off"]);
    until("it is served again", || client.exchange(&request("GET", "/", &[])).backend() == Some(0));
}

#[test]
fn a_black_hole_takes_as_long_as_connecting_may_and_is_tried_elsewhere_or_504() {
    let (backends, balancer) = two();
    fault(&balancer, &["blackhole"]);
    let began = Instant::now();
    assert_eq!(send(&balancer, "POST").backend(), Some(1));
    assert!(began.elapsed() >= Duration::from_secs(1));
    balancer.line("retried: b0 did not connect in time");
    balancer.ctl(&["down", "b1"]);
    assert_eq!(send(&balancer, "GET").status, 504);
    assert!(backends[0].requests().is_empty());
}

#[test]
fn what_hangs_has_arrived_and_is_504_in_the_time_of_a_response() {
    let (backends, balancer) = two();
    fault(&balancer, &["hang"]);
    let began = Instant::now();
    assert_eq!(send(&balancer, "GET").status, 504);
    assert!(began.elapsed() >= Duration::from_secs(2));
    let arrived = backends[0].wait_for_requests(1);
    assert_eq!(arrived[0].method, "GET");
    backends[0].wait_for_end(arrived[0].connection);
    balancer.line("failed: b0 did not answer in time");
}

#[test]
fn a_reset_before_the_head_sends_a_get_elsewhere_and_a_post_nowhere() {
    let (backends, balancer) = two();
    fault(&balancer, &["reset"]);
    assert_eq!(send(&balancer, "GET").backend(), Some(1));
    assert_eq!(send(&balancer, "POST").status, 502);
    let arrived = backends[0].wait_for_requests(2);
    assert_eq!((arrived[1].method.as_str(), backends[1].requests().len()), ("POST", 1));
    assert_ne!(arrived[0].connection, arrived[1].connection, "what was touched is not kept");
    balancer.line("not retried: it may have been acted on");
}

/// A backend with a body of a hundred bytes, whole or in chunks of ten.
fn hundred(chunked: bool) -> (Backend, String) {
    let body: String = (0..100_u8).map(|n| char::from(b'a' + n % 26)).collect();
    let answer = if chunked {
        let chunks: Vec<String> =
            body.as_bytes().chunks(10).map(|c| format!("a\r\n{}\r\n", String::from_utf8_lossy(c))).collect();
        format!("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n{}0\r\n\r\n", chunks.concat()).into_bytes()
    } else {
        response("200 OK", &[], &body)
    };
    (Backend::answering(answer), body)
}

#[test]
fn a_body_is_cut_after_so_many_bytes_of_it_whichever_its_frame() {
    for chunked in [false, true] {
        let (backend, body) = hundred(chunked);
        let balancer = Balancer::over(&[&backend]);
        for kind in [&["truncate", "37B"][..], &["reset", "after=37B"]] {
            fault(&balancer, kind);
            let answer = balancer.get("/");
            assert_eq!(
                (answer.status, answer.text().as_str(), answer.body.complete),
                (200, &body[..37], false),
                "{kind:?}"
            );
        }
        balancer.line(if chunked { "its last chunk did not come" } else { "its Content-Length promised more" });
        fault(&balancer, &["truncate", "100B"]);
        assert_eq!(balancer.get("/").body.complete, !chunked, "the last chunk is within what was promised");
        balancer.chaos(&["off"]);
        let whole = balancer.get("/");
        assert!(whole.text() == body && whole.body.complete);
    }
}

#[test]
fn a_slow_body_comes_at_its_pace_whole_and_in_order() {
    let body: String = (0..2000_u16).map(|n| char::from(b'a' + (n % 26) as u8)).collect();
    let backend = Backend::answering(response("200 OK", &[], &body));
    let balancer = Balancer::over(&[&backend]);
    fault(&balancer, &["slow", "2KB/s"]);
    let began = Instant::now();
    let mut client = balancer.client();
    client.send(&request("GET", "/", &[]));
    let head = client.head().unwrap().unwrap();
    assert_eq!(head.status, 200);
    let mut came = Vec::new();
    client.wire.exactly(body.len(), &mut came).unwrap();
    assert_eq!(String::from_utf8(came).unwrap(), body);
    assert!(began.elapsed() >= Duration::from_millis(900), "{:?}", began.elapsed());
}

#[test]
fn a_flaky_one_is_up_first_and_refuses_then() {
    let (backends, balancer) = two();
    fault(&balancer, &["flaky", "up=4s", "down=2s", "for=60s"]);
    let mut by = Vec::new();
    until("it was up, down and up again", || {
        by.extend(send(&balancer, "GET").backend());
        by.dedup();
        by.len() >= 3
    });
    assert_eq!(by[..2], [0, 1], "it begins up");
    assert!(!backends[0].requests().is_empty());
}

#[test]
fn a_connection_that_was_touched_is_not_used_again() {
    let backend = Backend::start(|call| {
        call.body();
        call.send(&response("200 OK", &[], "ok"));
        After::Keep
    });
    let balancer = Balancer::over(&[&backend]);
    let mut client = balancer.client();
    for kind in ["latency 1ms", "slow 1MB/s", "truncate 1MB"] {
        fault(&balancer, &kind.split(' ').collect::<Vec<_>>());
        assert_eq!(client.exchange(&request("GET", "/touched", &[])).status, 200, "{kind}");
    }
    balancer.chaos(&["off"]);
    assert_eq!(client.exchange(&request("GET", "/after", &[])).status, 200);
    let mut connections: Vec<usize> = backend.requests().iter().map(|request| request.connection).collect();
    connections.sort_unstable();
    connections.dedup();
    assert_eq!(connections.len(), 4, "each has its own");
    for touched in backend.requests().iter().filter(|request| request.target == "/touched") {
        backend.wait_for_end(touched.connection);
    }
}

#[test]
fn an_upload_arrives_whole_under_a_latency() {
    let backend = Backend::echoing();
    let balancer = Balancer::over(&[&backend]);
    fault(&balancer, &["latency", "200ms"]);
    let body = vec![b'x'; 300_000];
    let head = request("POST", "/", &["Content-Length: 300000", "Expect: 100-continue"]);
    let mut client = balancer.client();
    client.send(&head);
    client.send(&body);
    let answer = client.response();
    assert_eq!((answer.status, answer.body.bytes.len()), (200, 300_000));
}
