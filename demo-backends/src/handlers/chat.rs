//! The chat: a WebSocket that posts to the room and receives what others post.

use futures_util::{SinkExt, StreamExt};
use serde::Serialize;
use tokio::sync::broadcast::{self, error::RecvError};
use tokio_tungstenite::tungstenite::protocol::frame::coding::CloseCode;
use tokio_tungstenite::tungstenite::{Message, Utf8Bytes};

use crate::handlers::websocket::{Outcome, Socket};
use crate::query;
use crate::state::backend::Backend;
use crate::state::room::Room;

/// The longest name of a participant, in characters.
const MAX_NAME: usize = 40;

/// One participant of the chat.
pub(crate) struct Participant {
    room: Room,
    messages: broadcast::Receiver<Utf8Bytes>,
    backend: String,
    name: String,
    greeting: Option<Utf8Bytes>,
}

/// What everyone in the room receives.
#[derive(Serialize)]
struct ChatMessage<'a> {
    backend: &'a str,
    from: &'a str,
    text: &'a str,
    n: u64,
}

/// What a reader that fell behind receives.
#[derive(Serialize)]
struct Missed<'a> {
    backend: &'a str,
    missed: u64,
}

/// The first message, on request: a script cannot read the headers of a WebSocket
/// handshake, so this tells it which backend it is connected to.
#[derive(Serialize)]
struct Greeting<'a> {
    hello: bool,
    backend: &'a str,
    color: &'a str,
    from: &'a str,
}

impl Participant {
    /// Joins the room; what is posted from here on will be received.
    pub(crate) fn join(backend: &Backend, query: Option<&str>) -> Self {
        let room = backend.room.clone();
        let identity = &backend.identity;
        let mut name: String = query::param(query, "name").unwrap_or_default().trim().chars().take(MAX_NAME).collect();
        if name.is_empty() {
            name = format!("guest {}", room.next_guest());
        }
        let greeting = query::param(query, "hello")
            .map(|_| json(&Greeting { hello: true, backend: &identity.name, color: &identity.color, from: &name }));
        Self { messages: room.subscribe(), room, backend: identity.name.clone(), name, greeting }
    }

    /// Carries messages both ways until one side ends it.
    pub(crate) async fn run(mut self, socket: &mut Socket) -> Outcome {
        if let Some(greeting) = self.greeting.take()
            && let Err(error) = socket.send(Message::Text(greeting)).await
        {
            return error.into();
        }
        loop {
            let sent = tokio::select! {
                received = socket.next() => match received {
                    Some(Ok(Message::Text(text))) => {
                        self.post(&text);
                        Ok(())
                    }
                    Some(Ok(Message::Binary(_))) => {
                        return Outcome::Close(CloseCode::Unsupported, "this room takes text only");
                    }
                    Some(Ok(_)) => Ok(()),
                    Some(Err(error)) => Err(error),
                    None => return Outcome::PeerLeft,
                },
                posted = self.messages.recv() => match posted {
                    Ok(text) => socket.send(Message::Text(text)).await,
                    Err(RecvError::Lagged(missed)) => {
                        let missed = Missed { backend: &self.backend, missed };
                        socket.send(Message::Text(json(&missed))).await
                    }
                    Err(RecvError::Closed) => return Outcome::PeerLeft,
                },
            };
            if let Err(error) = sent {
                return error.into();
            }
        }
    }

    fn post(&self, text: &str) {
        let n = self.room.next_message();
        self.room.post(json(&ChatMessage { backend: &self.backend, from: &self.name, text, n }));
    }
}

fn json(value: &impl Serialize) -> Utf8Bytes {
    serde_json::to_string(value).expect("text, numbers and booleans can always be written as JSON").into()
}
