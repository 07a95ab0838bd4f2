//! `/_lb/events`: the live stream, as server-sent events and as a WebSocket.

#![allow(clippy::unwrap_used, missing_docs, reason = "tests say what is wrong by panicking")]

mod common;

use common::socket::{LINES, socket};
use common::{Backend, Balancer, Client, Config, request, until};
use serde_json::{Value, json};
use tokio_tungstenite::tungstenite::protocol::Role;
use tokio_tungstenite::tungstenite::{Message, WebSocket};

/// A reader of server-sent events.
struct Stream {
    client: Client,
    text: String,
}

impl Stream {
    fn open(balancer: &Balancer) -> Self {
        let mut client = balancer.client();
        client.send(&request("GET", "/_lb/events", &["Accept: text/event-stream"]));
        let head = client.head().unwrap().unwrap();
        assert_eq!((head.status, head.get("content-type").as_deref()), (200, Some("text/event-stream")));
        assert_eq!(
            (head.get("access-control-allow-origin"), head.get("cache-control").as_deref()),
            (None, Some("no-store"))
        );
        let early = String::from_utf8(client.wire.take_buffer()).unwrap();
        let mut stream = Stream { client, text: early };
        // The stream has begun: what happens from now on is told.
        stream.until("retry:");
        stream
    }

    /// Reads until this was said.
    fn until(&mut self, part: &str) {
        while !self.text.contains(part) {
            assert!(self.client.wire.fill().unwrap() > 0, "it ended before it said {part}:\n{}", self.text);
            self.text.push_str(&String::from_utf8(self.client.wire.take_buffer()).unwrap());
        }
    }

    /// The first event of this kind that holds `part`.
    fn event(&mut self, kind: &str, part: &str) -> Value {
        let begin = format!("event: {kind}\ndata: ");
        let mut from = 0;
        loop {
            // Each whole event is looked at once.
            while let Some(end) = self.text[from..].find("\n\n") {
                let event = &self.text[from..from + end];
                from += end + 2;
                if let Some((_, data)) = event.split_once(&begin)
                    && data.contains(part)
                {
                    return serde_json::from_str(data).unwrap();
                }
            }
            assert!(self.client.wire.fill().unwrap() > 0, "no {kind} with {part}");
            self.text.push_str(&String::from_utf8(self.client.wire.take_buffer()).unwrap());
        }
    }
}

fn open_websocket(balancer: &Balancer, lines: &[&str]) -> (Client, u16) {
    let mut client = balancer.client();
    client.send(&request("GET", "/_lb/events", &[&LINES[..], lines].concat()));
    let status = client.head().unwrap().unwrap().status;
    (client, status)
}

fn websocket(balancer: &Balancer) -> WebSocket<std::net::TcpStream> {
    let (mut client, status) = open_websocket(balancer, &[]);
    assert_eq!(status, 101);
    let early = client.wire.take_buffer();
    socket(client.wire.stream.try_clone().unwrap(), early, Role::Client)
}

#[test]
fn a_request_is_told_with_the_predecessors_names_and_no_secret() {
    let b0 = Backend::echoing();
    let balancer = Balancer::over(&[&b0]);
    let mut stream = Stream::open(&balancer);
    balancer.exchange(&request("GET", "/told?q=1", &["Authorization: Bearer hunter2", "Cookie: session=hunter2"]));
    let event = stream.event("request", "/told");
    assert_eq!((&event["ip"], &event["to"]), (&json!("127.0.0.1"), &json!(format!("http://localhost:{}", b0.port))));
    assert_eq!((&event["backendId"], &event["strategy"]), (&json!(0), &json!("round-robin")));
    assert_eq!((&event["method"], &event["path"], &event["status"]), (&json!("GET"), &json!("/told?q=1"), &json!(200)));
    assert!(!stream.text.contains("hunter2"), "{}", stream.text);
}

#[test]
fn a_change_of_state_is_told_as_an_update() {
    let (mut b0, b1) = (Backend::echoing(), Backend::echoing());
    let balancer = Config::new(&[&b0, &b1]).start();
    let mut stream = Stream::open(&balancer);
    b0.stop();
    balancer.exchange(&request("GET", "/", &["Cookie: X-Backend-ID=0"]));
    let update = stream.event("update", "b0");
    assert_eq!((&update["from"], &update["to"]), (&json!("UP"), &json!("DOWN")));
}

#[test]
fn a_websocket_gets_the_same_and_its_pings_are_answered() {
    let b0 = Backend::echoing();
    let balancer = Balancer::over(&[&b0]);
    let mut socket = websocket(&balancer);
    socket.send(Message::Ping("here".into())).unwrap();
    // The request for the stream itself may come first.
    while socket.read().unwrap() != Message::Pong("here".into()) {}
    balancer.get("/told");
    let event = loop {
        let text = socket.read().unwrap().into_text().unwrap();
        let event: Value = serde_json::from_str(&text).unwrap();
        if event["path"] == "/told" {
            break event;
        }
    };
    assert_eq!((&event["event"], &event["backendId"]), (&json!("request"), &json!(0)));
    assert_eq!(balancer.backend(0)["activeConnections"], 0, "its reader is no backend's traffic");
    assert_eq!(balancer.backend(0)["requests"], 1);
}

#[test]
fn hostile_bytes_stay_inside_their_event() {
    let b0 = Backend::echoing();
    let balancer = Balancer::over(&[&b0]);
    let mut stream = Stream::open(&balancer);
    balancer.exchange("GET /\u{9b}2J\u{202e}x HTTP/1.1\r\nHost: localhost\r\n\r\n".as_bytes());
    balancer.get("/after");
    stream.event("request", "/after");
    assert!(!stream.text.contains(['\u{1b}', '\u{9b}', '\u{202e}']), "{:?}", stream.text);
}

#[test]
fn other_hosts_and_sites_are_refused_in_both_forms() {
    let b0 = Backend::echoing();
    let balancer = Balancer::over(&[&b0]);
    let foreign = balancer.exchange(b"GET /_lb/events HTTP/1.1\r\nHost: evil.example\r\n\r\n");
    assert_eq!(foreign.status, 421);
    let cross = balancer.exchange(&request("GET", "/_lb/events", &["Origin: https://evil.example"]));
    assert_eq!(cross.status, 403);
    assert_eq!(open_websocket(&balancer, &["Origin: https://evil.example"]).1, 403);
    assert_eq!(open_websocket(&balancer, &["Origin: http://localhost:9999"]).1, 101);
    assert_eq!(balancer.exchange(&request("POST", "/_lb/events", &["Content-Length: 0"])).status, 405);
    let old = ["Connection: Upgrade", "Upgrade: websocket", "Sec-WebSocket-Version: 8", "Sec-WebSocket-Key: x"];
    let old = balancer.exchange(&request("GET", "/_lb/events", &old));
    assert_eq!((old.status, old.get("sec-websocket-version").as_deref()), (426, Some("13")));
}

#[test]
fn readers_are_limited_and_a_place_is_free_again_when_one_leaves() {
    let b0 = Backend::echoing();
    let balancer = Balancer::over(&[&b0]);
    let mut readers: Vec<Stream> = (0..64).map(|_| Stream::open(&balancer)).collect();
    assert_eq!(balancer.get("/_lb/events").status, 503);
    assert_eq!(balancer.get("/").status, 200);
    readers.pop();
    until("a place is free", || {
        let mut client = balancer.client();
        client.send(&request("GET", "/_lb/events", &[]));
        client.head().unwrap().unwrap().status == 200
    });
}

#[test]
fn a_reader_that_takes_nothing_holds_up_nobody_and_is_told_what_it_missed() {
    let b0 = Backend::echoing();
    // Long events, so that fewer of them fill what lies between.
    let balancer = Config::new(&[&b0]).set("/backends/0/name", json!("n".repeat(2000))).start();
    let mut stalled = Stream::open(&balancer);
    let mut client = balancer.client();
    let path = format!("/{}", "x".repeat(500));
    // More than the sockets and the journal hold together.
    for _ in 0..8_000 {
        assert_eq!(client.exchange(&request("GET", &path, &[])).status, 200);
    }
    balancer.get("/last");
    let missed = stalled.event("missed", "events");
    assert!(missed["events"].as_u64().unwrap() > 0, "{missed}");
    stalled.event("request", "/last");
}

#[cfg(unix)]
#[test]
fn at_the_end_streams_end_and_websockets_are_told_that_it_goes_away() {
    let b0 = Backend::echoing();
    let mut balancer = Balancer::over(&[&b0]);
    let mut stream = Stream::open(&balancer);
    let mut socket = websocket(&balancer);
    balancer.terminate();
    let close = loop {
        if let Message::Close(frame) = socket.read().unwrap() {
            break frame.unwrap();
        }
    };
    assert_eq!(u16::from(close.code), 1001);
    // The last chunk, and the end of the connection.
    let rest = stream.client.rest();
    assert!(String::from_utf8_lossy(&rest).ends_with("0\r\n\r\n"));
    until("it has ended", || !balancer.is_running());
}
