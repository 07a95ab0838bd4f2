//! The chat room: everyone joined to this backend hears each message.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use futures_util::{SinkExt, StreamExt};
use serde::Serialize;
use tokio::sync::broadcast::{self, error::RecvError};
use tokio_tungstenite::tungstenite::protocol::frame::coding::CloseCode;
use tokio_tungstenite::tungstenite::{Message, Utf8Bytes};

use crate::backend::Backend;
use crate::query;
use crate::socket::{End, Socket};

/// How many messages a slow reader may fall behind before it misses some.
const BACKLOG: usize = 64;
const LONGEST_NAME: usize = 40;

/// The room of one backend.
pub(crate) struct Room(Arc<Shared>);

struct Shared {
    backend: String,
    said: broadcast::Sender<Utf8Bytes>,
    messages: AtomicU64,
    guests: AtomicU64,
}

/// One participant.
pub(crate) struct Seat {
    room: Arc<Shared>,
    heard: broadcast::Receiver<Utf8Bytes>,
    from: String,
    hello: Option<Utf8Bytes>,
}

#[derive(Serialize)]
struct Said<'a> {
    backend: &'a str,
    from: &'a str,
    text: &'a str,
    n: u64,
}

#[derive(Serialize)]
struct Missed<'a> {
    backend: &'a str,
    missed: u64,
}

/// A browser cannot see the headers of its handshake's answer, so this is how
/// a page learns which backend it reached before anyone has spoken.
#[derive(Serialize)]
struct Greeting<'a> {
    hello: bool,
    backend: &'a str,
    color: &'a str,
    from: &'a str,
}

impl Room {
    pub(crate) fn new(backend: String) -> Self {
        Self(Arc::new(Shared {
            backend,
            said: broadcast::Sender::new(BACKLOG),
            messages: AtomicU64::new(0),
            guests: AtomicU64::new(0),
        }))
    }
}

impl Seat {
    /// Joins the room; from here on the seat hears what is said.
    pub(crate) fn take(backend: &Backend, query: Option<&str>) -> Self {
        let room = Arc::clone(&backend.room.0);
        let name: String = query::param(query, "name").unwrap_or_default().trim().chars().take(LONGEST_NAME).collect();
        let from =
            if name.is_empty() { format!("guest {}", room.guests.fetch_add(1, Ordering::Relaxed) + 1) } else { name };
        let hello = query::param(query, "hello").map(|_| {
            json(&Greeting { hello: true, backend: &backend.name, color: backend.identity().color, from: &from })
        });
        Self { heard: room.said.subscribe(), room, from, hello }
    }

    pub(crate) async fn talk(mut self, socket: &mut Socket) -> End {
        if let Some(hello) = self.hello.take()
            && let Err(error) = socket.send(Message::Text(hello)).await
        {
            return error.into();
        }
        loop {
            let sent = tokio::select! {
                message = socket.next() => match message {
                    Some(Ok(Message::Text(text))) => {
                        self.say(&text);
                        Ok(())
                    }
                    Some(Ok(Message::Binary(_))) => {
                        return End::Say(CloseCode::Unsupported, "this room takes text only");
                    }
                    Some(Ok(_)) => Ok(()),
                    Some(Err(error)) => Err(error),
                    None => return End::Left,
                },
                heard = self.heard.recv() => match heard {
                    Ok(text) => socket.send(Message::Text(text)).await,
                    Err(RecvError::Lagged(missed)) => {
                        let backend = &self.room.backend;
                        socket.send(Message::Text(json(&Missed { backend, missed }))).await
                    }
                    Err(RecvError::Closed) => return End::Left,
                },
            };
            if let Err(error) = sent {
                return error.into();
            }
        }
    }

    fn say(&self, text: &str) {
        let said = Said {
            backend: &self.room.backend,
            from: &self.from,
            text,
            n: self.room.messages.fetch_add(1, Ordering::Relaxed) + 1,
        };
        // Only a room without listeners refuses, and then nobody misses it.
        let _ = self.room.said.send(json(&said));
    }
}

fn json(value: &impl Serialize) -> Utf8Bytes {
    serde_json::to_string(value).expect("text, numbers and a truth value can always be written as JSON").into()
}
