//! The file that ticket keys are kept in, for the user alone.

use std::fs;
use std::fs::OpenOptions;
use std::io;
use std::io::Write as _;
use std::path::Path;
use zeroize::Zeroizing;

use super::authority_files::private_folders;
use super::read_pem::read_pem;
use super::ticket_key::{NAME, SECRET, TicketKey};
use super::tls_error::shown;

/// What it begins with: what it is, and in which format.
const BEGINNING: &[u8] = b"stickylb-tui tickets 1\n";

/// Bytes of a key: when it was made, its name, its secret.
const KEY: usize = 8 + NAME + SECRET;

/// The keys in it; `None` where there is no such file.
///
/// # Errors
/// It cannot be read, others can read it, or it is no such file; as one sentence.
pub(super) fn read(path: &Path) -> Result<Option<Vec<TicketKey>>, String> {
    let bytes = match read_pem(path) {
        Ok(bytes) => bytes,
        Err(error) if matches!(error.kind(), io::ErrorKind::NotFound | io::ErrorKind::NotADirectory) => {
            return Ok(None);
        }
        Err(error) => return Err(format!("{}: {error}", shown(path))),
    };
    if is_open_to_others(path) {
        return Err(format!("{}: others can read it: remove it", shown(path)));
    }
    let keys = bytes.strip_prefix(BEGINNING).map(|keys| keys.as_chunks::<KEY>());
    match keys {
        Some((keys, [])) => Ok(Some(keys.iter().filter_map(key).collect())),
        _ => Err(format!("{}: holds something else: remove it", shown(path))),
    }
}

fn key(bytes: &[u8; KEY]) -> Option<TicketKey> {
    let (made, rest) = bytes.split_first_chunk::<8>()?;
    let (name, rest) = rest.split_first_chunk::<NAME>()?;
    let secret = rest.first_chunk::<SECRET>()?;
    Some(TicketKey { made: u64::from_be_bytes(*made), name: *name, secret: *secret })
}

/// Puts a file with these keys in its place, in one step.
///
/// # Errors
/// It cannot be written, or something else is in its place; as one sentence.
pub(super) fn write(path: &Path, keys: &[TicketKey]) -> Result<(), String> {
    let mut bytes = Zeroizing::new(BEGINNING.to_vec());
    for key in keys {
        bytes.extend_from_slice(&key.made.to_be_bytes());
        bytes.extend_from_slice(&key.name);
        bytes.extend_from_slice(&key.secret);
    }
    // What is there and cannot be read stays.
    read(path)?;
    replace(path, &bytes).map_err(|error| format!("{}: {error}", shown(path)))
}

fn replace(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let parent = path.parent().unwrap_or(Path::new("."));
    private_folders().recursive(true).create(parent)?;
    let staging = parent.join(format!(".tickets-{}-{:016x}", std::process::id(), fastrand::u64(..)));
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let written = options.open(&staging).and_then(|mut file| file.write_all(bytes));
    let placed = written.and_then(|()| fs::rename(&staging, path));
    if placed.is_err() {
        // Absent where it could not be made.
        drop(fs::remove_file(&staging));
    }
    placed
}

#[cfg(unix)]
fn is_open_to_others(path: &Path) -> bool {
    use std::os::unix::fs::PermissionsExt as _;
    fs::metadata(path).is_ok_and(|found| found.permissions().mode() & 0o077 != 0)
}

#[cfg(not(unix))]
fn is_open_to_others(_: &Path) -> bool {
    false
}
