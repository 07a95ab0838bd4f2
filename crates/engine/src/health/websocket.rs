//! Health checks by WebSocket: a handshake and a close.

use http::Method;
use stickylb_http1::HeadLimits;
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::handshake::client::generate_key;
use tokio_tungstenite::tungstenite::handshake::derive_accept_key;
use tokio_tungstenite::tungstenite::protocol::Role;

use super::exchange::{self, CheckAnswer};
use super::finding::Finding;
use super::request::CheckRequest;
use crate::balancer::Backend;
use crate::upstream::Stream;

const KEY: &str = "Sec-WebSocket-Key";

/// Makes a WebSocket handshake over a new connection. Besides the rules for traffic, `Sec-WebSocket-Accept` is verified
/// (RFC 6455 4.1), because here the balancer is the client, not a proxy.
pub(crate) async fn ask(backend: &Backend, stream: Stream, limits: &HeadLimits) -> Finding {
    let health = &backend.settings.health();
    let fields =
        [("Connection", "Upgrade"), ("Upgrade", "websocket"), ("Sec-WebSocket-Version", "13"), (KEY, &generate_key())];
    let request = CheckRequest::new(backend, Method::GET, &fields);
    let answer = match exchange::ask(stream, &request, limits).await {
        Ok(answer) => answer,
        Err(outcome) => return Finding::failed(format_args!("no WebSocket handshake: it {outcome}")),
    };
    let status = answer.head.line.status;
    let said = format!("WebSocket {} {status}", health.path);
    let mut finding = match status {
        101 if accepts_key(&answer, &request) => Finding::passed(said),
        101 => Finding::failed("no WebSocket handshake: its Sec-WebSocket-Accept does not answer the key it was sent"),
        _ => Finding::failed(said),
    };
    if health.agent {
        finding.take_report(&answer.head);
    }
    if status == 101 {
        let (stream, begun) = answer.into_parts();
        let mut socket = WebSocketStream::from_partially_read(stream, begun, Role::Client, None).await;
        // The handshake has decided the result; an error on close does not matter.
        let _ = socket.close(None).await;
    }
    finding
}

fn accepts_key(answer: &CheckAnswer, request: &CheckRequest) -> bool {
    let wanted = derive_accept_key(request.value(KEY));
    answer.head.named(b"sec-websocket-accept").next() == Some(wanted.as_bytes())
}
