//! The user's environment for programs that are started here. After `downgradeToUser`, this process's own environment
//! still names root, so programs would look for their files in a home directory that they cannot read.

use std::ffi::OsString;
use std::path::Path;
use std::sync::OnceLock;

static OWNER: OnceLock<[(&str, OsString); 3]> = OnceLock::new();

/// Sets the user for all programs started from now on. Has an effect only once.
#[cfg_attr(not(unix), expect(dead_code, reason = "only root becomes another user"))]
pub(crate) fn belong_to(name: &str, home: &Path) {
    // A process switches its user only once.
    let _ = OWNER.set([("HOME", home.into()), ("USER", name.into()), ("LOGNAME", name.into())]);
}

/// The environment variables to override; none without `downgradeToUser`.
pub(crate) fn environment() -> impl Iterator<Item = (&'static str, &'static OsString)> {
    OWNER.get().into_iter().flatten().map(|(name, value)| (*name, value))
}
