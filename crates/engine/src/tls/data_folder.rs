//! Where this program keeps what it makes for TLS: the user's data folder.

use std::path::PathBuf;

use super::tls_error::TlsError;

/// The folder of all that: `$XDG_DATA_HOME/stickylb-tui`, or below `~/.local/share`.
pub(super) fn data_folder() -> Result<PathBuf, TlsError> {
    data_home().map(|data| data.join("stickylb-tui")).ok_or(TlsError::NoHome)
}

/// Where mkcert keeps its authority: `$CAROOT`, or where it puts it by itself.
pub(super) fn mkcert_folder() -> Result<PathBuf, TlsError> {
    if let Some(named) = std::env::var_os("CAROOT").filter(|value| !value.is_empty()) {
        return Ok(named.into());
    }
    let usual = if cfg!(target_os = "macos") { "Library/Application Support" } else { ".local/share" };
    let data = named_data_home().or_else(|| Some(home()?.join(usual)));
    data.map(|data| data.join("mkcert")).ok_or(TlsError::NoHome)
}

/// The base directory for data.
fn data_home() -> Option<PathBuf> {
    named_data_home().or_else(|| Some(home()?.join(".local/share")))
}

/// The one that is named; the XDG specification has a relative one ignored.
fn named_data_home() -> Option<PathBuf> {
    std::env::var_os("XDG_DATA_HOME").map(PathBuf::from).filter(|path| path.is_absolute())
}

fn home() -> Option<PathBuf> {
    std::env::home_dir().filter(|home| home.is_absolute())
}
