//! Every worker's idle connections, so that all to one backend can be closed at once.

use std::sync::Arc;
use std::time::{Duration, Instant};

use crate::balancer::Backend;
use crate::upstream::IdleConnections;

/// How long an answer over a new connection may take before it is looked for what holds it up.
const HELD_UP: Duration = Duration::from_millis(150);

/// The idle connections of all workers.
pub(crate) struct IdlePools {
    /// Those to backends with a connection limit or a minimum of idle ones, which all workers share.
    pub(crate) counted: IdleConnections,
    /// Each worker's own, and last those of replays.
    workers: Vec<Arc<IdleConnections>>,
}

impl IdlePools {
    pub(crate) fn new(workers: usize) -> Self {
        IdlePools { counted: IdleConnections::default(), workers: (0..workers).map(|_| Arc::default()).collect() }
    }

    /// Those of one worker.
    pub(crate) fn of_worker(&self, worker: usize) -> Arc<IdleConnections> {
        Arc::clone(&self.workers[worker])
    }

    /// Waits for what a backend answers over a new connection, for which it has `limit`. A backend that serves one connection
    /// at a time, or a few, does not look at a new one while it waits on idle ones: if it may be such a backend and answers
    /// nobody, those are closed.
    pub(crate) async fn unless_held_up<T>(
        &self,
        backend: &Backend,
        limit: Duration,
        answer: impl Future<Output = T>,
    ) -> T {
        let mut answer = std::pin::pin!(answer);
        let patience = HELD_UP.min(limit / 4);
        if let Ok(answered) = tokio::time::timeout(patience, answer.as_mut()).await {
            return answered;
        }
        let concurrency = &backend.concurrency;
        let _held_up = concurrency.hold_up();
        let mut closed = None;
        // Others may be before it, each of which leaves one more idle connection.
        loop {
            let answers = concurrency.answers_so_far();
            if let Ok(answered) = tokio::time::timeout(patience, answer.as_mut()).await {
                if let Some(closed) = closed {
                    concurrency.freed(Instant::now().duration_since(closed));
                }
                return answered;
            }
            let is_silent = concurrency.answers_so_far() == answers;
            closed = (is_silent && concurrency.may_wait_behind(self.count(backend))).then(Instant::now);
            if closed.is_some() {
                self.all().for_each(|idle| idle.close_unowned(backend.number));
            }
        }
    }

    /// Whether one more connection to a backend may become idle: not where others wait for it to be closed.
    pub(crate) fn may_keep(&self, backend: &Backend) -> bool {
        !backend.concurrency.needs_closing() || !backend.concurrency.may_wait_behind(self.count(backend) + 1)
    }

    /// Notes that a backend has answered over a new connection, beside all those that are idle and open now.
    pub(crate) fn note_answer(&self, backend: &Backend) {
        // One that it has closed proves nothing: it may have taken the new one after that.
        if backend.concurrency.may_wait_behind(self.count(backend)) {
            backend.concurrency.beside(self.all().map(|idle| idle.count_open(backend.number)).sum());
        }
    }

    /// Closes all idle connections to a backend.
    pub(crate) fn close(&self, backend: &Backend) {
        self.all().for_each(|idle| idle.trim(backend.number, 0));
    }

    fn count(&self, backend: &Backend) -> usize {
        self.all().map(|idle| idle.count(backend.number)).sum()
    }

    fn all(&self) -> impl Iterator<Item = &IdleConnections> {
        self.workers.iter().map(|idle| &**idle).chain([&self.counted])
    }
}
