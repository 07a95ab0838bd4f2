//! What a pool's choices were made from and what came of them, in the very order in which that happened, while somebody
//! watches: so that they can be made again by another strategy.
//!
//! Nothing is noted while nobody watches: that costs a choice one relaxed load. While somebody does, a choice, the beginning
//! of its request, its response and its end happen each under this one lock, which is held for no more than that.

mod clients;
mod record;

use std::collections::{BTreeMap, VecDeque};
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use crate::api::BackendId;
use clients::Clients;
pub(crate) use record::{Asked, ClientMark, Moment, Record, Sample};

/// Choices that are kept. Half of them are given to the strategies again: others of them may have led nowhere.
const KEPT: usize = 1000;

/// After so many more it is looked which of the older requests have ended.
const SWEEP: u64 = 128;

/// The choices of successive pools.
#[derive(Default)]
pub(crate) struct Recorder {
    on: AtomicBool,
    kept: Mutex<Kept>,
}

#[derive(Default)]
struct Kept {
    /// Whether it was asked for what-if: from then on it goes on for good.
    asked: bool,
    /// Counts choices, beginnings, responses and ends.
    order: u64,
    /// The number of the first record.
    first: u64,
    records: VecDeque<Record>,
    /// Older ones, whose requests may have been in flight when the first one was chosen.
    older: BTreeMap<u64, Record>,
    /// Requests and tunnels in flight when it began to watch: nothing else is known of them.
    unseen: u32,
    /// Choices that found every backend full.
    full: u64,
    /// The last change of the pool since it watches, in words.
    changed: Option<String>,
    clients: Clients,
}

/// What was recorded until now.
pub(crate) struct Recorded {
    /// The choices in their order, with those before them whose requests may have been in flight.
    pub(crate) records: Vec<Record>,
    /// The present moment.
    pub(crate) until: Instant,
    /// Requests in flight when it began to watch.
    pub(crate) unseen: u32,
    /// Choices that found every backend full, since the last change.
    pub(crate) full: u64,
    /// The last change of the pool since it watches, in words.
    pub(crate) changed: Option<String>,
    /// Whether nobody had watched until now.
    pub(crate) is_new: bool,
}

/// A choice that is being made.
pub(super) struct Deciding<'r> {
    recorder: &'r Arc<Recorder>,
    kept: MutexGuard<'r, Kept>,
}

/// The record of one choice, held by the request that it was made for. Its request has ended when the last of its clones is
/// gone.
///
/// One word, because every request carries the place for it.
pub(crate) struct Ticket(Box<Held>);

struct Held {
    recorder: Arc<Recorder>,
    number: u64,
    has_ended: bool,
}

impl Recorder {
    /// Whether somebody watches.
    #[inline]
    pub(crate) fn is_on(&self) -> bool {
        self.on.load(Relaxed)
    }

    /// Somebody watches, or nobody; `in_flight` is how many requests there are. To be called once a second.
    pub(crate) fn watch(&self, is_watched: bool, in_flight: u32) {
        let mut kept = self.kept();
        let on = is_watched || kept.asked;
        if on == self.on.swap(on, Relaxed) {
            return;
        }
        // The order goes on, so that a ticket of before is no record of after.
        let first = kept.first + kept.records.len() as u64;
        *kept = Kept { asked: kept.asked, order: kept.order, first, unseen: in_flight, ..Kept::default() };
    }

    /// What was recorded until now. From now on it is recorded for good.
    pub(crate) fn ask(&self, in_flight: u32) -> Recorded {
        self.kept().asked = true;
        let is_new = !self.is_on();
        self.watch(true, in_flight);
        let kept = self.kept();
        Recorded {
            records: kept.older.values().chain(&kept.records).cloned().collect(),
            until: Instant::now(),
            unseen: kept.unseen,
            full: kept.full,
            changed: kept.changed.clone(),
            is_new,
        }
    }

    /// The pool changed like this: what was chosen before is not what would be chosen now.
    pub(crate) fn changed(&self, how: String) {
        if self.is_on() {
            let mut kept = self.kept();
            (kept.changed, kept.full) = (Some(how), 0);
        }
    }

    /// Begins to count anew which backends clients were sent to.
    pub(crate) fn forget_clients(&self) {
        self.kept().clients = Clients::default();
    }

    /// How many backends a client was sent to on average; `None` where nobody watched.
    pub(crate) fn backends_per_client(&self) -> Option<f64> {
        if self.is_on() { self.kept().clients.mean() } else { None }
    }

    /// Begins a choice, which is made while what this returns is held; `None` while nobody watches.
    pub(super) fn deciding(self: &Arc<Self>) -> Deciding<'_> {
        Deciding { recorder: self, kept: self.kept() }
    }

    fn kept(&self) -> MutexGuard<'_, Kept> {
        // Ignoring poison is safe: a record that lacks something is a request of which less is known.
        self.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Deciding<'_> {
    /// Notes what was chosen.
    pub(super) fn note(mut self, asked: Asked, to: BackendId) -> Ticket {
        let kept = &mut *self.kept;
        kept.clients.sent(asked.client, to);
        let chosen = kept.now();
        let number = kept.first + kept.records.len() as u64;
        kept.records.push_back(Record::new(asked, to, chosen));
        if kept.records.len() > KEPT {
            kept.forget_first();
        }
        Ticket::new(self.recorder, number)
    }

    /// Notes that every backend was full.
    pub(super) fn note_full(mut self) {
        self.kept.full += 1;
    }
}

impl Kept {
    fn now(&mut self) -> Moment {
        self.order += 1;
        Moment { at: Instant::now(), order: self.order }
    }

    fn get(&mut self, number: u64) -> Option<&mut Record> {
        match number.checked_sub(self.first) {
            Some(index) => self.records.get_mut(usize::try_from(index).ok()?),
            None => self.older.get_mut(&number),
        }
    }

    fn forget_first(&mut self) {
        let Some(record) = self.records.pop_front() else { return };
        if record.begun.is_some() && record.ended.is_none() {
            self.older.insert(self.first, record);
        }
        self.first += 1;
        if self.first.is_multiple_of(SWEEP) {
            let first = self.records.front().map_or(self.order, |first| first.chosen.order);
            self.older.retain(|_, record| record.ended.is_none_or(|ended| ended.order > first));
        }
    }
}

impl Ticket {
    fn new(recorder: &Arc<Recorder>, number: u64) -> Self {
        Ticket(Box::new(Held { recorder: Arc::clone(recorder), number, has_ended: false }))
    }

    /// Its request begins on the backend, which `begin` counts.
    #[cold]
    pub(super) fn begin(&self, begin: impl FnOnce()) {
        self.note(begin, |record, now| record.begun = Some(now));
    }

    /// The backend took so long to answer, or to fail, as of then; `count` lets its average follow that where it `counts`.
    #[cold]
    pub(super) fn sample(&self, took: Duration, at: Instant, counts: bool, count: impl FnOnce()) {
        self.note(count, |record, now| record.sample = Some(Sample { noted: now, took, at, counts }));
    }

    /// The request ends on the backend, as `end` counts, unless a clone of this goes on with it.
    #[cold]
    pub(super) fn end(mut self, end: impl FnOnce()) {
        self.0.has_ended = true;
        self.note(end, |record, now| {
            record.holders -= 1;
            if record.holders == 0 {
                record.ended = Some(now);
            }
        });
    }

    /// The backend gave no answer, or none that was wanted: the request goes elsewhere.
    #[cold]
    pub(super) fn give_up(&self) {
        self.note(|| {}, |record, _| record.leads_nowhere = true);
    }

    fn note(&self, work: impl FnOnce(), note: impl FnOnce(&mut Record, Moment)) {
        let mut kept = self.0.recorder.kept();
        work();
        let now = kept.now();
        if let Some(record) = kept.get(self.0.number) {
            note(record, now);
        }
    }
}

impl Clone for Ticket {
    fn clone(&self) -> Self {
        self.note(|| {}, |record, _| record.holders += 1);
        Ticket::new(&self.0.recorder, self.0.number)
    }
}

/// A choice that came to nothing: its client left before anything was sent.
impl Drop for Ticket {
    fn drop(&mut self) {
        if !self.0.has_ended {
            self.note(|| {}, |record, _| record.leads_nowhere = true);
        }
    }
}
