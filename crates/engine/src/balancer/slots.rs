//! Limits a backend's concurrent requests, and queues further ones for a slot.

use std::sync::Arc;
use std::sync::atomic::AtomicU32;
use std::sync::atomic::Ordering::Relaxed;
use std::time::Duration;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use crate::config::BackendLimits;

/// A backend's slots and its queue, first come, first served across all workers.
pub(crate) struct Slots {
    /// The total number of slots.
    pub(crate) most: u32,
    /// How long a request may wait for a slot.
    pub(crate) queue_timeout: Duration,
    /// Fair: a freed slot goes to the request that has waited longest.
    free: Arc<Semaphore>,
    max_queue: u32,
    waiting: Arc<AtomicU32>,
}

/// A slot at a backend, freed when dropped.
#[derive(Debug)]
pub(crate) struct Slot(#[expect(dead_code, reason = "its drop gives the place back")] OwnedSemaphorePermit);

/// A request in the queue, counted until this is dropped.
pub(crate) struct Waiting(Arc<Slots>);

impl Slots {
    /// The slots for these limits; `None` if `max_connections` is zero, which means no limit.
    pub(crate) fn new(limits: &BackendLimits) -> Option<Arc<Self>> {
        let most = limits.max_connections;
        let slots = Slots {
            most,
            queue_timeout: limits.queue_timeout,
            free: Arc::new(Semaphore::new(most as usize)),
            max_queue: limits.max_queue,
            waiting: Arc::default(),
        };
        (most > 0).then(|| Arc::new(slots))
    }

    /// The slots for a backend that replaces this one: shares the taken slots and the queue. `None` if the number of
    /// slots changes.
    pub(crate) fn handed_on(&self, limits: &BackendLimits) -> Option<Arc<Self>> {
        let slots = Slots {
            most: self.most,
            queue_timeout: limits.queue_timeout,
            free: Arc::clone(&self.free),
            max_queue: limits.max_queue,
            waiting: Arc::clone(&self.waiting),
        };
        (limits.max_connections == self.most).then(|| Arc::new(slots))
    }

    /// As many slots, all free.
    pub(crate) fn unused(&self) -> Arc<Self> {
        Arc::new(Slots {
            most: self.most,
            queue_timeout: self.queue_timeout,
            free: Arc::new(Semaphore::new(self.most as usize)),
            max_queue: self.max_queue,
            waiting: Arc::default(),
        })
    }

    /// Whether both share the same slots.
    pub(crate) fn are(&self, other: &Slots) -> bool {
        Arc::ptr_eq(&self.free, &other.free)
    }

    /// Takes a slot, if one is free that no queued request is waiting for.
    pub(crate) fn try_take(&self) -> Option<Slot> {
        Arc::clone(&self.free).try_acquire_owned().ok().map(Slot)
    }

    /// Waits for a slot.
    pub(crate) async fn take(self: Arc<Self>) -> Slot {
        let permit = Arc::clone(&self.free).acquire_owned().await;
        Slot(permit.expect("this semaphore is never closed"))
    }

    /// Enters the queue; `None` if it is full.
    pub(crate) fn enter(self: &Arc<Self>) -> Option<Waiting> {
        let one_more = |waiting| (waiting < self.max_queue).then_some(waiting + 1);
        self.waiting.fetch_update(Relaxed, Relaxed, one_more).ok().map(|_| Waiting(Arc::clone(self)))
    }

    /// Enters the queue even if it is full: for a request that waited already in a queue that it cannot stay in.
    pub(crate) fn move_in(self: &Arc<Self>) -> Waiting {
        self.waiting.fetch_add(1, Relaxed);
        Waiting(Arc::clone(self))
    }

    /// The number of queued requests.
    pub(crate) fn waiting(&self) -> u32 {
        self.waiting.load(Relaxed)
    }

    /// The number of taken slots.
    pub(crate) fn taken(&self) -> u32 {
        self.most.saturating_sub(u32::try_from(self.free.available_permits()).unwrap_or(u32::MAX))
    }
}

impl Waiting {
    /// Whether the request waits for one of these slots.
    pub(crate) fn is_at(&self, slots: &Slots) -> bool {
        self.0.are(slots)
    }
}

impl Drop for Waiting {
    fn drop(&mut self) {
        self.0.waiting.fetch_sub(1, Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn slots(most: u32, queue: u32) -> Arc<Slots> {
        let limits = BackendLimits { max_connections: most, max_queue: queue, ..BackendLimits::default() };
        Slots::new(&limits).expect("a limit")
    }

    #[test]
    fn without_a_limit_there_is_nothing_to_count() {
        assert!(Slots::new(&BackendLimits::default()).is_none());
    }

    #[test]
    fn the_queue_is_bounded_and_a_request_that_leaves_makes_room() {
        let slots = slots(1, 2);
        let first = slots.try_take();
        assert!(first.is_some() && slots.try_take().is_none());
        let (one, two) = (slots.enter(), slots.enter());
        assert!(one.is_some() && two.is_some() && slots.enter().is_none());
        assert_eq!((slots.waiting(), slots.taken()), (2, 1));
        drop(one);
        assert!(slots.enter().is_some());
        drop((two, first));
        assert_eq!((slots.waiting(), slots.taken()), (0, 0));
    }

    #[test]
    fn places_are_handed_on_to_as_many_and_not_to_more_or_fewer() {
        let old = slots(1, 2);
        let _one = old.enter();
        let held = old.try_take();
        let limits = |most| BackendLimits { max_connections: most, max_queue: 9, ..BackendLimits::default() };
        let new = old.handed_on(&limits(1)).expect("as many");
        assert!(new.are(&old) && new.try_take().is_none(), "the place is taken still");
        assert_eq!((new.waiting(), new.taken()), (1, 1));
        drop(held);
        assert!(new.try_take().is_some());
        assert!([0, 2].iter().all(|most| old.handed_on(&limits(*most)).is_none()));
    }

    #[tokio::test]
    async fn slots_are_given_in_the_order_of_waiting() {
        let slots = slots(1, 9);
        let first = slots.try_take();
        let mut waiting = Box::pin(Arc::clone(&slots).take());
        assert!(futures_util::FutureExt::now_or_never(&mut waiting).is_none());
        drop(first);
        assert!(slots.try_take().is_none(), "it is the other one's");
        drop(waiting.await);
        assert!(slots.try_take().is_some());
    }
}
