//! Java's own store: one file of its installation, by the program `keytool`.

use std::fs::OpenOptions;
use std::io;
use std::path::PathBuf;
use std::process::Command;

use super::authority::{Authority, is_ours};
use super::places::{Places, shown};
use super::programs::{output_of, said};
use super::shell::{line, quoted};
use super::step::{Outcome, Step};
use stickylb::untrusted::Untrusted;

/// The password that Java ships its store with; it keeps nothing secret.
const PASSWORD: &str = "changeit";

/// The store of a Java installation.
#[derive(Clone)]
pub(super) struct Java {
    keytool: PathBuf,
    store: PathBuf,
}

/// A certificate in the store.
struct Entry {
    alias: String,
    /// SHA-256 in lower-case hexadecimal.
    fingerprint: String,
}

impl Java {
    /// That of `JAVA_HOME`, or of the `java` in the `PATH`.
    pub(super) fn of(places: &Places) -> Option<Self> {
        let in_path = || Some(places.program("java")?.canonicalize().ok()?.parent()?.parent()?.to_owned());
        // With another root, the machine's own store is not to be touched.
        let of_this_root = || in_path().filter(|home| home.starts_with(&places.root));
        let home = places.java_home.clone().or_else(of_this_root)?;
        let stores = ["lib/security/cacerts", "jre/lib/security/cacerts"].map(|file| home.join(file));
        let store = stores.into_iter().find(|file| file.is_file())?;
        let keytools = ["bin/keytool", "jre/bin/keytool"].map(|file| home.join(file));
        let keytool = keytools.into_iter().find(|file| file.is_file()).or_else(|| places.program("keytool"))?;
        Some(Java { keytool, store })
    }

    /// Puts the certificate into the store.
    pub(super) fn add(self, authority: &Authority) -> Step {
        let says = format!("Java: add it to {} as {}", shown(&self.store), authority.name());
        let authority = authority.clone();
        Step::new(says, move || self.put(&authority))
    }

    /// Takes what is ours out of the store, where something is.
    pub(super) fn remove(&self) -> Vec<Step> {
        let store = shown(&self.store);
        let entries = match self.list() {
            Ok(entries) => entries.into_iter().map(|entry| entry.alias).filter(|alias| is_ours_here(alias)),
            Err(why) => return vec![Step::failing(format!("Java: look for what is to be removed in {store}"), why)],
        };
        let step = |alias: String| {
            let own = self.clone();
            let says = format!("Java: remove {} from {store}", Untrusted::new(&alias));
            Step::new(says, move || own.change(own.command().args(["-delete", "-alias", &alias]), "", ""))
        };
        entries.map(step).collect()
    }

    fn put(&self, authority: &Authority) -> Outcome {
        match self.list() {
            Err(why) => Outcome::Failed(why),
            // A distribution may copy the system's anchors into it.
            Ok(entries) if entries.iter().any(|entry| entry.fingerprint == authority.fingerprint) => {
                Outcome::NotNeeded("it is there".to_owned())
            }
            Ok(_) => self.import(authority),
        }
    }

    fn import(&self, authority: &Authority) -> Outcome {
        let mut import = self.command();
        import.args(["-importcert", "-noprompt", "-alias", &authority.name()]);
        // Java opens no file whose name is not of the locale: it reads from its input, and a person's shell needs the file.
        self.change(&mut import, &authority.pem, &format!(" -file {}", quoted(authority.path.as_os_str())))
    }

    /// Runs a command with this on its input. To a person who has to do it, it is shown with `more` words.
    fn change(&self, command: &mut Command, input: &str, more: &str) -> Outcome {
        match OpenOptions::new().append(true).open(&self.store) {
            Err(error) if error.kind() == io::ErrorKind::PermissionDenied => {
                let command = format!("sudo {}{more}", line(command));
                Outcome::Left { why: "it needs root".to_owned(), command }
            }
            Err(error) => Outcome::Failed(format!("{} cannot be written: {error}", shown(&self.store))),
            Ok(_) => said(command, input).map_or_else(Outcome::Failed, |_| Outcome::Done),
        }
    }

    fn list(&self) -> Result<Vec<Entry>, String> {
        output_of(self.command().arg("-list")).map(|text| entries(&text))
    }

    fn command(&self) -> Command {
        let mut command = Command::new(&self.keytool);
        // In another language its list has other words.
        command.args(["-J-Duser.language=en", "-keystore"]).arg(&self.store).args(["-storepass", PASSWORD]);
        command
    }
}

/// Debian names an anchor of the system after its file.
fn is_ours_here(alias: &str) -> bool {
    let copied = alias.strip_prefix("debian:").and_then(|file| file.strip_suffix(".pem"));
    is_ours(copied.unwrap_or(alias))
}

/// The entries in what `keytool -list` prints: `ALIAS, DATE, trustedCertEntry,`, and in the next line its fingerprint.
fn entries(text: &str) -> Vec<Entry> {
    let mut entries = Vec::new();
    let mut alias = "";
    for line in text.lines() {
        if line.contains("Certificate fingerprint") {
            let (_, digits) = line.rsplit_once(' ').unwrap_or_default();
            let fingerprint = digits.replace(':', "").to_lowercase();
            entries.push(Entry { alias: alias.to_owned(), fingerprint });
        } else if let Some((first, _)) = line.split_once(", ") {
            alias = first;
        }
    }
    entries
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_entry_is_an_alias_and_the_fingerprint_below_it() {
        let text = "Keystore type: JKS\n\nYour keystore contains 2 entries\n\n\
                    debian:acc.pem, Jun 24, 2025, trustedCertEntry, \nCertificate fingerprint (SHA-256): EB:C5\n\
                    stickylb-tui-0123abcd, Nov 29, 2026, trustedCertEntry, \nCertificate fingerprint (SHA-256): 01:23\n";
        let read: Vec<_> = entries(text).into_iter().map(|entry| (entry.alias, entry.fingerprint)).collect();
        let made = |alias: &str, digits: &str| (alias.to_owned(), digits.to_owned());
        assert_eq!(read, [made("debian:acc.pem", "ebc5"), made("stickylb-tui-0123abcd", "0123")]);
    }

    #[test]
    fn ours_is_what_has_our_name_in_this_store_or_was_copied_from_the_systems() {
        let ours = ["stickylb-tui-0123abcd", "debian:stickylb-tui-0123abcd.pem"];
        let others = ["stickylb-tui-0123abcd2", "stickylb-tui-mine", "debian:acc.pem", "mkcert-0123abcd"];
        assert!(ours.into_iter().all(is_ours_here));
        assert!(!others.into_iter().any(is_ours_here));
    }
}
