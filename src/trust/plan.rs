//! All steps: of trusting the authority, and of undoing that.

use std::fs;

use super::anchors::Anchors;
use super::authority::Authority;
use super::browsers::{Database, Kept, databases, is_firefox_unused};
use super::java::Java;
use super::keychain::Keychain;
use super::nss::{Certutil, has_bytes};
use super::places::Places;
use super::step::Step;

/// What will be done.
pub(crate) struct Plan {
    /// In this order.
    pub(crate) steps: Vec<Step>,
    /// What a person has to know beside them, a sentence each.
    pub(crate) notes: Vec<String>,
}

/// Has everything here that keeps trusted authorities trust this one.
pub(crate) fn addition(places: &Places, authority: &Authority) -> Plan {
    let mut steps: Vec<Step> = Anchors::of(places).map(|anchors| anchors.add(authority)).into_iter().collect();
    steps.extend(Keychain::of(places).map(|keychain| keychain.add(authority)));
    let found = databases(places);
    match Certutil::of(places) {
        Some(certutil) => steps.extend(found.into_iter().map(|database| certutil.add(database, authority))),
        None => steps.extend(without_certutil(places, &found)),
    }
    steps.extend(Java::of(places).map(|java| java.add(authority)));
    let mut notes = Vec::new();
    if is_firefox_unused(places) {
        notes.push("Firefox has no profile yet: start it once, then run this again".to_owned());
    }
    Plan { steps, notes }
}

/// Takes away all that `addition` put anywhere, for this authority and earlier ones.
pub(crate) fn removal(places: &Places, authority: Option<&Authority>) -> Plan {
    let mut steps: Vec<Step> = Anchors::of(places).and_then(|anchors| anchors.remove(authority)).into_iter().collect();
    steps.extend(Keychain::of(places).iter().flat_map(Keychain::remove));
    let mut found = databases(places);
    found.retain(|database| database.kept != Kept::Absent);
    if let Some(certutil) = Certutil::of(places) {
        steps.extend(found.iter().flat_map(|database| certutil.remove(database)));
    } else {
        found.retain(|database| authority.is_some_and(|authority| has_bytes(database, authority)));
        steps.extend(without_certutil(places, &found));
    }
    steps.extend(Java::of(places).iter().flat_map(Java::remove));
    Plan { steps, notes: Vec::new() }
}

/// One step for all databases, which cannot be done.
fn without_certutil(places: &Places, found: &[Database]) -> Option<Step> {
    let mut browsers: Vec<_> = found.iter().map(|database| database.browser).collect();
    browsers.dedup();
    let browsers = browsers.iter().map(ToString::to_string).collect::<Vec<_>>().join(" and ");
    let why = format!("certutil is not here: install it by '{}', then run this again", package(places));
    (!browsers.is_empty()).then(|| Step::failing(format!("{browsers}: change their databases by certutil"), why))
}

/// How the package with certutil is installed here.
fn package(places: &Places) -> &'static str {
    if places.has_keychain {
        return "brew install nss";
    }
    let release = fs::read_to_string(places.system("etc/os-release")).unwrap_or_default();
    let ids = release.lines().filter_map(|line| line.strip_prefix("ID=").or_else(|| line.strip_prefix("ID_LIKE=")));
    let ids: Vec<&str> = ids.flat_map(|ids| ids.trim_matches('"').split(' ')).collect();
    let of = [
        ("debian", "sudo apt install libnss3-tools"),
        ("ubuntu", "sudo apt install libnss3-tools"),
        ("fedora", "sudo dnf install nss-tools"),
        ("rhel", "sudo dnf install nss-tools"),
        ("arch", "sudo pacman -S nss"),
        ("suse", "sudo zypper install mozilla-nss-tools"),
        ("opensuse", "sudo zypper install mozilla-nss-tools"),
        ("alpine", "sudo apk add nss-tools"),
    ];
    let found = of.iter().find(|(id, _)| ids.contains(id));
    found.map_or("the package of NSS tools, libnss3-tools or nss-tools", |(_, command)| command)
}
