//! Where everything is: below the home of a user, and below the root of the file system.

use std::env;
use std::ffi::OsString;
use std::path::{Path, PathBuf};

use stickylb::untrusted::Untrusted;

/// Names a folder that stands for `/`, so that tests touch nothing of the machine.
const ROOT: &str = "STICKYLB_TRUST_ROOT";

/// Folders of programs for root, which the `PATH` of others often leaves out.
const FOR_ROOT: [&str; 2] = ["usr/sbin", "sbin"];

/// The folders that everything is looked for in.
#[derive(Clone, Debug)]
pub(crate) struct Places {
    pub(super) home: PathBuf,
    /// `$XDG_DATA_HOME`, or below the home.
    pub(super) data: PathBuf,
    /// `$XDG_CONFIG_HOME`, or below the home.
    pub(super) config: PathBuf,
    /// `/`.
    pub(super) root: PathBuf,
    /// Where programs are looked for, the first place first.
    pub(super) path: Vec<PathBuf>,
    pub(super) java_home: Option<PathBuf>,
    /// Whether there is a keychain, as on macOS.
    pub(super) has_keychain: bool,
}

impl Places {
    /// Those of this process; `None` where no home is known.
    pub(crate) fn of_environment() -> Option<Self> {
        let absolute = |name| env::var_os(name).map(PathBuf::from).filter(|path| path.is_absolute());
        let home = env::home_dir().filter(|home| home.is_absolute())?;
        let root = absolute(ROOT).unwrap_or_else(|| PathBuf::from("/"));
        Some(Places {
            data: absolute("XDG_DATA_HOME").unwrap_or_else(|| home.join(".local/share")),
            config: absolute("XDG_CONFIG_HOME").unwrap_or_else(|| home.join(".config")),
            path: path(env::var_os("PATH"), &root),
            java_home: absolute("JAVA_HOME"),
            has_keychain: cfg!(target_os = "macos"),
            home,
            root,
        })
    }

    /// A path below the root of the file system.
    pub(super) fn system(&self, below: &str) -> PathBuf {
        self.root.join(below)
    }

    /// The program with this name.
    pub(super) fn program(&self, name: &str) -> Option<PathBuf> {
        self.path.iter().map(|folder| folder.join(name)).find(|file| is_program(file))
    }
}

fn path(variable: Option<OsString>, root: &Path) -> Vec<PathBuf> {
    let named: Vec<PathBuf> = variable.map(|path| env::split_paths(&path).collect()).unwrap_or_default();
    named.into_iter().filter(|path| path.is_absolute()).chain(FOR_ROOT.map(|folder| root.join(folder))).collect()
}

/// A path for a person to read.
pub(super) fn shown(path: &Path) -> String {
    Untrusted::new(path.display().to_string()).to_string()
}

#[cfg(unix)]
fn is_program(file: &Path) -> bool {
    use std::os::unix::fs::PermissionsExt as _;
    file.metadata().is_ok_and(|found| found.is_file() && found.permissions().mode() & 0o111 != 0)
}

#[cfg(not(unix))]
fn is_program(file: &Path) -> bool {
    file.is_file()
}
