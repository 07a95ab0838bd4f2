//! A per-thread pool of buffers for heads: a worker reads heads all the time, and each lives briefly.

use std::cell::RefCell;

use super::field::Field;

/// Most buffers a thread keeps; more are in use at once only while many requests wait.
const KEPT: usize = 64;

/// Largest capacity that is kept: a larger buffer was needed by an unusual head.
const LARGEST: usize = 4096;

thread_local! {
    /// For bytes that were read.
    pub(crate) static BYTES: BufferPool<u8> = const { BufferPool::new() };
    /// For lists of fields.
    pub(crate) static FIELDS: BufferPool<Field> = const { BufferPool::new() };
}

/// Empty buffers of one kind.
pub(crate) struct BufferPool<T>(RefCell<Vec<Vec<T>>>);

impl<T> BufferPool<T> {
    const fn new() -> Self {
        BufferPool(RefCell::new(Vec::new()))
    }

    pub(crate) fn take(&self) -> Vec<T> {
        self.0.borrow_mut().pop().unwrap_or_default()
    }

    /// Puts one back, unless it is too large or the pool is full.
    pub(crate) fn give(&self, mut buffer: Vec<T>) {
        let mut kept = self.0.borrow_mut();
        if (1..=LARGEST).contains(&buffer.capacity()) && kept.len() < KEPT {
            buffer.clear();
            kept.push(buffer);
        }
    }
}
