//! The WebSocket protocol: its handshake, its limits and its close.

use futures_util::StreamExt;
use hyper::body::Incoming;
use hyper::header::{
    CONNECTION, HeaderName, HeaderValue, SEC_WEBSOCKET_ACCEPT, SEC_WEBSOCKET_KEY, SEC_WEBSOCKET_VERSION, UPGRADE,
};
use hyper::upgrade::Upgraded;
use hyper::{HeaderMap, Method, Request, StatusCode, Version};
use hyper_util::rt::TokioIo;
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::handshake::derive_accept_key;
use tokio_tungstenite::tungstenite::protocol::frame::coding::CloseCode;
use tokio_tungstenite::tungstenite::protocol::{CloseFrame, Role, WebSocketConfig};
use tokio_tungstenite::tungstenite::{Error, Utf8Bytes};

use crate::response::{self, Response};

const BUFFER: usize = 4 * 1024;

pub(crate) type Socket = WebSocketStream<TokioIo<Upgraded>>;

/// How a WebSocket ended.
pub(crate) enum Outcome {
    /// The other side closed it or disconnected.
    PeerLeft,
    /// This side has to close it, with this code and reason.
    Close(CloseCode, &'static str),
}

impl From<Error> for Outcome {
    fn from(error: Error) -> Self {
        match error {
            Error::Capacity(_) => Self::Close(CloseCode::Size, "that message is too large"),
            Error::Protocol(_) => Self::Close(CloseCode::Protocol, "that is not WebSocket"),
            Error::Utf8(_) => Self::Close(CloseCode::Invalid, "that text is not UTF-8"),
            _ => Self::PeerLeft,
        }
    }
}

/// Speaks WebSocket on an upgraded connection. A message of more than `max_message` bytes is an error.
pub(crate) async fn open(upgraded: Upgraded, max_message: usize) -> Socket {
    let config = WebSocketConfig::default()
        .read_buffer_size(BUFFER)
        .write_buffer_size(BUFFER)
        .max_message_size(Some(max_message))
        .max_frame_size(Some(max_message));
    Socket::from_raw_socket(TokioIo::new(upgraded), Role::Server, Some(config)).await
}

/// Closes the WebSocket and waits until the other side has closed it too.
pub(crate) async fn close(socket: &mut Socket, code: CloseCode, reason: &'static str) {
    let reason = Utf8Bytes::from_static(reason);
    if socket.close(Some(CloseFrame { code, reason })).await.is_ok() {
        // Messages may still arrive before the other side's close. Dropping the
        // connection with them unread would reset it, and our close could be lost.
        while let Some(Ok(_)) = socket.next().await {}
    }
}

/// The 101 that accepts the handshake, or the response that says what is missing in it.
pub(crate) fn accept(request: &Request<Incoming>) -> Result<Response, Box<Response>> {
    let accept = HeaderValue::from_str(&derive_accept_key(key(request)?.as_bytes()))
        .expect("Base64 is made of characters a header may hold");
    let mut response = Response::default();
    *response.status_mut() = StatusCode::SWITCHING_PROTOCOLS;
    let headers = response.headers_mut();
    headers.insert(CONNECTION, HeaderValue::from_static("upgrade"));
    headers.insert(UPGRADE, HeaderValue::from_static("websocket"));
    headers.insert(SEC_WEBSOCKET_ACCEPT, accept);
    Ok(response)
}

/// The client's key, or the response that says what is missing.
fn key(request: &Request<Incoming>) -> Result<HeaderValue, Box<Response>> {
    let headers = request.headers();
    if request.method() != Method::GET {
        return Err(Box::new(response::not_allowed("GET")));
    }
    if request.version() != Version::HTTP_11
        || !has_token(headers, &CONNECTION, "upgrade")
        || !has_token(headers, &UPGRADE, "websocket")
        || !has_token(headers, &SEC_WEBSOCKET_VERSION, "13")
    {
        let sentence = "This address speaks WebSocket, version 13.";
        let mut response = response::text(StatusCode::UPGRADE_REQUIRED, sentence);
        let headers = response.headers_mut();
        headers.insert(CONNECTION, HeaderValue::from_static("upgrade"));
        headers.insert(UPGRADE, HeaderValue::from_static("websocket"));
        headers.insert(SEC_WEBSOCKET_VERSION, HeaderValue::from_static("13"));
        return Err(Box::new(response));
    }
    headers.get(SEC_WEBSOCKET_KEY).cloned().ok_or_else(|| {
        let sentence = "The WebSocket handshake lacks its key.";
        Box::new(response::text(StatusCode::BAD_REQUEST, sentence))
    })
}

fn has_token(headers: &HeaderMap, name: &HeaderName, token: &str) -> bool {
    headers
        .get_all(name)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(','))
        .any(|part| part.trim().eq_ignore_ascii_case(token))
}
