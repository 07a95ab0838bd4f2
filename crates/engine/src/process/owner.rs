//! Whose the programs are that are started here. After `downgradeToUser` this process is another user's, and its
//! environment still names root: programs would look for their files in a home that is closed to them.

use std::ffi::OsString;
use std::path::Path;
use std::sync::OnceLock;

static OWNER: OnceLock<[(&str, OsString); 3]> = OnceLock::new();

/// From now on programs are this user's.
#[cfg_attr(not(unix), expect(dead_code, reason = "only root becomes another user"))]
pub(crate) fn belong_to(name: &str, home: &Path) {
    // A process becomes another user once.
    let _ = OWNER.set([("HOME", home.into()), ("USER", name.into()), ("LOGNAME", name.into())]);
}

/// What their environment says of it, where that is not what this one's says.
pub(crate) fn environment() -> impl Iterator<Item = (&'static str, &'static OsString)> {
    OWNER.get().into_iter().flatten().map(|(name, value)| (*name, value))
}
