//! What is kept from one start to the next: the screen's arrangement, in a file of the program's own.

use std::fs::{self, DirBuilder, File};
use std::io::{self, Write as _};
use std::path::Path;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::time::Duration;

use super::{arrangement, places};
use crate::screen::{Arrangement, Keep};
use stickylb::config;
use stickylb::program::parse_by;
use stickylb::untrusted::Untrusted;

/// How long is waited for what should be a file and is a named pipe.
pub(super) const WITHIN: Duration = Duration::from_secs(1);

/// What was kept, and where the next is.
pub(crate) struct Kept {
    pub(crate) arrangement: Arrangement,
    pub(crate) keep: Option<Keep>,
    /// Why what was kept cannot be used, as a sentence.
    pub(crate) trouble: Option<String>,
}

/// What was kept at the last start. A file that cannot be used is as good as none.
pub(crate) fn kept() -> Kept {
    let mut kept = Kept { arrangement: Arrangement::default(), keep: None, trouble: None };
    if let Some(path) = places::state_file() {
        match read(&path) {
            Ok(arrangement) => kept.arrangement = arrangement,
            Err(trouble) => kept.trouble = Some(format!("the last views are forgotten: {trouble}")),
        }
        kept.keep = Some(Keep { path, write });
    }
    kept
}

fn read(path: &Path) -> Result<Arrangement, Untrusted<String>> {
    let mut arrangement = Arrangement::default();
    let bytes = match config::read_file(path, Some(WITHIN)) {
        Ok(bytes) => bytes,
        Err(error) if is_missing(&error) => return Ok(arrangement),
        Err(error) => return Err(format!("{}: {error}", path.display()).into()),
    };
    match parse_by(path, &bytes, |keys| arrangement::read(keys, &mut arrangement)) {
        Ok(()) => Ok(arrangement),
        Err(error) => Err(error.problems().into_iter().next().unwrap_or_default()),
    }
}

/// Whether there is no such file, rather than one that cannot be read.
pub(super) fn is_missing(error: &io::Error) -> bool {
    matches!(error.kind(), io::ErrorKind::NotFound | io::ErrorKind::NotADirectory)
}

fn write(path: &Path, arrangement: &Arrangement) -> io::Result<()> {
    replace(path, &format!("{:#}\n", arrangement::written(arrangement)))
}

/// Writes a whole new file and puts it in the place of the old one, so that a reader finds one or the other.
pub(super) fn replace(path: &Path, text: &str) -> io::Result<()> {
    static COUNT: AtomicU64 = AtomicU64::new(0);
    let folder = path.parent().unwrap_or(Path::new("/"));
    make(folder)?;
    let stem = path.file_stem().unwrap_or_default().to_string_lossy();
    let name = format!(".{stem}.{}.{}", std::process::id(), COUNT.fetch_add(1, Relaxed));
    let new = folder.join(name);
    let done = File::options().write(true).create_new(true).open(&new).and_then(|mut file| {
        file.write_all(text.as_bytes())?;
        file.sync_data()?;
        fs::rename(&new, path)
    });
    if done.is_err() {
        // The first error is the one to tell.
        let _ = fs::remove_file(&new);
    }
    done
}

/// Makes a directory that is the user's alone, as the XDG specification asks, where there is none.
fn make(folder: &Path) -> io::Result<()> {
    let mut builder = DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(folder)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::screen::{Column, Focus, Side};

    #[test]
    fn what_is_kept_reads_back_as_it_was() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("a/b/screen.json");
        assert_eq!(read(&path).expect("nothing is kept yet"), Arrangement::default());
        let arranged = Arrangement {
            side: Some(Side::Events),
            zoom: Some(Focus::Log),
            columns: vec![Column::Errors, Column::Name],
            sort: Some((Column::P99, false)),
        };
        for arrangement in [arranged, Arrangement::default()] {
            write(&path, &arrangement).expect("written");
            assert_eq!(read(&path).expect("read"), arrangement);
        }
        let names: Vec<_> = fs::read_dir(folder.path().join("a/b")).expect("a folder").collect();
        assert_eq!(names.len(), 1, "{names:?}");
    }

    #[test]
    fn several_that_write_at_once_leave_one_whole_file() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("state/screen.json");
        let arranged = |columns: &[Column]| Arrangement { columns: columns.to_vec(), ..Arrangement::default() };
        let each = [arranged(&[Column::Name]), arranged(&[Column::State, Column::Errors])];
        std::thread::scope(|scope| {
            for arrangement in &each {
                scope.spawn(|| {
                    for _ in 0..50 {
                        write(&path, arrangement).expect("written");
                        assert!(each.contains(&read(&path).expect("whole")));
                    }
                });
            }
        });
        assert_eq!(fs::read_dir(folder.path().join("state")).expect("a folder").count(), 1);
    }

    #[test]
    fn what_is_no_such_file_is_told_and_left_to_the_next_write() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("screen.json");
        for text in ["", "{", "[]", "{\"columns\": [\"nmae\"]}", "\u{0}"] {
            fs::write(&path, text).expect("written");
            assert!(read(&path).expect_err("no such file").raw().contains("screen.json:1:"));
        }
        write(&path, &Arrangement::default()).expect("written");
        assert!(read(&path).is_ok());
    }
}
