//! A file that is looked at again and again. Unlike notices of the system's, this sees a change however it comes about: in
//! the target of a link, by a folder that takes the place of another, over a network, or on another machine's side of a
//! shared folder.

use std::fmt;
use std::io;
#[cfg(unix)]
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use stickylb::config;

/// How often the file is looked at.
const LOOK: Duration = Duration::from_millis(250);

/// How long reading it may take.
const PATIENCE: Duration = Duration::from_secs(5);

/// File systems note the time of a change this precisely or better. A change within this time of the one before may
/// have the same time.
const PRECISION: Duration = Duration::from_secs(2);

/// A file, and what was last read of it.
pub(super) struct Watched {
    path: PathBuf,
    seen: Option<Traits>,
    /// Whether what was seen still has to be read.
    is_new: bool,
    read: Option<Vec<u8>>,
}

/// What tells a file from itself before a change, without reading it.
#[derive(Clone, PartialEq, Eq)]
pub(super) struct Traits {
    /// File system and number.
    #[cfg(unix)]
    place: (u64, u64),
    /// When its contents, and when anything about it, changed.
    #[cfg(unix)]
    changed: [(i64, i64); 2],
    modified: Option<SystemTime>,
    length: u64,
}

impl Watched {
    /// Looks at the file; from now on only a change counts.
    pub(super) fn new(path: PathBuf) -> Self {
        let seen = Traits::of(&path);
        let read = contents(&path).ok().flatten();
        Watched { path, seen, is_new: false, read }
    }

    /// # Errors
    /// It cannot be read now, which does not keep it from being watched.
    pub(super) async fn try_read(&self) -> io::Result<()> {
        self.contents().await.map(drop)
    }

    /// Waits until it has other contents and is left alone: editors save in several steps. Cancel-safe.
    pub(super) async fn changed(&mut self) {
        loop {
            tokio::time::sleep(LOOK).await;
            let now = self.look().await;
            if now != self.seen {
                self.seen = now;
                self.is_new = true;
                continue;
            }
            if !self.is_new && !now.is_some_and(|traits| traits.is_young()) {
                continue;
            }
            let contents = self.contents().await.ok().flatten();
            self.is_new = false;
            // It was only touched, or is missing for a moment.
            if contents.is_some() && contents != self.read {
                self.read = contents;
                return;
            }
        }
    }

    /// `None` where there is no regular file now. Anything else is read only when asked to: reading a pipe consumes it,
    /// and may block.
    async fn look(&self) -> Option<Traits> {
        let path = self.path.clone();
        tokio::task::spawn_blocking(move || Traits::of(&path)).await.ok().flatten()
    }

    async fn contents(&self) -> io::Result<Option<Vec<u8>>> {
        let path = self.path.clone();
        let read = tokio::task::spawn_blocking(move || contents(&path)).await;
        read.unwrap_or_else(|lost| Err(lost.into()))
    }
}

impl fmt::Display for Watched {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.path.display().fmt(f)
    }
}

/// `None` where it is no regular file.
fn contents(path: &Path) -> io::Result<Option<Vec<u8>>> {
    let is_file = std::fs::metadata(path)?.is_file();
    is_file.then(|| config::read_file(path, Some(PATIENCE))).transpose()
}

impl Traits {
    /// `None` where there is no regular file.
    pub(super) fn of(path: &Path) -> Option<Self> {
        let found = std::fs::metadata(path).ok().filter(std::fs::Metadata::is_file)?;
        Some(Traits {
            #[cfg(unix)]
            place: (found.dev(), found.ino()),
            #[cfg(unix)]
            changed: [(found.mtime(), found.mtime_nsec()), (found.ctime(), found.ctime_nsec())],
            modified: found.modified().ok(),
            length: found.len(),
        })
    }

    /// Whether it could change now and look the same. A time in the future is not young: it would be for ever.
    pub(super) fn is_young(&self) -> bool {
        self.modified.is_none_or(|modified| modified.elapsed().is_ok_and(|age| age < PRECISION))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_change_before_it_is_waited_for_counts() -> io::Result<()> {
        let dir = tempfile::tempdir()?;
        let path = dir.path().join("config.json");
        std::fs::write(&path, "before")?;
        let mut watched = Watched::new(path.clone());
        std::fs::write(&path, "behind")?;
        watched.changed().await;
        assert_eq!(watched.read.as_deref(), Some(&b"behind"[..]));
        Ok(())
    }
}
