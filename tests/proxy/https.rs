//! Clients over TLS: all that passes without it passes with it, and no end of a connection is mistaken for another.

use std::io::{ErrorKind, Read as _, Write as _};
use std::net::{Ipv4Addr, TcpStream};

use serde_json::json;
use tokio_rustls::rustls::HandshakeKind;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::protocol::Role;

use crate::support::https::{TlsClient, handshake, rest};
use crate::support::socket::{KEY, LINES, accepted, echo_bytes, echo_messages, read_exactly, socket};
use crate::support::{After, Backend, Balancer, Client, Config, PATIENCE, request, response};
use crate::tunnels::{LAST, closing_without_notice};

fn open(balancer: &Balancer) -> TlsClient {
    let mut client = balancer.tls_client();
    client.send(&request("GET", "/socket", &LINES));
    assert_eq!(client.head().unwrap().unwrap().status, 101);
    client
}

/// How a connection ends that is not told to have ended in order.
fn end_of(client: &mut TlsClient) -> ErrorKind {
    client.wire.read_rest(&mut Vec::new()).expect_err("no orderly end").kind()
}

#[test]
fn requests_follow_each_other_on_one_connection_over_tls() {
    let backend = Backend::echoing();
    let balancer = Config::new(&[&backend]).tls().start();
    for trust in [balancer.trust(), balancer.trust().tls12()] {
        let mut client = trust.connect(balancer.port, "localhost");
        for _ in 0..3 {
            client.send(&[request("POST", "/", &["Content-Length: 5"]), b"hello".to_vec()].concat());
            assert_eq!(client.response().text(), "hello");
        }
        let two = [request("GET", "/1", &[]), request("GET", "/2", &[])].concat();
        client.send(&two);
        assert_eq!((client.response().status, client.response().status), (200, 200));
        client
            .send(b"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n2\r\nde\r\n0\r\n\r\n");
        assert_eq!(client.response().text(), "abcde");
        client.send(&request("HEAD", "/", &[]));
        assert_eq!(client.next_response("HEAD").unwrap().status, 200);
        let last = client.exchange(&request("GET", "/", &["Connection: close"]));
        assert_eq!((last.status, rest(&mut client).len()), (200, 0));
    }
}

#[test]
fn large_bodies_and_100_continue_pass_over_tls() {
    let backend = Backend::echoing();
    let balancer = Config::new(&[&backend]).tls().start();
    let body: Vec<u8> = (0..3_000_000u32).map(|n| (n % 251) as u8).collect();
    let length = format!("Content-Length: {}", body.len());
    for trust in [balancer.trust(), balancer.trust().tls12()] {
        let mut client = trust.connect(balancer.port, "localhost");
        client.send(&request("PUT", "/", &[&length, "Expect: 100-continue"]));
        assert!(client.wire.head().unwrap().unwrap().start.contains(" 100 "));
        client.send(&body);
        let answer = client.response();
        assert!(answer.status == 200 && answer.body.bytes == body);
        assert_eq!(client.exchange(&request("GET", "/", &[])).status, 200);
    }
}

#[test]
fn a_request_that_comes_byte_by_byte_in_records_of_its_own_is_read() {
    let backend = Backend::echoing();
    let balancer = Config::new(&[&backend]).tls().start();
    let mut client = balancer.tls_client();
    for byte in request("GET", "/slowly", &[]) {
        client.send(&[byte]);
    }
    assert_eq!(client.response().status, 200);
    assert_eq!(backend.targets(), ["/slowly"]);
}

#[test]
fn records_that_come_in_pieces_are_put_together() {
    let backend = Backend::echoing();
    let balancer = Config::new(&[&backend]).tls().start();
    let mut client = balancer.tls_client();
    let body = vec![7; 40_000];
    let head = request("POST", "/", &["Content-Length: 40000"]);
    let stream = &mut client.wire.stream;
    stream.conn.writer().write_all(&[head, body.clone()].concat()).unwrap();
    let mut records = Vec::new();
    while stream.conn.wants_write() {
        stream.conn.write_tls(&mut records).unwrap();
    }
    for piece in records.chunks(7_001) {
        stream.sock.write_all(piece).unwrap();
        std::thread::sleep(std::time::Duration::from_millis(5));
    }
    assert!(client.response().body.bytes == body);
}

#[test]
fn websockets_pass_over_tls_and_close_in_order() {
    let backend = Backend::start(echo_messages);
    let balancer = Config::new(&[&backend]).tls().start();
    let mut client = open(&balancer);
    let early = client.wire.take_buffer();
    let mut socket = socket(client.wire.stream, early, Role::Client);
    for message in [Message::text("a"), Message::binary(vec![1; 1 << 20]), Message::text("")] {
        socket.send(message.clone()).unwrap();
        assert_eq!(socket.read().unwrap(), message);
    }
    socket.close(None).unwrap();
    while let Ok(message) = socket.read() {
        assert!(message.is_close(), "{message}");
    }
    assert_eq!(socket.get_mut().read(&mut [0]).unwrap(), 0, "an end that is told");
}

#[test]
fn a_client_that_says_it_is_done_gets_the_rest_of_a_tunnel() {
    let backend = Backend::start(echo_bytes);
    let balancer = Config::new(&[&backend]).tls().start();
    let mut client = open(&balancer);
    let sent = vec![9; 500_000];
    client.send(&sent);
    client.close_notify();
    assert_eq!(rest(&mut client), sent);
}

#[test]
fn a_tunnel_that_breaks_is_not_told_to_have_ended_in_order() {
    let backend = Backend::start(|call| {
        call.send(accepted("").as_bytes());
        call.send(b"half");
        call.wire.exactly(1, &mut Vec::new()).unwrap();
        After::Reset
    });
    let balancer = Config::new(&[&backend]).tls().start();
    let mut client = open(&balancer);
    assert_eq!(read_exactly(&mut client, 4), b"half");
    client.send(b"x");
    assert_eq!(end_of(&mut client), ErrorKind::ConnectionReset);
}

#[test]
fn what_a_backend_does_not_say_to_be_all_is_not_said_to_be_all() {
    let (port, told) = closing_without_notice();
    let balancer = Config::of_ports(&[port])
        .set("/backends/0/url", json!(format!("https://localhost:{port}")))
        .set("/backends/0/tls", json!({"verify": false}))
        .tls()
        .start();
    let mut client = open(&balancer);
    told.recv_timeout(PATIENCE).unwrap();
    assert_eq!(read_exactly(&mut client, LAST).len(), LAST);
    assert_eq!(end_of(&mut client), ErrorKind::UnexpectedEof);
}

#[test]
fn keys_may_change_at_any_time_and_in_pieces() {
    let large = response("200 OK", &[], &"x".repeat(3_000_000));
    let backend = Backend::answering(large);
    let balancer = Config::new(&[&backend]).tls().start();
    let mut client = balancer.tls_client();
    for _ in 0..3 {
        client.send(&request("GET", "/", &[]));
        let mut first = Vec::new();
        client.wire.exactly(1000, &mut first).unwrap();
        let stream = &mut client.wire.stream;
        stream.conn.refresh_traffic_keys().unwrap();
        let mut update = Vec::new();
        while stream.conn.wants_write() {
            stream.conn.write_tls(&mut update).unwrap();
        }
        stream.sock.write_all(&update[..7]).unwrap();
        let length = first.windows(4).position(|end| end == b"\r\n\r\n").unwrap() + 4 + 3_000_000;
        assert_eq!(read_exactly(&mut client, length - 1000).len(), length - 1000);
        client.wire.stream.sock.write_all(&update[7..]).unwrap();
    }
    client.send(&request("GET", "/", &[]));
    assert_eq!(client.response().body.bytes.len(), 3_000_000);
}

#[test]
fn an_answer_that_is_cut_short_does_not_end_in_order() {
    let backend = Backend::start(|call| {
        call.send(b"HTTP/1.1 200 OK\r\n\r\nhalf of it");
        // So that it is on its way before the reset.
        std::thread::sleep(std::time::Duration::from_millis(300));
        After::Reset
    });
    let balancer = Config::new(&[&backend]).tls().start();
    let mut client = balancer.tls_client();
    client.send(b"GET / HTTP/1.0\r\nHost: localhost\r\n\r\n");
    assert_eq!(client.head().unwrap().unwrap().status, 200);
    assert_eq!(end_of(&mut client), ErrorKind::ConnectionReset);
}

#[test]
fn an_answer_that_ends_with_its_connection_ends_in_order() {
    let backend = Backend::start(|call| {
        call.send(b"HTTP/1.1 200 OK\r\n\r\nall of it");
        After::Close
    });
    let balancer = Config::new(&[&backend]).tls().start();
    let mut client = balancer.tls_client();
    client.send(b"GET / HTTP/1.0\r\nHost: localhost\r\n\r\n");
    assert_eq!(client.head().unwrap().unwrap().status, 200);
    assert_eq!(rest(&mut client), b"all of it");
}

#[test]
fn an_idle_client_is_told_of_the_end_and_so_is_one_when_the_balancer_stops() {
    let backend = Backend::echoing();
    let balancer = Config::new(&[&backend]).tls().set("/timeouts/idle", json!(300)).start();
    let mut client = balancer.tls_client();
    assert_eq!(client.exchange(&request("GET", "/", &[])).status, 200);
    assert_eq!(rest(&mut client), b"");
    let balancer = Config::new(&[&backend]).tls().start();
    let mut client = balancer.tls_client();
    assert_eq!(client.exchange(&request("GET", "/", &[])).status, 200);
    balancer.terminate();
    assert_eq!(rest(&mut client), b"");
}

#[test]
fn a_client_that_leaves_while_it_waits_is_noticed_over_tls() {
    let backend = Backend::start(|call| {
        call.wait_for_close();
        After::Close
    });
    let balancer = Config::new(&[&backend]).tls().start();
    let mut client = balancer.tls_client();
    client.send(&request("GET", "/waits", &[]));
    let connection = backend.wait_for_requests(1)[0].connection;
    drop(client);
    backend.wait_for_end(connection);
    balancer.line(" GET /waits 499 ");
}

#[test]
fn an_upload_that_nobody_wants_still_gets_its_answer_over_tls() {
    let backend = Backend::start(|call| {
        call.send(&response("413 Content Too Large", &[], "no"));
        After::Close
    });
    let balancer = Config::new(&[&backend]).tls().start();
    let mut client = balancer.tls_client();
    client.send(&request("POST", "/", &["Content-Length: 50000000"]));
    let piece = vec![0; 1 << 20];
    for _ in 0..50 {
        if client.wire.write(&piece).is_err() {
            break;
        }
    }
    let answer = client.response();
    assert_eq!((answer.status, answer.text().as_str()), (413, "no"));
}

#[cfg(unix)]
#[test]
fn a_backend_that_is_taken_out_ends_its_websockets_in_order_over_tls() {
    let backend = Backend::start(echo_bytes);
    let balancer = Config::new(&[&backend]).tls().start();
    let mut client = open(&balancer);
    client.send(b"hello");
    assert_eq!(read_exactly(&mut client, 5), b"hello");
    balancer.ctl(&["maint", "0"]);
    // Going away (RFC 6455 7.4.1) where a frame may stand; echoed bytes are none, so that the end alone is told.
    rest(&mut client);
}

#[test]
fn events_are_told_over_tls() {
    let backend = Backend::echoing();
    let balancer = Config::new(&[&backend]).tls().start();
    let mut client = balancer.tls_client();
    let key = format!("Sec-WebSocket-Key: {KEY}");
    let lines = ["Connection: Upgrade", "Upgrade: websocket", "Sec-WebSocket-Version: 13", &key];
    client.send(&request("GET", "/_lb/events", &lines));
    assert_eq!(client.head().unwrap().unwrap().status, 101);
    let early = client.wire.take_buffer();
    let mut socket = socket(client.wire.stream, early, Role::Client);
    assert_eq!(balancer.tls_client().exchange(&request("GET", "/seen", &[])).status, 200);
    loop {
        let message = socket.read().unwrap();
        if message.is_text() && message.to_text().unwrap().contains("/seen") {
            break;
        }
    }
    balancer.terminate();
    while let Ok(message) = socket.read() {
        assert!(!message.is_binary());
    }
    assert_eq!(socket.get_mut().read(&mut [0]).unwrap(), 0, "an end that is told");
}

#[test]
fn a_record_that_was_tampered_with_ends_the_connection_and_passes_nothing_on() {
    let backend = Backend::echoing();
    let balancer = Config::new(&[&backend]).tls().start();
    let mut client = balancer.tls_client();
    assert_eq!(client.exchange(&request("GET", "/good", &[])).status, 200);
    let stream = &mut client.wire.stream;
    stream.conn.writer().write_all(&request("GET", "/tampered", &[])).unwrap();
    let mut record = Vec::new();
    stream.conn.write_tls(&mut record).unwrap();
    *record.last_mut().unwrap() ^= 1;
    stream.sock.write_all(&record).unwrap();
    end_of(&mut client);
    assert_eq!(backend.targets(), ["/good"]);
}

#[test]
fn a_connection_resumes_what_one_before_it_has_agreed_on() {
    let backend = Backend::echoing();
    let balancer = Config::new(&[&backend]).tls().start();
    let config = balancer.trust().config();
    for is_again in [false, true, true] {
        let stream = TcpStream::connect((Ipv4Addr::LOCALHOST, balancer.port)).unwrap();
        let mut client = TlsClient::over(handshake(&config, stream, "localhost").unwrap());
        assert_eq!(client.wire.stream.conn.handshake_kind() == Some(HandshakeKind::Resumed), is_again);
        assert_eq!(client.exchange(&request("GET", "/", &[])).status, 200);
    }
}

#[test]
fn plain_listeners_stay_plain_beside_one_with_tls() {
    let backend = Backend::echoing();
    let balancer = Config::of(json!({
        "listeners": [{"port": 0, "pool": "web"}, {"port": 0, "pool": "web", "tls": true}],
        "pools": {"web": {
            "backends": [{"url": format!("http://localhost:{}", backend.port)}],
            "health": {"path": "/health"},
        }},
    }))
    .start();
    let ports = balancer.ports();
    assert_eq!(Client::connect(ports[0]).exchange(&request("GET", "/plain", &[])).status, 200);
    let mut client = balancer.trust().connect(ports[1], "localhost");
    assert_eq!(client.exchange(&request("GET", "/tls", &[])).status, 200);
    assert_eq!(backend.targets(), ["/plain", "/tls"]);
}
