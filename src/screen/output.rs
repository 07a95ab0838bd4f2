//! Non-blocking output to the terminal. Bytes are queued while the terminal accepts nothing (backpressure), so that the
//! screen keeps reading keys; it draws no new frame meanwhile.

use std::cell::RefCell;
#[cfg(unix)]
use std::fs::File;
use std::io;
use std::io::Write;
use std::rc::Rc;
use std::sync::OnceLock;
use std::time::{Duration, Instant};

use crate::writable;

#[cfg(not(unix))]
type File = io::Stdout;

/// The first pause before writing again to a terminal that accepts nothing.
const PAUSE: Duration = Duration::from_millis(5);

/// The time limit for each write at exit, and the longest pause between retries.
const PATIENCE: Duration = Duration::from_millis(250);

/// Aborts an unfinished control sequence (CAN, ECMA-48 8.3.6) and ends the synchronized update (mode 2026).
const CUT: &[u8] = b"\x18\x1b[?2026l";

/// The program's terminal. Static because the panic hook needs it too.
static TTY: OnceLock<Tty> = OnceLock::new();

/// The terminal and the queue of bytes for it. Clones share one queue.
#[derive(Clone)]
pub(crate) struct Output(Rc<RefCell<Queue>>);

struct Queue {
    tty: &'static Tty,
    waiting: Vec<u8>,
    /// How many bytes of `waiting` were written.
    gone: usize,
    /// While the terminal accepts nothing: since when, and when to retry.
    full: Option<(Instant, Instant)>,
}

impl Output {
    pub(crate) fn new() -> io::Result<Self> {
        let queue = Queue { tty: tty()?, waiting: Vec::new(), gone: 0, full: None };
        Ok(Output(Rc::new(RefCell::new(queue))))
    }

    /// Whether the queue is empty.
    pub(crate) fn is_idle(&self) -> bool {
        self.0.borrow().waiting.is_empty()
    }

    /// Writes as much of the queue as the terminal accepts without blocking.
    fn send(&self) -> io::Result<()> {
        let queue = &mut *self.0.borrow_mut();
        while queue.gone < queue.waiting.len() {
            match queue.tty.write(&queue.waiting[queue.gone..]) {
                Ok(0) => return Err(io::ErrorKind::WriteZero.into()),
                Ok(more) => {
                    queue.gone += more;
                    queue.full = None;
                }
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {
                    let now = Instant::now();
                    let since = queue.full.map_or(now, |(since, _)| since);
                    // Back off: a quarter of the time the terminal has been full.
                    let pause = (now.duration_since(since) / 4).clamp(PAUSE, PATIENCE);
                    queue.full = Some((since, now + pause));
                    return Ok(());
                }
                Err(error) => return Err(error),
            }
        }
        queue.waiting.clear();
        (queue.gone, queue.full) = (0, None);
        Ok(())
    }

    /// Waits until the next retry is due, then writes what the terminal accepts. Cancel safe.
    pub(crate) async fn send_later(&self) -> io::Result<()> {
        let again = self.0.borrow().full.map(|(_, again)| again);
        if let Some(again) = again {
            tokio::time::sleep_until(again.into()).await;
        }
        self.send()
    }

    /// Empties the queue and returns the unwritten bytes.
    pub(crate) fn take(&self) -> Vec<u8> {
        let queue = &mut *self.0.borrow_mut();
        let gone = std::mem::take(&mut queue.gone);
        queue.full = None;
        std::mem::take(&mut queue.waiting).split_off(gone)
    }
}

impl Write for Output {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.borrow_mut().waiting.extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        // While the terminal is full, `send_later` decides when to retry.
        if self.0.borrow().full.is_some() { Ok(()) } else { self.send() }
    }
}

/// The terminal on standard output.
pub(crate) struct Tty {
    file: File,
    /// Whether the open file description is the program's own and non-blocking.
    own: bool,
}

/// Opens the terminal on the first call.
fn tty() -> io::Result<&'static Tty> {
    if let Some(tty) = TTY.get() {
        return Ok(tty);
    }
    let opened = Tty::open()?;
    Ok(TTY.get_or_init(|| opened))
}

/// Writes `last` after the bytes that still wait, or, if they are unknown, after aborting what was begun. If that fails
/// or takes longer than [`PATIENCE`], discards the terminal's unsent output and tries `last` once more, for as long.
pub(crate) fn finish(waiting: Option<&[u8]>, last: &[u8]) {
    let Some(tty) = TTY.get() else { return };
    let cut = [CUT, last].concat();
    let first = match waiting {
        Some(waiting) => [waiting, last].concat(),
        None => cut.clone(),
    };
    // Errors are ignored: if the terminal is gone, there is nowhere to report them.
    if !tty.write_within(&first, PATIENCE) {
        tty.throw_away();
        tty.write_within(&cut, PATIENCE);
    }
}

/// Whether writes to the terminal never block.
pub(crate) fn never_waits() -> bool {
    TTY.get().is_some_and(|tty| tty.own)
}

impl Tty {
    /// Opens the terminal again: `O_NONBLOCK` belongs to the open file description, and that of standard output is
    /// shared with other processes. Falls back to standard output.
    fn open() -> io::Result<Self> {
        #[cfg(unix)]
        if let Some(file) = own() {
            return Ok(Tty { file, own: true });
        }
        Ok(Tty { file: writable::stdout()?, own: false })
    }

    /// Writes without blocking; `WouldBlock` if the terminal accepts nothing.
    fn write(&self, bytes: &[u8]) -> io::Result<usize> {
        if self.own {
            return (&self.file).write(bytes);
        }
        // Polling does not tell how much room there is: only a write of one byte is sure not to block.
        if !writable::wait(&self.file, Some(Duration::ZERO)) {
            return Err(io::ErrorKind::WouldBlock.into());
        }
        (&self.file).write(&bytes[..bytes.len().min(1)])
    }

    /// Writes all bytes; `false` if that failed or took longer than `limit`.
    fn write_within(&self, bytes: &[u8], limit: Duration) -> bool {
        let end = Instant::now() + limit;
        let mut written = 0;
        while written < bytes.len() {
            match self.write(&bytes[written..]) {
                Ok(more @ 1..) => written += more,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {
                    let left = end.saturating_duration_since(Instant::now());
                    if left.is_zero() {
                        return false;
                    }
                    writable::wait(&self.file, Some(left));
                }
                Ok(_) | Err(_) => return false,
            }
        }
        true
    }

    /// Discards output that the kernel has not sent to the terminal yet. Only in the foreground: `tcflush` would stop a
    /// background job.
    fn throw_away(&self) {
        #[cfg(unix)]
        if super::suspend::in_foreground() {
            use rustix::termios::{QueueSelector, tcflush};
            let _ = tcflush(&self.file, QueueSelector::OFlush);
        }
    }
}

/// Opens the terminal of standard output again, non-blocking; `None` if that is not possible.
#[cfg(unix)]
fn own() -> Option<File> {
    use std::os::unix::ffi::OsStrExt as _;
    use std::os::unix::fs::{MetadataExt as _, OpenOptionsExt as _};
    use std::path::Path;

    use rustix::fs::OFlags;
    use rustix::process::getsid;
    use rustix::stdio::stdout;
    use rustix::termios::{tcgetsid, ttyname};

    let flags = (OFlags::NONBLOCK | OFlags::NOCTTY).bits().cast_signed();
    let open = |path: &Path| File::options().read(true).write(true).custom_flags(flags).open(path).ok();
    let there = writable::stdout().ok()?.metadata().ok()?;
    let named = ttyname(stdout(), Vec::new())
        .ok()
        .and_then(|name| open(Path::new(std::ffi::OsStr::from_bytes(name.as_bytes()))));
    // In a container the name may belong to another terminal.
    let is_it =
        |file: &File| file.metadata().is_ok_and(|found| found.rdev() == there.rdev() && found.ino() == there.ino());
    if let Some(file) = named.filter(is_it) {
        return Some(file);
    }
    // The device may belong to another user; `/dev/tty` can be opened by every process of the session.
    let is_ours = matches!((tcgetsid(stdout()), getsid(None)), (Ok(its), Ok(own)) if its == own);
    if is_ours { open(Path::new("/dev/tty")) } else { None }
}
