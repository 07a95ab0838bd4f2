//! NSS databases, by the program `certutil`.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use super::authority::{Authority, is_ours};
use super::browsers::{Database, Kept};
use super::places::{Places, shown};
use super::programs::output_of;
use super::shell::line;
use super::step::{Outcome, Step};
use stickylb::untrusted::Untrusted;

/// The program.
#[derive(Clone)]
pub(super) struct Certutil(PathBuf);

/// What a database says of a certificate.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Held {
    No,
    /// It signs servers' certificates, under this name.
    Trusted(String),
    /// It is there under this name, and is not believed.
    NotTrusted(String),
}

impl Certutil {
    pub(super) fn of(places: &Places) -> Option<Self> {
        // Homebrew leaves it out of the PATH.
        let brewed =
            ["opt/homebrew/opt/nss/bin/certutil", "usr/local/opt/nss/bin/certutil"].map(|it| places.system(it));
        places.program("certutil").or_else(|| brewed.into_iter().find(|file| file.is_file())).map(Certutil)
    }

    /// Puts the certificate into a database.
    pub(super) fn add(&self, database: Database, authority: &Authority) -> Step {
        let name = authority.name();
        let folder = shown(&database.folder);
        let says = match database.kept {
            Kept::Absent => {
                format!("{}: make {folder}, which it looks into, and add it there as {name}", database.browser)
            }
            _ => format!("{}: add it to {folder} as {name}", database.browser),
        };
        let (own, authority) = (self.clone(), authority.clone());
        Step::new(says, move || own.put(database, &authority))
    }

    /// Takes what is ours out of a database, where something is.
    pub(super) fn remove(&self, database: &Database) -> Vec<Step> {
        let folder = shown(&database.folder);
        let names = match self.list(database) {
            Ok(names) => names.into_iter().map(|(name, _)| name).filter(|name| is_ours(name)),
            Err(why) => {
                let says = format!("{}: look for what is to be removed in {folder}", database.browser);
                return vec![Step::failing(says, in_words(&why))];
            }
        };
        let step = |name: String| {
            let says = format!("{}: remove {name} from {folder}", database.browser);
            let (own, database) = (self.clone(), database.clone());
            Step::new(says, move || match own.delete(&database, &name) {
                Ok(()) => Outcome::Done,
                Err(why) => own.not_done(&database, &why, &["-D", "-n", &name]),
            })
        };
        names.map(step).collect()
    }

    /// Whether a browser with this database believes what the certificate signed.
    pub(super) fn trusts(&self, database: &Database, authority: &Authority) -> bool {
        matches!(self.held(database, authority), Ok(Held::Trusted(_)))
    }

    fn put(&self, mut database: Database, authority: &Authority) -> Outcome {
        let name = authority.name();
        if database.kept == Kept::Absent {
            if let Err(why) = self.make(&database) {
                return Outcome::Failed(why);
            }
            database.kept = Kept::Sql;
        } else {
            match self.held(&database, authority) {
                Ok(Held::Trusted(held)) if held == name => return Outcome::NotNeeded("it is there".to_owned()),
                Ok(Held::Trusted(held)) => {
                    return Outcome::NotNeeded(format!("it is there as '{}'", Untrusted::new(held)));
                }
                Ok(Held::NotTrusted(held)) if held != name => {
                    let held = Untrusted::new(held);
                    let why = format!("it is there as '{held}' without being trusted: delete that one first");
                    return Outcome::Failed(why);
                }
                Ok(_) => {}
                Err(why) => return Outcome::Failed(in_words(&why)),
            }
        }
        let path = authority.path.to_string_lossy();
        let words = ["-A", "-t", "C,,", "-n", &name, "-i", &path];
        match output_of(self.command(&database).args(words)) {
            Ok(_) if self.trusts(&database, authority) => Outcome::Done,
            Ok(_) => Outcome::Failed("certutil added it, but does not find it afterwards".to_owned()),
            Err(why) => {
                // It may have added the certificate and failed to say that it is to be trusted.
                if self.list(&database).is_ok_and(|names| names.iter().any(|(held, _)| *held == name)) {
                    let _ = self.delete(&database, &name);
                }
                self.not_done(&database, &why, &words)
            }
        }
    }

    fn make(&self, database: &Database) -> Result<(), String> {
        let folder = &database.folder;
        make_folder(folder).map_err(|error| format!("{} cannot be made: {error}", shown(folder)))?;
        output_of(self.command(database).args(["-N", "--empty-password"])).map(drop)
    }

    fn delete(&self, database: &Database, name: &str) -> Result<(), String> {
        output_of(self.command(database).args(["-D", "-n", name])).map(drop)
    }

    fn held(&self, database: &Database, authority: &Authority) -> Result<Held, String> {
        if database.kept == Kept::Absent {
            return Ok(Held::No);
        }
        let names = self.list(database)?;
        let own = names.iter().find(|(name, _)| *name == authority.name());
        let is_it = |name: &str| {
            output_of(self.command(database).args(["-L", "-a", "-n", name])).is_ok_and(|pem| authority.is_in(&pem))
        };
        // Someone may have imported it by hand, under another name; looking at all certificates takes long.
        let by_hand = || names.iter().find(|(name, _)| has_bytes(database, authority) && is_it(name));
        Ok(match own.or_else(by_hand) {
            None => Held::No,
            Some((name, trust)) if trust.split(',').next().is_some_and(|ssl| ssl.contains('C')) => {
                Held::Trusted(name.clone())
            }
            Some((name, _)) => Held::NotTrusted(name.clone()),
        })
    }

    /// The certificates, each by its name and how it is trusted: `C,,` signs for servers.
    fn list(&self, database: &Database) -> Result<Vec<(String, String)>, String> {
        let table = output_of(self.command(database).arg("-L"))?;
        Ok(table.lines().filter_map(row).collect())
    }

    fn command(&self, database: &Database) -> Command {
        let prefix = if database.kept == Kept::Dbm { "dbm:" } else { "sql:" };
        let mut place = std::ffi::OsString::from(prefix);
        place.push(&database.folder);
        let mut command = Command::new(&self.0);
        command.arg("-d").arg(place);
        command
    }

    fn not_done(&self, database: &Database, why: &str, words: &[&str]) -> Outcome {
        if why.contains("SEC_ERROR_BAD_PASSWORD") {
            let why = "the database has a password".to_owned();
            return Outcome::Left { why, command: line(self.command(database).args(words)) };
        }
        Outcome::Failed(in_words(why))
    }
}

/// A line of `certutil -L`: a name, spaces, and three sets of flags between commas.
fn row(line: &str) -> Option<(String, String)> {
    let (name, trust) = line.trim_end().rsplit_once(' ')?;
    let is_trust = trust.matches(',').count() == 2 && trust.chars().all(|c| c == ',' || "pPcCTuw".contains(c));
    let name = name.trim();
    (is_trust && !name.is_empty()).then(|| (name.to_owned(), trust.to_owned()))
}

/// Whether the certificate is in the file, which its being there under any name needs.
pub(super) fn has_bytes(database: &Database, authority: &Authority) -> bool {
    let file = fs::read(database.file()).unwrap_or_default();
    memchr::memmem::find(&file, &authority.der).is_some()
}

fn in_words(why: &str) -> String {
    let meant = [
        ("SEC_ERROR_READ_ONLY", "the database cannot be written"),
        ("SEC_ERROR_PKCS11_GENERAL_ERROR", "the database is locked or damaged: close the browser, then run this again"),
        ("SEC_ERROR_BAD_DATABASE", "the database is locked or damaged: close the browser, then run this again"),
    ];
    let meant = meant.into_iter().find(|(code, _)| why.contains(code));
    meant.map_or_else(|| why.to_owned(), |(_, meaning)| meaning.to_owned())
}

/// For its user alone, as browsers make theirs.
fn make_folder(folder: &Path) -> std::io::Result<()> {
    let mut make = fs::DirBuilder::new();
    make.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut make, 0o700);
    make.create(folder)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_row_is_a_name_with_its_spaces_and_how_it_is_trusted() {
        let held = |name: &str, trust: &str| Some((name.to_owned(), trust.to_owned()));
        for (line, read) in [
            (
                "stickylb-tui-0123abcd                                        C,,  ",
                held("stickylb-tui-0123abcd", "C,,"),
            ),
            (
                "A name of two words, Inc                                     CT,C,c",
                held("A name of two words, Inc", "CT,C,c"),
            ),
            ("mine                                                         u,u,u", held("mine", "u,u,u")),
            ("not trusted                                                  ,,   ", held("not trusted", ",,")),
            ("Certificate Nickname                                         Trust Attributes", None),
            ("                                                             SSL,S/MIME,JAR/XPI", None),
            ("", None),
        ] {
            assert_eq!(row(line), read, "{line}");
        }
    }
}
