//! Log outputs: standard output or a file. Either may be full, block, or go away, and later recover.

#[cfg(unix)]
use std::fs::File;
use std::io;
#[cfg(not(unix))]
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use crate::writable::{self, Cut};

/// How often to check that the open file is still the one at its path.
const LOOK: Duration = Duration::from_secs(1);

/// Where lines go, and the unwritten rest of a line that was cut short.
pub(super) struct Output {
    place: Destination,
    /// `None` while it cannot be opened.
    sink: Option<Sink>,
    /// The unwritten rest of a line that was cut short.
    rest: Vec<u8>,
    /// The position of that cut, in a file that is seekable.
    cut: Option<u64>,
    /// When the open file was last seen to be the one at its path; `None` forces a check.
    looked: Option<Instant>,
}

enum Destination {
    Stdout,
    File(PathBuf),
}

#[cfg(unix)]
type Sink = File;

/// Outside Unix, standard output is not a `File`.
#[cfg(not(unix))]
enum Sink {
    Stdout(io::Stdout),
    File(std::fs::File),
}

/// Lines that were not written.
pub(super) struct Unwritten {
    /// How many are lost. One that was cut short is not: its rest is written later.
    pub(super) lost: u64,
    pub(super) error: io::Error,
}

impl Output {
    pub(super) fn stdout() -> io::Result<Self> {
        let stdout = writable::stdout()?;
        #[cfg(not(unix))]
        let stdout = Sink::Stdout(stdout);
        Ok(Output::new(Destination::Stdout, Some(stdout)))
    }

    /// Opens a file for appending. A full disk, or a named pipe without a reader, is retried later.
    pub(super) fn file(path: &Path) -> io::Result<Self> {
        let sink = match open(path) {
            Ok(sink) => Some(sink),
            Err(error) if passes(&error, path) => None,
            Err(error) => return Err(error),
        };
        Ok(Output::new(Destination::File(path.to_owned()), sink))
    }

    fn new(place: Destination, sink: Option<Sink>) -> Self {
        Output { place, sink, rest: Vec::new(), cut: None, looked: Some(Instant::now()) }
    }

    /// Whether the reader of a pipe is gone for good.
    pub(super) fn is_over(&self, error: &io::Error) -> bool {
        matches!(self.place, Destination::Stdout) && error.kind() == io::ErrorKind::BrokenPipe
    }

    /// Whether it is not open yet, or a line was cut short.
    pub(super) fn is_behind(&self) -> bool {
        self.sink.is_none() || !self.rest.is_empty()
    }

    /// Writes whole lines, after the rest of one that was cut short. Blocks until they are written or the write fails.
    pub(super) fn write(&mut self, lines: &str) -> Result<(), Unwritten> {
        let all = |error| Unwritten { lost: count(lines.as_bytes()), error };
        self.follow().map_err(all)?;
        self.finish_line().map_err(all)?;
        let Some(sink) = &mut self.sink else { return Err(all(io::ErrorKind::NotConnected.into())) };
        let Err(Cut { written, error }) = writable::write_all(sink, lines.as_bytes()) else { return Ok(()) };
        let left = &lines.as_bytes()[written..];
        let is_torn = lines.as_bytes()[..written].last().is_some_and(|byte| *byte != b'\n');
        let torn = if is_torn { memchr::memchr(b'\n', left).map_or(left.len(), |at| at + 1) } else { 0 };
        self.rest = left[..torn].to_vec();
        self.cut = position(sink);
        self.failed(&error);
        Err(Unwritten { lost: count(&left[torn..]), error })
    }

    /// Writes the rest of the line that was cut short.
    fn finish_line(&mut self) -> io::Result<()> {
        let Some(sink) = self.sink.as_mut().filter(|_| !self.rest.is_empty()) else { return Ok(()) };
        if is_shorter(sink, self.cut) {
            // Somebody truncated the file to make room: that line's beginning is gone.
            self.rest.clear();
        }
        match writable::write_all(sink, &self.rest) {
            Ok(()) => {
                self.rest.clear();
                Ok(())
            }
            Err(Cut { written, error }) => {
                self.rest.drain(..written);
                self.cut = position(sink);
                self.failed(&error);
                Err(error)
            }
        }
    }

    /// Notes a failed write. If a named pipe lost its reader, the next reader must begin with a whole line.
    fn failed(&mut self, error: &io::Error) {
        self.looked = None;
        if matches!(self.place, Destination::File(_)) && error.kind() == io::ErrorKind::BrokenPipe {
            self.sink = None;
            self.rest.clear();
        }
    }

    /// Has the next write find out whether the file is still the one at its path.
    pub(super) fn look_again(&mut self) {
        self.looked = None;
    }

    /// Opens the file if it is not open, or if its path now leads to another: lines in a moved or deleted file would be
    /// seen by nobody, and keep using disk space.
    fn follow(&mut self) -> io::Result<()> {
        let Destination::File(path) = &self.place else { return Ok(()) };
        if self.sink.is_some() && self.looked.is_some_and(|looked| looked.elapsed() < LOOK) {
            return Ok(());
        }
        self.looked = Some(Instant::now());
        if self.sink.as_ref().is_some_and(|sink| is_at(sink, path)) {
            return Ok(());
        }
        match open(path) {
            Ok(sink) => {
                self.sink = Some(sink);
                self.rest.clear();
                Ok(())
            }
            // The old file still has a name, so that somebody can find its lines.
            Err(_) if self.sink.as_ref().is_some_and(has_a_name) => Ok(()),
            Err(error) => Err(error),
        }
    }
}

fn count(lines: &[u8]) -> u64 {
    memchr::memchr_iter(b'\n', lines).count() as u64
}

/// Never blocks: a named pipe without a reader is an error, and a full one is waited for when the first line is
/// written.
#[cfg(unix)]
fn open(path: &Path) -> io::Result<Sink> {
    use std::os::unix::fs::OpenOptionsExt as _;

    use rustix::fs::OFlags;
    let flags = (OFlags::NONBLOCK | OFlags::NOCTTY).bits().cast_signed();
    File::options().create(true).append(true).custom_flags(flags).open(path)
}

#[cfg(not(unix))]
fn open(path: &Path) -> io::Result<Sink> {
    std::fs::File::options().create(true).append(true).open(path).map(Sink::File)
}

/// Whether this error on opening is temporary.
fn passes(error: &io::Error, path: &Path) -> bool {
    let is_full = matches!(error.kind(), io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded);
    is_full || is_without_reader(error, path)
}

/// Whether the error means a named pipe without a reader.
pub(super) fn is_without_reader(error: &io::Error, path: &Path) -> bool {
    #[cfg(unix)]
    {
        use std::os::unix::fs::FileTypeExt as _;
        let is_pipe = || std::fs::metadata(path).is_ok_and(|found| found.file_type().is_fifo());
        let none = [rustix::io::Errno::NXIO, rustix::io::Errno::PIPE].map(|errno| Some(errno.raw_os_error()));
        none.contains(&error.raw_os_error()) && is_pipe()
    }
    #[cfg(not(unix))]
    {
        let _ = (error, path);
        false
    }
}

/// Where the last write ended.
#[cfg(unix)]
fn position(sink: &mut Sink) -> Option<u64> {
    std::io::Seek::stream_position(sink).ok()
}

/// Whether the file is shorter than this position.
#[cfg(unix)]
fn is_shorter(sink: &Sink, place: Option<u64>) -> bool {
    let length = sink.metadata().ok().filter(std::fs::Metadata::is_file).map(|found| found.len());
    matches!((length, place), (Some(length), Some(place)) if length < place)
}

/// Whether the path leads to this open file.
#[cfg(unix)]
fn is_at(sink: &Sink, path: &Path) -> bool {
    use std::os::unix::fs::MetadataExt as _;
    let of = |found: std::fs::Metadata| (found.dev(), found.ino());
    let (Ok(own), Ok(there)) = (sink.metadata(), std::fs::metadata(path)) else { return false };
    of(own) == of(there)
}

#[cfg(unix)]
fn has_a_name(sink: &Sink) -> bool {
    sink.metadata().is_ok_and(|found| std::os::unix::fs::MetadataExt::nlink(&found) > 0)
}

#[cfg(not(unix))]
fn position(_: &mut Sink) -> Option<u64> {
    None
}

#[cfg(not(unix))]
fn is_shorter(_: &Sink, _: Option<u64>) -> bool {
    false
}

/// Outside Unix an open file can be neither moved nor removed.
#[cfg(not(unix))]
fn is_at(_: &Sink, _: &Path) -> bool {
    true
}

#[cfg(not(unix))]
fn has_a_name(_: &Sink) -> bool {
    true
}

#[cfg(not(unix))]
impl io::Write for Sink {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        match self {
            Sink::Stdout(stdout) => {
                let written = stdout.write(bytes)?;
                stdout.flush()?;
                Ok(written)
            }
            Sink::File(file) => file.write(bytes),
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
