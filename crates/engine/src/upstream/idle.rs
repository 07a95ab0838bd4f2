//! The connections a worker keeps for the next request.

use foldhash::HashMap;
use std::net::SocketAddr;
use std::sync::{Mutex, PoisonError};
use std::time::Instant;

use super::connection::Connection;
use crate::config::MOST_IDLE;

/// Connections kept of those that were made for one request alone.
const SPARE: usize = 4;

/// One backend's. Boxed, because they are moved on every request and are large.
type Stack = Vec<Box<Connection>>;

/// Idle connections of one worker, or of all for the backends that count them; the one used last on top: the warmest, and the least likely to be closed.
///
/// A worker's own lock is taken by that worker alone, so it is never contended; it is there because tasks must be `Send`.
#[derive(Default)]
pub(crate) struct IdleConnections {
    by_backend: Mutex<HashMap<u64, Stack>>,
}

impl IdleConnections {
    /// A connection to a backend; where it must be one made for a certain client, that client's.
    pub(crate) fn take(&self, backend: u64, only_for: Option<SocketAddr>, now: Instant) -> Option<Box<Connection>> {
        let mut by_backend = self.lock();
        let stack = by_backend.get_mut(&backend)?;
        let mut old = false;
        let connection = loop {
            let mut connection = match only_for {
                None => stack.pop()?,
                Some(_) => stack.remove(stack.iter().rposition(|connection| connection.only_for == only_for)?),
            };
            if now >= connection.idle_until {
                old = true;
            } else if connection.is_quiet() {
                // Closed by the backend, it is not; and what it sent unasked was not for the next client.
                connection.begin();
                break connection;
            }
        };
        if old {
            // Those below lie there longer, but their backends may keep them longer, too.
            stack.retain(|connection| now < connection.idle_until);
        }
        Some(connection)
    }

    pub(crate) fn put(&self, backend: u64, mut connection: Box<Connection>, now: Instant) {
        connection.reused = true;
        connection.idle_until = now + connection.idle_limit;
        let mut by_backend = self.lock();
        let stack = by_backend.entry(backend).or_default();
        // One that was made for a request that could not use a kept one is itself of use to others only.
        let most = if connection.reusable { MOST_IDLE as usize } else { SPARE };
        if stack.len() < most {
            stack.push(connection);
        }
    }

    /// Those that are kept for a backend.
    pub(crate) fn count(&self, backend: u64) -> usize {
        self.lock().get(&backend).map_or(0, Vec::len)
    }

    /// Closes the oldest, so that no more than `most` are left.
    pub(crate) fn trim(&self, backend: u64, most: usize) {
        if let Some(stack) = self.lock().get_mut(&backend) {
            stack.drain(..stack.len().saturating_sub(most));
        }
    }

    /// Closes those that were idle too long.
    pub(crate) fn sweep(&self) {
        let now = Instant::now();
        self.lock().retain(|_, stack| {
            stack.retain(|connection| now < connection.idle_until);
            !stack.is_empty()
        });
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, HashMap<u64, Stack>> {
        // A panic while holding it leaves a whole map: at worst one connection fewer.
        self.by_backend.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
