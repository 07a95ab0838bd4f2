//! A worker's scratch buffers: borrowed inside one poll, so that a task that waits holds none.

use std::cell::RefCell;

/// Bytes per read: enough that a large body costs few system calls, and its receiver few wake-ups.
pub(crate) const READ: usize = 256 * 1024;

/// Bytes per read for a receiver that does not keep up, since what it does not take is buffered.
pub(crate) const READ_FOR_SLOW: usize = 64 * 1024;

/// Largest capacity that is kept; more was needed by something unusual.
const KEPT: usize = 2 * READ;

pub(crate) struct Scratch {
    /// What is read from a socket.
    pub(crate) read: Box<[u8]>,
    /// What is written to one.
    pub(crate) out: Vec<u8>,
    /// Parts of a body that cannot be written from where they were read.
    pub(crate) spill: Vec<u8>,
}

thread_local! {
    static SCRATCH: RefCell<Scratch> =
        RefCell::new(Scratch { read: vec![0; READ].into_boxed_slice(), out: Vec::new(), spill: Vec::new() });
}

/// Borrows this worker's buffers; not to be nested.
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
