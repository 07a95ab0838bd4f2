//! What is said on a control socket: one JSON object a line.
//!
//! The server begins with [`Reply::Hello`]. Then each [`Request`] gets its reply, in order; after [`Request::Follow`]
//! the server tells what happens until one of the two leaves.

use std::io;
use std::sync::Arc;

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use tokio::io::{AsyncBufRead, AsyncBufReadExt as _, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _};

use stickylb::api::{
    BackendId, Command, CommandError, Ending, Event, Explanation, Heads, Question, Replayed, RequestNumber, Snapshot,
    Unclear,
};
use stickylb::untrusted::Untrusted;

/// Of this description; another number is another language.
pub(super) const VERSION: u32 = 1;

/// The longest line a client may send.
pub(crate) const REQUEST_LIMIT: usize = 256 * 1024;
/// The longest line a server may send: a snapshot of many backends.
pub(crate) const REPLY_LIMIT: usize = 16 * 1024 * 1024;

/// Who answers.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Hello {
    /// The protocol's [`VERSION`].
    pub(crate) protocol: u32,
    /// The program's version.
    pub(crate) version: Untrusted<String>,
    pub(crate) pid: u32,
    /// The ports it listens on, the first one first.
    pub(crate) ports: Vec<u16>,
    /// The URL to open.
    pub(crate) url: Untrusted<String>,
    pub(crate) uptime_seconds: u64,
    /// The names of the sticky cookies it gives out.
    #[serde(default)]
    pub(crate) cookies: Vec<Untrusted<String>>,
}

/// What a client asks.
#[derive(Debug, Serialize, Deserialize)]
#[serde(tag = "ask", rename_all = "camelCase")]
pub(crate) enum Request {
    /// How things stand.
    Snapshot,
    /// Do one thing.
    Do(Command),
    /// Who would get this request.
    Explain(Question),
    /// The heads of a request.
    Heads {
        /// Its number.
        number: RequestNumber,
    },
    /// Send a request again.
    Replay {
        /// Its number.
        number: RequestNumber,
        /// To this backend; as it is balanced where there is none.
        to: Option<BackendId>,
    },
    /// Tell what happens from now on. Heads are kept for as long as somebody follows.
    Follow,
    /// Stop, and say how it ended.
    Stop,
}

/// What the server says.
#[derive(Debug, Serialize, Deserialize)]
#[serde(tag = "reply", rename_all = "camelCase")]
pub(crate) enum Reply {
    /// The first line.
    Hello(Hello),
    /// How things stand.
    Snapshot(Box<Snapshot>),
    /// It was done.
    Done,
    /// It was not done.
    Failed(CommandError),
    /// Who would get it, and why.
    Explained(Box<Explanation>),
    /// Nothing can be said of it.
    Unclear(Unclear),
    /// The heads that were asked for.
    Heads {
        /// None where they are not kept any more.
        heads: Option<Box<Heads>>,
    },
    /// What came of the request that was sent again.
    Replayed(Box<Replayed>),
    /// It was not sent again.
    NotReplayed {
        /// Why, as one sentence.
        why: Untrusted<String>,
    },
    /// Something happened.
    Happened(Arc<Event>),
    /// More happened than could be told.
    Missed {
        /// So many events.
        events: u64,
    },
    /// No more clients are accepted; requests in flight finish.
    Stopping,
    /// The program has ended.
    Ended(Ending),
    /// The request is not answered.
    Refused {
        /// Why, as one sentence.
        why: Untrusted<String>,
    },
}

/// Reads one line; `None` is the end. A line beyond `limit` is an error.
///
/// What was read of a line when this is dropped is lost.
pub(crate) async fn read<T: DeserializeOwned>(
    from: &mut (impl AsyncBufRead + Unpin),
    limit: usize,
) -> io::Result<Option<T>> {
    let mut line = Vec::new();
    from.take(limit as u64 + 1).read_until(b'\n', &mut line).await?;
    if line.len() > limit {
        return Err(io::Error::new(io::ErrorKind::InvalidData, "a line is too long"));
    }
    match line.pop() {
        None => Ok(None),
        Some(b'\n') => Ok(Some(serde_json::from_slice(&line)?)),
        Some(_) => Err(io::ErrorKind::UnexpectedEof.into()),
    }
}

/// Writes one line.
pub(crate) async fn write(to: &mut (impl AsyncWrite + Unpin), what: &impl Serialize) -> io::Result<()> {
    let mut line = serde_json::to_vec(what)?;
    line.push(b'\n');
    to.write_all(&line).await
}
