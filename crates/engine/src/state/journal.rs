//! Passes events from the workers to the readers without ever blocking a request.
//!
//! Each worker pushes into its own ring buffer; if that is full, the event is dropped and counted. Readers move events
//! from the rings into one bounded history and read from there. A reader that is too slow is told how many events it
//! missed.

use crossbeam_queue::ArrayQueue;
use std::collections::VecDeque;
use std::mem;
use std::pin::pin;
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use tokio::sync::Notify;

use crate::api::{Event, RequestEvent};

/// Capacity of one worker's ring, in events.
const RING: usize = 2048;

/// Events kept in the history.
const HISTORY: usize = 4096;

/// What the rings and the journal share.
#[derive(Default)]
struct Signal {
    readers: AtomicUsize,
    /// Whether a reader is waiting for the next event.
    armed: AtomicBool,
    wake: Notify,
    dropped: AtomicU64,
}

impl Signal {
    fn ring(&self) {
        // The load avoids writes to a shared cache line while no reader waits. `SeqCst` orders it after the push:
        // otherwise a reader that arms and checks the rings at the same moment could miss the event and keep waiting.
        if self.armed.load(Ordering::SeqCst) && self.armed.swap(false, Ordering::SeqCst) {
            self.wake.notify_waiters();
        }
    }
}

/// A boxed event, allocated at the start of its request, so that passing it on moves a pointer only.
pub(crate) type Slot = Box<RequestEvent>;

/// One worker's ring.
pub(crate) struct EventRing {
    queue: ArrayQueue<Slot>,
    /// Empty slots for reuse. Without it, a worker would allocate memory that another thread frees, which is slow. A
    /// ring of unboxed events would take a megabyte, of which most workers need little.
    spare: ArrayQueue<Slot>,
    signal: Arc<Signal>,
}

impl EventRing {
    fn new(signal: &Arc<Signal>) -> Self {
        EventRing { queue: ArrayQueue::new(RING), spare: ArrayQueue::new(RING), signal: Arc::clone(signal) }
    }

    /// An empty slot.
    pub(crate) fn slot(&self) -> Slot {
        self.spare.pop().unwrap_or_default()
    }

    /// Passes a slot's event to the readers. Drops it if there are none, or if the ring is full.
    pub(crate) fn push(&self, slot: Slot) {
        if self.signal.readers.load(Ordering::Relaxed) == 0 {
            self.empty(slot);
            return;
        }
        if let Err(slot) = self.queue.push(slot) {
            self.empty(slot);
            self.signal.dropped.fetch_add(1, Ordering::Relaxed);
        }
        self.signal.ring();
    }

    /// Returns a slot's event, and keeps the slot for reuse.
    fn empty(&self, mut slot: Slot) -> RequestEvent {
        let event = mem::take(&mut *slot);
        // A slot beyond the capacity is freed.
        let _ = self.spare.push(slot);
        event
    }
}

/// The rings of all workers and the history collected from them.
pub(crate) struct Journal {
    rings: Vec<Arc<EventRing>>,
    history: Mutex<History>,
    signal: Arc<Signal>,
}

#[derive(Default)]
struct History {
    events: VecDeque<Arc<Event>>,
    /// The sequence number of the oldest event kept.
    first: u64,
}

impl Journal {
    pub(crate) fn new(workers: usize) -> Self {
        let signal = Arc::new(Signal::default());
        let ring = |_| Arc::new(EventRing::new(&signal));
        Journal { rings: (0..workers).map(ring).collect(), history: Mutex::default(), signal: Arc::clone(&signal) }
    }

    pub(crate) fn ring(&self, worker: usize) -> Arc<EventRing> {
        Arc::clone(&self.rings[worker])
    }

    /// Adds an event that is not a request. These are rare, and bypass the rings, so they are not dropped on the way.
    pub(crate) fn tell(&self, event: Event) {
        let mut history = self.history();
        self.collect(&mut history);
        history.push(event);
        drop(history);
        self.signal.ring();
    }

    /// Events dropped because a ring was full.
    pub(crate) fn dropped(&self) -> u64 {
        self.signal.dropped.load(Ordering::Relaxed)
    }

    fn collect(&self, history: &mut History) {
        let before = history.events.len();
        for ring in &self.rings {
            // Bounded, so that a fast worker cannot keep a reader in this loop.
            for _ in 0..RING {
                let Some(slot) = ring.queue.pop() else { break };
                history.events.push_back(Arc::new(Event::Request(ring.empty(slot))));
            }
        }
        if self.rings.len() > 1 {
            history.events.make_contiguous()[before..].sort_by_key(|event| match &**event {
                Event::Request(r) => Some(r.time + r.took),
                _ => None,
            });
        }
        history.trim();
    }

    fn history(&self) -> MutexGuard<'_, History> {
        // Ignoring poison is safe: events are moved whole.
        self.history.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl History {
    fn push(&mut self, event: Event) {
        self.events.push_back(Arc::new(event));
        self.trim();
    }

    fn trim(&mut self) {
        let over = self.events.len().saturating_sub(HISTORY);
        self.events.drain(..over);
        self.first += over as u64;
    }
}

/// Reads events. Each reader starts with the history: everything still kept since the engine started, with requests
/// only from the time when the first reader was created.
pub struct EventReader {
    journal: Arc<Journal>,
    next: Arc<AtomicU64>,
}

/// Reports how far an [`EventReader`] is behind, from outside of it.
pub struct Behind {
    journal: Arc<Journal>,
    next: Arc<AtomicU64>,
}

impl Behind {
    /// Events that were removed before the reader took them, and that `take` has not reported yet.
    pub fn missed(&self) -> u64 {
        self.journal.history().first.saturating_sub(self.next.load(Ordering::Relaxed))
    }

    /// Requests' events lost since the start because no reader was fast enough.
    pub fn dropped(&self) -> u64 {
        self.journal.dropped()
    }
}

impl EventReader {
    pub(crate) fn new(journal: Arc<Journal>) -> Self {
        journal.signal.readers.fetch_add(1, Ordering::Relaxed);
        let next = Arc::new(AtomicU64::new(journal.history().first));
        EventReader { journal, next }
    }

    /// A view of how far this reader is behind.
    #[doc(hidden)]
    pub fn behind(&self) -> Behind {
        Behind { journal: Arc::clone(&self.journal), next: Arc::clone(&self.next) }
    }

    /// Appends the events since the last call to `into`; returns how many this reader missed.
    pub fn take(&mut self, into: &mut Vec<Arc<Event>>) -> u64 {
        let mut history = self.journal.history();
        self.journal.collect(&mut history);
        let next = self.next.load(Ordering::Relaxed);
        let missed = history.first.saturating_sub(next);
        let from = usize::try_from(next.max(history.first) - history.first).unwrap_or(usize::MAX);
        into.extend(history.events.iter().skip(from).cloned());
        self.next.store(history.first + history.events.len() as u64, Ordering::Relaxed);
        missed
    }

    /// Requests' events lost since the start because no reader was fast enough.
    pub fn dropped(&self) -> u64 {
        self.journal.dropped()
    }

    /// Waits until there are events to take. Cancel-safe.
    pub async fn wait(&self) {
        let signal = &self.journal.signal;
        loop {
            let mut woken = pin!(signal.wake.notified());
            woken.as_mut().enable();
            signal.armed.store(true, Ordering::SeqCst);
            // Checked after arming, so that no event is missed in between. Rings before history: another reader may be
            // moving events from one to the other, and it holds the history's lock until that is done.
            let in_a_ring = self.journal.rings.iter().any(|ring| !ring.queue.is_empty());
            let in_the_history = {
                let history = self.journal.history();
                history.first + history.events.len() as u64 > self.next.load(Ordering::Relaxed)
            };
            if in_a_ring || in_the_history {
                return;
            }
            woken.await;
        }
    }
}

impl Drop for EventReader {
    fn drop(&mut self) {
        self.journal.signal.readers.fetch_sub(1, Ordering::Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::api::{Level, Notice};
    use std::time::SystemTime;

    fn notice(n: usize) -> Event {
        Event::Notice(Notice::new(SystemTime::UNIX_EPOCH, Level::Info, n.to_string()))
    }

    #[test]
    fn every_reader_sees_every_event_once() {
        let journal = Arc::new(Journal::new(1));
        let mut readers = [EventReader::new(Arc::clone(&journal)), EventReader::new(Arc::clone(&journal))];
        for n in 0..10 {
            journal.tell(notice(n));
        }
        for reader in &mut readers {
            let mut events = Vec::new();
            assert_eq!(reader.take(&mut events), 0);
            assert_eq!(events.len(), 10);
            events.clear();
            reader.take(&mut events);
            assert!(events.is_empty());
        }
    }

    #[test]
    fn a_slow_reader_is_told_how_much_it_missed() {
        let journal = Arc::new(Journal::new(1));
        let mut reader = EventReader::new(Arc::clone(&journal));
        for n in 0..HISTORY + 7 {
            journal.tell(notice(n));
        }
        let mut events = Vec::new();
        assert_eq!(reader.take(&mut events), 7);
        assert_eq!(events.len(), HISTORY);
    }

    #[tokio::test(flavor = "current_thread")]
    async fn an_event_wakes_every_reader() {
        let journal = Arc::new(Journal::new(1));
        let readers = [EventReader::new(Arc::clone(&journal)), EventReader::new(Arc::clone(&journal))];
        let waiting = readers.map(|mut reader| {
            tokio::spawn(async move {
                reader.wait().await;
                reader.take(&mut Vec::new())
            })
        });
        tokio::task::yield_now().await;
        journal.tell(notice(1));
        for reader in waiting {
            assert_eq!(reader.await.expect("woken"), 0);
        }
    }

    #[test]
    fn requests_are_told_only_while_somebody_reads_and_come_once() {
        let journal = Arc::new(Journal::new(1));
        let tell = |status| {
            let mut slot = journal.ring(0).slot();
            assert_eq!(*slot, RequestEvent::default(), "what was in it before is gone");
            slot.status = status;
            journal.ring(0).push(slot);
        };
        tell(1);
        let mut reader = EventReader::new(Arc::clone(&journal));
        tell(2);
        tell(3);
        let mut events = Vec::new();
        reader.take(&mut events);
        tell(4);
        reader.take(&mut events);
        let statuses = events.iter().map(|event| match &**event {
            Event::Request(request) => request.status,
            _ => 0,
        });
        assert_eq!(statuses.collect::<Vec<_>>(), [2, 3, 4]);
        drop(reader);
        tell(5);
        assert!(journal.rings[0].queue.is_empty());
    }

    #[test]
    fn a_full_ring_drops_and_counts() {
        let journal = Arc::new(Journal::new(1));
        let mut reader = EventReader::new(Arc::clone(&journal));
        for _ in 0..RING + 3 {
            let slot = journal.ring(0).slot();
            journal.ring(0).push(slot);
        }
        assert_eq!(reader.dropped(), 3);
        reader.take(&mut Vec::new());
        assert_eq!(journal.ring(0).spare.len(), RING, "all slots came back but those there is no room for");
    }
}
