//! Backends over TLS: a real one with a self-signed certificate.

#![allow(clippy::unwrap_used, missing_docs, reason = "tests say what is wrong by panicking")]

mod common;

use std::io::{Read as _, Write as _};
use std::net::TcpListener;
use std::sync::Arc;

use common::tls::self_signed;
use common::{Config, request};
use serde_json::json;
use tokio_rustls::rustls::{ServerConnection, StreamOwned};

/// Answers every request on every connection with `over TLS`; returns its port.
fn tls_backend() -> u16 {
    let (_, config) = self_signed();
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let (stream, config) = (stream.unwrap(), Arc::clone(&config));
            std::thread::spawn(move || {
                let mut tls = StreamOwned::new(ServerConnection::new(config).unwrap(), stream);
                let mut head = Vec::new();
                let mut byte = [0];
                // A client that does not trust the certificate leaves.
                while tls.read_exact(&mut byte).is_ok() {
                    head.push(byte[0]);
                    if head.ends_with(b"\r\n\r\n") {
                        head.clear();
                        tls.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 8\r\n\r\nover TLS").unwrap();
                    }
                }
            });
        }
    });
    port
}

#[test]
fn a_self_signed_backend_is_used_where_that_is_allowed() {
    let port = tls_backend();
    let url = format!("https://localhost:{port}");
    let balancer = Config::of_ports(&[port])
        .set("/backends/0/url", json!(url))
        .set("/backends/0/tls", json!({"verify": false}))
        .start();
    let mut client = balancer.client();
    for _ in 0..3 {
        let answer = client.exchange(&request("GET", "/", &[]));
        assert_eq!((answer.status, answer.text().as_str()), (200, "over TLS"));
        assert_eq!(answer.get("x-backend").unwrap(), url);
    }
}

#[test]
fn a_self_signed_backend_is_down_otherwise_and_the_reason_says_how_to_allow_it() {
    let port = tls_backend();
    let balancer = Config::of_ports(&[port]).set("/backends/0/url", json!(format!("https://localhost:{port}"))).start();
    assert_eq!(balancer.get("/").status, 503);
    let error = balancer.backend(0)["lastError"].as_str().unwrap().to_owned();
    assert!(error.contains("certificate is not trusted") && error.contains("\"tls\": {\"verify\": false}"), "{error}");
}

#[test]
fn plain_http_at_an_https_backends_port_is_an_error_in_words() {
    // As real servers do: a TLS greeting is no request, and that is said in plain HTTP.
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let mut stream = stream.unwrap();
            let _ = stream.read(&mut [0; 1024]).unwrap();
            stream.write_all(b"HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n").unwrap();
        }
    });
    let balancer = Config::of_ports(&[port]).set("/backends/0/url", json!(format!("https://localhost:{port}"))).start();
    assert_eq!(balancer.get("/").status, 503);
    assert!(balancer.backend(0)["lastError"].as_str().unwrap().starts_with("no TLS: "));
}

#[test]
fn loadbalancer_js_tls_passes_through_a_raw_connection_without_a_certificate_of_the_balancers() {
    let port = tls_backend();
    let raw = Config::of(json!({
        "listeners": [{"port": 0, "mode": "tcp", "pool": "raw"}, {"port": 0, "pool": "page"}],
        "pools": {
            "raw": {"backends": [{"url": format!("tcp://127.0.0.1:{port}")}]},
            "page": {"backends": [{"url": "http://127.0.0.1:9"}]},
        },
    }))
    .start();
    // The client that speaks TLS is another balancer.
    let client = Config::of_ports(&[port])
        .set("/backends/0/url", json!(format!("https://localhost:{}", raw.ports()[0])))
        .set("/backends/0/tls", json!({"verify": false}))
        .start();
    assert_eq!(client.get("/").text(), "over TLS");
    raw.line(" TCP up ");
}
