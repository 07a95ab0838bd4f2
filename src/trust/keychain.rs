//! The keychain of macOS, by the program `security`. Safari, Chrome, and Firefox since version 120 believe it.

use std::path::PathBuf;
use std::process::Command;

use super::authority::Authority;
use super::places::Places;
use super::programs::output_of;
use super::shell::line;
use super::step::{Outcome, Step};

/// The keychain of all users.
const SYSTEM: &str = "/Library/Keychains/System.keychain";

/// What the name in the certificate begins with, by which the keychain finds it.
const COMMON_NAME: &str = "stickylb-tui";

/// The system's keychain.
#[derive(Clone)]
pub(super) struct Keychain {
    security: PathBuf,
}

impl Keychain {
    pub(super) fn of(places: &Places) -> Option<Self> {
        let security = places.has_keychain.then(|| places.program("security")).flatten()?;
        Some(Keychain { security })
    }

    /// Whether programs that ask the keychain believe what the certificate signed.
    pub(super) fn trusts(&self, authority: &Authority) -> bool {
        output_of(self.command(&["verify-cert", "-L", "-c"]).arg(&authority.path)).is_ok()
    }

    /// The files that change with what it trusts.
    pub(super) fn files() -> [PathBuf; 2] {
        [PathBuf::from(SYSTEM), PathBuf::from("/Library/Security/Trust Settings/Admin.plist")]
    }

    /// Puts the certificate there.
    pub(super) fn add(self, authority: &Authority) -> Step {
        let authority = authority.clone();
        Step::new(format!("keychain: add it to {SYSTEM} as a trusted root"), move || {
            if self.trusts(&authority) {
                return Outcome::NotNeeded("it is there".to_owned());
            }
            change(self.command(&["add-trusted-cert", "-d", "-r", "trustRoot", "-k", SYSTEM]).arg(&authority.path))
        })
    }

    /// Takes what is ours out of it.
    pub(super) fn remove(&self) -> Vec<Step> {
        let found = output_of(&mut self.command(&["find-certificate", "-a", "-c", COMMON_NAME, "-Z", SYSTEM]));
        let hashes = hashes(&found.unwrap_or_default());
        let step = |hash: String| {
            let own = self.clone();
            Step::new(format!("keychain: remove the certificate with SHA-1 {hash} from {SYSTEM}"), move || {
                change(&mut own.command(&["delete-certificate", "-Z", &hash, "-t", SYSTEM]))
            })
        };
        hashes.into_iter().map(step).collect()
    }

    fn command(&self, words: &[&str]) -> Command {
        let mut command = Command::new(&self.security);
        command.args(words);
        command
    }
}

fn change(command: &mut Command) -> Outcome {
    if is_root() {
        return output_of(command).map_or_else(Outcome::Failed, |_| Outcome::Done);
    }
    Outcome::Left { why: "it needs an administrator".to_owned(), command: format!("sudo {}", line(command)) }
}

/// What `-Z` prints before each certificate.
fn hashes(text: &str) -> Vec<String> {
    let hashes = text.lines().filter_map(|line| line.trim().strip_prefix("SHA-1 hash: "));
    hashes.filter(|hash| hash.bytes().all(|byte| byte.is_ascii_hexdigit())).map(str::to_owned).collect()
}

#[cfg(unix)]
fn is_root() -> bool {
    rustix::process::geteuid().is_root()
}

#[cfg(not(unix))]
fn is_root() -> bool {
    false
}
