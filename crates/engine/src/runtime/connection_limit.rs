//! Limits client connections to `limits.connections`, which a configuration reload may change.

use std::sync::Arc;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// Holds one permit per client connection allowed.
#[derive(Clone)]
pub(crate) struct ConnectionLimit(Arc<Semaphore>);

impl ConnectionLimit {
    pub(crate) fn new(limit: usize) -> Self {
        ConnectionLimit(Arc::new(Semaphore::new(limit)))
    }

    /// Waits for a permit, which is returned when dropped.
    pub(crate) async fn take(&self) -> Option<OwnedSemaphorePermit> {
        // Never `None`: the semaphore is never closed.
        Arc::clone(&self.0).acquire_owned().await.ok()
    }

    /// Changes the limit without closing any connection. The returned future takes surplus permits out of use as
    /// clients disconnect, so it must be run.
    #[must_use = "places that are taken away come from those who leave"]
    pub(crate) fn change(&self, from: usize, to: usize) -> impl Future<Output = ()> + Send + use<> {
        self.0.add_permits(to.saturating_sub(from));
        let fewer = from.saturating_sub(to);
        let pending = u32::try_from(fewer - self.0.forget_permits(fewer)).unwrap_or(u32::MAX);
        let places = Arc::clone(&self.0);
        async move {
            if pending > 0
                && let Ok(taken) = places.acquire_many_owned(pending).await
            {
                taken.forget();
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_lower_limit_holds_when_enough_have_left_and_a_higher_one_at_once() {
        let places = ConnectionLimit::new(3);
        let free = || places.0.available_permits();
        let mut taken = vec![places.take().await, places.take().await, places.take().await];
        let debt = tokio::spawn(places.change(3, 1));
        taken.truncate(1);
        debt.await.expect("two have left");
        assert_eq!(free(), 0, "one is there, and one may be");
        taken.clear();
        assert_eq!(free(), 1);
        places.change(1, 5).await;
        assert_eq!(free(), 5);
        places.change(5, 2).await;
        assert_eq!(free(), 2);
    }
}
