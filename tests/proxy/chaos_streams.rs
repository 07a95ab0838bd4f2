//! Faults of raw connections, of WebSockets, and of backends over TLS and at Unix sockets.

use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::time::{Duration, Instant};

use serde_json::json;

use crate::support::raw::{ask, config, connect, echo};
use crate::support::socket::{LINES, echo_bytes, open, read_exactly};
use crate::support::{Backend, Balancer, Config, request};
use crate::tls_backend::tls_backend;

/// Two targets that say their name and echo; one without a fault is chosen last.
fn raw() -> Balancer {
    config(&[echo("a"), echo("b")])
        .set("/pools/raw/strategy", json!("first"))
        .set("/pools/raw/sticky", json!({"by": "off"}))
        .set("/timeouts", json!({"connect": 1000}))
        .start()
}

/// All that comes until the end, and whether that is a reset.
fn rest(stream: &mut TcpStream) -> (String, bool) {
    let mut all = Vec::new();
    let ended = stream.read_to_end(&mut all);
    (String::from_utf8(all).unwrap(), ended.is_err())
}

#[test]
fn a_raw_connection_is_refused_or_lost_and_goes_elsewhere() {
    let balancer = raw();
    for (kind, failed) in [("refuse", "t0 refused"), ("blackhole", "t0 did not connect in time")] {
        balancer.chaos(&["t0", kind, "for=60s"]);
        assert_eq!(ask(&balancer, "x"), "bx", "{kind}");
        balancer.line(&format!("chaos on t0: {kind}; retried: {failed}"));
    }
    balancer.chaos(&["off"]);
    assert_eq!(ask(&balancer, "x"), "ax");
}

#[test]
fn a_raw_connection_is_late_slow_or_cut() {
    let balancer = raw();
    balancer.chaos(&["t0", "latency", "400ms"]);
    let began = Instant::now();
    assert_eq!(ask(&balancer, "x"), "ax");
    assert!(began.elapsed() >= Duration::from_millis(400));

    balancer.chaos(&["t0", "slow", "100B/s"]);
    let (began, word) = (Instant::now(), "w".repeat(80));
    assert_eq!(ask(&balancer, &word), format!("a{word}"));
    assert!(began.elapsed() >= Duration::from_millis(600), "{:?}", began.elapsed());

    for (kind, resets) in [(&["truncate", "4B"][..], false), (&["reset", "after=4B"], true)] {
        balancer.chaos(&[&["t0"], kind].concat());
        let mut stream = connect(&balancer);
        stream.write_all(b"hello").unwrap();
        assert_eq!(rest(&mut stream), ("ahel".to_owned(), resets), "{kind:?}");
    }

    balancer.chaos(&["t0", "reset"]);
    let mut stream = connect(&balancer);
    stream.write_all(b"hello").unwrap();
    assert_eq!(rest(&mut stream), (String::new(), true));
    balancer.line("chaos: reset");
}

#[test]
fn a_raw_connection_that_hangs_leaves_nothing_behind_when_its_client_goes() {
    let balancer = raw();
    balancer.chaos(&["t0", "hang"]);
    let mut stream = connect(&balancer);
    stream.write_all(b"hello").unwrap();
    stream.set_read_timeout(Some(Duration::from_millis(300))).unwrap();
    assert!(stream.read(&mut [0; 1]).is_err(), "nothing comes");
    drop(stream);
    balancer.line("chaos: hang");
}

#[test]
fn a_websockets_handshake_is_late_and_its_bytes_are_slow_or_cut() {
    let backend = Backend::start(echo_bytes);
    let balancer = Balancer::over(&[&backend]);
    balancer.chaos(&["b0", "latency", "400ms", "checks=spare"]);
    let began = Instant::now();
    let mut client = open(&balancer, &[]);
    assert!(began.elapsed() >= Duration::from_millis(400));
    client.send(b"hello");
    assert_eq!(read_exactly(&mut client, 5), b"hello");

    balancer.chaos(&["b0", "slow", "100B/s", "checks=spare"]);
    let mut client = open(&balancer, &[]);
    let (began, word) = (Instant::now(), vec![b'w'; 80]);
    client.send(&word);
    assert_eq!(read_exactly(&mut client, 80), word);
    assert!(began.elapsed() >= Duration::from_millis(600));

    for kind in [&["truncate", "4B"][..], &["reset", "after=4B"]] {
        balancer.chaos(&[&["b0"], kind, &["checks=spare"]].concat());
        let mut client = open(&balancer, &[]);
        client.send(b"hello");
        assert_eq!(client.rest(), b"hell", "{kind:?}");
    }

    balancer.chaos(&["b0", "error", "503", "checks=spare"]);
    assert_eq!(balancer.exchange(&request("GET", "/socket", &LINES)).status, 503);
}

#[test]
fn a_backend_over_tls_has_them_too() {
    let url = format!("https://localhost:{}", tls_backend());
    let backend = json!({"id": 0, "name": "b0", "url": url, "tls": {"verify": false}});
    let balancer = Config::of(json!({"port": 0, "backends": [backend]})).start();
    balancer.chaos(&["b0", "latency", "400ms", "checks=spare"]);
    let began = Instant::now();
    assert_eq!(balancer.get("/").text(), "over TLS");
    assert!(began.elapsed() >= Duration::from_millis(400));
    balancer.chaos(&["b0", "truncate", "4B", "checks=spare"]);
    let cut = balancer.get("/");
    assert_eq!((cut.text().as_str(), cut.body.complete), ("over", false));
    balancer.chaos(&["b0", "reset", "checks=spare"]);
    assert_eq!(balancer.exchange(&request("POST", "/", &["Content-Length: 0"])).status, 502);
}

#[test]
fn a_backend_at_a_unix_socket_has_them_too() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("app.sock");
    let listener = std::os::unix::net::UnixListener::bind(&path).unwrap();
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let mut stream = stream.unwrap();
            std::thread::spawn(move || {
                let (mut head, mut byte) = (Vec::new(), [0]);
                while stream.read_exact(&mut byte).is_ok() {
                    head.push(byte[0]);
                    if head.ends_with(b"\r\n\r\n") {
                        head.clear();
                        stream.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nby a path").unwrap();
                    }
                }
            });
        }
    });
    let backend = json!({"id": 0, "name": "b0", "url": format!("unix:{}", path.display())});
    let balancer = Config::of(json!({"port": 0, "backends": [backend]})).start();
    balancer.chaos(&["b0", "truncate", "4B", "checks=spare"]);
    let cut = balancer.get("/");
    assert_eq!((cut.text().as_str(), cut.body.complete), ("by a", false));
    balancer.chaos(&["b0", "reset", "checks=spare"]);
    let post = request("POST", "/", &["Content-Length: 0"]);
    assert_eq!(balancer.exchange(&post).status, 502, "it has arrived, whatever the system knows of it");
    balancer.chaos(&["b0", "off"]);
    assert_eq!(balancer.exchange(&post).text(), "by a path");
}
