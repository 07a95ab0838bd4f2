//! The buffers of a worker: borrowed inside one poll, so that whoever waits holds none.

use std::cell::RefCell;

/// Bytes read at once: enough that a large body costs few calls, and its receiver few wake-ups.
const READ: usize = 256 * 1024;

/// Bytes read at once for a receiver that does not keep up, since what it does not take is kept.
pub(crate) const READ_FOR_SLOW: usize = 64 * 1024;

/// What a buffer may hold on to; more was needed by something unusual.
const KEPT: usize = 2 * READ;

pub(crate) struct Scratch {
    /// What is read from a socket.
    pub(crate) read: Box<[u8]>,
    /// What is written to one.
    pub(crate) out: Vec<u8>,
    /// Parts of a body that do not go on where they stand.
    pub(crate) spill: Vec<u8>,
}

thread_local! {
    static SCRATCH: RefCell<Scratch> =
        RefCell::new(Scratch { read: vec![0; READ].into_boxed_slice(), out: Vec::new(), spill: Vec::new() });
}

/// Borrows this worker's buffers. What is borrows them may not do so again.
pub(crate) fn with_scratch<T>(work: impl FnOnce(&mut Scratch) -> T) -> T {
    SCRATCH.with_borrow_mut(|scratch| {
        scratch.out.clear();
        let result = work(scratch);
        for buffer in [&mut scratch.out, &mut scratch.spill] {
            if buffer.capacity() > KEPT {
                *buffer = Vec::new();
            }
        }
        result
    })
}
