//! A WebSocket from its handshake to its close, and which endpoint uses it.

use futures_util::{SinkExt, StreamExt};
use hyper::Request;
use hyper::StatusCode;
use hyper::body::Incoming;
use hyper::upgrade::OnUpgrade;
use tokio::sync::mpsc;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::protocol::frame::coding::CloseCode;

use crate::handlers::chat::Participant;
use crate::handlers::websocket::{self, Outcome, Socket};
use crate::response::{self, Response};
use crate::state::shutdown::Shutdown;

const MAX_ECHO: usize = 1 << 20;
/// Smaller, because the room keeps a backlog of messages of this size.
const MAX_CHAT: usize = 64 * 1024;

/// What the WebSocket is for.
pub(crate) enum Endpoint {
    /// Every message is sent back.
    Echo,
    Chat(Participant),
}

/// A WebSocket whose handshake is answered. The connection's own task runs it
/// once hyper has returned the connection, so that it ends with that task.
pub(crate) struct Session {
    upgrade: OnUpgrade,
    endpoint: Endpoint,
}

impl Session {
    pub(crate) async fn run(self, mut shutdown: Shutdown) {
        let Ok(upgraded) = self.upgrade.await else {
            return;
        };
        let max_message = match self.endpoint {
            Endpoint::Echo => MAX_ECHO,
            Endpoint::Chat(_) => MAX_CHAT,
        };
        let mut socket = websocket::open(upgraded, max_message).await;
        let outcome = tokio::select! {
            outcome = serve(&mut socket, self.endpoint) => outcome,
            () = shutdown.wait() => Outcome::Close(CloseCode::Away, "this backend is stopping"),
        };
        if let Outcome::Close(code, reason) = outcome {
            websocket::close(&mut socket, code, reason).await;
        }
    }
}

/// Answers the handshake of `/ws` or `/chat`, and sends the session to `sessions`.
pub(crate) fn upgrade(
    mut request: Request<Incoming>,
    endpoint: Endpoint,
    sessions: &mpsc::Sender<Session>,
) -> Response {
    let response = match websocket::accept(&request) {
        Ok(response) => response,
        Err(refusal) => return *refusal,
    };
    let upgrade = hyper::upgrade::on(&mut request);
    if sessions.try_send(Session { upgrade, endpoint }).is_err() {
        let sentence = "This connection is already on its way to being a WebSocket.";
        return response::text(StatusCode::BAD_REQUEST, sentence);
    }
    response
}

async fn serve(socket: &mut Socket, endpoint: Endpoint) -> Outcome {
    match endpoint {
        Endpoint::Echo => echo(socket).await,
        Endpoint::Chat(participant) => participant.run(socket).await,
    }
}

async fn echo(socket: &mut Socket) -> Outcome {
    while let Some(message) = socket.next().await {
        let sent = match message {
            Ok(message @ (Message::Text(_) | Message::Binary(_))) => socket.send(message).await,
            // The library answers pings and closes as it goes on reading.
            Ok(_) => Ok(()),
            Err(error) => Err(error),
        };
        if let Err(error) = sent {
            return error.into();
        }
    }
    Outcome::PeerLeft
}
