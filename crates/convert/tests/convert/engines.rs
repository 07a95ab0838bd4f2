//! The engines of this machine.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use crate::corpus::HOME;
use crate::left_out::left_out;

/// A program of the Python environment that the gate makes beside the build, for engines that Debian has not, or old.
pub(crate) fn of_environment(program: &str) -> Option<PathBuf> {
    let bin = Path::new(env!("CARGO_TARGET_TMPDIR")).with_file_name("engines-venv").join("bin").join(program);
    bin.exists().then_some(bin)
}

/// A program of the PATH.
pub(crate) fn of_path(program: &str) -> Option<PathBuf> {
    let path = std::env::var_os("PATH")?;
    std::env::split_paths(&path).map(|dir| dir.join(program)).find(|file| file.is_file())
}

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
        let made = Command::new("openssl")
            .args(["req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2"])
            .args(["-subj", "/CN=app.test", "-keyout"])
            .arg(certs.join("app.key"))
            .arg("-out")
            .arg(certs.join("app.pem"))
            .stderr(Stdio::null())
            .status();
        assert!(made.is_ok_and(|status| status.success()), "openssl makes a certificate");
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
