//! Stores the heads of the most recent requests, but only while a front end that can show them is watching.
//!
//! Each worker writes to its own shelf, whose lock only a reader's lookup contends for. Without a watcher, a request
//! costs one relaxed load.

use std::collections::VecDeque;
use std::net::SocketAddr;
use std::sync::atomic::Ordering::Relaxed;
use std::sync::atomic::{AtomicU64, AtomicUsize};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use crate::api::{Heads, RequestNumber};

/// Most requests on one shelf.
const SHELF: usize = 1000;

/// Most bytes on all shelves together. One shelf gets at least `LEAST`, even if that makes the total larger.
const ALL: usize = 16 << 20;

const LEAST: usize = 512 << 10;

/// One worker's part of the store.
pub(crate) struct Shelf {
    index: u64,
    shelves: u64,
    next: AtomicU64,
    watchers: Arc<AtomicUsize>,
    kept: Mutex<Kept>,
    most: usize,
}

#[derive(Default)]
struct Kept {
    heads: VecDeque<Heads>,
    bytes: usize,
}

impl Shelf {
    /// A record for a new request's heads; `None` if nobody is watching.
    pub(crate) fn begin(&self, listener: SocketAddr, peer: SocketAddr) -> Option<Box<Heads>> {
        (self.watchers.load(Relaxed) > 0).then(|| {
            // Numbers are interleaved by shelf, so that workers need no common counter; `get` finds the shelf by
            // number.
            let number = self.next.fetch_add(1, Relaxed) * self.shelves + self.index + 1;
            Box::new(Heads::new(number.into(), listener, peer))
        })
    }

    /// Stores the heads, and drops the oldest ones above the limits.
    pub(crate) fn keep(&self, heads: Heads) {
        let mut kept = self.kept();
        // Checked under the lock: the last watcher either clears the shelf after this, or is seen here to be gone.
        if self.watchers.load(Relaxed) == 0 {
            return;
        }
        kept.bytes += heads.size();
        kept.heads.push_back(heads);
        while kept.heads.len() > SHELF || kept.bytes > self.most && kept.heads.len() > 1 {
            let oldest = kept.heads.pop_front();
            kept.bytes -= oldest.map_or(0, |oldest| oldest.size());
        }
    }

    fn kept(&self) -> MutexGuard<'_, Kept> {
        // Ignoring poison is safe: entries are added and removed whole.
        self.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// All shelves.
pub(crate) struct HeadStore {
    watchers: Arc<AtomicUsize>,
    shelves: Vec<Arc<Shelf>>,
}

impl HeadStore {
    pub(crate) fn new(shelves: usize) -> Self {
        let watchers = Arc::new(AtomicUsize::new(0));
        let shelf = |index: usize| {
            Arc::new(Shelf {
                index: index as u64,
                shelves: shelves as u64,
                next: AtomicU64::new(0),
                watchers: Arc::clone(&watchers),
                kept: Mutex::default(),
                most: (ALL / shelves).max(LEAST),
            })
        };
        HeadStore { shelves: (0..shelves).map(shelf).collect(), watchers }
    }

    pub(crate) fn shelf(&self, index: usize) -> Arc<Shelf> {
        Arc::clone(&self.shelves[index])
    }

    /// The heads of the request with this number; `None` once they were dropped.
    pub(crate) fn get(&self, number: RequestNumber) -> Option<Heads> {
        let index = number.get().checked_sub(1)? % self.shelves.len() as u64;
        let its = self.shelves.get(usize::try_from(index).ok()?)?;
        its.kept().heads.iter().rev().find(|heads| heads.number == number).cloned()
    }

    /// Heads are stored while the returned guard lives.
    pub(crate) fn watch(self: &Arc<Self>) -> HeadWatch {
        self.watchers.fetch_add(1, Relaxed);
        HeadWatch { store: Arc::clone(self) }
    }
}

/// While one lives, heads of requests are stored. Dropping the last one clears the store.
pub struct HeadWatch {
    store: Arc<HeadStore>,
}

impl Drop for HeadWatch {
    fn drop(&mut self) {
        if self.store.watchers.fetch_sub(1, Relaxed) == 1 {
            for shelf in &self.store.shelves {
                *shelf.kept() = Kept::default();
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn heads(shelf: &Shelf, request: &[u8]) -> Option<RequestNumber> {
        let here = SocketAddr::from(([127, 0, 0, 1], 3001));
        let mut heads = shelf.begin(here, here)?;
        heads.request.set(request);
        let number = heads.number;
        shelf.keep(*heads);
        Some(number)
    }

    #[test]
    fn heads_are_kept_only_while_somebody_watches() {
        let store = Arc::new(HeadStore::new(2));
        let shelf = store.shelf(1);
        assert_eq!(heads(&shelf, b"GET / HTTP/1.1\r\n\r\n"), None);
        let (one, other) = (store.watch(), store.watch());
        let number = heads(&shelf, b"GET / HTTP/1.1\r\n\r\n").expect("watched");
        drop(one);
        assert_eq!(store.get(number).expect("kept").request.bytes, b"GET / HTTP/1.1\r\n\r\n");
        drop(other);
        assert_eq!(store.get(number), None);
        let _again = store.watch();
        assert_eq!(store.get(number), None, "what the last one left behind is forgotten");
    }

    #[test]
    fn numbers_of_several_workers_are_never_the_same() {
        let store = Arc::new(HeadStore::new(3));
        let _watch = store.watch();
        let mut numbers: Vec<_> = (0..30).filter_map(|n| heads(&store.shelf(n % 3), b"x")).collect();
        numbers.sort_unstable();
        numbers.dedup();
        assert_eq!(numbers.len(), 30);
    }

    #[test]
    fn what_is_kept_is_bounded_in_number_and_in_bytes() {
        let store = Arc::new(HeadStore::new(64));
        let _watch = store.watch();
        let shelf = store.shelf(0);
        let numbers: Vec<_> = (0..SHELF + 5).filter_map(|_| heads(&shelf, b"x")).collect();
        assert_eq!(shelf.kept().heads.len(), SHELF);
        assert_eq!(store.get(numbers[4]), None);
        let last = (0..200).filter_map(|_| heads(&shelf, &[b'x'; 2 * Heads::MOST])).next_back().expect("watched");
        let kept = store.get(last).expect("the last one").request;
        assert_eq!((kept.bytes.len(), kept.cut), (Heads::MOST, true));
        assert!(shelf.kept().bytes <= LEAST, "{}", shelf.kept().bytes);
    }
}
