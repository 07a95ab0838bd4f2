//! Reading files that may hold private keys.

use std::io;
use std::path::Path;
use std::time::Duration;
use zeroize::Zeroizing;

use crate::config;

/// How long it may take: a named pipe can block.
const PATIENCE: Duration = Duration::from_secs(5);

/// What the file holds, which is overwritten in memory when it is let go.
pub(super) fn read_pem(path: &Path) -> io::Result<Zeroizing<Vec<u8>>> {
    config::read_file(path, Some(PATIENCE)).map(Zeroizing::new)
}
