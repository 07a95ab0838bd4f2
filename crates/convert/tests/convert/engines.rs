//! What the engines of this machine are given, and what they say.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use crate::corpus::HOME;
use crate::left_out::left_out;

/// It, or `None` once that is said.
pub(crate) fn or_left_out(found: Option<PathBuf>, name: &str) -> Option<PathBuf> {
    if found.is_none() {
        left_out(&format!("there is no {name}"));
    }
    found
}

/// A folder with what the configurations name: a certificate and its key.
pub(crate) struct Home(tempfile::TempDir);

impl Home {
    pub(crate) fn new() -> Self {
        let home = tempfile::tempdir().unwrap();
        let certs = home.path().join("certs");
        std::fs::create_dir(&certs).unwrap();
        let certified = rcgen::generate_simple_self_signed(vec!["app.test".to_owned()]).unwrap();
        std::fs::write(certs.join("app.pem"), certified.cert.pem()).unwrap();
        std::fs::write(certs.join("app.key"), certified.signing_key.serialize_pem()).unwrap();
        Home(home)
    }

    pub(crate) fn path(&self) -> &Path {
        self.0.path()
    }

    /// Writes a file that names its certificates here.
    pub(crate) fn write(&self, name: &str, text: &str) -> PathBuf {
        let path = self.path().join(name);
        std::fs::write(&path, text.replace(HOME, self.path().to_str().unwrap())).unwrap();
        path
    }
}

/// What a program said, on both outputs, and whether it ended well.
pub(crate) fn said(command: &mut Command) -> (bool, String) {
    let output = command.stdin(Stdio::null()).output().unwrap();
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    (output.status.success(), format!("{}{}", text(&output.stdout), text(&output.stderr)))
}
