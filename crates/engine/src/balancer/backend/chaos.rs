//! The fault that a backend has, if it has one.

use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use crate::balancer::chaos::Burning;

/// The fault that a backend has, if it has one.
#[derive(Default)]
pub(crate) struct BackendChaos {
    /// All that a request reads while there is none. Changed under the lock.
    burns: AtomicBool,
    burning: Mutex<Option<Arc<Burning>>>,
}

impl BackendChaos {
    /// The fault that burns. Costs one relaxed load where there is none.
    #[inline]
    pub(crate) fn burning(&self) -> Option<Arc<Burning>> {
        if self.burns.load(Relaxed) { self.lock().clone() } else { None }
    }

    /// Puts a fault in the place of the one it has, which is given back.
    pub(crate) fn set(&self, burning: Arc<Burning>) -> Option<Arc<Burning>> {
        self.change(Some(burning), |_| true)
    }

    /// Ends the fault, and gives it back; where `only` is named, that one and no other.
    pub(crate) fn end(&self, only: Option<&Arc<Burning>>) -> Option<Arc<Burning>> {
        self.change(None, |burning| only.is_none_or(|only| Arc::ptr_eq(only, burning)))
    }

    fn change(&self, to: Option<Arc<Burning>>, ends: impl FnOnce(&Arc<Burning>) -> bool) -> Option<Arc<Burning>> {
        let mut burning = self.lock();
        if burning.as_ref().is_some_and(|burning| !ends(burning)) {
            return None;
        }
        self.burns.store(to.is_some(), Relaxed);
        let before = std::mem::replace(&mut *burning, to);
        if let Some(before) = &before {
            before.over.notify_one();
        }
        before
    }

    fn lock(&self) -> MutexGuard<'_, Option<Arc<Burning>>> {
        // A panic leaves nothing half done: each change is one replacement.
        self.burning.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Instant;

    #[test]
    fn a_fuse_ends_its_own_fault_and_not_the_one_that_took_its_place() {
        let burning = |line: &str| {
            Arc::new(Burning::new(line.parse().expect(line), &"bravo".into(), Instant::now()).expect(line))
        };
        let (chaos, first, second) = (BackendChaos::default(), burning("hang"), burning("refuse"));
        assert!(chaos.burning().is_none() && chaos.set(Arc::clone(&first)).is_none());
        assert!(chaos.set(Arc::clone(&second)).is_some_and(|before| Arc::ptr_eq(&before, &first)));
        assert!(chaos.end(Some(&first)).is_none());
        assert!(chaos.burning().is_some_and(|burning| Arc::ptr_eq(&burning, &second)));
        assert!(chaos.end(Some(&second)).is_some() && chaos.burning().is_none() && chaos.end(None).is_none());
    }
}
