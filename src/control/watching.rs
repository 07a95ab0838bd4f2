//! What a connection that only watches may ask for, and what it is told.
//!
//! The limit is one of the connection, not of its user: who may open the socket may open it without asking to watch. It
//! keeps a screen from changing what it shows by mistake, and from being told the secrets of other people's requests.

use super::protocol::{Reply, Request};
use stickylb::api::{CommandError, Event};

/// The answer to what changes anything, or asks for what may hold secrets; `None` where it may be asked for.
pub(super) fn refusal(request: &Request) -> Option<Reply> {
    let why = || CommandError::OnlyWatches.to_string().into();
    match request {
        Request::Do(_) => Some(Reply::Failed(CommandError::OnlyWatches)),
        Request::Replay(_) => Some(Reply::NotReplayed { why: why() }),
        Request::Heads { .. } | Request::Stop => Some(Reply::Refused { why: why() }),
        Request::Snapshot
        | Request::Explain(_)
        | Request::SurviveReport
        | Request::WhatIf(_)
        | Request::Configuration
        | Request::Watch
        | Request::Follow => None,
    }
}

/// Whether the event is told: not what processes write, which may be anything.
pub(super) fn may_see(event: &Event) -> bool {
    !matches!(event, Event::Output(_))
}
