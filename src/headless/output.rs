//! Where log lines go: standard output or a file. Either may have no room, take nothing, or go away, and come back.

#[cfg(unix)]
use std::fs::File;
use std::io;
#[cfg(not(unix))]
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use crate::writable::{self, Cut};

/// How often it is looked whether a file is still the one at its path.
const LOOK: Duration = Duration::from_secs(1);

/// Where lines go, and what of the last one is still to be written.
pub(super) struct Output {
    place: Destination,
    /// `None` while it cannot be opened.
    sink: Option<Sink>,
    /// What is missing of a line that was cut short.
    rest: Vec<u8>,
    /// Where that line was cut, in a file that has such places.
    cut: Option<u64>,
    /// When it was last seen that the file is the one at its path; `None` where that is in doubt.
    looked: Option<Instant>,
}

enum Destination {
    Stdout,
    File(PathBuf),
}

#[cfg(unix)]
type Sink = File;

/// Standard output is no file here.
#[cfg(not(unix))]
enum Sink {
    Stdout(io::Stdout),
    File(std::fs::File),
}

/// Lines that were not written.
pub(super) struct Unwritten {
    /// How many of them are lost; one that was cut short is not: it is written to its end as soon as that goes.
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

    /// Opens a file for appending. One that has no room now, or a named pipe that nobody reads yet, is tried again.
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

    /// Writes whole lines, after the rest of the one that was cut short. It returns when they are written or cannot be,
    /// however long that takes.
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

    /// Writes what is missing of the line that was cut short.
    fn finish_line(&mut self) -> io::Result<()> {
        let Some(sink) = self.sink.as_mut().filter(|_| !self.rest.is_empty()) else { return Ok(()) };
        if is_shorter(sink, self.cut) {
            // Somebody made room by emptying the file: that line's beginning is gone.
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

    /// Where the reader of a named pipe is gone, the next one begins with a whole line.
    fn failed(&mut self, error: &io::Error) {
        self.looked = None;
        if matches!(self.place, Destination::File(_)) && error.kind() == io::ErrorKind::BrokenPipe {
            self.sink = None;
            self.rest.clear();
        }
    }

    /// Opens the file where it is not open, or where another is at its path by now: one that was moved or removed would
    /// be written to where nobody looks, and keep its room.
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
            // It still has a name, so that somebody can find what is written to it.
            Err(_) if self.sink.as_ref().is_some_and(has_a_name) => Ok(()),
            Err(error) => Err(error),
        }
    }
}

fn count(lines: &[u8]) -> u64 {
    memchr::memchr_iter(b'\n', lines).count() as u64
}

/// Never waits: a named pipe that nobody reads is an error, and one that is full is waited for with its first line.
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

/// Whether this error of opening passes by itself.
fn passes(error: &io::Error, path: &Path) -> bool {
    let is_full = matches!(error.kind(), io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded);
    is_full || is_without_reader(error, path)
}

/// Whether it is a named pipe that nobody reads.
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

/// Whether the file ends before this place.
#[cfg(unix)]
fn is_shorter(sink: &Sink, place: Option<u64>) -> bool {
    let length = sink.metadata().ok().filter(std::fs::Metadata::is_file).map(|found| found.len());
    matches!((length, place), (Some(length), Some(place)) if length < place)
}

/// Whether this is the file at the path.
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

/// A file that is open can be neither moved nor removed here.
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
