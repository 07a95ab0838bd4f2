//! The control socket's file, kept where clients look for it first.

use std::fs::Metadata;
use std::os::unix::fs::MetadataExt as _;
use std::path::PathBuf;
use std::time::Duration;

use tokio::net::{UnixListener, UnixStream};

use super::directory::{Directory, DirectoryError, Name, close_to_others};

/// How often to check that clients still find it.
const LOOK: Duration = Duration::from_secs(1);

/// A listening socket, and its file, which is removed on drop.
pub(super) struct Socket {
    directory: Directory,
    path: PathBuf,
    listener: UnixListener,
    /// File system and number of its file.
    file: (u64, u64),
}

impl Socket {
    /// Binds it for this process, whose first listener has this port.
    pub(super) fn open(port: u16) -> Result<Self, DirectoryError> {
        let directory = Directory::open()?;
        let path = directory.path(Name { port, pid: std::process::id() });
        // Left by a process with the same id that was killed.
        let _ = std::fs::remove_file(&path);
        let bound = UnixListener::bind(&path).and_then(|listener| {
            // A second barrier: other users cannot enter the directory either.
            close_to_others(&path)?;
            Ok((listener, identity(&std::fs::symlink_metadata(&path)?)))
        });
        let (listener, file) = bound.map_err(|error| directory.failed(error))?;
        Ok(Socket { directory, path, listener, file })
    }

    /// Whether clients find it: its file is there, and where they look first. Its directory may have been removed, at the
    /// end of a login or by who cleans up temporary files, or the usual one have come since.
    fn is_found(&self) -> bool {
        let is_there = std::fs::symlink_metadata(&self.path).is_ok_and(|found| identity(&found) == self.file);
        is_there && self.directory.is_first()
    }
}

impl Drop for Socket {
    fn drop(&mut self) {
        if std::fs::symlink_metadata(&self.path).is_ok_and(|found| identity(&found) == self.file) {
            // Another process may have removed it just now.
            let _ = std::fs::remove_file(&self.path);
        }
    }
}

fn identity(file: &Metadata) -> (u64, u64) {
    (file.dev(), file.ino())
}

/// The socket, opened anew wherever clients would no longer find it.
pub(super) struct FoundSocket {
    /// `None` while it cannot be opened.
    socket: Option<Socket>,
    port: u16,
}

impl FoundSocket {
    /// `socket` is `None` if it could not be opened yet.
    pub(super) fn new(socket: Option<Socket>, port: u16) -> Self {
        FoundSocket { socket, port }
    }

    /// The next client.
    pub(super) async fn accept(&mut self) -> UnixStream {
        let mut look = tokio::time::interval(LOOK);
        look.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
        loop {
            let accepted = async {
                match &self.socket {
                    Some(socket) => socket.listener.accept().await,
                    None => std::future::pending().await,
                }
            };
            tokio::select! {
                accepted = accepted => match accepted {
                    Ok((stream, _)) => return stream,
                    // Most likely out of file descriptors. It passes, and retrying at once would spin.
                    Err(_) => tokio::time::sleep(LOOK / 4).await,
                },
                _ = look.tick() => self.look(),
            }
        }
    }

    fn look(&mut self) {
        if self.socket.as_ref().is_some_and(Socket::is_found) {
            return;
        }
        // Failing, the old one stays: it may still be found elsewhere.
        if let Ok(socket) = Socket::open(self.port) {
            self.socket = Some(socket);
        }
    }
}
