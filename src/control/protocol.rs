//! The protocol of the control socket: one JSON object per line.
//!
//! The server begins with [`Reply::Hello`]. Then each [`Request`] gets its reply, in order; after [`Request::Follow`]
//! the server sends events and snapshots until one side closes the connection.

use std::io;
use std::sync::Arc;

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use tokio::io::{AsyncBufRead, AsyncBufReadExt as _, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _};

use stickylb::api::{
    Command, CommandError, Done, Ending, Event, Explanation, Heads, Question, Replayed, RequestNumber, ResolvedConfig,
    Snapshot, SurviveReport, ToReplay, Unclear, WhatIf, WhatIfOptions,
};
use stickylb::untrusted::Untrusted;

/// Version of this protocol; a client accepts no other.
pub(super) const VERSION: u32 = 1;

/// The longest line a client may send, in bytes: an edited request, each byte of which may be six in JSON.
pub(crate) const REQUEST_LIMIT: usize = 512 * 1024;
/// The longest line a server may send, in bytes: a snapshot of many backends.
pub(crate) const REPLY_LIMIT: usize = 1024 * 1024 * 1024;

/// Identifies the server.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Hello {
    /// The protocol's [`VERSION`].
    pub(crate) protocol: u32,
    /// The program's version.
    pub(crate) version: Untrusted<String>,
    pub(crate) pid: u32,
    /// The ports it listens on, the first listener's first.
    pub(crate) ports: Vec<u16>,
    /// The URL to open.
    pub(crate) url: Untrusted<String>,
    pub(crate) uptime_seconds: u64,
    /// The names of the sticky cookies it gives out.
    #[serde(default)]
    pub(crate) cookies: Vec<Untrusted<String>>,
}

/// A client's request.
#[derive(Debug, Serialize, Deserialize)]
#[serde(tag = "ask", rename_all = "camelCase")]
pub(crate) enum Request {
    /// Get the current state.
    Snapshot,
    /// Carry out a command.
    Do(Command),
    /// Which backend would get this request?
    Explain(Question),
    /// Get the heads of a request.
    Heads {
        /// Its number.
        number: RequestNumber,
    },
    /// Send a request again.
    Replay(ToReplay),
    /// Get what `survive` has found.
    SurviveReport,
    /// What would each strategy have done with the last requests?
    WhatIf(WhatIfOptions),
    /// Get the configuration that runs.
    Configuration,
    /// Only watch from now on, until this connection ends: nothing more that is asked for on it may change anything, and no
    /// heads, no bodies and no output of processes are told.
    Watch,
    /// Send events and snapshots from now on. Heads are kept as long as any client follows that does not only
    /// watch.
    Follow,
    /// Stop, and report how the program ended.
    Stop,
}

/// A server's reply.
#[derive(Debug, Serialize, Deserialize)]
#[serde(tag = "reply", rename_all = "camelCase")]
pub(crate) enum Reply {
    /// The greeting, which is the first line.
    Hello(Hello),
    /// The current state.
    Snapshot(Box<Snapshot>),
    /// The command was carried out.
    Done(Done),
    /// The command was not carried out.
    Failed(CommandError),
    /// Which backend would get the request, and why.
    Explained(Box<Explanation>),
    /// The question cannot be answered.
    Unclear(Unclear),
    /// The heads that were asked for.
    Heads {
        /// `None` if they are no longer kept.
        heads: Option<Box<Heads>>,
    },
    /// The outcome of a request that was sent again.
    Replayed(Box<Replayed>),
    /// The request was not sent again.
    NotReplayed {
        /// Why, as one sentence.
        why: Untrusted<String>,
    },
    /// What `survive` has found.
    Survived {
        /// `None` where there was no run.
        report: Option<Box<SurviveReport>>,
    },
    /// What each strategy would have done.
    WhatIf(Box<WhatIf>),
    /// What-if was asked for a pool or a backend that is not there.
    NoWhatIf {
        /// Why, as one sentence.
        why: Untrusted<String>,
    },
    /// The configuration that runs, without secrets.
    Configuration(Box<ResolvedConfig>),
    /// This connection only watches from now on.
    Watching,
    /// An event.
    Happened(Arc<Event>),
    /// Events were lost because the client read too slowly.
    Missed {
        /// How many.
        events: u64,
    },
    /// No more clients are accepted; requests in flight finish.
    Stopping,
    /// The program has ended.
    Ended(Ending),
    /// The request is not answered, and the connection ends.
    Refused {
        /// Why, as one sentence.
        why: Untrusted<String>,
    },
}

/// Reads one line; `None` at the end. A line of more than `limit` bytes is an error.
///
/// Not cancel-safe: dropping it loses what was read of a line.
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
