//! Keeps a connection's wake-ups of itself from waking the whole task.
//!
//! The halves of a hyper connection wake each other: sending a request wakes the side that writes it,
//! asking for a body wakes the side that reads it. When one task polls both, such a wake-up only says
//! "poll again", and it is cheaper to do that on the spot than to go through the scheduler.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
use std::task::{Context, Poll, Wake, Waker};

use futures_util::task::AtomicWaker;

/// Rounds on the spot before the task lets others run.
const ROUNDS: usize = 32;

/// A waker that notes wake-ups while its owner polls, and passes them on otherwise.
///
/// A connection stays on one thread, so the flags need no ordering; they are atomic because wakers must be `Sync`.
struct Flags {
    inside: AtomicBool,
    woken: AtomicBool,
    task: AtomicWaker,
}

impl Wake for Flags {
    fn wake(self: Arc<Self>) {
        self.wake_by_ref();
    }

    fn wake_by_ref(self: &Arc<Self>) {
        if self.inside.load(Relaxed) {
            self.woken.store(true, Relaxed);
        } else {
            self.task.wake();
        }
    }
}

/// The gate of one connection.
pub(super) struct Gate {
    flags: Arc<Flags>,
    waker: Waker,
}

impl Gate {
    pub(super) fn new() -> Self {
        let flags =
            Arc::new(Flags { inside: AtomicBool::new(false), woken: AtomicBool::new(false), task: AtomicWaker::new() });
        Gate { waker: Waker::from(Arc::clone(&flags)), flags }
    }

    /// Does something that may wake the connection, without waking any task: a poll must follow.
    pub(super) fn quietly<T>(&self, work: impl FnOnce() -> T) -> T {
        self.flags.inside.store(true, Relaxed);
        let value = work();
        self.flags.inside.store(false, Relaxed);
        value
    }

    /// Polls until there is a result or nothing wakes the connection from inside.
    pub(super) fn poll<T>(&self, cx: &mut Context<'_>, mut poll: impl FnMut(&mut Context<'_>) -> Poll<T>) -> Poll<T> {
        self.flags.task.register(cx.waker());
        for _ in 0..ROUNDS {
            self.flags.woken.store(false, Relaxed);
            let result = self.quietly(|| poll(&mut Context::from_waker(&self.waker)));
            if result.is_ready() || !self.flags.woken.load(Relaxed) {
                return result;
            }
        }
        cx.waker().wake_by_ref();
        Poll::Pending
    }
}
