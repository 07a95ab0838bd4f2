//! Backends over TLS, with a real server and a self-signed certificate.

use std::io::{Read as _, Write as _};
use std::net::TcpListener;

use serde_json::json;

use crate::support::{Config, request};
use crate::tls_backend::tls_backend;

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
    // As real servers do: a TLS ClientHello gets an error in plain HTTP.
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
