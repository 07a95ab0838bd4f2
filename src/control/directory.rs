//! The user's runtime directory, which holds the control sockets.
//!
//! If root starts a balancer that becomes another user (`downgradeToUser`), its socket is in that user's directory.
//! Root's own directory has a link to it, named by the user's id, so that root finds the balancer.

use std::ffi::OsString;
use std::fs::{self, DirBuilder, Permissions};
use std::io;
use std::os::unix::fs::{DirBuilderExt as _, MetadataExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};

use rustix::process::{Pid, Uid, geteuid, test_kill_process};

/// Why the directory cannot be used.
#[derive(Debug, thiserror::Error)]
pub(crate) enum DirectoryError {
    /// Other users can enter or own it: they could pose as a balancer.
    #[error("{path} {what}: remove it, or set XDG_RUNTIME_DIR to a directory of your own")]
    NotOurs {
        /// Where.
        path: String,
        /// What is wrong with it.
        what: &'static str,
    },
    /// It cannot be made or read.
    #[error("cannot use {path}: {error}")]
    Failed {
        /// Where.
        path: String,
        /// What the system said.
        error: io::Error,
    },
}

/// A directory that only its user can enter.
#[derive(Debug)]
pub(super) struct Directory(PathBuf);

/// A socket's name: the first port and the process, `3001-4711.sock`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Name {
    pub(super) port: u16,
    pub(super) pid: u32,
}

impl Directory {
    /// The first [place](places), made where it is missing.
    pub(super) fn open() -> Result<Self, DirectoryError> {
        let path = Self::first();
        match DirBuilder::new().mode(0o700).create(&path) {
            Err(error) if error.kind() != io::ErrorKind::AlreadyExists => {
                Err(DirectoryError::Failed { path: path.display().to_string(), error })
            }
            // Checked even if just created: somebody else may have put another there.
            _ => checked(path, geteuid()),
        }
    }

    /// Every directory in which a program may be found: this user's, and those of users that this user's balancers became.
    /// A program may have been started where another place was the first one: before a login, or by cron.
    pub(super) fn all() -> Result<Vec<Self>, DirectoryError> {
        let own = Self::open()?;
        let others = places(std::env::var_os("XDG_RUNTIME_DIR"), geteuid()).into_iter().skip(1);
        let others: Vec<_> = others.filter_map(|place| checked(place, geteuid()).ok()).collect();
        Ok(std::iter::once(own).chain(others).flat_map(Self::with_linked).collect())
    }

    /// Whether this is where a program started now would be found first.
    pub(super) fn is_first(&self) -> bool {
        self.0 == Self::first()
    }

    fn first() -> PathBuf {
        place(std::env::var_os("XDG_RUNTIME_DIR"), geteuid())
    }

    /// This directory, and those of users that this user's balancers became.
    fn with_linked(self) -> Vec<Self> {
        let entries = fs::read_dir(&self.0).into_iter().flatten().flatten();
        let linked = entries.filter_map(|entry| {
            let user = Uid::from_raw(entry.file_name().to_str()?.parse().ok()?);
            checked(fs::read_link(entry.path()).ok()?, user).ok()
        });
        let linked: Vec<_> = linked.collect();
        std::iter::once(self).chain(linked).collect()
    }

    /// Links to the directory of another user, which this process is about to become.
    pub(super) fn link(&self, user: u32) -> io::Result<()> {
        let link = self.0.join(user.to_string());
        // An existing link may point to where that user's directory was before.
        let _ = fs::remove_file(&link);
        std::os::unix::fs::symlink(place(std::env::var_os("XDG_RUNTIME_DIR"), Uid::from_raw(user)), link)
    }

    /// The sockets in the directory, including those without a listener.
    pub(super) fn names(&self) -> Result<Vec<Name>, DirectoryError> {
        let entries = fs::read_dir(&self.0).map_err(|error| self.failed(error))?;
        let mut names: Vec<Name> =
            entries.flatten().filter_map(|entry| Name::parse(entry.file_name().to_str()?)).collect();
        names.sort_by_key(|name| (name.port, name.pid));
        Ok(names)
    }

    pub(super) fn path(&self, name: Name) -> PathBuf {
        self.0.join(format!("{}-{}.sock", name.port, name.pid))
    }

    pub(super) fn failed(&self, error: io::Error) -> DirectoryError {
        DirectoryError::Failed { path: self.0.display().to_string(), error }
    }

    /// Removes a socket without a listener if its process is gone too: one that was killed could not remove it.
    pub(super) fn remove_if_stale(&self, name: Name) {
        let pid = i32::try_from(name.pid).ok().and_then(Pid::from_raw);
        if pid.is_none_or(|pid| test_kill_process(pid) == Err(rustix::io::Errno::SRCH)) {
            // Another process may have removed it already.
            let _ = fs::remove_file(self.path(name));
        }
    }
}

impl Name {
    fn parse(name: &str) -> Option<Self> {
        let (port, pid) = name.strip_suffix(".sock")?.split_once('-')?;
        Some(Name { port: port.parse().ok()?, pid: pid.parse().ok()? })
    }
}

/// The first of the user's [places].
fn place(runtime: Option<OsString>, user: Uid) -> PathBuf {
    places(runtime, user).swap_remove(0)
}

/// Where programs may be found, in order: in `$XDG_RUNTIME_DIR` alone if that is a directory other than the usual one,
/// which sets programs apart on purpose; else in `/run/user/UID` if there is one, and among the temporary files.
fn places(runtime: Option<OsString>, user: Uid) -> Vec<PathBuf> {
    // By the XDG base directory specification, a relative path is ignored and the directory belongs to its user. Under
    // sudo the variable may be unset or another user's.
    let is_theirs = |path: &PathBuf| {
        path.is_absolute() && fs::metadata(path).is_ok_and(|found| found.is_dir() && found.uid() == user.as_raw())
    };
    let usual = PathBuf::from(format!("/run/user/{user}"));
    if let Some(apart) = runtime.map(PathBuf::from).filter(|path| *path != usual && is_theirs(path)) {
        return vec![apart.join("stickylb-tui")];
    }
    let usual = Some(usual).filter(is_theirs).map(|usual| usual.join("stickylb-tui"));
    usual.into_iter().chain([std::env::temp_dir().join(format!("stickylb-tui-{user}"))]).collect()
}

fn checked(path: PathBuf, user: Uid) -> Result<Directory, DirectoryError> {
    let shown = |path: &Path| path.display().to_string();
    // A link is not followed.
    let found = fs::symlink_metadata(&path);
    let found = found.map_err(|error| DirectoryError::Failed { path: shown(&path), error })?;
    let what = if found.is_symlink() {
        "is a link"
    } else if !found.is_dir() {
        "is no directory"
    } else if found.uid() != user.as_raw() {
        "belongs to somebody else"
    } else if found.mode() & 0o077 != 0 {
        "lets other users in"
    } else {
        return Ok(Directory(path));
    };
    Err(DirectoryError::NotOurs { path: shown(&path), what })
}

/// Lets only the owner read and write a file.
pub(super) fn close_to_others(path: &Path) -> io::Result<()> {
    fs::set_permissions(path, Permissions::from_mode(0o600))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_directory_that_is_not_this_users_alone_is_refused() {
        let folder = tempfile::tempdir().expect("a folder");
        let checked = |path: PathBuf| checked(path, geteuid());
        let refused = |path: PathBuf| checked(path).expect_err("refused").to_string();
        let open = folder.path().join("open");
        DirBuilder::new().mode(0o700).create(&open).expect("made");
        assert!(checked(open.clone()).is_ok());
        fs::set_permissions(&open, Permissions::from_mode(0o770)).expect("set");
        assert!(refused(open.clone()).contains("lets other users in"));
        let link = folder.path().join("link");
        std::os::unix::fs::symlink(&open, &link).expect("linked");
        assert!(refused(link).contains("is a link"));
        let file = folder.path().join("file");
        fs::write(&file, "").expect("written");
        assert!(refused(file).contains("is no directory"));
        // Tests may run as root, who owns `/`.
        if geteuid().as_raw() != 0 {
            assert!(refused("/".into()).contains("somebody else"));
        }
    }

    #[test]
    fn only_a_whole_path_to_the_users_own_directory_is_taken_from_the_environment() {
        let folder = tempfile::tempdir().expect("a folder");
        assert_eq!(place(Some(folder.path().into()), geteuid()), folder.path().join("stickylb-tui"));
        let nobodys = Uid::from_raw(4_000_000_000);
        for none in [None, Some("".into()), Some("relative".into()), Some(folder.path().into())] {
            assert_eq!(place(none, nobodys), std::env::temp_dir().join("stickylb-tui-4000000000"));
        }
    }

    #[test]
    fn a_link_leads_to_the_directory_of_that_user_alone() {
        let folder = tempfile::tempdir().expect("a folder");
        let own = Directory(folder.path().to_owned());
        own.link(4_000_000_000).expect("linked");
        own.link(4_000_000_000).expect("linked again");
        std::os::unix::fs::symlink("/", folder.path().join("12345")).expect("linked");
        assert_eq!(own.with_linked().len(), 1, "neither is there as a directory of that user");
    }

    #[test]
    fn names_say_port_and_process_and_anything_else_is_no_socket_of_ours() {
        assert_eq!(Name::parse("3001-4711.sock"), Some(Name { port: 3001, pid: 4711 }));
        for other in ["3001.sock", "3001-4711", "x-1.sock", "99999-1.sock", ".sock", "1-2-3.sock"] {
            assert_eq!(Name::parse(other), None, "{other}");
        }
    }
}
