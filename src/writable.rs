//! Blocking writes to descriptors that another program may have made non-blocking by sharing them. `WouldBlock` is then
//! no error: the writing thread waits.

use std::io::{self, Write};
use std::time::Duration;

/// Pause between two tries when `poll` reports room but the write finds none.
const AGAIN: Duration = Duration::from_millis(10);

/// A writer that can be polled.
#[cfg(unix)]
pub(crate) trait Output: Write + std::os::fd::AsFd {}
#[cfg(unix)]
impl<T: Write + std::os::fd::AsFd> Output for T {}

/// A writer; there is no polling outside Unix.
#[cfg(not(unix))]
pub(crate) trait Output: Write {}
#[cfg(not(unix))]
impl<T: Write> Output for T {}

/// Why a write failed, and how many bytes were written before.
#[derive(Debug)]
pub(crate) struct Cut {
    pub(crate) written: usize,
    pub(crate) error: io::Error,
}

/// Writes all of it, however long that takes.
pub(crate) fn write_all(to: &mut impl Output, bytes: &[u8]) -> Result<(), Cut> {
    let mut written = 0;
    let mut refused = false;
    while written < bytes.len() {
        let error = match to.write(&bytes[written..]) {
            Ok(0) => io::ErrorKind::WriteZero.into(),
            Ok(more) => {
                written += more;
                refused = false;
                continue;
            }
            Err(error) => error,
        };
        match error.kind() {
            io::ErrorKind::Interrupted => {}
            io::ErrorKind::WouldBlock => {
                if std::mem::replace(&mut refused, true) {
                    std::thread::sleep(AGAIN);
                }
                wait(to, None);
            }
            _ => return Err(Cut { written, error }),
        }
    }
    Ok(())
}

/// Waits until a write may find room, at most for `limit`. `false` means that the time is over.
pub(crate) fn wait(to: &impl Output, limit: Option<Duration>) -> bool {
    #[cfg(unix)]
    {
        use rustix::event::{PollFd, PollFlags, Timespec, poll};
        let limit = limit.and_then(|limit| Timespec::try_from(limit).ok());
        // If `poll` fails or a signal interrupts it, the next write reports what is wrong.
        !matches!(poll(&mut [PollFd::new(to, PollFlags::OUT)], limit.as_ref()), Ok(0))
    }
    #[cfg(not(unix))]
    {
        let _ = to;
        std::thread::sleep(limit.unwrap_or(AGAIN).min(AGAIN));
        true
    }
}

/// Standard output without a buffer, which would be flushed, and might block, when the program ends.
#[cfg(unix)]
pub(crate) fn stdout() -> io::Result<std::fs::File> {
    Ok(rustix::stdio::stdout().try_clone_to_owned()?.into())
}

/// Standard error, likewise.
#[cfg(unix)]
pub(crate) fn stderr() -> io::Result<std::fs::File> {
    Ok(rustix::stdio::stderr().try_clone_to_owned()?.into())
}

/// Standard output.
#[cfg(not(unix))]
#[expect(clippy::unnecessary_wraps, reason = "as on Unix")]
pub(crate) fn stdout() -> io::Result<io::Stdout> {
    Ok(io::stdout())
}

/// Standard error.
#[cfg(not(unix))]
#[expect(clippy::unnecessary_wraps, reason = "as on Unix")]
pub(crate) fn stderr() -> io::Result<io::Stderr> {
    Ok(io::stderr())
}
