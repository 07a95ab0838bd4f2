//! How many backends each client was sent to.

use foldhash::HashMap;
use smallvec::SmallVec;

use super::record::ClientMark;
use crate::api::BackendId;

/// Most clients that are told apart; others do not count.
const MOST: usize = 4096;

/// The backends that each client was sent to.
#[derive(Default)]
pub(super) struct Clients(HashMap<u64, SmallVec<[BackendId; 3]>>);

impl Clients {
    /// A request of this client went there.
    pub(super) fn sent(&mut self, client: ClientMark, to: BackendId) {
        if self.0.len() >= MOST && !self.0.contains_key(&client.hash) {
            return;
        }
        let seen = self.0.entry(client.hash).or_default();
        if !seen.contains(&to) {
            seen.push(to);
        }
    }

    /// How many on average; `None` without any client.
    pub(super) fn mean(&self) -> Option<f64> {
        let all: usize = self.0.values().map(SmallVec::len).sum();
        (!self.0.is_empty()).then(|| all as f64 / self.0.len() as f64)
    }
}
