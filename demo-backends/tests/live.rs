//! What stays open: event streams and WebSockets, and how a shutdown ends them.
#![allow(clippy::unwrap_used)]

mod common;

use common::Running;
use futures_util::{SinkExt, StreamExt};
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::protocol::CloseFrame;
use tokio_tungstenite::tungstenite::protocol::frame::coding::CloseCode;
use tokio_tungstenite::{WebSocketStream, client_async};

type Socket = WebSocketStream<TcpStream>;

async fn open(backend: &Running, target: &str) -> Socket {
    let url = format!("ws://{}{target}", backend.address);
    let (socket, answer) = client_async(url, backend.connect().await).await.unwrap();
    assert_eq!(answer.headers()["x-served-by"], "alpha");
    socket
}

async fn hear(socket: &mut Socket) -> Value {
    let message = socket.next().await.unwrap().unwrap();
    serde_json::from_str(message.to_text().unwrap()).unwrap()
}

async fn hear_close(socket: &mut Socket) -> CloseFrame {
    loop {
        if let Message::Close(frame) = socket.next().await.unwrap().unwrap() {
            return frame.unwrap();
        }
    }
}

/// Reads on until `text` holds `what`.
async fn read_until(stream: &mut TcpStream, text: &mut String, what: &str) {
    let mut buffer = [0; 1024];
    while !text.contains(what) {
        let read = stream.read(&mut buffer).await.unwrap();
        assert_ne!(read, 0, "ended before {what}: {text}");
        text.push_str(std::str::from_utf8(&buffer[..read]).unwrap());
    }
}

#[tokio::test]
async fn events_come_and_end_with_the_backend() {
    let alpha = Running::start("alpha").await;
    let mut stream = alpha.connect().await;
    stream.write_all(b"GET /events HTTP/1.1\r\nhost: test\r\n\r\n").await.unwrap();
    let mut text = String::new();
    read_until(&mut stream, &mut text, "\"n\":2,").await;
    assert!(text.contains("content-type: text/event-stream"));
    assert!(text.contains("data: {\"backend\":\"alpha\",\"n\":1,\"time\":"));

    let served = alpha.stop();
    stream.read_to_string(&mut text).await.unwrap();
    assert!(text.ends_with("\r\n0\r\n\r\n"), "the stream ended properly");
    served.await.unwrap().unwrap();
}

#[tokio::test]
async fn the_echo_keeps_kind_and_close_code() {
    let alpha = Running::start("alpha").await;
    let mut socket = open(&alpha, "/ws").await;
    for message in [Message::text("grüße"), Message::binary(vec![0, 159, 255]), Message::binary(vec![7; 300_000])] {
        socket.send(message.clone()).await.unwrap();
        assert_eq!(socket.next().await.unwrap().unwrap(), message);
    }
    let frame = CloseFrame { code: CloseCode::from(4321), reason: "enough".into() };
    socket.close(Some(frame.clone())).await.unwrap();
    assert_eq!(hear_close(&mut socket).await, frame);
    assert!(socket.next().await.is_none());
}

#[tokio::test]
async fn a_message_may_be_too_large() {
    let alpha = Running::start("alpha").await;
    let mut socket = open(&alpha, "/chat").await;
    let large = Message::text("x".repeat(65 * 1024));
    // The backend may close before it has read all of it.
    let _ = socket.send(large).await;
    while let Some(Ok(message)) = socket.next().await {
        if let Message::Close(Some(frame)) = message {
            assert_eq!(frame.code, CloseCode::Size);
        }
    }
}

#[tokio::test]
async fn a_plain_request_is_told_to_upgrade() {
    let alpha = Running::start("alpha").await;
    let answer = alpha.get("/ws").await;
    assert_eq!(answer.status(), 426);
    assert_eq!(answer.header("upgrade"), Some("websocket"));
    assert_eq!(alpha.ask("POST", "/chat", "").await.status(), 405);
    let keyless = "upgrade: websocket\r\nsec-websocket-version: 13\r\nconnection: upgrade\r\n";
    assert_eq!(alpha.ask("GET", "/ws", keyless).await.status(), 400);
}

#[tokio::test]
async fn the_chat_reaches_everyone() {
    let alpha = Running::start("alpha").await;
    let mut ann = open(&alpha, "/chat?name=Ann").await;
    let mut guest = open(&alpha, "/chat").await;
    ann.send(Message::text("hello <b>")).await.unwrap();
    let said = json!({"backend": "alpha", "from": "Ann", "text": "hello <b>", "n": 1});
    assert_eq!(hear(&mut ann).await, said);
    assert_eq!(hear(&mut guest).await, said);
    guest.send(Message::text("hi")).await.unwrap();
    let said = json!({"backend": "alpha", "from": "guest 1", "text": "hi", "n": 2});
    assert_eq!(hear(&mut ann).await, said);
    assert_eq!(hear(&mut guest).await, said);

    let mut late = open(&alpha, "/chat?hello&name=Zo%C3%AB").await;
    let hello = hear(&mut late).await;
    assert_eq!(hello["hello"], true);
    assert_eq!(hello["backend"], "alpha");
    assert_eq!(hello["from"], "Zoë");
}

#[tokio::test]
async fn a_slow_reader_is_told_what_it_missed() {
    let alpha = Running::start("alpha").await;
    let mut slow = open(&alpha, "/chat").await;
    let mut loud = open(&alpha, "/chat").await;
    // More than the sockets' buffers and the room's backlog hold together.
    let text = "x".repeat(32 * 1024);
    for _ in 0..1000 {
        loud.send(Message::text(text.clone())).await.unwrap();
        loop {
            let heard = hear(&mut loud).await;
            if heard["text"].is_string() {
                break;
            }
        }
    }
    let mut heard = 0;
    let mut missed = 0;
    while heard + missed < 1000 {
        let message = hear(&mut slow).await;
        match message["missed"].as_u64() {
            Some(some) => missed += some,
            None => heard += 1,
        }
    }
    assert!(missed > 0);
    assert_eq!(heard + missed, 1000);
}

#[tokio::test]
async fn the_end_finishes_requests_and_closes_sockets() {
    let alpha = Running::start("alpha").await;
    let address = alpha.address;
    let mut socket = open(&alpha, "/ws").await;
    let idle = alpha.connect().await;
    let mut slow = alpha.connect().await;
    let request = "GET /chunks?n=2&ms=300 HTTP/1.1\r\nhost: test\r\n\r\n";
    slow.write_all(request.as_bytes()).await.unwrap();
    let mut text = String::new();
    read_until(&mut slow, &mut text, "piece 1 of 2").await;

    let served = alpha.stop();
    let closed = tokio::spawn(async move { hear_close(&mut socket).await });
    slow.read_to_string(&mut text).await.unwrap();
    assert!(text.contains("piece 2 of 2"));
    assert_eq!(closed.await.unwrap().code, CloseCode::Away);
    served.await.unwrap().unwrap();
    drop(idle);
    assert!(TcpStream::connect(address).await.is_err());
}

#[tokio::test]
async fn the_end_does_not_wait_for_ever() {
    let alpha = Running::start("alpha").await;
    // Neither this request nor this WebSocket will have ended in time.
    let mut slow = alpha.connect().await;
    let request = "GET /chunks?n=2&ms=30000 HTTP/1.1\r\nhost: test\r\n\r\n";
    slow.write_all(request.as_bytes()).await.unwrap();
    let mut text = String::new();
    read_until(&mut slow, &mut text, "piece 1 of 2").await;
    let unread = open(&alpha, "/chat").await;
    alpha.stop().await.unwrap().unwrap();
    drop(unread);
}
