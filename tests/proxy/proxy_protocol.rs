//! The PROXY protocol, received and sent: which client a connection is for.

use std::io::{Read as _, Write as _};
use std::net::{Ipv4Addr, Shutdown, TcpListener, TcpStream};
use std::sync::mpsc::{Receiver, channel};

use serde_json::json;

use crate::support::{Backend, Balancer, Client, Config, PATIENCE, request};

const V2: &[u8] = b"\r\n\r\n\0\r\nQUIT\n\x21\x11\0\x0c\xc0\0\x02\x01\xc6\x33\x64\x02\x13\x88\0\x50";

/// Reports all bytes of each connection, and answers nothing.
fn recorder() -> (u16, Receiver<Vec<u8>>) {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
    let port = listener.local_addr().unwrap().port();
    let (tell, told) = channel();
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let (mut stream, tell) = (stream.unwrap(), tell.clone());
            std::thread::spawn(move || {
                let mut all = Vec::new();
                // The bytes received before an error.
                let _ = stream.read_to_end(&mut all);
                let _ = tell.send(all);
            });
        }
    });
    (port, told)
}

/// Sends these bytes only; returns its own port.
fn send(port: u16, bytes: &[u8]) -> u16 {
    let mut stream = TcpStream::connect((Ipv4Addr::LOCALHOST, port)).unwrap();
    stream.set_read_timeout(Some(PATIENCE)).unwrap();
    // The connection ends or is reset, perhaps before all of this is done.
    let sent = stream.write_all(bytes).and_then(|()| stream.shutdown(Shutdown::Write));
    let _ = sent.and_then(|()| stream.read_to_end(&mut Vec::new()));
    stream.local_addr().unwrap().port()
}

fn raw(port: u16, version: Option<&str>, listens_for_it: bool) -> Balancer {
    let mut backend = json!({"url": format!("tcp://127.0.0.1:{port}"), "name": "t"});
    if let Some(version) = version {
        backend["proxyProtocol"] = json!(version);
    }
    Config::of(json!({
        "listeners": [
            {"port": 0, "mode": "tcp", "pool": "raw", "proxyProtocol": listens_for_it},
            {"port": 0, "pool": "page"},
        ],
        "pools": {
            "raw": {"backends": [backend], "health": {"command": ["true"]}},
            "page": {"backends": [{"url": "http://127.0.0.1:9"}]},
        },
    }))
    .start()
}

/// The bytes of each connection to a target, except those of checks.
fn next(told: &Receiver<Vec<u8>>) -> Vec<u8> {
    told.recv_timeout(PATIENCE).unwrap()
}

#[test]
fn a_target_is_told_of_its_client_in_either_version() {
    let (target, told) = recorder();
    let balancer = raw(target, Some("v1"), false);
    let port = balancer.ports()[0];
    let from = send(port, b"hello");
    assert_eq!(
        String::from_utf8(next(&told)).unwrap(),
        format!("PROXY TCP4 127.0.0.1 127.0.0.1 {from} {port}\r\nhello")
    );
    let balancer = raw(target, Some("v2"), false);
    let from = send(balancer.ports()[0], b"hello");
    let got = next(&told);
    assert_eq!(got[..20], *b"\r\n\r\n\0\r\nQUIT\n\x21\x11\0\x0c\x7f\0\0\x01");
    assert_eq!(got[24..26], from.to_be_bytes());
    assert_eq!(&got[28..], b"hello");
}

#[test]
fn a_client_that_a_proxy_tells_of_is_the_client_and_is_told_on() {
    let (target, told) = recorder();
    let balancer = raw(target, Some("v1"), true);
    let port = balancer.ports()[0];
    for header in [&b"PROXY TCP4 192.0.2.1 198.51.100.2 5000 80\r\n"[..], V2] {
        send(port, &[header, b"hello"].concat());
        let expected = format!("PROXY TCP4 192.0.2.1 127.0.0.1 5000 {port}\r\nhello");
        assert_eq!(String::from_utf8(next(&told)).unwrap(), expected);
    }
    balancer.line(" 192.0.2.1 TCP up 5 B");
    // A connection of the proxy itself: its peer is the client.
    send(port, b"PROXY UNKNOWN\r\nhello");
    assert!(next(&told).starts_with(b"PROXY TCP4 127.0.0.1 "));
}

#[test]
fn a_connection_without_a_good_header_is_closed_before_a_target_hears_of_it() {
    let (target, told) = recorder();
    let balancer = raw(target, None, true);
    for bad in [&b"hello, this is no header\r\n"[..], b"PROXY TCP4 a b 1 2\r\n", b"PROXY TCP4 1.1.1.1", &V2[..20]] {
        send(balancer.ports()[0], bad);
    }
    balancer.line("refused: the connection does not begin with a good PROXY protocol header");
    balancer.line("refused: the connection ended before its PROXY protocol header did");
    send(balancer.ports()[0], &[V2, b"good"].concat());
    assert_eq!(next(&told), b"good", "the first that reached it");
}

#[test]
fn an_http_client_that_a_proxy_tells_of_is_the_one_backends_hear_of() {
    let backend = Backend::echoing();
    let balancer = Config::of(json!({
        "listeners": [{"port": 0, "pool": "web"}, {"port": 0, "pool": "web", "proxyProtocol": true}],
        "pools": {"web": {
            "backends": [{"url": format!("http://localhost:{}", backend.port)}],
            "health": {"path": "/health"},
        }},
    }))
    .start();
    let mut client = Client::connect(balancer.ports()[1]);
    client.send(V2);
    client.exchange(&request("GET", "/", &["X-Forwarded-For: 6.6.6.6"]));
    let request = &backend.wait_for_requests(1)[0];
    assert_eq!(request.get("x-forwarded-for").as_deref(), Some("192.0.2.1"));
    balancer.line(" 192.0.2.1 GET / 200");
}

#[test]
fn an_http_backend_is_told_too_and_its_connections_serve_one_client_each() {
    // A backend that reads a header line first, and then answers like any other.
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
    let port = listener.local_addr().unwrap().port();
    let (tell, told) = channel();
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let (mut stream, tell) = (stream.unwrap(), tell.clone());
            std::thread::spawn(move || {
                let mut text = Vec::new();
                let mut byte = [0];
                while stream.read_exact(&mut byte).is_ok() {
                    text.push(byte[0]);
                    if text.ends_with(b"\r\n\r\n") {
                        tell.send(String::from_utf8(std::mem::take(&mut text)).unwrap()).unwrap();
                        stream.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n").unwrap();
                    }
                }
            });
        }
    });
    let balancer = Config::of_ports(&[port]).set("/backends/0/proxyProtocol", json!("v1")).start();
    let check: String = told.recv_timeout(PATIENCE).unwrap();
    assert!(check.starts_with("PROXY UNKNOWN\r\nGET /health "), "{check}");
    let mut clients = [balancer.client(), balancer.client()];
    for (round, begins) in [(0, "PROXY TCP4 127.0.0.1 127.0.0.1 "), (1, "GET /")] {
        for client in &mut clients {
            assert_eq!(client.exchange(&request("GET", "/", &[])).status, 200);
            let text = told.recv_timeout(PATIENCE).unwrap();
            assert!(text.starts_with(begins), "{round}: {text}");
        }
    }
}
