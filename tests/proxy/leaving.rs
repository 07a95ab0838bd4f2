//! Clients that leave, and backends that answer before they have read the whole request.

use std::io::Write as _;
use std::sync::Arc;
use std::time::Duration;

use serde_json::json;

use crate::support::wire::Framing;
use crate::support::{self, After, Backend, Balancer, Client, Config, Gate, request, response, until};

/// After the client has gone, the backend's connection ends, the active count returns to zero, and the backend is not
/// blamed.
fn assert_let_go(balancer: &Balancer, backend: &Backend, path: &str, logged: &[&str]) {
    backend.wait_for_end(backend.requests()[0].connection);
    until("no request is active", || balancer.backend(0)["activeConnections"] == 0);
    let line = balancer.line(&format!(" {path} "));
    assert!(logged.iter().any(|text| line.contains(text)), "{line}");
    let backend = balancer.backend(0);
    assert_eq!((&backend["errors"], &backend["requests"]), (&0.into(), &1.into()), "{line}");
    assert_eq!(backend["state"], "UP");
    assert!(!balancer.lines().iter().any(|line| line.contains("-> DOWN")));
}

#[test]
fn a_client_that_leaves_while_it_waits_is_logged_499() {
    let backend = Backend::start(|call| {
        call.wait_for_close();
        After::Close
    });
    let balancer = Balancer::over(&[&backend]);
    let mut client = balancer.client();
    client.send(&request("GET", "/waiting", &[]));
    backend.wait_for_requests(1);
    drop(client);
    assert_let_go(&balancer, &backend, "/waiting", &[" 499 "]);
}

#[test]
fn a_client_that_resets_while_it_waits_is_logged_499() {
    let backend = Backend::start(|call| {
        call.wait_for_close();
        After::Close
    });
    let balancer = Balancer::over(&[&backend]);
    let mut client = balancer.client();
    client.send(&request("POST", "/waiting", &["Content-Length: 0"]));
    backend.wait_for_requests(1);
    client.reset();
    assert_let_go(&balancer, &backend, "/waiting", &[" 499 "]);
}

#[test]
fn a_client_that_leaves_in_the_middle_of_a_response_is_logged_as_gone() {
    let backend = Backend::start(|call| {
        call.send(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n");
        call.wait_for_close();
        After::Close
    });
    let balancer = Balancer::over(&[&backend]);
    let mut client = balancer.client();
    client.send(&request("GET", "/streaming", &[]));
    client.head().unwrap();
    drop(client);
    assert_let_go(&balancer, &backend, "/streaming", &[" 499 ", "the client left"]);
}

fn leaves_while_uploading(framing: &str, part: &str) {
    let backend = Backend::start(|call| {
        let body = call.body();
        assert!(!body.complete, "half an upload ended well");
        After::Close
    });
    let balancer = Balancer::over(&[&backend]);
    let mut client = balancer.client();
    client.send(&[&request("POST", "/uploading", &[framing]), part.as_bytes()].concat());
    let arrived = || !backend.requests().is_empty() && String::from_utf8_lossy(&backend.all_bytes()).contains("part");
    until("a part of the upload has arrived", arrived);
    drop(client);
    assert_let_go(&balancer, &backend, "/uploading", &[" 499 "]);
}

#[test]
fn a_client_that_leaves_in_the_middle_of_an_upload_by_length_is_logged_499() {
    leaves_while_uploading("Content-Length: 100", "part");
}

#[test]
fn a_client_that_leaves_in_the_middle_of_an_upload_by_chunks_is_logged_499() {
    leaves_while_uploading("Transfer-Encoding: chunked", "4\r\npart\r\n");
}

/// Uploads 8 MB to a backend that answers 413 after the head; the client must read that answer.
fn assert_413_is_read(backend: &Backend) {
    let balancer = Balancer::over(&[backend]);
    let size = 8 << 20;
    for n in 0..10 {
        let mut client = balancer.client();
        client.send(&request("POST", "/big", &[&format!("Content-Length: {size}")]));
        let piece = vec![b'x'; 65536];
        for _ in 0..size / piece.len() {
            // The balancer may stop reading at some point; the answer must arrive all the same.
            if client.wire.write(&piece).is_err() {
                break;
            }
        }
        let answer = client.next_response("POST").map(|answer| (answer.status, answer.text()));
        assert_eq!(answer, Some((413, "too big".to_owned())), "upload {n}");
    }
}

#[test]
fn a_413_in_the_middle_of_a_large_upload_reaches_the_client() {
    assert_413_is_read(&Backend::start(|call| {
        call.send(&response("413 Content Too Large", &["Connection: close"], "too big"));
        // As careful servers do: half-close after the answer, and read the rest for a while.
        call.wire.stream.shutdown(std::net::Shutdown::Write).unwrap();
        call.wait_for_close();
        After::Close
    }));
}

#[test]
fn a_413_from_a_backend_that_closes_at_once_reaches_the_client() {
    assert_413_is_read(&Backend::start(|call| {
        call.send(&response("413 Content Too Large", &["Connection: close"], "too big"));
        After::Close
    }));
}

#[test]
fn a_413_from_a_backend_that_reads_some_and_closes_reaches_the_client() {
    assert_413_is_read(&Backend::start(|call| {
        let mut some = Vec::new();
        // The balancer may have stopped reading.
        let _ = call.wire.exactly(1 << 20, &mut some);
        call.send(&response("413 Content Too Large", &["Connection: close"], "too big"));
        After::Close
    }));
}

#[test]
fn an_upload_goes_on_while_the_response_is_already_coming() {
    // RFC 9112 9.5 lets a server answer before it has read the request; then both directions go on at once.
    let backend = Backend::start(|call| {
        call.send(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nfirst\r\n");
        let body = call.body().bytes.clone();
        call.send(&[format!("{:x}\r\n", body.len()).as_bytes(), &body, b"\r\n0\r\n\r\n"].concat());
        After::Keep
    });
    let balancer = Balancer::over(&[&backend]);
    let mut client = balancer.client();
    client.send(&request("POST", "/duplex", &["Content-Length: 4"]));
    let head = client.head().unwrap().expect("the head comes before the upload has ended");
    assert_eq!(head.status, 200);
    client.send(b"last");
    let body = client.wire.body(support::wire::Framing::Chunked);
    assert_eq!((String::from_utf8_lossy(&body.bytes).as_ref(), body.complete), ("firstlast", true));
    assert_eq!(client.exchange(&request("POST", "/again", &["Content-Length: 0"])).status, 200);
}

#[test]
fn a_slow_reader_gets_everything() {
    let backend = Backend::start(|call| {
        call.send(b"HTTP/1.1 200 OK\r\nContent-Length: 4194304\r\n\r\n");
        call.send(&vec![b'x'; 4 << 20]);
        After::Keep
    });
    let balancer = Balancer::over(&[&backend]);
    let mut client = balancer.client();
    client.send(&request("GET", "/", &[]));
    client.head().unwrap();
    std::thread::sleep(Duration::from_millis(100));
    let body = client.wire.body(support::wire::Framing::Length(4 << 20));
    assert!(body.complete && body.bytes.iter().all(|b| *b == b'x'));
}

#[test]
fn an_upload_goes_on_while_its_client_reads_nothing() {
    // More in both directions than all buffers between can hold, so that waiting for one another would deadlock.
    const BYTES: usize = 48 << 20;
    let backend = Backend::start(|call| {
        let mut down = call.wire.stream.try_clone().unwrap();
        let writer = std::thread::spawn(move || {
            let head = format!("HTTP/1.1 200 OK\r\nContent-Length: {BYTES}\r\n\r\n");
            down.write_all(head.as_bytes()).unwrap();
            let piece = vec![b'd'; 1 << 20];
            for _ in 0..BYTES >> 20 {
                down.write_all(&piece).unwrap();
            }
        });
        let read = call.body().bytes.len();
        assert_eq!(read, BYTES);
        writer.join().unwrap();
        After::Keep
    });
    let balancer = Balancer::over(&[&backend]);
    let mut client = balancer.client();
    client.send(&request("POST", "/", &[&format!("Content-Length: {BYTES}")]));
    let piece = vec![b'u'; 1 << 20];
    for _ in 0..BYTES >> 20 {
        client.wire.write(&piece).unwrap();
    }
    assert_eq!(client.next_response("POST").unwrap().body.bytes.len(), BYTES);
}

#[test]
fn a_client_that_pauses_longer_than_the_idle_time_still_gets_everything() {
    const BYTES: usize = 4 << 20;
    let backend = Backend::start(|call| {
        call.send(format!("HTTP/1.1 200 OK\r\nContent-Length: {BYTES}\r\n\r\n").as_bytes());
        call.send(&vec![b'x'; BYTES]);
        After::Keep
    });
    let balancer = Config::new(&[&backend]).set("/timeouts/idle", json!(200)).start();
    let mut client = balancer.client();
    client.send(&request("GET", "/", &[]));
    let head = client.head().unwrap().unwrap();
    assert_eq!(head.status, 200);
    // The last bytes are not cut off, whether the balancer holds them by then or not.
    std::thread::sleep(Duration::from_millis(700));
    assert_eq!(client.wire.body(Framing::Length(BYTES)).bytes.len(), BYTES);
}

#[test]
fn an_answer_before_the_end_of_a_short_body_leaves_the_connection_usable() {
    let backend = Backend::start(|call| {
        call.send(&response("404 Not Found", &[], "no"));
        After::Close
    });
    let balancer = Balancer::over(&[&backend]);
    let mut client = balancer.client();
    for _ in 0..20 {
        client.send(&request("POST", "/", &["Content-Length: 1"]));
        assert_eq!(client.response().status, 404);
        client.send(b"x");
    }
}

#[test]
fn the_rest_of_a_short_body_reaches_a_backend_that_answers_early_and_reads_on() {
    let backend = Backend::start(|call| {
        call.send(&response("200 OK", &[], "early"));
        call.body();
        After::Keep
    });
    let balancer = Balancer::over(&[&backend]);
    let mut client = balancer.client();
    for n in 0..5 {
        client.send(&[&request("POST", "/", &["Content-Length: 10"])[..], b"hello"].concat());
        assert_eq!(client.response().text(), "early");
        client.send(b"world");
        let body = backend.wait_for_body(n);
        assert_eq!((body.bytes.as_slice(), body.complete), (&b"helloworld"[..], true));
    }
}

#[test]
fn what_follows_a_bad_chunk_is_no_request_though_the_answer_came_before_it() {
    let backend = Backend::start(|call| {
        call.send(&response("200 OK", &[], "early"));
        call.body();
        After::Close
    });
    let balancer = Balancer::over(&[&backend]);
    let mut client = balancer.client();
    client.send(&[&request("POST", "/", &["Transfer-Encoding: chunked"])[..], b"5\r\nhello\r\n"].concat());
    assert_eq!(client.response().text(), "early");
    let _ = client.wire.write(b"zz\r\n");
    std::thread::sleep(Duration::from_millis(100));
    let _ = client.wire.write(&request("GET", "/smuggled", &[]));
    client.assert_closed();
    assert_eq!(backend.targets(), ["/"]);
}

#[test]
fn a_bad_chunk_while_the_answer_streams_cuts_it_and_the_log_says_why() {
    let backend = Backend::start(|call| {
        call.send(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nfirst\r\n");
        call.wait_for_close();
        After::Close
    });
    let balancer = Balancer::over(&[&backend]);
    let mut client = balancer.client();
    client.send(&request("POST", "/", &["Transfer-Encoding: chunked"]));
    client.head().unwrap().unwrap();
    client.send(b"zz\r\n");
    assert!(!client.wire.body(Framing::Chunked).complete);
    let line = balancer.line(" POST / 200 ");
    assert!(line.contains("cut because the request's body is malformed or too large"), "{line}");
    assert_eq!(balancer.backend(0)["errors"], 0);
}

/// More than all buffers between a client and a backend that reads nothing can hold.
const TOO_MUCH: usize = 64 << 20;

/// Sends until the buffers are full.
fn send_until_stuck(client: &mut Client, bytes: usize) {
    client.wire.stream.set_write_timeout(Some(Duration::from_millis(300))).unwrap();
    let piece = vec![b'x'; 1 << 20];
    let stuck = (0..bytes >> 20).any(|_| client.wire.write(&piece).is_err());
    assert!(stuck, "everything was taken");
}

#[test]
fn a_client_is_seen_to_leave_though_its_upload_is_stuck() {
    // Before the answer, and in the middle of it.
    for begins in [false, true] {
        let gate = Arc::new(Gate::default());
        let passed = Arc::clone(&gate);
        let backend = Backend::start(move |call| {
            if begins {
                call.send(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nfirst\r\n");
            }
            // The backend reads nothing until it is allowed to.
            passed.pass();
            call.wait_for_close();
            After::Close
        });
        let balancer = Balancer::over(&[&backend]);
        let mut client = balancer.client();
        client.send(&request("POST", "/stuck", &[&format!("Content-Length: {TOO_MUCH}")]));
        backend.wait_for_requests(1);
        send_until_stuck(&mut client, TOO_MUCH);
        client.reset();
        balancer.line(" POST /stuck ");
        gate.open();
        assert_let_go(&balancer, &backend, "/stuck", &[" 499 ", "the client left"]);
    }
}

#[test]
fn a_client_that_does_not_send_its_body_is_told_408_and_no_backend_is_blamed() {
    let backend = Backend::start(|call| {
        call.body();
        After::Close
    });
    let balancer = Config::new(&[&backend]).set("/timeouts/response", json!(300)).start();
    for _ in 0..4 {
        let mut client = balancer.client();
        client.send(&[&request("POST", "/", &["Content-Length: 100"])[..], b"part"].concat());
        let answer = client.response();
        assert_eq!((answer.status, answer.closes()), (408, true));
        client.assert_closed();
    }
    let backend = balancer.backend(0);
    assert_eq!((&backend["state"], &backend["errors"]), (&"UP".into(), &0.into()));
    assert!(balancer.line(" POST / 408 ").contains("refused: The rest of the body did not come in time."));
}

#[test]
fn an_answer_before_the_end_of_a_long_body_says_that_the_connection_ends() {
    let backend = Backend::start(|call| {
        call.send(&response("413 Content Too Large", &[], "no"));
        After::Close
    });
    let balancer = Balancer::over(&[&backend]);
    let mut client = balancer.client();
    client.send(&request("POST", "/", &["Content-Length: 1000000"]));
    let answer = client.response();
    assert_eq!((answer.status, answer.closes()), (413, true));
}
