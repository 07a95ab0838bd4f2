//! Both ends of a `WebSocket`, and of tunnels for any bytes.

use std::io::{Read, Write};

use tokio_tungstenite::tungstenite::WebSocket;
use tokio_tungstenite::tungstenite::handshake::derive_accept_key;
use tokio_tungstenite::tungstenite::protocol::{Role, WebSocketConfig};

use super::{After, Balancer, Call, Client, request};

pub(crate) const KEY: &str = "dGhlIHNhbXBsZSBub25jZQ==";
pub(crate) const LINES: [&str; 4] = [
    "Connection: Upgrade",
    "Upgrade: websocket",
    "Sec-WebSocket-Version: 13",
    "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==",
];

/// The head of a 101 response with these further lines.
pub(crate) fn accepted(lines: &str) -> String {
    format!(
        "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
         Sec-WebSocket-Accept: {}\r\n{lines}\r\n",
        derive_accept_key(KEY.as_bytes())
    )
}

/// Accepts an upgrade, and sends back every byte that follows.
pub(crate) fn echo_bytes(call: &mut Call) -> After {
    call.send(accepted("").as_bytes());
    loop {
        let bytes = call.wire.take_buffer();
        call.send(&bytes);
        if !matches!(call.wire.fill(), Ok(1..)) {
            return After::Close;
        }
    }
}

/// Accepts an upgrade, and sends back every message.
pub(crate) fn echo_messages(call: &mut Call) -> After {
    call.send(accepted("").as_bytes());
    let mut socket = socket(call.wire.stream.try_clone().unwrap(), call.wire.take_buffer(), Role::Server);
    while let Ok(message) = socket.read() {
        // The library answers pings and closes.
        if message.is_text() || message.is_binary() {
            socket.send(message).unwrap();
        }
    }
    After::Close
}

pub(crate) fn socket<S: Read + Write>(stream: S, early: Vec<u8>, role: Role) -> WebSocket<S> {
    let config = WebSocketConfig::default().max_frame_size(Some(32 << 20));
    WebSocket::from_partially_read(stream, early, role, Some(config))
}

/// Opens a tunnel with these further header lines.
pub(crate) fn open(balancer: &Balancer, lines: &[&str]) -> Client {
    let mut client = balancer.client();
    client.send(&request("GET", "/socket", &[&LINES[..], lines].concat()));
    let head = client.head().unwrap().unwrap();
    assert_eq!(head.status, 101);
    client
}

pub(crate) fn read_exactly<S: Read + Write>(client: &mut Client<S>, count: usize) -> Vec<u8> {
    let mut bytes = Vec::new();
    client.wire.exactly(count, &mut bytes).unwrap();
    bytes
}
