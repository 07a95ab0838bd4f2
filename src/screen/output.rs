//! The terminal's output queue. While the terminal is blocked, output waits here, and the screen goes on reading keys
//! but draws nothing new.

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

/// The first pause between two writes to a blocked terminal.
const PAUSE: Duration = Duration::from_millis(5);

/// How long queued output may take before it is discarded, and as long again for the final output after that.
const PATIENCE: Duration = Duration::from_millis(250);

/// Ends an unfinished control sequence (CAN, ECMA-48 8.3.6) and a synchronized frame (mode 2026).
const CUT: &[u8] = b"\x18\x1b[?2026l";

/// This program's terminal; static because the panic hook needs it too.
static TTY: OnceLock<Tty> = OnceLock::new();

/// The output queue and the terminal. Clones share them.
#[derive(Clone)]
pub(crate) struct Output(Rc<RefCell<Queue>>);

struct Queue {
    tty: &'static Tty,
    waiting: Vec<u8>,
    /// How many of the waiting bytes are written.
    gone: usize,
    /// Since when the terminal has been blocked, and when to try again.
    full: Option<(Instant, Instant)>,
}

impl Output {
    pub(crate) fn new() -> io::Result<Self> {
        let queue = Queue { tty: tty()?, waiting: Vec::new(), gone: 0, full: None };
        Ok(Output(Rc::new(RefCell::new(queue))))
    }

    /// Whether all output has been written to the terminal.
    pub(crate) fn is_idle(&self) -> bool {
        self.0.borrow().waiting.is_empty()
    }

    /// Writes what the terminal takes now.
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
                    // The pause grows with the time that the terminal has been blocked.
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

    /// Waits for the pause, then writes what the terminal takes. Cancel-safe.
    pub(crate) async fn send_later(&self) -> io::Result<()> {
        let again = self.0.borrow().full.map(|(_, again)| again);
        if let Some(again) = again {
            tokio::time::sleep_until(again.into()).await;
        }
        self.send()
    }

    /// Removes and returns what is not written yet.
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
        // A blocked terminal is tried again after its pause only.
        if self.0.borrow().full.is_some() { Ok(()) } else { self.send() }
    }
}

/// The terminal on standard output.
pub(crate) struct Tty {
    file: File,
    /// Whether this program opened the file itself, non-blocking.
    own: bool,
}

/// Opens the terminal if it is not open yet.
fn tty() -> io::Result<&'static Tty> {
    if let Some(tty) = TTY.get() {
        return Ok(tty);
    }
    let opened = Tty::open()?;
    Ok(TTY.get_or_init(|| opened))
}

/// Writes the final output after what is still waiting, within a time limit. If it is unknown what is waiting, first
/// cancels any unfinished sequence. What blocks the final output is discarded.
pub(crate) fn finish(waiting: Option<&[u8]>, last: &[u8]) {
    let Some(tty) = TTY.get() else { return };
    let cut = [CUT, last].concat();
    let first = match waiting {
        Some(waiting) => [waiting, last].concat(),
        None => cut.clone(),
    };
    // If the terminal is gone, nothing can be done about it, and nobody told.
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
    /// Opens the terminal a second time, so that it can be non-blocking without an effect on other programs. If that
    /// fails, uses the shared standard output.
    fn open() -> io::Result<Self> {
        #[cfg(unix)]
        if let Some(file) = own() {
            return Ok(Tty { file, own: true });
        }
        Ok(Tty { file: writable::stdout()?, own: false })
    }

    /// Writes as much as is possible without blocking.
    fn write(&self, bytes: &[u8]) -> io::Result<usize> {
        if self.own {
            return (&self.file).write(bytes);
        }
        // `poll` does not say how much room there is, only that there is some: write one byte.
        if !writable::wait(&self.file, Some(Duration::ZERO)) {
            return Err(io::ErrorKind::WouldBlock.into());
        }
        (&self.file).write(&bytes[..bytes.len().min(1)])
    }

    /// Writes all bytes within this time; `false` if that failed.
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

    /// Discards output that the system holds for the terminal.
    fn throw_away(&self) {
        #[cfg(unix)]
        if super::suspend::in_foreground() {
            use rustix::termios::{QueueSelector, tcflush};
            let _ = tcflush(&self.file, QueueSelector::OFlush);
        }
    }
}

/// Opens the terminal on standard output a second time.
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
    // The terminal may belong to another user; as this session's terminal it can still be opened.
    let is_ours = matches!((tcgetsid(stdout()), getsid(None)), (Ok(its), Ok(own)) if its == own);
    if is_ours { open(Path::new("/dev/tty")) } else { None }
}
