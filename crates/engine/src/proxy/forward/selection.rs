//! The selection of a backend, and what a client waits for while none can be selected: one rule for HTTP requests and for
//! connections in TCP mode.

use smallvec::SmallVec;
use std::mem;
use std::net::IpAddr;
use std::sync::Arc;
use std::time::{Duration, Instant};

use super::hold::Hold;
use super::queue;
use crate::api::{BackendId, Decision};
use crate::balancer::{Asker, Bound, Choice, NoBackend, Pool, Traits, Watch};
use crate::proxy::worker::Proxy;
use crate::state::LivePool;

/// Who says where a client belongs.
#[derive(Clone, Copy)]
pub(crate) enum SelectBy {
    /// The request's sticky key, which is read once.
    Key,
    /// A connection's address. It is looked up before each choice: another connection of it may have been bound meanwhile.
    Address(IpAddr),
    /// A person, who sends a request again to the backend with this id and to no other.
    Person(BackendId),
}

/// What all choices of a backend for one request or connection share.
pub(crate) struct Selection<'a> {
    proxy: &'a Proxy,
    pub(crate) live: &'a Arc<LivePool>,
    by: SelectBy,
    /// Whose client it is.
    pub(crate) bound: Bound,
    /// What its request brought, where ids are learned.
    pub(crate) watch: Option<Watch>,
    /// The ids of those that are not to be chosen again.
    pub(crate) tried: SmallVec<[BackendId; 4]>,
    hold: Option<Hold>,
    /// When the present try began: after what it waited.
    pub(crate) began: Instant,
    /// What it waited and is not booked yet.
    waited: Duration,
}

impl<'a> Selection<'a> {
    /// `hold` is how long it may wait in all while nobody is up; `began` is when the first try begins.
    #[inline]
    pub(crate) fn new(proxy: &'a Proxy, live: &'a Arc<LivePool>, by: SelectBy, hold: Duration, began: Instant) -> Self {
        let (bound, tried, waited) = (Bound::default(), SmallVec::new(), Duration::ZERO);
        Selection { proxy, live, by, bound, watch: None, tried, hold: Hold::new(hold), began, waited }
    }

    /// Chooses now.
    pub(crate) fn choose(&mut self, decision: &mut Decision) -> Result<Choice, NoBackend> {
        self.choose_from(&self.live.current.load(), decision)
    }

    /// Chooses from this pool.
    #[inline]
    pub(crate) fn choose_from(&mut self, pool: &Pool, decision: &mut Decision) -> Result<Choice, NoBackend> {
        match self.by {
            SelectBy::Key => {}
            SelectBy::Address(ip) => {
                self.bound = pool.sticky.read_connection(ip, self.live.stuck_to(ip));
                self.bound.asker = pool.is_watched().then(|| Box::new(Asker::at(ip)));
                self.tell_apart(pool.lost(&self.bound, &self.tried));
            }
            SelectBy::Person(id) => return pool.choose_asked_noted(id, decision),
        }
        self.proxy.choose(pool, &self.bound, &self.tried, decision, self.began)
    }

    /// Notes what tells the client of a connection that lost its backend from others.
    fn tell_apart(&mut self, lost: Option<BackendId>) {
        if let (SelectBy::Address(ip), Some(lost)) = (self.by, lost) {
            self.bound.traits = Some(Box::new(Traits::of_address(ip, lost)));
        }
    }

    /// Whether a backend takes new clients that was not tried.
    pub(crate) fn has_another(&self) -> bool {
        self.live.current.load().has_another(&self.tried)
    }

    /// Waits until a backend can be chosen: in the queue while all are full, else on hold while nobody is up. `no` is why
    /// there was none; an error is why there still is none when it has waited for as long as it may.
    ///
    /// Dropped, because the client has left, it has left the queue, and what it waited before is booked.
    pub(crate) async fn wait(&mut self, mut no: NoBackend, decision: &mut Decision) -> Result<Choice, NoBackend> {
        loop {
            let chosen = match no {
                NoBackend::Full => match self.queue(decision).await {
                    // The queue is full, or its time is over.
                    Err(NoBackend::Full) => return Err(NoBackend::Full),
                    // Somebody has room, or nobody is up any more whom it could wait for in the queue.
                    chosen => chosen,
                },
                NoBackend::Nobody | NoBackend::Kept => match self.hold(no).await {
                    Some(pool) => self.choose_from(&pool, decision),
                    None => return Err(no),
                },
            };
            match chosen {
                Err(still) => no = still,
                chosen => return chosen,
            }
        }
    }

    /// Waits for a place at a backend.
    async fn queue(&mut self, decision: &mut Decision) -> Result<Choice, NoBackend> {
        // Its backend may go while it waits for it.
        self.tell_apart(self.bound.named());
        let before = Instant::now();
        let chosen = queue::wait(self.proxy, self.live, &self.bound, &self.tried, decision).await;
        self.note_wait(before);
        chosen
    }

    /// Waits until it is worth a try to choose again, and gives the pool to choose from; `None` where it is not, or not any
    /// more.
    async fn hold(&mut self, no: NoBackend) -> Option<Arc<Pool>> {
        let pool = self.live.current.load_full();
        if pool.has_another(&self.tried) {
            // Somebody has come up in this very moment. That helps nobody who may have no backend but its own, and whom a
            // person asked for may be gone for good.
            let helps = no == NoBackend::Nobody && !matches!(self.by, SelectBy::Person(_));
            return helps.then_some(pool);
        }
        let hold = self.hold.as_mut()?;
        let before = Instant::now();
        let changed = hold.wait(self.live, &pool).await;
        self.note_wait(before);
        if changed.is_some() {
            // All over again: who failed before may be back.
            self.tried.clear();
        }
        changed
    }

    fn note_wait(&mut self, before: Instant) {
        self.began = Instant::now();
        self.waited += self.began - before;
    }

    /// What it waited since this was last asked.
    pub(crate) fn take_waited(&mut self) -> Duration {
        mem::take(&mut self.waited)
    }
}
