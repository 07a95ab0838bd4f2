//! Where the user's files are: the XDG base directories.

use std::ffi::OsString;
use std::path::PathBuf;

const PROGRAM: &str = "stickylb-tui";

/// The user's file; `None` if neither `XDG_CONFIG_HOME` nor a home is known.
pub(crate) fn config_file() -> Option<PathBuf> {
    let folder = base(std::env::var_os("XDG_CONFIG_HOME"), ".config")?;
    Some(folder.join(PROGRAM).join("config.json"))
}

/// Where the screen's arrangement is kept.
pub(super) fn state_file() -> Option<PathBuf> {
    let folder = base(std::env::var_os("XDG_STATE_HOME"), ".local/state")?;
    Some(folder.join(PROGRAM).join("screen.json"))
}

/// Where it is kept which lessons were passed.
pub(super) fn progress_file() -> Option<PathBuf> {
    let folder = base(std::env::var_os("XDG_STATE_HOME"), ".local/state")?;
    Some(folder.join(PROGRAM).join("lessons.json"))
}

/// The directory that a variable names, or the one below the home. The specification has relative ones ignored.
fn base(variable: Option<OsString>, below_home: &str) -> Option<PathBuf> {
    let named = variable.map(PathBuf::from).filter(|path| path.is_absolute());
    let home = || std::env::home_dir().filter(|home| home.is_absolute());
    named.or_else(|| Some(home()?.join(below_home)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_relative_directory_is_as_good_as_none() {
        assert_eq!(base(Some("/x".into()), ".config"), Some("/x".into()));
        assert_eq!(base(Some("x".into()), ".config"), base(None, ".config"));
        assert_eq!(base(Some("".into()), ".config"), base(None, ".config"));
    }
}
