//! The way to the terminal. What is written waits here for as long as the terminal takes nothing, and the screen does not
//! wait with it: it goes on reading keys, and draws nothing new.

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

/// Between two tries to write to a terminal that takes nothing, at first.
const PAUSE: Duration = Duration::from_millis(5);

/// How long what waits may take to go before it is thrown away, and the last words after it.
const PATIENCE: Duration = Duration::from_millis(250);

/// Ends whatever command the terminal was in the middle of, and the frame (ECMA-48 8.3.6; mode 2026).
const CUT: &[u8] = b"\x18\x1b[?2026l";

/// This program's terminal; the panic hook asks for it too.
static TTY: OnceLock<Tty> = OnceLock::new();

/// What waits to be written, and the terminal. All clones are one.
#[derive(Clone)]
pub(crate) struct Output(Rc<RefCell<Queue>>);

struct Queue {
    tty: &'static Tty,
    waiting: Vec<u8>,
    /// So many of these bytes have gone.
    gone: usize,
    /// Since when the terminal takes nothing, and when it is tried again.
    full: Option<(Instant, Instant)>,
}

impl Output {
    pub(crate) fn new() -> io::Result<Self> {
        let queue = Queue { tty: tty()?, waiting: Vec::new(), gone: 0, full: None };
        Ok(Output(Rc::new(RefCell::new(queue))))
    }

    /// Whether all that was written has gone to the terminal.
    pub(crate) fn is_idle(&self) -> bool {
        self.0.borrow().waiting.is_empty()
    }

    /// Sends what the terminal takes now.
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
                    // The longer it lasts, the less it matters when it ends.
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

    /// Waits for a while, and sends what the terminal takes then. Safe to drop and call again.
    pub(crate) async fn send_later(&self) -> io::Result<()> {
        let again = self.0.borrow().full.map(|(_, again)| again);
        if let Some(again) = again {
            tokio::time::sleep_until(again.into()).await;
        }
        self.send()
    }

    /// Takes back what has not gone.
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
        // What is there already has its turn first, and its time.
        if self.0.borrow().full.is_some() { Ok(()) } else { self.send() }
    }
}

/// The terminal on standard output.
pub(crate) struct Tty {
    file: File,
    /// Its description is this program's alone, and never waits.
    own: bool,
}

/// Opens it where it is not open yet.
fn tty() -> io::Result<&'static Tty> {
    if let Some(tty) = TTY.get() {
        return Ok(tty);
    }
    let opened = Tty::open()?;
    Ok(TTY.get_or_init(|| opened))
}

/// Writes the last words, behind what still waits: as far as the terminal takes them in time. Where it is not known what
/// waits, whatever was begun is broken off. What keeps them from going is thrown away.
pub(crate) fn finish(waiting: Option<&[u8]>, last: &[u8]) {
    let Some(tty) = TTY.get() else { return };
    let cut = [CUT, last].concat();
    let first = match waiting {
        Some(waiting) => [waiting, last].concat(),
        None => cut.clone(),
    };
    // A terminal that is gone cannot be helped, and nobody can be told.
    if !tty.write_within(&first, PATIENCE) {
        tty.throw_away();
        tty.write_within(&cut, PATIENCE);
    }
}

/// Whether no write to the terminal waits.
pub(crate) fn never_waits() -> bool {
    TTY.get().is_some_and(|tty| tty.own)
}

impl Tty {
    /// A description of its own, so that no write waits, and nobody else's way of writing changes. Where that cannot be
    /// had, the one that is shared.
    fn open() -> io::Result<Self> {
        #[cfg(unix)]
        if let Some(file) = own() {
            return Ok(Tty { file, own: true });
        }
        Ok(Tty { file: writable::stdout()?, own: false })
    }

    /// Writes what goes without waiting.
    fn write(&self, bytes: &[u8]) -> io::Result<usize> {
        if self.own {
            return (&self.file).write(bytes);
        }
        // That there is room says nothing of how much: one byte has some.
        if !writable::wait(&self.file, Some(Duration::ZERO)) {
            return Err(io::ErrorKind::WouldBlock.into());
        }
        (&self.file).write(&bytes[..bytes.len().min(1)])
    }

    /// Whether all was written in this time.
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

    /// Has the system forget what the terminal has not taken yet.
    fn throw_away(&self) {
        #[cfg(unix)]
        if super::suspend::in_foreground() {
            use rustix::termios::{QueueSelector, tcflush};
            let _ = tcflush(&self.file, QueueSelector::OFlush);
        }
    }
}

/// The terminal on standard output, opened once more.
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
    // In a container its name may be another terminal's.
    let is_it =
        |file: &File| file.metadata().is_ok_and(|found| found.rdev() == there.rdev() && found.ino() == there.ino());
    if let Some(file) = named.filter(is_it) {
        return Some(file);
    }
    // It may be another user's; the one that this session belongs to can be opened by everyone in it.
    let is_ours = matches!((tcgetsid(stdout()), getsid(None)), (Ok(its), Ok(own)) if its == own);
    if is_ours { open(Path::new("/dev/tty")) } else { None }
}
