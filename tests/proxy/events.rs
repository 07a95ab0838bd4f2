//! `/_lb/events`: the live stream, as server-sent events and as a WebSocket.

use std::io;

use serde_json::{Value, json};
use tokio_tungstenite::tungstenite::protocol::Role;
use tokio_tungstenite::tungstenite::{Message, WebSocket};

use crate::support::patience::Wait;
use crate::support::socket::{LINES, socket};
use crate::support::{Backend, Balancer, Client, Config, request, until, until_some};

/// A reader of server-sent events.
pub(crate) struct Stream {
    client: Client,
    bytes: Vec<u8>,
    /// The bytes read so far.
    read: usize,
}

impl Stream {
    pub(crate) fn open(balancer: &Balancer) -> Self {
        Stream::of(balancer, "/_lb/events")
    }

    fn of(balancer: &Balancer, target: &str) -> Self {
        let mut client = balancer.client();
        client.send(&request("GET", target, &["Accept: text/event-stream"]));
        let head = client.head().unwrap().unwrap();
        assert_eq!((head.status, head.get("content-type").as_deref()), (200, Some("text/event-stream")));
        assert_eq!(
            (head.get("access-control-allow-origin"), head.get("cache-control").as_deref()),
            (None, Some("no-store"))
        );
        let mut stream = Stream { bytes: client.wire.take_buffer(), client, read: 0 };
        // The stream has begun; later events are sent.
        let first = stream.block(&Wait::begin()).unwrap();
        assert!(first.contains("retry:"), "{first}");
        stream
    }

    /// The next lines, up to an empty one.
    fn block(&mut self, wait: &Wait) -> io::Result<String> {
        let mut looked_at = self.read;
        loop {
            if let Some(at) = self.bytes[looked_at..].windows(2).position(|end| end == b"\n\n") {
                let end = looked_at + at;
                let block = String::from_utf8(self.bytes[self.read..end].to_vec()).unwrap();
                self.read = end + 2;
                return Ok(block);
            }
            looked_at = self.bytes.len().saturating_sub(1).max(self.read);
            wait.check()?;
            if self.client.wire.fill()? == 0 {
                return Err(io::ErrorKind::UnexpectedEof.into());
            }
            self.bytes.append(&mut self.client.wire.take_buffer());
        }
    }

    /// The next event: its kind and its data.
    fn next(&mut self, wait: &Wait) -> io::Result<(String, Value)> {
        loop {
            let block = self.block(wait)?;
            // The lines before it are chunk framing, or comments that keep the stream alive.
            let event = block.split_once("event: ").and_then(|(_, event)| event.split_once("\ndata: "));
            if let Some((kind, data)) = event {
                return Ok((kind.to_owned(), serde_json::from_str(data).unwrap()));
            }
        }
    }

    /// The next event of this kind that meets the condition.
    pub(crate) fn event(&mut self, kind: &str, condition: impl Fn(&Value) -> bool) -> Value {
        let wait = Wait::begin();
        loop {
            match self.next(&wait).unwrap_or_else(|error| panic!("no such {kind} is told: {error}")) {
                (found, event) if found == kind && condition(&event) => return event,
                _ => {}
            }
        }
    }

    /// The next request for this path.
    pub(crate) fn request(&mut self, path: &str) -> Value {
        self.event("request", |event| event["path"] == path)
    }

    /// All bytes received.
    fn text(&self) -> String {
        String::from_utf8_lossy(&self.bytes).into_owned()
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
fn a_request_is_told_with_the_names_of_smart_stick_and_no_secret() {
    let b0 = Backend::echoing();
    let balancer = Balancer::over(&[&b0]);
    let mut stream = Stream::open(&balancer);
    balancer.exchange(&request("GET", "/told?q=1", &["Authorization: Bearer hunter2", "Cookie: session=hunter2"]));
    let event = stream.request("/told?q=1");
    assert_eq!((&event["ip"], &event["to"]), (&json!("127.0.0.1"), &json!(format!("http://localhost:{}", b0.port))));
    assert_eq!((&event["backendId"], &event["strategy"]), (&json!(0), &json!("round-robin")));
    assert_eq!((&event["method"], &event["path"], &event["status"]), (&json!("GET"), &json!("/told?q=1"), &json!(200)));
    assert!(!stream.text().contains("hunter2"), "{}", stream.text());
}

#[test]
fn a_change_of_state_is_told_as_an_update() {
    let (mut b0, b1) = (Backend::echoing(), Backend::echoing());
    let balancer = Config::new(&[&b0, &b1]).start();
    let mut stream = Stream::open(&balancer);
    b0.stop();
    balancer.exchange(&request("GET", "/", &["Cookie: X-Backend-ID=0"]));
    let update = stream.event("update", |update| update["backend"]["name"] == "b0");
    assert_eq!((&update["from"], &update["to"]), (&json!("UP"), &json!("DOWN")));
}

#[test]
fn figures_come_at_once_and_every_second_and_the_last_events_where_they_are_asked_for() {
    let b0 = Backend::echoing();
    let balancer = Balancer::over(&[&b0]);
    balancer.get("/before");
    let mut stream = Stream::of(&balancer, "/_lb/events?figures&history");
    let (kind, figures) = stream.next(&Wait::begin()).unwrap();
    assert_eq!((kind.as_str(), &figures["event"]), ("figures", &json!("figures")));
    assert_eq!(
        (&figures["backends"][0]["name"], &figures["backends"][0]["mark"]["letter"]),
        (&json!("b0"), &json!("A"))
    );
    assert_eq!((&figures["sticky"], &figures["alerts"]), (&json!("cookie"), &json!([])));
    stream.request("/before");
    balancer.get("/after");
    stream.event("figures", |figures| figures["backends"][0]["requests"] == 2);
    let mut plain = Stream::of(&balancer, "/_lb/events?x=figures");
    balancer.get("/later");
    assert_eq!(plain.event("request", |event| event["backendId"] == 0)["path"], "/later");
    assert!(!plain.text().contains("figures\n"), "{}", plain.text());
}

#[test]
fn a_websocket_gets_the_same_and_its_pings_are_answered() {
    let b0 = Backend::echoing();
    let balancer = Balancer::over(&[&b0]);
    let mut socket = websocket(&balancer);
    socket.send(Message::Ping("here".into())).unwrap();
    // The request for the stream itself may come first.
    until("the ping is answered", || socket.read().unwrap() == Message::Pong("here".into()));
    balancer.get("/told");
    let event = until_some("the request is told", || {
        let text = socket.read().unwrap().into_text().unwrap();
        // A ping of the balancer may come between.
        serde_json::from_str::<Value>(&text).ok().filter(|event| event["path"] == "/told")
    });
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
    stream.request("/after");
    assert!(!stream.text().contains(['\u{1b}', '\u{9b}', '\u{202e}']), "{:?}", stream.text());
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
    const ASKED: u64 = 8_000;
    let b0 = Backend::echoing();
    // Long events, so that few of them fill the buffers between.
    let balancer = Config::new(&[&b0]).set("/backends/0/name", json!("n".repeat(2000))).start();
    let mut stalled = Stream::open(&balancer);
    let mut client = balancer.client();
    let path = format!("/{}", "x".repeat(500));
    // More than sockets and journal together can hold.
    for _ in 0..ASKED {
        assert_eq!(client.exchange(&request("GET", &path, &[])).status, 200);
    }
    let (mut told, mut missed) = (0, 0);
    let wait = Wait::begin();
    while told + missed < ASKED {
        match stalled.next(&wait).unwrap_or_else(|error| panic!("{told} told, {missed} missed: {error}")) {
            (kind, event) if kind == "missed" => missed += event["events"].as_u64().unwrap(),
            (_, event) if event["path"] == path.as_str() => told += 1,
            _ => {}
        }
    }
    assert!(told > 0 && missed > 0, "{told} told, {missed} missed");
    // The reader has caught up, and misses nothing more.
    balancer.get("/last");
    stalled.request("/last");
}

#[cfg(unix)]
#[test]
fn at_the_end_streams_end_and_websockets_are_told_that_it_goes_away() {
    let b0 = Backend::echoing();
    let mut balancer = Balancer::over(&[&b0]);
    let mut stream = Stream::open(&balancer);
    let mut socket = websocket(&balancer);
    balancer.terminate();
    let close = until_some("it is told", || match socket.read().unwrap() {
        Message::Close(frame) => frame,
        _ => None,
    });
    assert_eq!(u16::from(close.code), 1001);
    // The last chunk, and the end of the connection.
    let rest = stream.client.rest();
    assert!(String::from_utf8_lossy(&rest).ends_with("0\r\n\r\n"));
    until("it has ended", || !balancer.is_running());
}
