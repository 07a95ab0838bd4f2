//! What a new authority is: its names, its limits, its life.
//!
//! Its name constraints (RFC 5280 4.2.1.10) are critical, so that a stolen key can vouch for names of this machine and its
//! private networks only.

use rcgen::{
    BasicConstraints, CertificateParams, CidrSubnet, DnType, GeneralSubtree, IsCa, KeyPair, KeyUsagePurpose,
    NameConstraints,
};
use time::{Duration, OffsetDateTime};
use zeroize::Zeroizing;

use super::tls_error::TlsError;
use crate::config::{VOUCHED_NAMES, VOUCHED_NETWORKS};

/// Certificates begin this long before they are made: clocks of virtual machines and phones are behind.
pub(super) const BEFORE: Duration = Duration::days(1);

/// How long it lasts.
const LIFE: Duration = Duration::days(3650);

/// The most letters of a name in a certificate (RFC 5280 appendix A, ub-common-name).
const LONGEST: usize = 64;

/// A new authority, both parts in PEM.
pub(super) struct NewAuthority {
    pub(super) certificate: String,
    pub(super) key: Zeroizing<String>,
}

/// Makes one for this user on this machine.
pub(super) fn make() -> Result<NewAuthority, TlsError> {
    let not_made = |error: rcgen::Error| TlsError::NotMade(error.to_string());
    let key_pair = KeyPair::generate().map_err(not_made)?;
    let whose = whose();
    let mut params = CertificateParams::default();
    params.distinguished_name.push(DnType::CommonName, cut(&format!("stickylb-tui local authority {whose}")));
    params.distinguished_name.push(DnType::OrganizationName, "stickylb-tui local authority");
    params.distinguished_name.push(DnType::OrganizationalUnitName, cut(&whose));
    params.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
    params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
    let now = OffsetDateTime::now_utc();
    (params.not_before, params.not_after) = (now - BEFORE, now + LIFE);
    params.name_constraints = Some(constraints());
    let made = params.self_signed(&key_pair).map_err(not_made)?;
    Ok(NewAuthority { certificate: made.pem(), key: Zeroizing::new(key_pair.serialize_pem()) })
}

fn constraints() -> NameConstraints {
    let names = VOUCHED_NAMES.iter().map(|name| GeneralSubtree::DnsName((*name).to_owned()));
    let networks = VOUCHED_NETWORKS
        .iter()
        .map(|net| GeneralSubtree::IpAddress(CidrSubnet::from_addr_prefix(net.addr(), net.prefix_len())));
    NameConstraints { permitted_subtrees: names.chain(networks).collect(), excluded_subtrees: Vec::new() }
}

/// `user@machine`, so that one can tell it from another's in a dialog.
fn whose() -> String {
    let user = user().unwrap_or_else(|| "somebody".to_owned());
    let machine = machine().unwrap_or_else(|| "a machine".to_owned());
    format!("{user}@{machine}").chars().filter(|c| !c.is_control()).collect()
}

#[cfg(unix)]
fn user() -> Option<String> {
    let found = nix::unistd::User::from_uid(nix::unistd::geteuid()).ok().flatten();
    found.map(|user| user.name).or_else(|| std::env::var("USER").ok())
}

#[cfg(unix)]
fn machine() -> Option<String> {
    rustix::system::uname().nodename().to_str().ok().map(str::to_owned)
}

#[cfg(not(unix))]
fn user() -> Option<String> {
    std::env::var("USERNAME").ok()
}

#[cfg(not(unix))]
fn machine() -> Option<String> {
    std::env::var("COMPUTERNAME").ok()
}

fn cut(text: &str) -> String {
    text.chars().take(LONGEST).collect()
}
