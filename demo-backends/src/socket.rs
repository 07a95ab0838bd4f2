//! WebSockets: the handshake, the echo, and the close.

use futures_util::{SinkExt, StreamExt};
use hyper::body::Incoming;
use hyper::header::{
    CONNECTION, HeaderName, HeaderValue, SEC_WEBSOCKET_ACCEPT, SEC_WEBSOCKET_KEY, SEC_WEBSOCKET_VERSION, UPGRADE,
};
use hyper::upgrade::{OnUpgrade, Upgraded};
use hyper::{HeaderMap, Method, Request, StatusCode, Version};
use hyper_util::rt::TokioIo;
use tokio::sync::mpsc;
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::handshake::derive_accept_key;
use tokio_tungstenite::tungstenite::protocol::frame::coding::CloseCode;
use tokio_tungstenite::tungstenite::protocol::{CloseFrame, Role, WebSocketConfig};
use tokio_tungstenite::tungstenite::{Error, Message, Utf8Bytes};

use crate::backend::Stopping;
use crate::chat::Seat;
use crate::reply::{self, Reply};

const LARGEST_ECHO: usize = 1 << 20;
/// Every message waiting in a room may be this large, so it is kept smaller.
const LARGEST_CHAT: usize = 64 * 1024;
const BUFFER: usize = 4 * 1024;

pub(crate) type Socket = WebSocketStream<TokioIo<Upgraded>>;

/// What the socket is for.
pub(crate) enum Kind {
    Echo,
    Chat(Seat),
}

/// A socket whose handshake is answered. The connection's own task runs it
/// once hyper lets go of the connection, so that it ends with that task.
pub(crate) struct Session {
    upgrade: OnUpgrade,
    kind: Kind,
}

impl Session {
    pub(crate) async fn run(self, mut stopping: Stopping) {
        let Ok(upgraded) = self.upgrade.await else {
            return;
        };
        let largest = match self.kind {
            Kind::Echo => LARGEST_ECHO,
            Kind::Chat(_) => LARGEST_CHAT,
        };
        let config = WebSocketConfig::default()
            .read_buffer_size(BUFFER)
            .write_buffer_size(BUFFER)
            .max_message_size(Some(largest))
            .max_frame_size(Some(largest));
        let mut socket = Socket::from_raw_socket(TokioIo::new(upgraded), Role::Server, Some(config)).await;
        let end = tokio::select! {
            end = converse(&mut socket, self.kind) => end,
            () = stopping.wait() => End::Say(CloseCode::Away, "this backend is stopping"),
        };
        if let End::Say(code, reason) = end {
            close(&mut socket, code, reason).await;
        }
    }
}

/// How a conversation ended.
pub(crate) enum End {
    /// The other side closed, or is gone.
    Left,
    /// It is for this side to close, and to say why.
    Say(CloseCode, &'static str),
}

impl From<Error> for End {
    fn from(error: Error) -> Self {
        match error {
            Error::Capacity(_) => Self::Say(CloseCode::Size, "that message is too large"),
            Error::Protocol(_) => Self::Say(CloseCode::Protocol, "that is not WebSocket"),
            Error::Utf8(_) => Self::Say(CloseCode::Invalid, "that text is not UTF-8"),
            _ => Self::Left,
        }
    }
}

async fn converse(socket: &mut Socket, kind: Kind) -> End {
    match kind {
        Kind::Echo => echo(socket).await,
        Kind::Chat(seat) => seat.talk(socket).await,
    }
}

async fn echo(socket: &mut Socket) -> End {
    while let Some(message) = socket.next().await {
        let sent = match message {
            Ok(message @ (Message::Text(_) | Message::Binary(_))) => socket.send(message).await,
            // Pings and closes are answered by the library as it is read on.
            Ok(_) => Ok(()),
            Err(error) => Err(error),
        };
        if let Err(error) = sent {
            return error.into();
        }
    }
    End::Left
}

async fn close(socket: &mut Socket, code: CloseCode, reason: &'static str) {
    let reason = Utf8Bytes::from_static(reason);
    if socket.close(Some(CloseFrame { code, reason })).await.is_ok() {
        // Until the other side's close arrives, messages may still be under
        // way; dropping the connection on them could lose our own close.
        while let Some(Ok(_)) = socket.next().await {}
    }
}

/// Answers the handshake of `/ws` or `/chat`, and hands on the session.
pub(crate) fn upgrade(mut request: Request<Incoming>, kind: Kind, sessions: &mpsc::Sender<Session>) -> Reply {
    let key = match check(&request) {
        Ok(key) => key,
        Err(reply) => return *reply,
    };
    let upgrade = hyper::upgrade::on(&mut request);
    if sessions.try_send(Session { upgrade, kind }).is_err() {
        let sentence = "This connection is already on its way to being a WebSocket.";
        return reply::text(StatusCode::BAD_REQUEST, sentence);
    }
    let accept = HeaderValue::from_str(&derive_accept_key(key.as_bytes()))
        .expect("Base64 is made of characters a header may hold");
    let mut reply = Reply::default();
    *reply.status_mut() = StatusCode::SWITCHING_PROTOCOLS;
    let headers = reply.headers_mut();
    headers.insert(CONNECTION, HeaderValue::from_static("upgrade"));
    headers.insert(UPGRADE, HeaderValue::from_static("websocket"));
    headers.insert(SEC_WEBSOCKET_ACCEPT, accept);
    reply
}

/// The client's key, or the answer that says what is missing.
fn check(request: &Request<Incoming>) -> Result<HeaderValue, Box<Reply>> {
    let headers = request.headers();
    if request.method() != Method::GET {
        return Err(Box::new(reply::not_allowed("GET")));
    }
    if request.version() != Version::HTTP_11
        || !has_token(headers, &CONNECTION, "upgrade")
        || !has_token(headers, &UPGRADE, "websocket")
        || !has_token(headers, &SEC_WEBSOCKET_VERSION, "13")
    {
        let sentence = "This address speaks WebSocket, version 13.";
        let mut reply = reply::text(StatusCode::UPGRADE_REQUIRED, sentence);
        let headers = reply.headers_mut();
        headers.insert(CONNECTION, HeaderValue::from_static("upgrade"));
        headers.insert(UPGRADE, HeaderValue::from_static("websocket"));
        headers.insert(SEC_WEBSOCKET_VERSION, HeaderValue::from_static("13"));
        return Err(Box::new(reply));
    }
    headers.get(SEC_WEBSOCKET_KEY).cloned().ok_or_else(|| {
        let sentence = "The WebSocket handshake lacks its key.";
        Box::new(reply::text(StatusCode::BAD_REQUEST, sentence))
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
