//! What a certificate says of itself.

use std::net::IpAddr;
use time::OffsetDateTime;
use x509_parser::extensions::GeneralName;
use x509_parser::prelude::{FromDer as _, X509Certificate};

/// What a certificate says of itself; nothing of it is proven.
#[derive(Clone, Debug)]
pub(super) struct Facts {
    /// The names and addresses that it is for, lower case.
    pub(super) names: Vec<String>,
    pub(super) not_before: OffsetDateTime,
    pub(super) not_after: OffsetDateTime,
    pub(super) is_authority: bool,
    /// What it is called, its common name where it has one.
    pub(super) subject: String,
    /// Its public key's bits.
    pub(super) public_key: Vec<u8>,
}

impl Facts {
    /// `None` of what is no certificate (RFC 5280).
    pub(super) fn of(der: &[u8]) -> Option<Self> {
        let (_, certificate) = X509Certificate::from_der(der).ok()?;
        let alternatives = certificate.subject_alternative_name().ok().flatten();
        let alternatives = alternatives.iter().flat_map(|names| &names.value.general_names);
        let validity = certificate.validity();
        let common = certificate.subject().iter_common_name().find_map(|name| name.as_str().ok().map(str::to_owned));
        Some(Facts {
            names: alternatives.filter_map(name).collect(),
            not_before: validity.not_before.to_datetime(),
            not_after: validity.not_after.to_datetime(),
            is_authority: certificate.is_ca(),
            subject: common.unwrap_or_else(|| certificate.subject().to_string()),
            public_key: certificate.public_key().subject_public_key.data.to_vec(),
        })
    }

    /// The names that it is for, and when it ends.
    pub(super) fn in_words(&self) -> String {
        let names = if self.names.is_empty() { "no name".to_owned() } else { self.names.join(", ") };
        format!("it is for {names} and ends on {}", self.not_after.date())
    }

    /// Why it is not good at this time, with the day.
    pub(super) fn untimely(&self, now: OffsetDateTime) -> Option<String> {
        if now > self.not_after {
            return Some(format!("expired on {}", self.not_after.date()));
        }
        (now < self.not_before).then(|| format!("is not valid before {}", self.not_before.date()))
    }
}

fn name(name: &GeneralName<'_>) -> Option<String> {
    match name {
        GeneralName::DNSName(name) => Some(name.to_ascii_lowercase()),
        GeneralName::IPAddress(bytes) => match **bytes {
            [a, b, c, d] => Some(IpAddr::from([a, b, c, d]).to_string()),
            _ => Some(IpAddr::from(<[u8; 16]>::try_from(*bytes).ok()?).to_string()),
        },
        _ => None,
    }
}
