//! Idle connections to backends, kept for reuse.

use foldhash::HashMap;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use super::connection::Connection;
use super::owner::Owner;
use super::reuse::Reuse;
use crate::config::MOST_IDLE;

/// Idle connections to a backend above which a connection opened for a non-reusable request is closed, not kept.
const SPARE: usize = 4;

/// One backend's idle connections. Boxed, because they are large and are moved on every request.
type Stack = Vec<Box<Connection>>;

/// Idle connections of one worker, or of all workers for backends with a connection limit. The last used one is reused
/// first, because it is the least likely to have been closed by the backend.
///
/// A worker's own lock is never contended; it is needed because tasks must be `Send`.
#[derive(Default)]
pub(crate) struct IdleConnections {
    by_backend: Mutex<HashMap<u64, Stack>>,
}

/// What a request asks of a connection.
#[derive(Clone, Copy)]
pub(crate) struct Wanted {
    /// Whose it must be.
    pub(crate) owner: Option<Owner>,
    /// How recently it must have been used.
    pub(crate) reuse: Reuse,
    /// How long one may have been idle for [`Reuse::Recent`], as this backend's earlier connections suggest.
    pub(crate) recent: Option<Duration>,
    /// Idle connections that this backend is to have at least.
    pub(crate) keep: usize,
}

impl IdleConnections {
    /// A connection to a backend that is still open. `closed` is told how long each was idle that the backend has closed.
    ///
    /// One that was idle too long for this request is closed: a new one will take its place, and a backend that serves one
    /// connection at a time would keep the new one waiting for it.
    pub(crate) fn take(
        &self,
        backend: u64,
        wanted: Wanted,
        now: Instant,
        mut closed: impl FnMut(Duration),
    ) -> Option<Box<Connection>> {
        if wanted.reuse == Reuse::Never {
            return None;
        }
        let mut by_backend = self.lock();
        let stack = by_backend.get_mut(&backend)?;
        let mut old = false;
        let connection = loop {
            // The last one as a rule: most backends' connections are everybody's.
            let at = stack.iter().rposition(|connection| connection.owner == wanted.owner)?;
            let connection = &mut stack[at];
            if now >= connection.idle_until {
                old = true;
            } else if !connection.is_quiet() {
                // What it sent unasked was not for the next client, and mostly says why it closes.
                closed(connection.idle_age(now));
            } else if wanted.reuse.admits(connection, now, wanted.recent) {
                let mut connection = stack.remove(at);
                connection.begin();
                break connection;
            } else {
                if stack.len() > wanted.keep {
                    stack.remove(at);
                }
                return None;
            }
            stack.remove(at);
        };
        if old {
            // Older ones need not have expired, because the limit differs with each response's Keep-Alive.
            stack.retain(|connection| now < connection.idle_until);
        }
        Some(connection)
    }

    /// Closes those that are this client's alone.
    pub(crate) fn close_owned(&self, backend: u64, owner: Owner) {
        if let Some(stack) = self.lock().get_mut(&backend) {
            stack.retain(|connection| connection.owner != Some(owner));
        }
    }

    pub(crate) fn put(&self, backend: u64, mut connection: Box<Connection>, now: Instant) {
        connection.reused = true;
        connection.idle_until = now + connection.idle_limit;
        let mut by_backend = self.lock();
        let stack = by_backend.entry(backend).or_default();
        // Requests that never take from here would otherwise fill it with connections that nobody uses.
        let most = if connection.reusable { MOST_IDLE as usize } else { SPARE };
        // Each client has one login at most, so that those have a limit already.
        let is_logged_in = matches!(connection.owner, Some(Owner::LoggedIn(_)));
        if is_logged_in || stack.len() < most {
            stack.push(connection);
        }
    }

    /// Closes all but those that a client has logged in on.
    pub(crate) fn close_unowned(&self, backend: u64) {
        if let Some(stack) = self.lock().get_mut(&backend) {
            stack.retain(|connection| matches!(connection.owner, Some(Owner::LoggedIn(_))));
        }
    }

    /// How many are kept for a backend.
    pub(crate) fn count(&self, backend: u64) -> usize {
        self.lock().get(&backend).map_or(0, Vec::len)
    }

    /// How many of those the backend has not closed, as the system knows.
    pub(crate) fn count_open(&self, backend: u64) -> usize {
        self.lock()
            .get_mut(&backend)
            .map_or(0, |stack| stack.iter_mut().filter_map(|c| c.is_open().then_some(())).count())
    }

    /// Closes the least recently used, so that at most `most` remain.
    pub(crate) fn trim(&self, backend: u64, most: usize) {
        if let Some(stack) = self.lock().get_mut(&backend) {
            stack.drain(..stack.len().saturating_sub(most));
        }
    }

    /// Closes the expired ones of every backend.
    pub(crate) fn sweep(&self) {
        let now = Instant::now();
        self.lock().retain(|_, stack| {
            stack.retain(|connection| now < connection.idle_until);
            !stack.is_empty()
        });
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, HashMap<u64, Stack>> {
        // Ignoring poison is safe: a panic under the lock leaves the map valid, at worst missing a connection.
        self.by_backend.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
