//! Reading files that a person names. Such a name may lead to a named pipe, a device or a terminal: these are read too, and
//! hold nobody up for ever.

use std::fs::File;
use std::io::{self, Read};
use std::path::Path;
use std::time::Duration;

/// Bytes that are read. What is no regular file may have no end, and a larger regular one is not what was meant.
const MOST: usize = 16 * 1024 * 1024;

/// Opens a file to be read as it comes, however large it is. What is no regular file is read at once, for at most `within`
/// and up to 16 MB.
pub(crate) fn open_file(path: &Path, within: Duration) -> io::Result<Box<dyn Read>> {
    let file = open(path)?;
    if file.metadata()?.is_file() {
        return Ok(Box::new(file));
    }
    Ok(Box::new(io::Cursor::new(read_file(path, Some(within))?)))
}

/// Reads a whole file. What is no regular file may be waited for, for at most `within` where that is set.
///
/// # Errors
/// It cannot be read, nothing was written to it in time, it has more than 16 MB, or no end.
pub fn read_file(path: &Path, within: Option<Duration>) -> io::Result<Vec<u8>> {
    let mut file = open(path)?;
    let found = file.metadata()?;
    if found.is_file() || found.is_dir() {
        let mut bytes = Vec::new();
        (&mut file).take(MOST as u64 + 1).read_to_end(&mut bytes)?;
        if bytes.len() > MOST {
            return Err(io::Error::new(io::ErrorKind::FileTooLarge, "it has more than 16 MB"));
        }
        return Ok(bytes);
    }
    read_as_it_comes(file, within)
}

#[cfg(unix)]
fn open(path: &Path) -> io::Result<File> {
    use std::os::unix::fs::OpenOptionsExt as _;

    use rustix::fs::OFlags;
    // Opening a named pipe would wait until somebody writes to it.
    let flags = (OFlags::NONBLOCK | OFlags::NOCTTY).bits().cast_signed();
    File::options().read(true).custom_flags(flags).open(path)
}

#[cfg(not(unix))]
fn open(path: &Path) -> io::Result<File> {
    File::open(path)
}

#[cfg(unix)]
fn read_as_it_comes(mut file: File, within: Option<Duration>) -> io::Result<Vec<u8>> {
    use std::time::Instant;

    use rustix::event::{PollFd, PollFlags, Timespec, poll};
    let end = within.map(|within| Instant::now() + within);
    let mut bytes = Vec::new();
    let mut piece = [0; 16 * 1024];
    loop {
        let left = end.map(|end| end.saturating_duration_since(Instant::now()));
        let limit = left.and_then(|left| Timespec::try_from(left).ok());
        // A named pipe that nobody has opened for writing yet would seem to be at its end: it is waited for first.
        match poll(&mut [PollFd::new(&file, PollFlags::IN)], limit.as_ref()) {
            Ok(0) => return Err(io::Error::new(io::ErrorKind::TimedOut, "it was not written to its end in time")),
            Ok(_) | Err(rustix::io::Errno::INTR) => {}
            Err(error) => return Err(error.into()),
        }
        match file.read(&mut piece) {
            Ok(0) => return Ok(bytes),
            Ok(more) => bytes.extend_from_slice(&piece[..more]),
            Err(error) if matches!(error.kind(), io::ErrorKind::Interrupted | io::ErrorKind::WouldBlock) => {}
            Err(error) => return Err(error),
        }
        if bytes.len() > MOST {
            return Err(io::Error::new(io::ErrorKind::FileTooLarge, "it has no end within 16 MB"));
        }
    }
}

#[cfg(not(unix))]
fn read_as_it_comes(file: File, _: Option<Duration>) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    file.take(MOST as u64).read_to_end(&mut bytes)?;
    Ok(bytes)
}

#[cfg(all(test, unix))]
mod tests {
    use super::*;
    use std::io::Write as _;

    fn pipe() -> (tempfile::TempDir, std::path::PathBuf) {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("pipe");
        let made = std::process::Command::new("mkfifo").arg(&path).status().expect("mkfifo is there");
        assert!(made.success(), "a named pipe");
        (folder, path)
    }

    #[test]
    fn a_named_pipe_is_read_to_its_end_however_late_its_writer_comes() {
        let (_folder, path) = pipe();
        let to = path.clone();
        let writer = std::thread::spawn(move || {
            std::thread::sleep(Duration::from_millis(100));
            let mut pipe = File::options().write(true).open(to).expect("it is read");
            for part in ["one ", "two"] {
                pipe.write_all(part.as_bytes()).expect("written");
                std::thread::sleep(Duration::from_millis(50));
            }
        });
        assert_eq!(read_file(&path, None).expect("read"), b"one two");
        writer.join().expect("written");
    }

    #[test]
    fn a_named_pipe_that_nobody_writes_to_is_given_up_in_time() {
        let (_folder, path) = pipe();
        let error = read_file(&path, Some(Duration::from_millis(50))).expect_err("nobody writes");
        assert_eq!(error.kind(), io::ErrorKind::TimedOut);
    }

    #[test]
    fn a_file_that_is_far_too_large_is_not_read_to_its_end() {
        let file = tempfile::NamedTempFile::new().expect("a file");
        file.as_file().set_len(1 << 32).expect("sparse");
        assert_eq!(read_file(file.path(), None).expect_err("too large").to_string(), "it has more than 16 MB");
    }

    #[test]
    fn what_has_no_end_is_given_up() {
        let error = read_file(Path::new("/dev/zero"), None).expect_err("no end");
        assert_eq!(error.to_string(), "it has no end within 16 MB");
    }
}
