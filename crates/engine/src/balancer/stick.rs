//! The stick table of TCP mode: which backend each client address sticks to.

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::atomic::AtomicU64;
use std::sync::atomic::Ordering::Relaxed;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use crate::api::BackendId;

/// Parts of the table, each with its own lock to reduce contention.
const PARTS: usize = 16;

/// Most addresses in one part. When it is full, new addresses do not stick.
const MOST_PER_PART: usize = 8192;

/// The stick table. An entry expires some time after its address's last connection closed.
pub(crate) struct StickTable {
    parts: [Arc<Part>; PARTS],
    /// In milliseconds. Atomic, because a configuration reload may change it.
    expiry: AtomicU64,
}

type Part = Mutex<HashMap<IpAddr, Entry>>;

struct Entry {
    backend: BackendId,
    connections: u32,
    /// When a connection last closed.
    closed: Instant,
}

impl Entry {
    fn is_over(&self, expiry: Duration, now: Instant) -> bool {
        self.connections == 0 && now.saturating_duration_since(self.closed) >= expiry
    }
}

/// What [`StickTable::hold`] did.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Stuck {
    /// Added an entry.
    New,
    /// The address stuck to this backend already.
    Kept,
    /// The address stuck to this other backend before.
    Moved(BackendId),
    /// Nothing: its part of the table is full.
    Full,
}

/// A client's connection. Its entry does not expire while one is held.
pub(crate) struct StuckConnection {
    part: Arc<Part>,
    ip: IpAddr,
}

impl Drop for StuckConnection {
    fn drop(&mut self) {
        if let Some(entry) = lock(&self.part).get_mut(&self.ip) {
            entry.connections = entry.connections.saturating_sub(1);
            entry.closed = Instant::now();
        }
    }
}

impl StickTable {
    /// An empty table.
    pub(crate) fn new(expiry: Duration) -> Self {
        let table = StickTable { parts: std::array::from_fn(|_| Arc::default()), expiry: AtomicU64::default() };
        table.expire_after(expiry);
        table
    }

    /// Sets how long entries are kept after the last connection, existing ones included.
    pub(crate) fn expire_after(&self, expiry: Duration) {
        self.expiry.store(u64::try_from(expiry.as_millis()).unwrap_or(u64::MAX), Relaxed);
    }

    fn expiry(&self) -> Duration {
        Duration::from_millis(self.expiry.load(Relaxed))
    }

    /// The backend that an address sticks to; `None` once the entry has expired.
    pub(crate) fn get(&self, ip: IpAddr, now: Instant) -> Option<BackendId> {
        let part = lock(self.part(ip));
        part.get(&ip).filter(|entry| !entry.is_over(self.expiry(), now)).map(|entry| entry.backend)
    }

    /// Makes an address stick to a backend while the returned connection is held, and for the expiry time after that.
    pub(crate) fn hold(&self, ip: IpAddr, backend: BackendId, now: Instant) -> (Stuck, Option<StuckConnection>) {
        let part = self.part(ip);
        let mut entries = lock(part);
        let full = entries.len() >= MOST_PER_PART;
        let stuck = match entries.get_mut(&ip) {
            None if full => return (Stuck::Full, None),
            None => {
                entries.insert(ip, Entry { backend, connections: 1, closed: now });
                Stuck::New
            }
            Some(entry) => {
                entry.connections += 1;
                let before = std::mem::replace(&mut entry.backend, backend);
                if before == backend { Stuck::Kept } else { Stuck::Moved(before) }
            }
        };
        (stuck, Some(StuckConnection { part: Arc::clone(part), ip }))
    }

    /// Removes expired entries; returns the backend of each.
    pub(crate) fn forget(&self, now: Instant) -> Vec<BackendId> {
        let mut forgotten = Vec::new();
        for part in &self.parts {
            lock(part).retain(|_, entry| {
                let over = entry.is_over(self.expiry(), now);
                forgotten.extend(over.then_some(entry.backend));
                !over
            });
        }
        forgotten
    }

    fn part(&self, ip: IpAddr) -> &Arc<Part> {
        let last = match ip {
            IpAddr::V4(v4) => v4.octets()[3],
            IpAddr::V6(v6) => v6.octets()[7] ^ v6.octets()[15],
        };
        &self.parts[usize::from(last) % PARTS]
    }
}

fn lock(part: &Part) -> MutexGuard<'_, HashMap<IpAddr, Entry>> {
    // Ignoring poison is safe: each change is to one entry, so a panic leaves nothing half done.
    part.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use super::*;

    const IP: IpAddr = IpAddr::V4(std::net::Ipv4Addr::LOCALHOST);
    const EXPIRY: Duration = Duration::from_secs(30);
    const FOUR: BackendId = BackendId::new(4);
    const FIVE: BackendId = BackendId::new(5);

    #[test]
    fn an_address_sticks_while_it_is_connected_and_for_a_while_after() {
        let table = StickTable::new(EXPIRY);
        let start = Instant::now();
        let (stuck, held) = table.hold(IP, FOUR, start);
        assert_eq!(stuck, Stuck::New);
        assert_eq!(table.get(IP, start + EXPIRY * 10), Some(FOUR), "it is connected");
        assert!(table.forget(start + EXPIRY * 10).is_empty());
        drop(held);
        let closed = Instant::now();
        assert_eq!(table.get(IP, closed + EXPIRY / 2), Some(FOUR));
        assert_eq!(table.get(IP, closed + EXPIRY), None);
        assert_eq!(table.forget(closed + EXPIRY), [FOUR]);
    }

    #[test]
    fn an_address_moves_with_its_last_connection() {
        let table = StickTable::new(EXPIRY);
        let now = Instant::now();
        let first = table.hold(IP, FOUR, now).1;
        let (stuck, second) = table.hold(IP, FIVE, now);
        assert_eq!(stuck, Stuck::Moved(FOUR));
        assert_eq!(table.hold(IP, FIVE, now).0, Stuck::Kept);
        drop(first);
        assert_eq!(table.get(IP, now), Some(FIVE));
        drop(second);
    }

    #[test]
    fn the_table_is_bounded() {
        let table = StickTable::new(EXPIRY);
        let now = Instant::now();
        for n in 0..200_000_u32 {
            table.hold(IpAddr::from(n.to_be_bytes()), FOUR, now);
        }
        assert_eq!(table.parts.iter().map(|part| lock(part).len()).sum::<usize>(), PARTS * MOST_PER_PART);
        assert_eq!(table.forget(Instant::now() + EXPIRY).len(), PARTS * MOST_PER_PART);
        assert_eq!(table.hold(IP, FOUR, now).0, Stuck::New);
    }
}
