//! The places of clients on the control socket. Where all are taken, the client that has kept the program waiting longest
//! loses its own, so that those which never read lock out nobody.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use tokio::sync::{Notify, OwnedSemaphorePermit, Semaphore};

/// A client that reads what it is sent keeps nothing waiting this long.
const STALLED: Duration = Duration::from_secs(2);

/// How long a client that was asked to leave may take.
const LEAVES: Duration = Duration::from_secs(1);

/// A limited number of places.
pub(super) struct Places {
    free: Arc<Semaphore>,
    all: u32,
    taken: Arc<Mutex<Vec<Arc<Client>>>>,
}

struct Client {
    /// Since when it has been waited for; `None` while it waits itself.
    since: Mutex<Option<Instant>>,
    leave: Notify,
}

/// A client's place, given back on drop.
pub(super) struct Place {
    client: Arc<Client>,
    taken: Arc<Mutex<Vec<Arc<Client>>>>,
    _free: OwnedSemaphorePermit,
}

impl Places {
    pub(super) fn new(all: u32) -> Self {
        Places { free: Arc::new(Semaphore::new(all as usize)), all, taken: Arc::default() }
    }

    /// A free place, or that of the client that has been waited for longest; `None` if nobody has been for long.
    pub(super) async fn take(&self) -> Option<Place> {
        let free = if let Ok(free) = Arc::clone(&self.free).try_acquire_owned() {
            free
        } else {
            self.longest_waited_for()?.leave.notify_one();
            tokio::time::timeout(LEAVES, Arc::clone(&self.free).acquire_owned()).await.ok()?.ok()?
        };
        let client = Arc::new(Client { since: Mutex::new(Some(Instant::now())), leave: Notify::new() });
        lock(&self.taken).push(Arc::clone(&client));
        Some(Place { client, taken: Arc::clone(&self.taken), _free: free })
    }

    fn longest_waited_for(&self) -> Option<Arc<Client>> {
        let taken = lock(&self.taken);
        let waited = taken.iter().filter_map(|client| Some((client.since()?, client)));
        let (_, client) = waited.min_by_key(|(since, _)| *since).filter(|(since, _)| since.elapsed() >= STALLED)?;
        // Asked once, so that the next newcomer asks another.
        client.set_since(None);
        Some(Arc::clone(client))
    }

    /// Waits until every client has left.
    pub(super) async fn all_left(&self) {
        // Cannot fail: the semaphore is never closed.
        let _ = self.free.acquire_many(self.all).await;
    }
}

impl Client {
    fn since(&self) -> Option<Instant> {
        *self.since.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn set_since(&self, since: Option<Instant>) {
        *self.since.lock().unwrap_or_else(PoisonError::into_inner) = since;
    }
}

impl Place {
    /// From now on the client is waited for: it has to send a request, or to read what it is sent.
    pub(super) fn waits_for_client(&self) {
        self.client.set_since(Some(Instant::now()));
    }

    /// From now on the client is the one that waits.
    pub(super) fn waits_for_engine(&self) {
        self.client.set_since(None);
    }

    /// Resolves when another client needs this place.
    pub(super) async fn is_asked_to_leave(&self) {
        self.client.leave.notified().await;
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        lock(&self.taken).retain(|client| !Arc::ptr_eq(client, &self.client));
    }
}

fn lock(taken: &Mutex<Vec<Arc<Client>>>) -> MutexGuard<'_, Vec<Arc<Client>>> {
    // Ignoring poison is safe: each change is a single one.
    taken.lock().unwrap_or_else(PoisonError::into_inner)
}
