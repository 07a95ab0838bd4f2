//! Stores the heads of the most recent requests, but only while a front end that can show them is watching; their bodies
//! only where a person asked for them.
//!
//! Each worker writes to its own shelf, whose lock only a reader's lookup contends for. Without a watcher, a request
//! costs one relaxed load.

use std::collections::VecDeque;
use std::net::SocketAddr;
use std::sync::atomic::Ordering::Relaxed;
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::recording::{Recording, Room};
use crate::api::{Heads, RequestNumber};

/// Most requests on one shelf.
const SHELF: usize = 1000;

/// Most bytes on all shelves together. One shelf gets at least `LEAST`, even if that makes the total larger. Bodies of
/// requests that have not ended are on no shelf yet, and may be as many bytes again.
const ALL: usize = 16 << 20;

const LEAST: usize = 512 << 10;

/// One worker's part of the store.
pub(crate) struct Shelf {
    /// The number of the last request recorded on any shelf: they count from 1 in the order in which requests began.
    last: Arc<AtomicU64>,
    asked: Arc<Asked>,
    kept: Mutex<Kept>,
    most: usize,
}

/// What is to be kept.
#[derive(Default)]
struct Asked {
    /// Who watches: while nobody does, nothing is kept.
    watchers: AtomicUsize,
    /// Whether a person wants bodies kept as well.
    wished: AtomicBool,
    /// How many recorders need them, whatever a person wants.
    recorders: AtomicUsize,
    /// Whether bodies are kept: one of the two.
    bodies: AtomicBool,
    /// Bytes set aside for bodies that pass now.
    passing: Arc<AtomicUsize>,
}

#[derive(Default)]
struct Kept {
    heads: VecDeque<Heads>,
    bytes: usize,
}

impl Shelf {
    /// A record for a new request, without its bodies if too many others pass; `None` if nobody is watching.
    pub(crate) fn begin(&self, listener: SocketAddr, peer: SocketAddr) -> Option<Box<Recording>> {
        (self.asked.watchers.load(Relaxed) > 0).then(|| {
            let number = self.last.fetch_add(1, Relaxed) + 1;
            let heads = Heads::new(number.into(), listener, peer);
            let room = if self.asked.bodies.load(Relaxed) { Room::take(&self.asked.passing, ALL) } else { None };
            Box::new(Recording::new(heads, room))
        })
    }

    /// Stores the heads, and drops the oldest ones above the limits.
    pub(crate) fn keep(&self, mut heads: Heads) {
        let mut kept = self.kept();
        // Checked under the lock: the last watcher either clears the shelf after this, or is seen here to be gone; the same
        // goes for who wants no bodies any more.
        if self.asked.watchers.load(Relaxed) == 0 {
            return;
        }
        if !self.asked.bodies.load(Relaxed) {
            heads.forget_bodies();
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
    asked: Arc<Asked>,
    /// Held while what is asked for changes, so that nobody's wish is lost when the last watcher leaves.
    changing: Mutex<()>,
    shelves: Vec<Arc<Shelf>>,
}

impl HeadStore {
    pub(crate) fn new(shelves: usize) -> Self {
        let asked = Arc::new(Asked::default());
        let last = Arc::new(AtomicU64::new(0));
        let shelf = |_| {
            Arc::new(Shelf {
                last: Arc::clone(&last),
                asked: Arc::clone(&asked),
                kept: Mutex::default(),
                most: (ALL / shelves).max(LEAST),
            })
        };
        HeadStore { shelves: (0..shelves).map(shelf).collect(), asked, changing: Mutex::default() }
    }

    pub(crate) fn shelf(&self, index: usize) -> Arc<Shelf> {
        Arc::clone(&self.shelves[index])
    }

    /// The heads of the request with this number; `None` once they were dropped.
    pub(crate) fn get(&self, number: RequestNumber) -> Option<Heads> {
        let on = |shelf: &Arc<Shelf>| shelf.kept().heads.iter().rev().find(|heads| heads.number == number).cloned();
        self.shelves.iter().find_map(on)
    }

    /// Whether a person wants bodies kept beside heads.
    pub(crate) fn keeps_bodies(&self) -> bool {
        self.asked.wished.load(Relaxed)
    }

    /// Has bodies kept from now on, or forgets all there are; returns whether they were kept until now.
    ///
    /// # Errors
    /// Nobody watches whom they could be kept for.
    pub(crate) fn keep_bodies(&self, on: bool) -> Result<bool, NobodyWatches> {
        let _alone = self.changing();
        if on && self.asked.watchers.load(Relaxed) == 0 {
            return Err(NobodyWatches);
        }
        let before = self.asked.wished.swap(on, Relaxed);
        self.follow_wishes();
        Ok(before)
    }

    /// Whether anybody watches.
    pub(crate) fn is_watched(&self) -> bool {
        self.asked.watchers.load(Relaxed) > 0
    }

    /// Keeps bodies while somebody wants them, and forgets them when nobody does any more. The caller must be the only one
    /// who changes what is asked for.
    fn follow_wishes(&self) {
        let wanted = self.asked.wished.load(Relaxed) || self.asked.recorders.load(Relaxed) > 0;
        self.asked.bodies.store(wanted, Relaxed);
        if !wanted {
            self.forget_bodies();
        }
    }

    fn forget_bodies(&self) {
        for shelf in &self.shelves {
            let mut kept = shelf.kept();
            kept.heads.iter_mut().for_each(Heads::forget_bodies);
            kept.bytes = kept.heads.iter().map(Heads::size).sum();
        }
    }

    /// Heads are stored while the returned guard lives.
    pub(crate) fn watch(self: &Arc<Self>) -> HeadWatch {
        let _alone = self.changing();
        self.asked.watchers.fetch_add(1, Relaxed);
        HeadWatch { store: Arc::clone(self) }
    }

    /// Heads and bodies are stored while the returned guard lives, whether a person wants bodies or not.
    pub(crate) fn record(self: &Arc<Self>) -> BodyWatch {
        let heads = self.watch();
        let _alone = self.changing();
        self.asked.recorders.fetch_add(1, Relaxed);
        self.follow_wishes();
        BodyWatch { heads }
    }

    fn changing(&self) -> MutexGuard<'_, ()> {
        // Ignoring poison is safe: there is nothing in it.
        self.changing.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Nobody watches whom bodies could be kept for.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct NobodyWatches;

/// While one lives, heads of requests are stored. Dropping the last one clears the store, and bodies are not asked for any
/// more.
pub struct HeadWatch {
    store: Arc<HeadStore>,
}

impl Drop for HeadWatch {
    fn drop(&mut self) {
        let _alone = self.store.changing();
        if self.store.asked.watchers.fetch_sub(1, Relaxed) == 1 {
            self.store.asked.wished.store(false, Relaxed);
            self.store.asked.bodies.store(false, Relaxed);
            for shelf in &self.store.shelves {
                *shelf.kept() = Kept::default();
            }
        }
    }
}

/// While one lives, heads and bodies of requests are stored. What a person wants of bodies is as it was when it is gone.
pub(crate) struct BodyWatch {
    heads: HeadWatch,
}

impl Drop for BodyWatch {
    fn drop(&mut self) {
        // Before the watch itself ends, which clears everything if it is the last one.
        let _alone = self.heads.store.changing();
        self.heads.store.asked.recorders.fetch_sub(1, Relaxed);
        self.heads.store.follow_wishes();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::api::BODY_KEPT;
    use crate::state::add_to;
    use stickylb_http1::{Framing, Pieces};

    fn heads(shelf: &Shelf, request: &[u8]) -> Option<RequestNumber> {
        let here = SocketAddr::from(([127, 0, 0, 1], 3001));
        let mut recording = shelf.begin(here, here)?;
        recording.heads.request.set(request);
        let number = recording.heads.number;
        // A body of as many bytes as is kept of one, each way.
        let upload = recording.upload(Framing::Length(1 << 20));
        recording.passes(b"", Framing::Length(1 << 20));
        for _ in 0..BODY_KEPT / 1024 {
            let Some(upload) = &upload else { break };
            let piece = Pieces::data(&[b'x'; 1024], false);
            add_to(upload, piece);
            recording.carries(piece);
        }
        shelf.keep(recording.into_heads([1 << 20, 1 << 20], true));
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
    fn bodies_are_kept_only_while_they_are_asked_for_and_are_then_forgotten() {
        let store = Arc::new(HeadStore::new(1));
        let shelf = store.shelf(0);
        let watch = store.watch();
        let body = |number| store.get(number).expect("kept").request_body;
        let before = heads(&shelf, b"x").expect("watched");
        assert_eq!(body(before), None);
        let lean = shelf.kept().bytes;
        store.keep_bodies(true).expect("somebody watches");
        let number = heads(&shelf, b"x").expect("watched");
        assert_eq!(body(number).expect("kept").bytes.len(), BODY_KEPT);
        assert!(shelf.kept().bytes > lean + 2 * BODY_KEPT, "bodies count");
        let late = shelf.begin(([127, 0, 0, 1], 3001).into(), ([127, 0, 0, 1], 1).into()).expect("watched");
        assert_eq!(store.keep_bodies(false), Ok(true));
        assert_eq!(body(number), None);
        let last = late.heads.number;
        shelf.keep(late.into_heads([0, 0], true));
        assert_eq!(body(last), None, "what was on its way meanwhile has none either");
        store.keep_bodies(true).expect("somebody watches");
        drop(watch);
        assert!(!store.keeps_bodies(), "they are not asked for once nobody watches");
        assert_eq!(store.keep_bodies(true), Err(NobodyWatches), "nor can they be");
        let _next = store.watch();
        assert!(!store.keeps_bodies(), "who comes next has not asked for them");
    }

    #[test]
    fn a_recorder_has_bodies_kept_and_leaves_a_persons_wish_as_it_was() {
        let store = Arc::new(HeadStore::new(1));
        let _watch = store.watch();
        let shelf = store.shelf(0);
        let keeps = || {
            let number = heads(&shelf, b"x").expect("watched");
            store.get(number).expect("kept").request_body.is_some()
        };
        let recorder = store.record();
        assert!(keeps() && !store.keeps_bodies());
        assert_eq!(store.keep_bodies(true), Ok(false));
        drop(recorder);
        assert!(keeps() && store.keeps_bodies(), "a wish of that time holds");
        let recorder = store.record();
        assert_eq!(store.keep_bodies(false), Ok(true));
        assert!(keeps(), "the recorder still needs them");
        drop(recorder);
        assert!(!keeps());
    }

    #[test]
    fn bodies_that_pass_at_one_time_are_bounded_and_the_next_are_kept_when_they_have_passed() {
        let store = Arc::new(HeadStore::new(1));
        let _watch = store.watch();
        store.keep_bodies(true).expect("somebody watches");
        let shelf = store.shelf(0);
        let begin = || shelf.begin(([127, 0, 0, 1], 3001).into(), ([127, 0, 0, 1], 1).into()).expect("watched");
        let keeps = |recording: &mut Recording| recording.upload(Framing::Chunked).is_some();
        let mut passing: Vec<_> = (0..ALL / (2 * BODY_KEPT)).map(|_| begin()).collect();
        assert!(passing.iter_mut().all(|recording| keeps(recording)));
        let mut one_more = begin();
        assert!(!keeps(&mut one_more));
        let heads = one_more.into_heads([0, 5], true);
        assert_eq!((heads.request_body, heads.answer_body), (None, None), "its head alone");
        // What is known to be short, or has passed, makes room.
        for recording in &mut passing[..2] {
            recording.passes(b"HTTP/1.1 204 No Content\r\n\r\n", Framing::None);
        }
        assert!(keeps(&mut begin()));
        passing.clear();
        assert!(keeps(&mut begin()));
        assert_eq!(store.asked.passing.load(Relaxed), 0);
    }

    #[test]
    fn bodies_count_for_the_bounds() {
        let store = Arc::new(HeadStore::new(64));
        let _watch = store.watch();
        store.keep_bodies(true).expect("somebody watches");
        let shelf = store.shelf(0);
        for _ in 0..100 {
            heads(&shelf, b"x");
        }
        assert!(shelf.kept().bytes <= LEAST, "{}", shelf.kept().bytes);
        assert!(shelf.kept().heads.len() < 20, "{}", shelf.kept().heads.len());
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
