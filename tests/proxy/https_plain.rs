//! One port: what becomes of plain bytes where TLS is spoken, of TLS where it is not, and of HTTP/2 anywhere.

use std::io::{Read as _, Write as _};
use std::net::{Ipv4Addr, TcpStream};

use serde_json::json;

use crate::support::socket::LINES;
use crate::support::{Backend, Balancer, Client, Config, raw, request};

#[test]
fn plain_http_is_sent_to_the_same_url_with_https() {
    let backend = Backend::echoing();
    let balancer = Config::new(&[&backend]).tls().start();
    let port = balancer.port;
    for (head, location) in [
        (format!("GET /a?b=c HTTP/1.1\r\nHost: localhost:{port}\r\n"), format!("https://localhost:{port}/a?b=c")),
        (format!("POST /p HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\n"), format!("https://127.0.0.1:{port}/p")),
        ("GET / HTTP/1.1\r\nHost: app.localhost:8080\r\n".to_owned(), "https://app.localhost:8080/".to_owned()),
        ("GET / HTTP/1.1\r\nHost: localhost\r\n".to_owned(), format!("https://localhost:{port}/")),
        ("GET / HTTP/1.1\r\nHost: evil.example\r\n".to_owned(), format!("https://localhost:{port}/")),
        (
            "GET //evil.example/ HTTP/1.1\r\nHost: localhost\r\n".to_owned(),
            format!("https://localhost:{port}//evil.example/"),
        ),
        ("GET / HTTP/1.0\r\n".to_owned(), format!("https://localhost:{port}/")),
        (format!("GET http://localhost:{port}/x HTTP/1.1\r\nHost: a\r\n"), format!("https://localhost:{port}/x")),
        ("GET http://evil.example/x HTTP/1.1\r\nHost: localhost\r\n".to_owned(), format!("https://localhost:{port}/x")),
        ("OPTIONS * HTTP/1.1\r\nHost: localhost\r\n".to_owned(), format!("https://localhost:{port}/")),
        ("GET /\u{e4} HTTP/1.1\r\nHost: localhost\r\n".to_owned(), format!("https://localhost:{port}/%C3%A4")),
        ("HEAD /h HTTP/1.1\r\nHost: localhost\r\n".to_owned(), format!("https://localhost:{port}/h")),
    ] {
        let mut client = balancer.client();
        let answer = client.exchange(format!("{head}\r\n").as_bytes());
        assert_eq!((answer.status, answer.get("location")), (307, Some(location)), "{head}");
        assert_eq!(answer.get("cache-control").as_deref(), Some("no-store"));
        assert!(answer.closes());
        client.assert_closed();
    }
    balancer.line(" GET /a?b=c 307 ");
    balancer.line("refused: plain HTTP, and this is a port for TLS: sent to https://localhost");
    assert!(backend.requests().is_empty());
}

#[test]
fn a_host_that_is_none_breaks_no_line_of_the_redirect() {
    let backend = Backend::echoing();
    let balancer = Config::new(&[&backend]).tls().start();
    for host in ["a b", "a\"", "a/b", "a@b", "localhost:99999", "localhost:1x", "[::1", "\u{1}"] {
        let answer = balancer.exchange(format!("GET / HTTP/1.1\r\nHost: {host}\r\n\r\n").as_bytes());
        let own = format!("https://localhost:{}/", balancer.port);
        assert!(answer.status == 400 || answer.get("location") == Some(own), "{host}: {:?}", answer.head);
    }
}

#[test]
fn the_body_of_a_redirected_request_does_not_lose_its_answer() {
    let backend = Backend::echoing();
    let balancer = Config::new(&[&backend]).tls().start();
    let mut client = balancer.client();
    client.send(&request("POST", "/", &["Content-Length: 5000000"]));
    for _ in 0..5 {
        // Its end need not be taken.
        let _ = client.wire.write(&vec![0; 1_000_000]);
    }
    assert_eq!(client.response().status, 307);
}

#[test]
fn a_plain_websocket_is_told_the_right_url() {
    let backend = Backend::echoing();
    let balancer = Config::new(&[&backend]).tls().start();
    let answer = balancer.exchange(&request("GET", "/socket?a", &LINES));
    let url = format!("wss://localhost:{}/socket?a", balancer.port);
    assert!(answer.status == 400 && answer.text().contains(&url), "{}", answer.text());
    balancer.line("refused: a plain WebSocket, and this is a port for TLS: use wss://localhost");
}

#[test]
fn a_plain_head_that_does_not_end_is_waited_for_no_longer_than_any() {
    let backend = Backend::echoing();
    let balancer = Config::new(&[&backend]).tls().set("/timeouts/requestHeaders", json!(400)).start();
    let mut client = balancer.client();
    client.send(b"GET / HTTP/1.1\r\nHost: loc");
    client.assert_closed();
    balancer.line(" 408 ");
}

#[test]
fn plain_bytes_are_refused_where_that_is_asked_for_and_by_raw_listeners() {
    let backend = Backend::echoing();
    let balancer = Config::new(&[&backend]).set("/tls", json!({"plain": "refuse"})).start();
    let mut client = balancer.client();
    client.send(&request("GET", "/", &[]));
    client.assert_closed();
    balancer.line(" TLS - 400 ");
    balancer.line("the client does not speak TLS, and this is a port for it: use https:// in its URL");

    let target = raw::echo("t");
    let balancer = raw::config(&[target]).set("/listeners/0/tls", json!(true)).start();
    let mut client = raw::connect(&balancer);
    client.write_all(b"EHLO a\r\n").unwrap();
    // The end, or a reset.
    assert!(!matches!(client.read(&mut [0]), Ok(1..)));
    balancer.line("refused: the client does not speak TLS, and this is a port for it");
}

#[test]
fn tls_to_a_plain_port_is_told_with_what_to_do() {
    let backend = Backend::echoing();
    let balancer = Balancer::over(&[&backend]);
    let stream = TcpStream::connect((Ipv4Addr::LOCALHOST, balancer.port)).unwrap();
    crate::support::https::Trust::none().handshake(stream, "localhost").expect_err("no TLS there");
    balancer.line("use http:// in its URL, or start with --tls");
}

#[test]
fn http2_is_told_by_name_whichever_way_it_comes() {
    let backend = Backend::echoing();
    let balancer = Config::new(&[&backend]).tls().start();
    let preface = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\x04\0\0\0\0\0";
    let plain = Balancer::over(&[&backend]);
    for lb in [&balancer, &plain] {
        let mut client = Client::connect(lb.port);
        client.send(preface);
        assert_eq!(client.response().status, 505);
        lb.line("The client speaks HTTP/2 without asking first");
    }
    let mut client = balancer.tls_client();
    client.send(preface);
    assert_eq!(client.response().status, 505);

    let connect = || TcpStream::connect((Ipv4Addr::LOCALHOST, balancer.port)).unwrap();
    let error = balancer.trust().alpn(&["h2"]).handshake(connect(), "localhost").unwrap_err();
    assert!(error.to_string().contains("NoApplicationProtocol"), "{error}");
    balancer.line("such as HTTP/2 alone (ALPN): let it offer http/1.1");
    let both = balancer.trust().alpn(&["h2", "http/1.1"]).handshake(connect(), "localhost").unwrap();
    assert_eq!(both.conn.alpn_protocol(), Some(&b"http/1.1"[..]));
    let neither = balancer.trust().alpn(&[]).handshake(connect(), "localhost").unwrap();
    assert_eq!(neither.conn.alpn_protocol(), None);
}
