//! TCP mode behind TLS: it ends here, and the target gets the bytes that were in it.

use std::io::{Read as _, Write as _};
use std::net::{Ipv4Addr, Shutdown, TcpStream};
use std::sync::mpsc::channel;

use serde_json::json;

use crate::support::https::{TlsClient, rest};
use crate::support::socket::read_exactly;
use crate::support::{Config, PATIENCE, raw};

/// A TCP pool of one target behind TLS.
fn raw_over_tls(port: u16) -> Config {
    raw::config(&[port]).set("/listeners/0/tls", json!(true))
}

#[test]
fn raw_connections_are_decrypted_and_their_target_learns_the_clients_address() {
    let (tell, told) = channel();
    let target = raw::target(move |mut stream| {
        let mut all = Vec::new();
        stream.read_to_end(&mut all).unwrap();
        stream.write_all(b"bye").unwrap();
        tell.send(all).unwrap();
    });
    let config = raw_over_tls(target).set("/pools/raw/backends/0/proxyProtocol", json!("v1"));
    let balancer = config.set("/listeners/0/proxyProtocol", json!(true)).start();
    let port = balancer.ports()[0];
    for (header, from) in
        [("PROXY TCP4 192.0.2.7 198.51.100.2 5000 443\r\n", "192.0.2.7"), ("PROXY UNKNOWN\r\n", "127.0.0.1")]
    {
        let mut stream = TcpStream::connect((Ipv4Addr::LOCALHOST, port)).unwrap();
        stream.write_all(header.as_bytes()).unwrap();
        let mut client = TlsClient::over(balancer.trust().handshake(stream, "localhost").unwrap());
        client.send(b"hello");
        client.close_notify();
        assert_eq!(rest(&mut client), b"bye");
        let got = String::from_utf8(told.recv_timeout(PATIENCE).unwrap()).unwrap();
        assert!(got.starts_with(&format!("PROXY TCP4 {from} 127.0.0.1 ")) && got.ends_with("\r\nhello"), "{got}");
    }
    balancer.line(" 192.0.2.7 TCP up 5 B");
}

#[test]
fn raw_bytes_pass_both_ways_over_tls_and_a_target_may_speak_first() {
    let target = raw::target(|mut stream| {
        stream.write_all(b"welcome").unwrap();
        let mut bytes = vec![0; 64 * 1024];
        while let Ok(n @ 1..) = stream.read(&mut bytes) {
            stream.write_all(&bytes[..n]).unwrap();
        }
    });
    let balancer = raw_over_tls(target).start();
    let mut client = balancer.trust().connect(balancer.ports()[0], "localhost");
    assert_eq!(read_exactly(&mut client, 7), b"welcome");
    let sent: Vec<u8> = (0..2_000_000u32).map(|n| (n % 253) as u8).collect();
    for piece in sent.chunks(100_000) {
        client.send(piece);
        assert!(read_exactly(&mut client, piece.len()) == piece);
    }
    client.close_notify();
    assert_eq!(rest(&mut client), b"");
}

#[test]
fn a_client_that_closes_without_a_word_loses_nothing_that_it_sent() {
    let (tell, told) = channel();
    let target = raw::target(move |mut stream| {
        let mut all = Vec::new();
        stream.read_to_end(&mut all).unwrap();
        tell.send(all).unwrap();
    });
    let balancer = raw_over_tls(target).start();
    let mut client = balancer.trust().connect(balancer.ports()[0], "localhost");
    client.send(b"all I had to say");
    client.wire.stream.sock.shutdown(Shutdown::Write).unwrap();
    assert_eq!(told.recv_timeout(PATIENCE).unwrap(), b"all I had to say");
}
