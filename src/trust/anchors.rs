//! The system's own store on Linux: a folder of anchors, and a program that makes a bundle of them for OpenSSL, GnuTLS, Go,
//! Python's ssl, curl and others.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::process::Command;

use super::authority::{Authority, is_ours};
use super::places::{Places, shown};
use super::programs::output_of;
use super::shell::line;
use super::step::{Outcome, Step};

/// How one family of distributions does it.
struct Kind {
    folder: &'static str,
    suffix: &'static str,
    add: &'static [&'static str],
    remove: &'static [&'static str],
    bundle: &'static str,
}

/// The four ways. Each tool's manual page names its folder.
const KINDS: [Kind; 4] = [
    // Fedora, Red Hat and relatives.
    Kind {
        folder: "etc/pki/ca-trust/source/anchors",
        suffix: ".pem",
        add: &["update-ca-trust", "extract"],
        remove: &["update-ca-trust", "extract"],
        bundle: "etc/pki/ca-trust/extracted/pem/tls-ca-bundle.pem",
    },
    // Debian, Ubuntu, Alpine. Without --fresh a link to what was removed stays behind.
    Kind {
        folder: "usr/local/share/ca-certificates",
        suffix: ".crt",
        add: &["update-ca-certificates"],
        remove: &["update-ca-certificates", "--fresh"],
        bundle: "etc/ssl/certs/ca-certificates.crt",
    },
    // Arch.
    Kind {
        folder: "etc/ca-certificates/trust-source/anchors",
        suffix: ".crt",
        add: &["trust", "extract-compat"],
        remove: &["trust", "extract-compat"],
        bundle: "etc/ca-certificates/extracted/tls-ca-bundle.pem",
    },
    // openSUSE.
    Kind {
        folder: "usr/share/pki/trust/anchors",
        suffix: ".pem",
        add: &["update-ca-certificates"],
        remove: &["update-ca-certificates"],
        bundle: "var/lib/ca-certificates/ca-bundle.pem",
    },
];

/// The system's store of this machine.
#[derive(Clone)]
pub(super) struct Anchors {
    kind: &'static Kind,
    folder: PathBuf,
    bundle: PathBuf,
    program: Option<PathBuf>,
}

impl Anchors {
    /// The store whose folder and program are here, or else one whose folder is.
    pub(super) fn of(places: &Places) -> Option<Self> {
        let here = |kind: &'static Kind| Anchors {
            kind,
            folder: places.system(kind.folder),
            bundle: places.system(kind.bundle),
            program: places.program(kind.add[0]),
        };
        let mut found: Vec<Self> = KINDS.iter().map(here).filter(|anchors| anchors.folder.is_dir()).collect();
        let whole = found.iter().position(|anchors| anchors.program.is_some()).unwrap_or(0);
        (whole < found.len()).then(|| found.swap_remove(whole))
    }

    /// The bundle that programs read.
    pub(super) fn bundle(&self) -> &Path {
        &self.bundle
    }

    /// Whether programs find it in what they read.
    pub(super) fn trusts(&self, authority: &Authority) -> bool {
        fs::read_to_string(&self.bundle).is_ok_and(|bundle| authority.is_in(&bundle))
    }

    /// Puts it there.
    pub(super) fn add(self, authority: &Authority) -> Step {
        let file = self.folder.join(format!("{}{}", authority.name(), self.kind.suffix));
        let says = format!("system: copy it to {} and run {}", shown(&file), self.kind.add.join(" "));
        let authority = authority.clone();
        Step::new(says, move || self.put(&authority, &file))
    }

    /// Takes away what is ours, where something is, or is still in the bundle.
    pub(super) fn remove(self, authority: Option<&Authority>) -> Option<Step> {
        let ours = self.ours();
        let is_left = authority.is_some_and(|authority| self.trusts(authority));
        if ours.is_empty() && !is_left {
            return None;
        }
        let names = ours.iter().map(|file| shown(file)).collect::<Vec<_>>().join(" and ");
        let delete = if ours.is_empty() { String::new() } else { format!("delete {names} and ") };
        let says = format!("system: {delete}run {}", self.kind.remove.join(" "));
        let authority = authority.cloned();
        Some(Step::new(says, move || self.delete(&ours, authority.as_ref())))
    }

    fn ours(&self) -> Vec<PathBuf> {
        let is_it = |file: &PathBuf| {
            let name = file.file_name().and_then(|name| name.to_str()).unwrap_or_default();
            name.strip_suffix(self.kind.suffix).is_some_and(is_ours)
        };
        let mut ours: Vec<PathBuf> =
            fs::read_dir(&self.folder).into_iter().flatten().flatten().map(|e| e.path()).filter(is_it).collect();
        ours.sort();
        ours
    }

    fn put(&self, authority: &Authority, file: &Path) -> Outcome {
        let is_there = fs::read_to_string(file).is_ok_and(|there| authority.is_in(&there));
        if is_there && self.trusts(authority) {
            return Outcome::NotNeeded("it is there".to_owned());
        }
        let mut copy = Command::new("sudo");
        copy.args(["install", "-m", "644"]).args([&authority.path, file]);
        let Some(program) = &self.program else { return self.no_program() };
        if !is_there && let Err(error) = write(file, &authority.pem) {
            return match error.kind() {
                io::ErrorKind::PermissionDenied => left(&copy, self.kind.add),
                _ => Outcome::Failed(format!("{} cannot be written: {error}", shown(file))),
            };
        }
        // Alpine's does it all and fails for want of a program that runs what others left to be run.
        if let Err(why) = output_of(Command::new(program).args(&self.kind.add[1..]))
            && !self.trusts(authority)
        {
            return Outcome::Failed(format!("{}: {why}", self.kind.add[0]));
        }
        if self.bundle.exists() && !self.trusts(authority) {
            let why = format!("{} ran, but it is not in {}", self.kind.add.join(" "), shown(&self.bundle));
            return Outcome::Failed(why);
        }
        Outcome::Done
    }

    fn delete(&self, ours: &[PathBuf], authority: Option<&Authority>) -> Outcome {
        let Some(program) = &self.program else { return self.no_program() };
        for file in ours {
            match fs::remove_file(file) {
                Err(error) if error.kind() == io::ErrorKind::PermissionDenied => {
                    let mut delete = Command::new("sudo");
                    delete.arg("rm").args(ours);
                    return left(&delete, self.kind.remove);
                }
                Err(error) if error.kind() != io::ErrorKind::NotFound => {
                    return Outcome::Failed(format!("{} cannot be deleted: {error}", shown(file)));
                }
                _ => {}
            }
        }
        let update = self.kind.remove.join(" ");
        match output_of(Command::new(program).args(&self.kind.remove[1..])) {
            Ok(_) if authority.is_some_and(|authority| self.trusts(authority)) => {
                Outcome::Failed(format!("{update} ran, but it is still in {}", shown(&self.bundle)))
            }
            Ok(_) => Outcome::Done,
            Err(why) => Outcome::Failed(format!("{update}: {why}")),
        }
    }

    fn no_program(&self) -> Outcome {
        Outcome::Failed(format!("{} is not here: install the package ca-certificates", self.kind.add[0]))
    }
}

fn left(first: &Command, then: &[&str]) -> Outcome {
    let command = format!("{} && sudo {}", line(first), then.join(" "));
    Outcome::Left { why: "it needs root".to_owned(), command }
}

/// Everybody may read it, whatever the umask says.
fn write(file: &Path, pem: &str) -> io::Result<()> {
    fs::write(file, pem)?;
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt as _;
        fs::set_permissions(file, fs::Permissions::from_mode(0o644))?;
    }
    Ok(())
}
