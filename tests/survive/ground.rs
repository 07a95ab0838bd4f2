//! What an app's copies run on: Node.js or Python with the packages, and a directory that they share, with a Redis
//! server.

use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use tempfile::TempDir;

use crate::support::until;

/// The folder of all apps.
pub(crate) fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/apps")
}

/// The Python environment that has the packages of `requirements.txt`; the gate makes it.
fn venv() -> PathBuf {
    Path::new(env!("CARGO_TARGET_TMPDIR")).with_file_name("apps-venv")
}

pub(crate) fn python() -> PathBuf {
    venv().join("bin/python")
}

/// What is missing on this machine, and how to get it.
pub(crate) fn missing() -> Option<String> {
    let works = |program: &Path| {
        let tried = Command::new(program).arg("--version").stdout(Stdio::null()).stderr(Stdio::null()).status();
        tried.is_ok_and(|status| status.success())
    };
    if !folder().exists() {
        return Some("the apps are not in what is published".to_owned());
    }
    if !works(Path::new("node")) {
        return Some("there is no node".to_owned());
    }
    // npm writes the first when it installs what the second asks for.
    let changed = |file: &str| std::fs::metadata(folder().join(file)).and_then(|about| about.modified()).ok();
    if changed("node_modules/.package-lock.json") < changed("package-lock.json") {
        return Some("the packages of the apps are not installed, or not these: npm ci --prefix tests/apps".to_owned());
    }
    if !works(Path::new("redis-server")) {
        return Some("there is no redis-server".to_owned());
    }
    if !works(&python()) {
        let venv = venv().display().to_string();
        let install = format!("python3 -m venv {venv} && {venv}/bin/pip install -r tests/apps/requirements.txt");
        return Some(format!("there is no Python with the packages of the apps: {install}"));
    }
    None
}

/// A directory that all copies of an app see, with a Redis server and a secret. Both end with it.
pub(crate) struct Shared {
    directory: TempDir,
    redis: Child,
}

impl Shared {
    pub(crate) fn new() -> Self {
        // Not below the target directory: a socket's path has at most 107 bytes.
        let directory = tempfile::tempdir().unwrap();
        std::fs::write(directory.path().join("secret"), "a secret that all copies were given\n").unwrap();
        let redis = Command::new("redis-server")
            .args(["--port", "0", "--save", "", "--unixsocket", "redis.sock"])
            .current_dir(directory.path())
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .spawn()
            .unwrap();
        let shared = Shared { directory, redis };
        until("Redis listens", || UnixStream::connect(shared.path().join("redis.sock")).is_ok());
        shared
    }

    pub(crate) fn path(&self) -> &Path {
        self.directory.path()
    }
}

impl Drop for Shared {
    fn drop(&mut self) {
        // It may have ended by itself.
        let _ = self.redis.kill();
        let _ = self.redis.wait();
    }
}
