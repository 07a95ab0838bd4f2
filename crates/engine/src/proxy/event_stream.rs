//! `/_lb/events`: what happens, as it happens, as server-sent events or as a WebSocket's messages.
//!
//! Each reader has a [task](Feed) of its own that reads the journal as the log does. A slow one holds up nobody: it
//! misses events, and is told how many.

use bytes::Bytes;
use futures_util::{SinkExt as _, StreamExt as _};
use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;
use stickylb_http1::RequestHead;
use tokio::io::AsyncWriteExt as _;
use tokio::sync::{OwnedSemaphorePermit, mpsc, watch};
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::handshake::derive_accept_key;
use tokio_tungstenite::tungstenite::protocol::frame::CloseFrame;
use tokio_tungstenite::tungstenite::protocol::frame::coding::CloseCode;
use tokio_tungstenite::tungstenite::protocol::{Role, WebSocketConfig};

use crate::api::Event;
use crate::proxy::io::ClientStream;
use crate::proxy::tunnel::Counted;
use crate::state::{EventReader, Phase, Telemetry};
use crate::untrusted::json;

/// What the body is.
pub(crate) const MEDIA: &str = "text/event-stream";

/// Events are told in batches this far apart.
const BATCH: Duration = Duration::from_millis(20);

/// A silent stream shows that it lives this often.
const ALIVE: Duration = Duration::from_secs(15);

/// How long a reader may take nothing.
const STALL: Duration = Duration::from_mins(1);

/// About as much is handed to the connection at a time.
const PIECE: usize = 32 * 1024;

/// The most a reader may send; it has nothing to say.
const INCOMING: usize = 4096;

/// Past events a reader may ask for.
const PAST: usize = 200;

/// How long a reader has to take what is said to it last.
const GOODBYE: Duration = Duration::from_millis(250);

/// What one reader is fed from.
pub(crate) struct Feed {
    reader: EventReader,
    dropped: u64,
    /// Events of before, if it asks for them.
    past: Vec<Arc<Event>>,
    figures: Option<Figures>,
    phase: watch::Receiver<Phase>,
    _place: OwnedSemaphorePermit,
}

/// How things stand, told at once and then once a second to a reader who asks for it.
pub(crate) struct Figures {
    /// The event of this second.
    pub(crate) event: Box<dyn Fn() -> Arc<str> + Send + Sync>,
    /// Changes once a second.
    pub(crate) seconds: watch::Receiver<u64>,
}

impl Figures {
    /// Waits for a second to pass; for ever where none were asked for.
    async fn due(figures: Option<&mut Figures>) {
        if let Some(figures) = figures
            && figures.seconds.changed().await.is_ok()
        {
            return;
        }
        std::future::pending::<()>().await;
    }
}

/// Why a feed ended.
enum Over {
    /// The program stops.
    GoingAway,
    /// The reader has left, or takes nothing.
    Gone,
}

/// Takes what is fed.
trait Reader {
    async fn event(&mut self, kind: &'static str, json: &str) -> Result<(), Gone>;
    /// What was given goes out now.
    async fn flush(&mut self) -> Result<(), Gone>;
    /// Shows that the stream lives.
    async fn alive(&mut self) -> Result<(), Gone>;
    /// Ends when the reader leaves.
    async fn left(&mut self);
}

/// The reader has left.
struct Gone;

impl Feed {
    /// Live from now on, after the last events of before if `from_before`. `None` where there are as many readers as there may
    /// be.
    pub(crate) fn open(telemetry: &Telemetry, phase: watch::Receiver<Phase>, from_before: bool) -> Option<Self> {
        let slot = telemetry.event_stream()?;
        let mut reader = EventReader::new(Arc::clone(&telemetry.journal));
        let mut past = Vec::new();
        reader.take(&mut past);
        let kept = if from_before { PAST } else { 0 };
        past.drain(..past.len().saturating_sub(kept));
        Some(Feed { dropped: reader.dropped(), reader, past, figures: None, phase, _place: slot })
    }

    /// The same with figures.
    pub(crate) fn with(self, figures: Figures) -> Self {
        Feed { figures: Some(figures), ..self }
    }

    async fn tell_figures(&self, to: &mut impl Reader) -> Result<(), Gone> {
        match self.figures.as_ref().map(|figures| (figures.event)()) {
            Some(figures) => in_time(to.event("figures", &figures)).await,
            None => Ok(()),
        }
    }

    async fn run(mut self, to: &mut impl Reader) -> Over {
        let mut phase = self.phase.clone();
        let fed = async {
            let mut batch = std::mem::take(&mut self.past);
            self.tell_figures(to).await?;
            tell(&mut batch, to).await?;
            loop {
                tokio::select! {
                    () = self.reader.wait() => {}
                    () = Figures::due(self.figures.as_mut()) => self.tell_figures(to).await?,
                    () = tokio::time::sleep(ALIVE) => in_time(to.alive()).await?,
                    () = to.left() => return Err::<Infallible, Gone>(Gone),
                }
                let missed = self.reader.take(&mut batch);
                let dropped = self.reader.dropped();
                let lost = missed + (dropped - self.dropped);
                self.dropped = dropped;
                if lost > 0 {
                    let missed = serde_json::json!({ "event": "missed", "events": lost });
                    in_time(to.event("missed", &missed.to_string())).await?;
                }
                tell(&mut batch, to).await?;
                tokio::time::sleep(BATCH).await;
            }
        };
        tokio::select! {
            _ = fed => Over::Gone,
            _ = phase.wait_for(|phase| *phase >= Phase::Finishing) => Over::GoingAway,
        }
    }
}

/// Tells these events.
async fn tell(batch: &mut Vec<Arc<Event>>, to: &mut impl Reader) -> Result<(), Gone> {
    for event in batch.drain(..) {
        // Only a map with keys that are no strings could fail, and events have none.
        let (Some(kind), Ok(json)) = (kind(&event), json(&*event)) else { continue };
        in_time(to.event(kind, &json)).await?;
    }
    in_time(to.flush()).await
}

/// What a page may know of. What processes write is their owner's alone: anything may stand in it.
fn kind(event: &Event) -> Option<&'static str> {
    match event {
        Event::Request(_) => Some("request"),
        Event::Update(_) => Some("update"),
        Event::Notice(_) => Some("notice"),
        Event::Output(_) => None,
    }
}

async fn in_time(work: impl Future<Output = Result<(), Gone>>) -> Result<(), Gone> {
    tokio::time::timeout(STALL, work).await.unwrap_or(Err(Gone))
}

/// Feeds server-sent events into a response's body.
pub(crate) fn server_sent(feed: Feed) -> mpsc::Receiver<Bytes> {
    let (pieces, body) = mpsc::channel(1);
    tokio::spawn(async move {
        let mut reader = ServerSent { pieces, text: "retry: 1000\n\n".to_owned() };
        if reader.flush().await.is_ok() {
            // However it ended, the body ends with it.
            feed.run(&mut reader).await;
        }
    });
    body
}

struct ServerSent {
    pieces: mpsc::Sender<Bytes>,
    text: String,
}

impl Reader for ServerSent {
    async fn event(&mut self, kind: &'static str, json: &str) -> Result<(), Gone> {
        for part in ["event: ", kind, "\ndata: ", json, "\n\n"] {
            self.text.push_str(part);
        }
        if self.text.len() >= PIECE { self.flush().await } else { Ok(()) }
    }

    async fn flush(&mut self) -> Result<(), Gone> {
        if self.text.is_empty() {
            return Ok(());
        }
        self.pieces.send(std::mem::take(&mut self.text).into()).await.map_err(|_| Gone)
    }

    async fn alive(&mut self) -> Result<(), Gone> {
        self.text.push_str(":\n\n");
        self.flush().await
    }

    async fn left(&mut self) {
        self.pieces.closed().await;
    }
}

/// What accepts a WebSocket's handshake (RFC 6455 4.2); why not, where it is none.
pub(crate) fn accepted(head: &RequestHead) -> Result<String, &'static str> {
    let version = head.named(b"sec-websocket-version").next();
    let key = head.named(b"sec-websocket-key").next().filter(|key| key.len() == 24);
    let (Some(b"13"), Some(key)) = (version, key) else {
        return Err("The WebSocket's handshake needs version 13 and a key.");
    };
    Ok(derive_accept_key(key))
}

/// Feeds a WebSocket that was switched to, until one side ends it.
pub(crate) async fn websocket(feed: Feed, stream: ClientStream, early: Vec<u8>, counted: Counted) {
    let config = WebSocketConfig::default().max_message_size(Some(INCOMING)).max_frame_size(Some(INCOMING));
    let socket = WebSocketStream::from_partially_read(stream, early, Role::Server, Some(config)).await;
    let mut reader = Socket(socket);
    if matches!(feed.run(&mut reader).await, Over::GoingAway) {
        let frame = CloseFrame { code: CloseCode::Away, reason: "".into() };
        // Best effort: a reader that takes nothing now is cut all the same.
        let _ = tokio::time::timeout(GOODBYE, reader.0.close(Some(frame))).await;
    }
    // Over TLS the reader must see that nothing was cut off (close_notify).
    let _ = tokio::time::timeout(GOODBYE, reader.0.get_mut().shutdown()).await;
    drop(counted);
}

struct Socket(WebSocketStream<ClientStream>);

impl Reader for Socket {
    async fn event(&mut self, _: &'static str, json: &str) -> Result<(), Gone> {
        self.0.feed(Message::text(json)).await.map_err(|_| Gone)
    }

    async fn flush(&mut self) -> Result<(), Gone> {
        self.0.flush().await.map_err(|_| Gone)
    }

    async fn alive(&mut self) -> Result<(), Gone> {
        self.0.send(Message::Ping(Bytes::new())).await.map_err(|_| Gone)
    }

    async fn left(&mut self) {
        // What it says is read and forgotten; pings and closes are answered by the library.
        while let Some(Ok(_)) = self.0.next().await {}
    }
}
