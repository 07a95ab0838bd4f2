//! The authority that is to be trusted: its certificate, and the name that it has wherever it is put.

use std::path::PathBuf;

use stickylb::LocalAuthority;

/// What every name of ours begins with; eight digits of the fingerprint follow.
const PREFIX: &str = "stickylb-tui-";

/// How much of the fingerprint is in the name.
const DIGITS: usize = 8;

/// The authority that is to be trusted.
#[derive(Clone, Debug)]
pub(crate) struct Authority {
    /// The file that its certificate is in.
    pub(crate) path: PathBuf,
    /// Its certificate in PEM.
    pub(crate) pem: String,
    /// SHA-256, in lower-case hexadecimal.
    pub(crate) fingerprint: String,
    pub(super) der: Vec<u8>,
}

impl Authority {
    pub(super) fn name(&self) -> String {
        format!("{PREFIX}{}", &self.fingerprint[..DIGITS])
    }

    /// Whether this text, a bundle or what a program printed, has the certificate in PEM, however its lines are cut.
    pub(super) fn is_in(&self, text: &str) -> bool {
        let own = bodies(&self.pem).next();
        own.is_some_and(|own| bodies(text).any(|one| one == own))
    }
}

impl From<LocalAuthority> for Authority {
    fn from(authority: LocalAuthority) -> Self {
        Authority {
            path: authority.certificate_path().to_owned(),
            pem: authority.certificate_pem(),
            fingerprint: authority.fingerprint().replace(':', "").to_lowercase(),
            der: authority.certificate_der().to_vec(),
        }
    }
}

/// What is between the dashes of each certificate.
fn bodies(text: &str) -> impl Iterator<Item = String> {
    let parts = text.split("-----BEGIN CERTIFICATE-----").skip(1).filter_map(|part| part.split_once("-----END"));
    parts.map(|(body, _)| body.chars().filter(|c| !c.is_whitespace()).collect())
}

/// Whether this name is one that this program gives. Another authority's of ours has one too, such as one whose key is gone.
pub(super) fn is_ours(name: &str) -> bool {
    let digits = name.strip_prefix(PREFIX).unwrap_or_default();
    digits.len() == DIGITS && digits.bytes().all(|byte| byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte))
}
