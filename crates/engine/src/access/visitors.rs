//! Counts connections and requests per client address.

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Instant;

/// Parts of the table, each with its own lock to reduce contention.
const SHARDS: usize = 16;

/// Most addresses in one part, to limit memory. When it is full, new addresses are admitted without being counted.
const MOST_PER_SHARD: usize = 8192;

/// The table of client addresses.
#[derive(Default)]
pub(crate) struct Visitors {
    shards: [Shard; SHARDS],
}

type Shard = Arc<Mutex<HashMap<IpAddr, Visitor>>>;

/// One address.
struct Visitor {
    connections: u32,
    /// Requests that it could still send at the time `at` (a token bucket); `None` before the first request.
    saved: Option<f64>,
    /// When `saved` was computed.
    at: Instant,
}

impl Visitor {
    fn new(at: Instant) -> Self {
        Visitor { connections: 0, saved: None, at }
    }

    /// The number of requests that it may send now. The bucket holds at most one second's worth.
    fn allowance(&self, rate: u32, now: Instant) -> f64 {
        let rate = f64::from(rate);
        let saved = self.saved.unwrap_or(rate);
        (saved + now.saturating_duration_since(self.at).as_secs_f64() * rate).min(rate)
    }
}

/// Counts a connection of an address until dropped.
pub(crate) struct AddressSlot {
    ip: IpAddr,
    shard: Shard,
}

impl Drop for AddressSlot {
    fn drop(&mut self) {
        if let Some(visitor) = lock(&self.shard).get_mut(&self.ip) {
            visitor.connections = visitor.connections.saturating_sub(1);
        }
    }
}

/// An address has reached its connection limit.
#[derive(Debug)]
pub(crate) struct Crowded;

impl Visitors {
    /// Counts one more connection of an address; an error if it has `most` already. `None` if the table is full, so
    /// that the connection is not counted.
    pub(crate) fn enter(&self, ip: IpAddr, most: u32) -> Result<Option<AddressSlot>, Crowded> {
        let shard = self.shard(ip);
        match visitor(&mut lock(shard), ip, Instant::now()) {
            None => Ok(None),
            Some(visitor) if visitor.connections >= most => Err(Crowded),
            Some(visitor) => {
                visitor.connections += 1;
                Ok(Some(AddressSlot { ip, shard: Arc::clone(shard) }))
            }
        }
    }

    /// Counts one more request of an address; returns whether it is admitted. `rate` is in requests per second.
    pub(crate) fn spend(&self, ip: IpAddr, rate: u32, now: Instant) -> bool {
        let mut visitors = lock(self.shard(ip));
        let Some(visitor) = visitor(&mut visitors, ip, now) else { return true };
        let allowance = visitor.allowance(rate, now);
        let passes = allowance >= 1.0;
        visitor.saved = Some(if passes { allowance - 1.0 } else { allowance });
        visitor.at = now;
        passes
    }

    /// Removes addresses that have no connections and a full bucket.
    pub(crate) fn forget(&self, rate: u32, now: Instant) {
        for shard in &self.shards {
            lock(shard).retain(|_, v| v.connections > 0 || v.allowance(rate, now) < f64::from(rate));
        }
    }

    fn shard(&self, ip: IpAddr) -> &Shard {
        let last = match ip {
            IpAddr::V4(v4) => v4.octets()[3],
            IpAddr::V6(v6) => v6.octets()[7] ^ v6.octets()[15],
        };
        &self.shards[usize::from(last) % SHARDS]
    }
}

/// The entry of an address, created if needed; `None` if there is no room for it.
fn visitor(visitors: &mut HashMap<IpAddr, Visitor>, ip: IpAddr, now: Instant) -> Option<&mut Visitor> {
    if visitors.len() >= MOST_PER_SHARD && !visitors.contains_key(&ip) {
        return None;
    }
    Some(visitors.entry(ip).or_insert_with(|| Visitor::new(now)))
}

fn lock(shard: &Shard) -> MutexGuard<'_, HashMap<IpAddr, Visitor>> {
    // Ignoring poison is safe: each change is to a single number.
    shard.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    const IP: IpAddr = IpAddr::V4(std::net::Ipv4Addr::LOCALHOST);

    #[test]
    fn places_are_counted_and_come_back() {
        let visitors = Visitors::default();
        let first = visitors.enter(IP, 2);
        let second = visitors.enter(IP, 2);
        assert!(first.is_ok() && second.is_ok());
        assert!(visitors.enter(IP, 2).is_err());
        drop(first);
        assert!(visitors.enter(IP, 2).is_ok());
        assert!(visitors.enter(IpAddr::from([127, 0, 0, 2]), 2).is_ok(), "another address has its own");
    }

    #[test]
    fn a_second_brings_as_many_requests_as_the_rate_and_no_more_are_saved_up() {
        let visitors = Visitors::default();
        let start = Instant::now();
        let passed = |at: Duration| (0..20).filter(|_| visitors.spend(IP, 5, start + at)).count();
        assert_eq!(passed(Duration::ZERO), 5);
        assert_eq!(passed(Duration::from_millis(400)), 2);
        assert_eq!(passed(Duration::from_mins(1)), 5);
    }

    #[test]
    fn those_who_are_gone_are_forgotten_and_the_table_is_bounded() {
        let visitors = Visitors::default();
        let now = Instant::now();
        for n in 0..300_000_u32 {
            visitors.spend(IpAddr::from(n.to_be_bytes()), 5, now);
        }
        let known = || visitors.shards.iter().map(|shard| lock(shard).len()).sum::<usize>();
        assert!(known() <= SHARDS * MOST_PER_SHARD);
        let place = visitors.enter(IP, 5);
        visitors.forget(5, now + Duration::from_secs(2));
        assert_eq!(known(), usize::from(matches!(place, Ok(Some(_)))));
    }
}
