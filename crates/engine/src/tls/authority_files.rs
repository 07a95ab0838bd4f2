//! The two files of an authority. They are made in one step, so that nobody sees half of one and programs that start at
//! once have the same.

use std::fs;
use std::fs::{DirBuilder, File, OpenOptions};
use std::io;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use zeroize::Zeroizing;

use super::new_authority;
use super::read_pem::read_pem;
use super::tls_error::{TlsError, shown};

/// The two files of an authority, as they were read.
pub(super) struct Pair {
    pub(super) certificate_path: PathBuf,
    pub(super) certificate: Zeroizing<Vec<u8>>,
    pub(super) key_path: PathBuf,
    pub(super) key: Zeroizing<Vec<u8>>,
}

/// Both files of this folder; `None` where neither is there.
///
/// # Errors
/// One cannot be read, or is missing.
pub(super) fn both(folder: &Path, names: [&str; 2]) -> Result<Option<Pair>, TlsError> {
    let [certificate_path, key_path] = names.map(|name| folder.join(name));
    let read = || Ok((read(&certificate_path)?, read(&key_path)?));
    let mut found = read()?;
    if found.0.is_some() != found.1.is_some() {
        // Another program may have put both there between the two.
        found = read()?;
    }
    let missing = |path: &Path, there: &Path| {
        let why = format!(
            "is missing, though {} is there: put it back, or move the folder away to have a new authority made",
            shown(there)
        );
        Err(TlsError::malformed(path, why))
    };
    match found {
        (Some(certificate), Some(key)) => Ok(Some(Pair { certificate_path, certificate, key_path, key })),
        (None, None) => Ok(None),
        (None, Some(_)) => missing(&certificate_path, &key_path),
        (Some(_), None) => missing(&key_path, &certificate_path),
    }
}

/// `None` where it is missing.
fn read(path: &Path) -> Result<Option<Zeroizing<Vec<u8>>>, TlsError> {
    match read_pem(path) {
        Ok(bytes) => Ok(Some(bytes)),
        // A file in the place of its folder is told of when the folder is to be made.
        Err(error) if matches!(error.kind(), io::ErrorKind::NotFound | io::ErrorKind::NotADirectory) => Ok(None),
        Err(error) => Err(TlsError::unreadable(path, error)),
    }
}

/// Makes an authority in this folder, or takes the one that another program made meanwhile.
pub(super) fn make(folder: &Path, names: [&str; 2]) -> Result<Pair, TlsError> {
    let unwritable = |error| TlsError::Unwritable { path: folder.to_owned(), error };
    let parent = folder.parent().unwrap_or(Path::new("."));
    // For the user alone, as the XDG specification asks of folders that are made.
    private_folders().recursive(true).create(parent).map_err(unwritable)?;
    let made = new_authority::make()?;
    let staging = Staging(parent.join(format!(".ca-{}-{:016x}", std::process::id(), fastrand::u64(..))));
    let written = || {
        private_folders().create(&staging.0)?;
        write(&staging.0.join(names[1]), made.key.as_bytes(), 0o600)?;
        write(&staging.0.join(names[0]), made.certificate.as_bytes(), 0o644)?;
        sync(&staging.0)
    };
    written().map_err(unwritable)?;
    // It takes the place of nothing but an empty folder (POSIX), so that one of several programs alone succeeds.
    let placed = fs::rename(&staging.0, folder).and_then(|()| sync(parent));
    match (both(folder, names)?, placed) {
        (Some(pair), _) => Ok(pair),
        (None, Err(error)) if error.kind() == io::ErrorKind::DirectoryNotEmpty => {
            Err(TlsError::malformed(folder, "holds other files and no authority: move them away"))
        }
        (None, Err(error)) => Err(unwritable(error)),
        (None, Ok(())) => Err(TlsError::malformed(folder, "was removed while it was made: start again")),
    }
}

/// A folder that is being filled, and goes if it is not put in its place.
struct Staging(PathBuf);

impl Drop for Staging {
    fn drop(&mut self) {
        // Absent where it was put in its place.
        drop(fs::remove_dir_all(&self.0));
    }
}

fn write(path: &Path, bytes: &[u8], mode: u32) -> io::Result<()> {
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, mode);
    #[cfg(not(unix))]
    let _ = mode;
    let mut file = options.open(path)?;
    file.write_all(bytes)?;
    file.sync_all()
}

/// Makes folders for the user alone.
pub(super) fn private_folders() -> DirBuilder {
    #[cfg_attr(not(unix), expect(unused_mut, reason = "other systems have no modes"))]
    let mut builder = DirBuilder::new();
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder
}

fn sync(folder: &Path) -> io::Result<()> {
    if cfg!(unix) { File::open(folder)?.sync_all() } else { Ok(()) }
}

/// Refuses a key that others can read, or a folder in which others can put another, as ssh does.
#[cfg(unix)]
pub(super) fn is_private(folder: &Path, key: &Path) -> Result<(), TlsError> {
    use std::os::unix::fs::PermissionsExt as _;
    let mode = |path: &Path| {
        let found = fs::metadata(path).map_err(|error| TlsError::unreadable(path, error))?;
        Ok(found.permissions().mode() & 0o7777)
    };
    let (of_key, of_folder) = (mode(key)?, mode(folder)?);
    if of_key & 0o077 != 0 {
        let why = format!(
            "others can use this key (mode {of_key:03o}): run chmod 600 on it; if somebody may have read it, run stickylb-tui \
             trust --remove and move the folder away to have a new authority made"
        );
        return Err(TlsError::malformed(key, why));
    }
    if of_folder & 0o022 != 0 {
        return Err(TlsError::malformed(
            folder,
            format!("others can write here (mode {of_folder:03o}): run chmod 700 on it"),
        ));
    }
    Ok(())
}

#[cfg(not(unix))]
pub(super) fn is_private(_: &Path, _: &Path) -> Result<(), TlsError> {
    Ok(())
}
