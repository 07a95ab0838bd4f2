//! Backends that serve one connection after the other, as many development servers do.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{TcpListener, TcpStream};

use serde_json::json;

use crate::support::{Config, request, until};

/// Serves one connection at a time, each until its client closes it; returns its port.
fn single_threaded() -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    std::thread::spawn(move || listener.incoming().map(Result::unwrap).for_each(|stream| serve(&stream)));
    port
}

fn serve(mut stream: &TcpStream) {
    let mut reader = BufReader::new(stream.try_clone().unwrap());
    loop {
        let (mut line, mut length) = (String::new(), 0);
        loop {
            line.clear();
            match reader.read_line(&mut line) {
                Ok(1..) => {}
                _ => return,
            }
            if let Some(value) = line.to_ascii_lowercase().strip_prefix("content-length:") {
                length = value.trim().parse().unwrap();
            }
            if line == "\r\n" {
                break;
            }
        }
        let mut body = vec![0; length];
        if reader.read_exact(&mut body).is_err()
            || stream.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok").is_err()
        {
            return;
        }
    }
}

#[test]
fn checks_and_other_clients_do_not_wait_behind_idle_connections_of_the_balancer() {
    let port = single_threaded();
    let balancer = Config::of_ports(&[port])
        .set("/health/interval", json!(1000))
        .set("/health/timeout", json!(10_000))
        .set("/backends/0/idleTimeout", json!(60_000))
        .start();
    let checks = || balancer.backend(0)["lastChecked"].as_str().map(str::to_owned);
    let first = checks();
    // More clients than workers, each of which keeps its own connections.
    let mut clients: Vec<_> = (0..6).map(|_| balancer.client()).collect();
    for _ in 0..5 {
        for client in &mut clients {
            assert_eq!(client.exchange(&request("GET", "/", &[])).status, 200);
            assert_eq!(
                client.exchange(&[&request("POST", "/", &["Content-Length: 3"])[..], b"a=1"].concat()).status,
                200
            );
        }
    }
    // At once, too: each waits for those before it, and none for what they leave open.
    let at_once: Vec<_> = clients
        .drain(..5)
        .map(|mut client| {
            std::thread::spawn(move || (0..20).all(|_| client.exchange(&request("GET", "/", &[])).status == 200))
        })
        .collect();
    assert!(at_once.into_iter().all(|client| client.join().unwrap()));
    until("checks have come through beside them", || checks() != first);
    let second = checks();
    assert_eq!(clients[0].exchange(&request("GET", "/", &[])).status, 200);
    until("and once more", || checks() != second);
    let is_bad = |line: &String| line.contains("DOWN") || !line.contains(" 200 ") && line.contains(" / ");
    assert!(!balancer.lines().iter().any(is_bad), "{:#?}", balancer.lines());
}

#[cfg(unix)]
#[test]
fn a_request_with_a_fault_waits_behind_no_idle_connection_either() {
    let balancer = Config::of_ports(&[single_threaded()]).set("/backends/0/idleTimeout", json!(60_000)).start();
    let mut client = balancer.client();
    assert_eq!(client.exchange(&request("GET", "/", &[])).status, 200);
    balancer.chaos(&["b0", "latency", "10ms", "for=60s", "checks=spare"]);
    for _ in 0..3 {
        assert_eq!(client.exchange(&request("GET", "/", &[])).status, 200);
    }
}
