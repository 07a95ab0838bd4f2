//! The browsers of this user, and the NSS databases in which they keep whom they trust.

use std::fmt;
use std::fs;
use std::path::{Path, PathBuf};

use super::places::Places;

/// Programs that are Chromium or made of it.
const CHROMIUM: [&str; 9] = [
    "chromium",
    "chromium-browser",
    "google-chrome",
    "google-chrome-stable",
    "google-chrome-beta",
    "brave-browser",
    "microsoft-edge",
    "vivaldi",
    "opera",
];

const FIREFOX: [&str; 3] = ["firefox", "firefox-esr", "firefox-developer-edition"];

/// Whose database it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Browser {
    /// Chromium, or a browser made of it.
    Chromium,
    Firefox,
}

impl fmt::Display for Browser {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Browser::Chromium => "Chromium",
            Browser::Firefox => "Firefox",
        })
    }
}

/// How a database is kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kept {
    /// `cert9.db`, an SQLite file.
    Sql,
    /// `cert8.db`, of before 2018.
    Dbm,
    /// Not yet: its browser is installed and has not been started.
    Absent,
}

/// One database.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Database {
    pub(super) browser: Browser,
    pub(super) folder: PathBuf,
    pub(super) kept: Kept,
}

impl Database {
    /// The one in this folder.
    fn of(browser: Browser, folder: PathBuf) -> Option<Self> {
        let kept = [("cert9.db", Kept::Sql), ("cert8.db", Kept::Dbm)];
        let (_, kept) = kept.into_iter().find(|(file, _)| folder.join(file).is_file())?;
        Some(Database { browser, folder, kept })
    }

    /// The file that the certificates are in.
    pub(super) fn file(&self) -> PathBuf {
        self.folder.join(if self.kept == Kept::Dbm { "cert8.db" } else { "cert9.db" })
    }
}

/// All databases of this user, and the one that Chromium would look into were it there.
pub(super) fn databases(places: &Places) -> Vec<Database> {
    let chromium = chromium(places).into_iter().filter_map(|folder| Database::of(Browser::Chromium, folder));
    let firefox = firefox(places).into_iter().filter_map(|folder| Database::of(Browser::Firefox, folder));
    let mut found: Vec<Database> = Vec::new();
    let mut real = Vec::new();
    for database in chromium.chain(firefox) {
        // A link may lead to the same folder, as "current" of a snap does.
        let folder = database.folder.canonicalize().unwrap_or_else(|_| database.folder.clone());
        if !real.contains(&folder) {
            real.push(folder);
            found.push(database);
        }
    }
    let own = own(places);
    let is_read = |database: &Database| own.contains(&database.folder);
    // On macOS it asks the keychain.
    if !places.has_keychain && !found.iter().any(is_read) && has(places, &CHROMIUM) {
        let [_, folder] = own;
        found.insert(0, Database { browser: Browser::Chromium, folder, kept: Kept::Absent });
    }
    found
}

/// Whether Firefox is installed without any profile: it has not been started yet.
pub(super) fn is_firefox_unused(places: &Places) -> bool {
    has(places, &FIREFOX)
        && firefox(places).iter().all(|folder| Database::of(Browser::Firefox, folder.clone()).is_none())
}

fn has(places: &Places, programs: &[&str]) -> bool {
    // What leads to snap has databases of its own, made when it is started.
    let is_snap = |file: PathBuf| file.canonicalize().is_ok_and(|real| real.ends_with("snap"));
    programs.iter().filter_map(|name| places.program(name)).any(|file| !is_snap(file))
}

/// Where a Chromium of the distribution looks: into the first of these, or where it is not there, into the second, which
/// it then makes.
fn own(places: &Places) -> [PathBuf; 2] {
    [places.home.join(".pki/nssdb"), places.data.join("pki/nssdb")]
}

/// Folders that may hold a database of Chromium's.
fn chromium(places: &Places) -> Vec<PathBuf> {
    let mut folders = own(places).to_vec();
    for snap in below(&places.home.join("snap")) {
        folders.extend([".pki/nssdb", ".local/share/pki/nssdb"].map(|folder| snap.join("current").join(folder)));
    }
    for flatpak in below(&places.home.join(".var/app")) {
        folders.extend([".pki/nssdb", "data/pki/nssdb"].map(|folder| flatpak.join(folder)));
    }
    folders
}

/// Folders of Firefox's profiles: those in its usual places, and those that its list names elsewhere.
fn firefox(places: &Places) -> Vec<PathBuf> {
    let home = |folder: &str| places.home.join(folder);
    let mut roots = vec![home(".mozilla/firefox"), places.config.join("mozilla/firefox")];
    for snap in below(&home("snap")) {
        roots.push(snap.join("common/.mozilla/firefox"));
    }
    for flatpak in below(&home(".var/app")) {
        roots.extend([".mozilla/firefox", "config/mozilla/firefox"].map(|folder| flatpak.join(folder)));
    }
    roots.extend([home("Library/Application Support/Firefox"), home("Library/Application Support/Firefox/Profiles")]);
    roots.iter().flat_map(|root| below(root).into_iter().chain(listed(root))).collect()
}

/// The profiles that `profiles.ini` names by a path of their own.
fn listed(root: &Path) -> Vec<PathBuf> {
    let list = fs::read_to_string(root.join("profiles.ini")).unwrap_or_default();
    let paths = list.lines().filter_map(|line| line.trim().strip_prefix("Path="));
    paths.map(PathBuf::from).filter(|path| path.is_absolute()).collect()
}

/// The folders in a folder, by name.
fn below(folder: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).into_iter().flatten().flatten();
    let mut folders: Vec<PathBuf> = entries.map(|entry| entry.path()).filter(|path| path.is_dir()).collect();
    folders.sort();
    folders
}
