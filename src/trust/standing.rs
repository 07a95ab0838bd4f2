//! Whether those on this machine who would have to trust the authority do. Looking is cheap as long as nothing has changed.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use super::anchors::Anchors;
use super::authority::Authority;
use super::browsers::{Browser, Database, Kept, databases};
use super::keychain::Keychain;
use super::nss::{Certutil, has_bytes};
use super::places::Places;

/// Who does not trust it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Unbelieving {
    /// These, some of their databases at least; none is named where all of them ask the system.
    Browsers(BTreeSet<Browser>),
    /// Those that ask the system, where no browser is.
    Programs,
}

/// What was found, and what it was found in.
pub(crate) struct Standing {
    places: Places,
    authority: Authority,
    seen: Option<Vec<Traits>>,
    found: Option<Unbelieving>,
}

/// What tells a file from itself before a change.
type Traits = (PathBuf, Option<(SystemTime, u64)>);

impl Standing {
    pub(crate) fn new(places: Places, authority: Authority) -> Self {
        Standing { places, authority, seen: None, found: None }
    }

    /// Whether it is about this very certificate.
    pub(crate) fn is_about(&self, authority: &Authority) -> bool {
        self.authority.fingerprint == authority.fingerprint
    }

    /// Who does not trust it now. Blocks: it reads files, and where they changed runs `certutil`.
    pub(crate) fn look(&mut self) -> Option<Unbelieving> {
        let mut databases = databases(&self.places);
        // A browser that still has such a one is too old to be in use.
        databases.retain(|database| database.kept != Kept::Dbm);
        let anchors = Anchors::of(&self.places);
        let keychain = Keychain::of(&self.places);
        let mut files: Vec<PathBuf> = databases.iter().map(Database::file).collect();
        files.extend(anchors.as_ref().map(|anchors| anchors.bundle().to_owned()));
        files.extend(keychain.iter().flat_map(|_| Keychain::files()));
        let now = files.into_iter().map(traits).collect();
        if self.seen.as_ref() != Some(&now) {
            self.found = self.judge(&databases, anchors.as_ref(), keychain.as_ref());
            self.seen = Some(now);
        }
        self.found.clone()
    }

    fn judge(
        &self,
        databases: &[Database],
        anchors: Option<&Anchors>,
        keychain: Option<&Keychain>,
    ) -> Option<Unbelieving> {
        let certutil = Certutil::of(&self.places);
        let trusts = |database: &&Database| self.trusts(certutil.as_ref(), database);
        let not: BTreeSet<Browser> = databases.iter().filter(|one| !trusts(one)).map(|one| one.browser).collect();
        if let Some(keychain) = keychain {
            return (!keychain.trusts(&self.authority)).then(|| Unbelieving::Browsers(BTreeSet::new()));
        }
        if !databases.is_empty() {
            return (!not.is_empty()).then_some(Unbelieving::Browsers(not));
        }
        anchors.filter(|anchors| !anchors.trusts(&self.authority)).map(|_| Unbelieving::Programs)
    }

    fn trusts(&self, certutil: Option<&Certutil>, database: &Database) -> bool {
        database.kept != Kept::Absent
            && has_bytes(database, &self.authority)
            && certutil.is_none_or(|certutil| certutil.trusts(database, &self.authority))
    }
}

fn traits(file: PathBuf) -> Traits {
    let traits = |file: &Path| {
        let found = fs::metadata(file).ok()?;
        Some((found.modified().ok()?, found.len()))
    };
    let found = traits(&file);
    (file, found)
}
