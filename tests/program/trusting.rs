//! A machine of a test's own to trust an authority: a home, a root of the file system and a `PATH`, so that no store of the
//! real one is touched.

use std::fs;
use std::os::unix::fs::{PermissionsExt as _, symlink};
use std::path::{Path, PathBuf};
use std::process::Command;

use tempfile::TempDir;

use crate::support::left_out::left_out;
use crate::support::patience::run_to_end;
use crate::support::program::program;

/// Where Debian keeps the system's anchors.
const ANCHORS: &str = "root/usr/local/share/ca-certificates";

/// What stands for update-ca-certificates: it notes its arguments and makes a bundle of the anchors, below its root.
const UPDATE: &str = r#"#!/bin/sh
root=$STICKYLB_TRUST_ROOT
echo "update $*" >> "$root/updates"
/bin/mkdir -p "$root/etc/ssl/certs"
/bin/cat "$root"/usr/local/share/ca-certificates/*.crt > "$root/etc/ssl/certs/ca-certificates.crt" 2> /dev/null
exit 0
"#;

/// A machine with a home and nothing else.
pub(crate) struct Trusting(TempDir);

impl Trusting {
    pub(crate) fn new() -> Self {
        let machine = Trusting(tempfile::tempdir().unwrap());
        fs::set_permissions(machine.0.path(), fs::Permissions::from_mode(0o755)).unwrap();
        for folder in ["home", "root", "bin"] {
            fs::create_dir(machine.path(folder)).unwrap();
        }
        machine
    }

    /// One with certutil; `None`, and says so, where the real machine has none.
    pub(crate) fn with_certutil() -> Option<Self> {
        let machine = Self::new();
        if !machine.has("certutil") {
            left_out("certutil is not on this machine");
            return None;
        }
        Some(machine)
    }

    pub(crate) fn path(&self, below: &str) -> PathBuf {
        self.0.path().join(below)
    }

    /// Gives it a program of the real machine; false where that has none.
    pub(crate) fn has(&self, name: &str) -> bool {
        let Some(real) = found(name) else { return false };
        symlink(real, self.path("bin").join(name)).unwrap();
        true
    }

    /// Gives it a program that does nothing.
    pub(crate) fn pretends(&self, name: &str) {
        self.script(name, "#!/bin/sh\n");
    }

    /// Gives it a script. It is written by another process: what is open for writing anywhere cannot be executed, and a
    /// process that another test forks meanwhile would have it open for a moment.
    fn script(&self, name: &str, text: &str) {
        let mut write = Command::new("/bin/sh");
        write.args(["-c", r#"printf %s "$1" > "$2" && chmod 755 "$2""#, "sh", text]).arg(self.path("bin").join(name));
        assert!(run_to_end(write).status.success());
    }

    /// Gives it the system's anchors, as on Debian.
    pub(crate) fn has_anchors(&self) {
        fs::create_dir_all(self.path(ANCHORS)).unwrap();
        self.script("update-ca-certificates", UPDATE);
    }

    /// The files among the system's anchors.
    pub(crate) fn anchors(&self) -> Vec<String> {
        let files = fs::read_dir(self.path(ANCHORS)).unwrap().flatten();
        let mut names: Vec<String> = files.map(|file| file.file_name().into_string().unwrap()).collect();
        names.sort();
        names
    }

    /// Makes an NSS database in a folder below it.
    pub(crate) fn has_database(&self, folder: &str) {
        fs::create_dir_all(self.path(folder)).unwrap();
        self.certutil(folder, &["-N", "--empty-password"]);
    }

    /// Runs certutil on a database; returns what it printed.
    #[track_caller]
    pub(crate) fn certutil(&self, folder: &str, words: &[&str]) -> String {
        let mut command = Command::new(found("certutil").unwrap());
        command.arg("-d").arg(format!("sql:{}", self.path(folder).display())).args(words);
        let output = run_to_end(command);
        assert!(output.status.success(), "{words:?}: {}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8(output.stdout).unwrap()
    }

    /// Gives it a Java with a store of its own; false, and says so, where the real machine has none.
    pub(crate) fn has_java(&self) -> bool {
        let real = found("keytool").and_then(|keytool| keytool.canonicalize().ok());
        let store =
            real.as_deref().and_then(Path::parent).and_then(Path::parent).map(|home| home.join("lib/security/cacerts"));
        let Some((keytool, store)) = real.clone().zip(store.filter(|store| store.is_file())) else {
            left_out("keytool is not on this machine");
            return false;
        };
        for folder in ["java/bin", "java/lib/security"] {
            fs::create_dir_all(self.path(folder)).unwrap();
        }
        symlink(keytool, self.path("java/bin/keytool")).unwrap();
        fs::write(self.path("java/lib/security/cacerts"), fs::read(store).unwrap()).unwrap();
        true
    }

    /// The program on this machine.
    pub(crate) fn program(&self, words: &[&str]) -> Command {
        let mut command = program(words);
        self.furnish(&mut command);
        command
    }

    /// Has a program run on this machine.
    pub(crate) fn furnish(&self, command: &mut Command) {
        let unset =
            ["XDG_DATA_HOME", "XDG_CONFIG_HOME", "JAVA_HOME", "NODE_EXTRA_CA_CERTS", "DENO_CERT", "REQUESTS_CA_BUNDLE"];
        for name in unset {
            command.env_remove(name);
        }
        command.env("HOME", self.path("home")).env("PATH", self.path("bin"));
        command.env("STICKYLB_TRUST_ROOT", self.path("root")).env_remove("SUDO_USER");
        if self.path("java").exists() {
            command.env("JAVA_HOME", self.path("java"));
        }
    }

    /// Runs `trust` with these words; returns its exit status and what it printed.
    pub(crate) fn trust(&self, words: &[&str]) -> (i32, String) {
        let output = run_to_end(self.program(&[&["trust"], words].concat()));
        let text = String::from_utf8([output.stdout, output.stderr].concat()).unwrap();
        (output.status.code().unwrap(), text)
    }

    /// The authority's certificate, once it was made.
    pub(crate) fn certificate(&self) -> PathBuf {
        self.path("home/.local/share/stickylb-tui/ca/ca.pem")
    }
}

/// A program of the real machine.
pub(crate) fn found(name: &str) -> Option<PathBuf> {
    let path = std::env::var_os("PATH")?;
    std::env::split_paths(&path).map(|folder| folder.join(name)).find(|file| file.is_file())
}
