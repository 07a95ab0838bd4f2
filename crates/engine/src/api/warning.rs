//! What is wrong now: told for as long as it is so, where a notice is told once.

use serde::{Deserialize, Serialize};
use std::time::SystemTime;

use crate::untrusted::Untrusted;

/// What a warning is about; there is one of each at a time, but for each active alert one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub enum About {
    /// The changed configuration: it is not applied; the previous one stays.
    Configuration,
    /// Stickiness: it hashes an id that backends make.
    Sticky,
    /// Mail: the last one failed.
    Mail,
    /// Log lines on standard output: they are dropped.
    Stdout,
    /// Log lines in a file: they are dropped.
    LogFile,
    /// Certificates of the user's own: their files do not fit and those read before are used, or they end soon.
    Certificates,
    /// A threshold: its alert has begun and not ended.
    Alert,
    /// Trust: browsers here do not know the authority that signs the certificates made here.
    Trust,
}

/// Something that is wrong until it is mended, in [`Snapshot::warnings`](super::Snapshot::warnings).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct Warning {
    /// What it is about.
    pub about: About,
    /// Since when it is wrong; anew with each failure.
    #[serde(with = "crate::api::timestamp")]
    pub since: SystemTime,
    /// What is wrong, as one sentence.
    pub text: Untrusted<String>,
}

impl Warning {
    /// What is wrong, since this time.
    pub fn new(about: About, since: SystemTime, text: impl Into<Untrusted<String>>) -> Self {
        Warning { about, since, text: text.into() }
    }
}
