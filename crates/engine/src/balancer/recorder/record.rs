//! One choice of a backend, and what came of it.

use smallvec::SmallVec;
use std::time::{Duration, Instant};

use crate::api::BackendId;
use crate::balancer::rendezvous::Fingerprint;
use crate::balancer::sticky::Affinity;
use crate::balancer::traits::Traits;

/// A moment, and its place among all that was noted.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Moment {
    pub(crate) at: Instant,
    pub(crate) order: u64,
}

/// Who a request comes from, as far as can be told: a client of the balancer's own traffic, a key, or an address and what it
/// says it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct ClientMark {
    pub(crate) hash: u64,
    /// It is one client and no other.
    pub(crate) is_sure: bool,
}

/// What a choice was made from.
#[derive(Clone)]
pub(crate) struct Asked {
    /// The number of the pool's value.
    pub(crate) pool: u64,
    pub(crate) client: ClientMark,
    pub(crate) own: Affinity,
    pub(crate) fingerprint: Fingerprint,
    /// The hash of the address alone.
    pub(crate) address: Fingerprint,
    pub(crate) traits: Option<Box<Traits>>,
    pub(crate) tried: SmallVec<[BackendId; 1]>,
    /// The time that it was made by.
    pub(crate) now: Instant,
    /// The generator before it drew.
    pub(crate) seed: u64,
    /// Whose turn it was.
    pub(crate) turn: usize,
    /// The average of each backend, where the strategy goes by those.
    pub(crate) averages: Box<[u64]>,
    /// It waited for a place since `now`.
    pub(crate) has_waited: bool,
    /// A person chose: no strategy would choose otherwise.
    pub(crate) is_by_person: bool,
}

/// How long a backend took to answer.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Sample {
    pub(crate) noted: Moment,
    pub(crate) took: Duration,
    pub(crate) at: Instant,
    /// Whether the backend's average followed it: it does not where another strategy had chosen.
    pub(crate) counts: bool,
}

/// One choice of a backend, and what came of it.
#[derive(Clone)]
pub(crate) struct Record {
    pub(crate) asked: Asked,
    /// The backend that was chosen.
    pub(crate) to: BackendId,
    pub(crate) chosen: Moment,
    /// When its request began to count as in flight.
    pub(crate) begun: Option<Moment>,
    pub(crate) sample: Option<Sample>,
    pub(crate) ended: Option<Moment>,
    /// Its request went elsewhere, or nowhere.
    pub(crate) leads_nowhere: bool,
    /// The request, and its tunnel.
    pub(super) holders: u32,
}

impl Record {
    pub(super) fn new(asked: Asked, to: BackendId, chosen: Moment) -> Self {
        Record { asked, to, chosen, begun: None, sample: None, ended: None, leads_nowhere: false, holders: 1 }
    }
}
