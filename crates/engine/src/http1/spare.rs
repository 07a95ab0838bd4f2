//! Memory of heads that are done with, for the next ones: a worker reads heads all the time, and each is gone soon.

use std::cell::RefCell;

use super::head::Field;

/// Buffers that a thread keeps; more are in use at once only where many requests wait.
const KEPT: usize = 64;

/// Items that one may have room for to be kept: more was needed by something unusual.
const LARGEST: usize = 4096;

thread_local! {
    /// For bytes that were read.
    pub(super) static BYTES: Spare<u8> = const { Spare::new() };
    /// For lists of fields.
    pub(super) static FIELDS: Spare<Field> = const { Spare::new() };
}

/// Empty buffers of one kind.
pub(super) struct Spare<T>(RefCell<Vec<Vec<T>>>);

impl<T> Spare<T> {
    const fn new() -> Self {
        Spare(RefCell::new(Vec::new()))
    }

    pub(super) fn take(&self) -> Vec<T> {
        self.0.borrow_mut().pop().unwrap_or_default()
    }

    /// Takes one back, where it is worth keeping.
    pub(super) fn give(&self, mut buffer: Vec<T>) {
        let mut kept = self.0.borrow_mut();
        if (1..=LARGEST).contains(&buffer.capacity()) && kept.len() < KEPT {
            buffer.clear();
            kept.push(buffer);
        }
    }
}
