//! `WebSockets` and other upgrades: after 101 the balancer passes bytes unchanged (RFC 6455 4, RFC 9110 7.8).

use std::io::Read;

use serde_json::json;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::handshake::derive_accept_key;
use tokio_tungstenite::tungstenite::protocol::frame::coding::CloseCode;
use tokio_tungstenite::tungstenite::protocol::{CloseFrame, Role};

use crate::support::socket::{KEY, LINES, accepted, echo_bytes, echo_messages, open, read_exactly, socket};
use crate::support::{self, After, Backend, Balancer, Client, Config, request, response, until};

fn active(balancer: &Balancer, index: usize) -> u64 {
    balancer.backend(index)["activeConnections"].as_u64().unwrap()
}

#[test]
fn the_handshake_passes_as_both_sides_sent_it() {
    let backend = Backend::start(|call| {
        let lines = "Sec-WebSocket-Protocol: chat.v2\r\nSec-WebSocket-Extensions: permessage-deflate; a=1\r\n";
        call.send(accepted(lines).as_bytes());
        call.wait_for_close();
        After::Close
    });
    let balancer = Balancer::over(&[&backend]);
    for connection in ["keep-alive, Upgrade", "upgrade", "UPGRADE,keep-alive"] {
        let mut client = balancer.client();
        let connection = format!("Connection: {connection}");
        let lines = [
            connection.as_str(),
            "Upgrade: WebSocket",
            "Sec-WebSocket-Version: 13",
            "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==",
            "Sec-WebSocket-Protocol: chat.v1, chat.v2",
            "Sec-WebSocket-Extensions: permessage-deflate",
            "Origin: http://localhost:3001",
            "Cookie: a=b",
        ];
        client.send(&request("GET", "/socket?room=1&x=%2F", &lines));
        let answer = client.head().unwrap().unwrap();
        assert_eq!(answer.status, 101, "{connection}");
        assert_eq!(answer.all("sec-websocket-accept"), [derive_accept_key(KEY.as_bytes())]);
        assert_eq!(answer.all("sec-websocket-protocol"), ["chat.v2"]);
        assert_eq!(answer.all("sec-websocket-extensions"), ["permessage-deflate; a=1"]);
        assert_eq!(answer.all("upgrade"), ["websocket"]);
        assert!(answer.get("connection").unwrap().eq_ignore_ascii_case("upgrade"));
        assert_eq!(answer.all("set-cookie"), ["X-Backend-ID=0; Path=/; HttpOnly; SameSite=Lax"]);
        for framing in ["content-length", "transfer-encoding"] {
            assert_eq!(answer.get(framing), None, "RFC 9110 8.6");
        }
        let seen = backend.requests().pop().unwrap();
        assert_eq!(seen.target, "/socket?room=1&x=%2F");
        for (name, value) in [
            ("upgrade", "WebSocket"),
            ("sec-websocket-key", KEY),
            ("sec-websocket-version", "13"),
            ("sec-websocket-protocol", "chat.v1, chat.v2"),
            ("sec-websocket-extensions", "permessage-deflate"),
            ("origin", "http://localhost:3001"),
            ("cookie", "a=b"),
        ] {
            assert_eq!(seen.all(name), [value]);
        }
        assert!(seen.get("connection").unwrap().eq_ignore_ascii_case("upgrade"));
    }
}

#[test]
fn a_refusal_passes_whole_and_the_connection_goes_on() {
    for status in ["401 Unauthorized", "403 Forbidden", "404 Not Found", "426 Upgrade Required", "200 OK"] {
        let backend = Backend::answering(response(status, &["X-Why: because"], "not here"));
        let balancer = Balancer::over(&[&backend]);
        let mut client = balancer.client();
        for _ in 0..2 {
            let answer = client.exchange(&request("GET", "/socket", &LINES));
            assert!(status.starts_with(&answer.status.to_string()), "{status}");
            assert_eq!((answer.text().as_str(), answer.get("x-why").as_deref()), ("not here", Some("because")));
        }
        until("nothing is active", || active(&balancer, 0) == 0);
    }
}

#[test]
fn tunnels_are_balanced_sticky_and_counted_until_their_end() {
    let (b0, b1) = (Backend::start(echo_bytes), Backend::start(echo_bytes));
    let balancer = Config::new(&[&b0, &b1]).set("/strategy", json!("least-connections")).start();
    let four: Vec<Client> = (0..4).map(|_| open(&balancer, &[])).collect();
    assert_eq!((active(&balancer, 0), active(&balancer, 1)), (2, 2));
    let sticky = [open(&balancer, &["Cookie: X-Backend-ID=1"]), open(&balancer, &["Cookie: X-Backend-ID=1"])];
    assert_eq!((active(&balancer, 0), active(&balancer, 1)), (2, 4));
    drop((four, sticky));
    until("no tunnel is counted any more", || (active(&balancer, 0), active(&balancer, 1)) == (0, 0));
}

#[test]
fn a_refused_tunnel_is_tried_elsewhere_and_the_cookie_follows() {
    let (mut dead, alive) = (Backend::start(echo_bytes), Backend::start(echo_bytes));
    let balancer = Balancer::over(&[&dead, &alive]);
    dead.stop();
    let mut client = balancer.client();
    client.send(&request("GET", "/socket", &[&LINES[..], &["Cookie: X-Backend-ID=0"]].concat()));
    let answer = client.head().unwrap().unwrap();
    assert_eq!((answer.status, answer.backend()), (101, Some(1)));
    assert_eq!(answer.all("set-cookie"), ["X-Backend-ID=1; Path=/; HttpOnly; SameSite=Lax"]);
}

#[test]
fn messages_of_every_kind_pass_both_ways() {
    let backend = Backend::start(echo_messages);
    let balancer = Balancer::over(&[&backend]);
    let mut client = open(&balancer, &[]);
    let early = client.wire.take_buffer();
    let mut socket = socket(client.wire.stream, early, Role::Client);
    let large: Vec<u8> = (0..=255).cycle().take(16 << 20).collect();
    for message in [
        Message::text("grüße 👍"),
        Message::text(""),
        Message::binary(vec![0, 255, 10, 13]),
        Message::binary(Vec::<u8>::new()),
        Message::binary(large),
    ] {
        socket.send(message.clone()).unwrap();
        assert!(socket.read().unwrap() == message, "a message of {} bytes", message.len());
    }
    socket.send(Message::Ping(b"ping".to_vec().into())).unwrap();
    assert_eq!(socket.read().unwrap(), Message::Pong(b"ping".to_vec().into()));
    let close = CloseFrame { code: CloseCode::Library(4321), reason: "done here".into() };
    socket.close(Some(close.clone())).unwrap();
    assert_eq!(socket.read().unwrap(), Message::Close(Some(close)));
}

#[test]
fn frames_are_byte_identical_even_bad_ones() {
    let backend = Backend::start(echo_bytes);
    let balancer = Balancer::over(&[&backend]);
    let mut client = open(&balancer, &[]);
    let frames: Vec<&[u8]> = vec![
        b"\x01\x83\x01\x02\x03\x04abc", // a first fragment, masked
        b"\x00\x81\x01\x02\x03\x04d",   // a fragment between
        b"\x80\x80\x01\x02\x03\x04",    // the last one, empty
        b"\x89\x02hi",                  // a ping without a mask
        b"\x88\x06\x03\xe8done",        // a close, and bytes behind it
        b"\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff",
        b"GET /hidden HTTP/1.1\r\nHost: a\r\n\r\n",
    ];
    for frame in frames {
        client.send(frame);
        assert_eq!(read_exactly(&mut client, frame.len()), frame);
    }
    assert_eq!(backend.targets(), ["/socket"]);
}

#[test]
fn bytes_behind_the_handshake_are_not_lost_in_either_direction() {
    let backend = Backend::start(|call| {
        call.send(&[accepted("").as_bytes(), b"early server"].concat());
        let mut early = Vec::new();
        call.wire.exactly(b"early client".len(), &mut early).unwrap();
        call.send(&[b"got: ", &early[..]].concat());
        call.wait_for_close();
        After::Close
    });
    let balancer = Balancer::over(&[&backend]);
    for _ in 0..10 {
        let mut client = balancer.client();
        client.send(&[&request("GET", "/socket", &LINES), &b"early client"[..]].concat());
        assert_eq!(client.head().unwrap().unwrap().status, 101);
        assert_eq!(read_exactly(&mut client, 29), b"early servergot: early client");
    }
}

#[test]
fn a_tunnel_follows_other_requests_on_its_connection() {
    let backend =
        Backend::start(|call| if call.target == "/socket" { echo_bytes(call) } else { support::backend::echo(call) });
    let balancer = Balancer::over(&[&backend]);
    let mut client = balancer.client();
    assert_eq!(client.exchange(&request("GET", "/page", &[])).status, 200);
    client.send(&request("GET", "/socket", &LINES));
    assert_eq!(client.head().unwrap().unwrap().status, 101);
    client.send(b"bytes");
    assert_eq!(read_exactly(&mut client, 5), b"bytes");
}

#[test]
fn unknown_protocols_tunnel_when_the_backend_agrees() {
    let backend = Backend::start(|call| {
        call.send(b"HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: my-protocol/2\r\n\r\n");
        let mut bytes = Vec::new();
        call.wire.exactly(4, &mut bytes).unwrap();
        call.send(&bytes);
        After::Close
    });
    let balancer = Balancer::over(&[&backend]);
    let mut client = balancer.client();
    client.send(&request("GET", "/", &["Connection: upgrade", "Upgrade: my-protocol/2"]));
    let answer = client.head().unwrap().unwrap();
    assert_eq!((answer.status, answer.get("upgrade").as_deref()), (101, Some("my-protocol/2")));
    client.send(b"ping");
    assert_eq!(client.rest(), b"ping");
}

#[test]
fn a_half_close_delivers_the_last_bytes_of_the_other_direction() {
    let backend = Backend::start(|call| {
        call.send(accepted("").as_bytes());
        let mut all = Vec::new();
        call.wire.read_rest(&mut all).unwrap();
        call.send(&all);
        After::Close
    });
    let balancer = Balancer::over(&[&backend]);
    let mut client = open(&balancer, &[]);
    let bytes: Vec<u8> = (0..=255).cycle().take(1 << 20).collect();
    client.send(&bytes);
    client.half_close();
    assert!(client.rest() == bytes);
    let backend = Backend::start(|call| {
        call.send(&[accepted("").as_bytes(), b"last"].concat());
        call.wire.stream.shutdown(std::net::Shutdown::Write).unwrap();
        let mut bytes = Vec::new();
        call.wire.exactly(5, &mut bytes).unwrap();
        assert_eq!(bytes, b"still");
        After::Close
    });
    let balancer = Balancer::over(&[&backend]);
    let mut client = open(&balancer, &[]);
    assert_eq!(client.rest(), b"last");
    client.send(b"still");
    until("the backend has the rest", || backend.bytes(backend.requests()[0].connection).ends_with(b"still"));
}

#[test]
fn a_side_that_is_killed_is_seen_by_the_other() {
    let backend = Backend::start(|call| {
        call.send(accepted("").as_bytes());
        let mut order = [0];
        match call.wire.stream.read(&mut order) {
            Ok(1) if order == *b"c" => After::Close,
            Ok(1) => After::Reset,
            _ => After::Close,
        }
    });
    let mut balancer = Balancer::over(&[&backend]);
    for order in [b"c", b"r"] {
        let mut client = open(&balancer, &[]);
        client.send(order);
        assert_eq!(client.rest(), b"");
    }
    for resets in [true, false] {
        let client = open(&balancer, &[]);
        let connection = backend.requests().pop().unwrap().connection;
        if resets {
            client.reset();
        } else {
            drop(client);
        }
        backend.wait_for_end(connection);
    }
    until("no tunnel is counted any more", || active(&balancer, 0) == 0);
    assert!(balancer.is_running());
}

#[test]
fn a_silent_tunnel_is_not_cut_by_the_times_of_requests() {
    let backend = Backend::start(echo_bytes);
    let times = json!({"response": 100, "idle": 100, "requestHeaders": 100});
    let balancer = Config::new(&[&backend]).set("/timeouts", times).start();
    let mut client = open(&balancer, &[]);
    // Not a wait: the test is that this time passes.
    std::thread::sleep(std::time::Duration::from_millis(600));
    client.send(b"alive");
    assert_eq!(read_exactly(&mut client, 5), b"alive");
}

/// Answers 101 once the whole body has come, as a Docker daemon does for `exec`, then echoes what comes behind it.
fn switching_behind_a_body(early: bool) -> Backend {
    Backend::start(move |call| {
        let switch = b"HTTP/1.1 101 UPGRADED\r\nConnection: Upgrade\r\nUpgrade: tcp\r\n\r\n";
        if early {
            call.send(switch);
        }
        let mut body = Vec::new();
        call.wire.exactly(29, &mut body).unwrap();
        if !early {
            call.send(switch);
        }
        call.send(&body);
        loop {
            let behind = call.wire.take_buffer();
            call.send(&behind);
            if call.wire.fill().unwrap_or(0) == 0 {
                return After::Close;
            }
        }
    })
}

#[test]
fn an_upgrade_with_a_body_switches_behind_the_body() {
    for early in [false, true] {
        let backend = switching_behind_a_body(early);
        let balancer = Balancer::over(&[&backend]);
        let mut client = balancer.client();
        let body = b"{\"Detach\":false,\"Tty\":false}\n";
        let lines = ["Connection: Upgrade", "Upgrade: tcp", "Content-Length: 29"];
        client.send(&request("POST", "/exec/start", &lines));
        client.send(&body[..10]);
        if early {
            assert_eq!(client.head().unwrap().unwrap().status, 101);
        }
        client.send(&body[10..]);
        if !early {
            assert_eq!(client.head().unwrap().unwrap().status, 101);
        }
        assert_eq!(read_exactly(&mut client, 29), body);
        client.send(b"ls\n");
        assert_eq!(read_exactly(&mut client, 3), b"ls\n");
    }
}

#[test]
fn an_upgrade_with_a_body_that_the_backend_passes_over_is_a_request_like_any_other() {
    let backend = Backend::echoing();
    let balancer = Balancer::over(&[&backend]);
    let lines = [&LINES[..], &["Content-Length: 5"]].concat();
    let mut client = balancer.client();
    for _ in 0..2 {
        let answer = client.exchange(&[&request("POST", "/", &lines)[..], b"hello"].concat());
        assert_eq!((answer.status, answer.text().as_str()), (200, "hello"));
    }
}
