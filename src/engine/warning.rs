//! What is wrong for now: told for as long as it is so, where a notice is told once.

use std::time::SystemTime;

use serde::{Deserialize, Serialize};

use super::shared::Shared;

/// What a warning is about; there is one of each at a time.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum About {
    /// The configuration file: what it says is not in force.
    Configuration,
    /// Mail: the last one failed.
    Mail,
    /// Log lines on standard output: they are dropped.
    Stdout,
    /// Log lines in a file: they are dropped.
    LogFile,
}

/// Something that is wrong until it is mended.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Warning {
    /// What it is about.
    pub about: About,
    /// Since when.
    #[serde(with = "super::event::time")]
    pub since: SystemTime,
    /// What is wrong, as one sentence.
    pub text: String,
}

impl Shared {
    /// Something is wrong from now on.
    pub(crate) fn warn_of(&self, about: About, text: String) {
        let mut control = self.control();
        let before = control.warnings.iter().position(|warning| warning.about == about);
        let since = before.map_or_else(SystemTime::now, |at| control.warnings.remove(at).since);
        control.warnings.push(Warning { about, since, text });
    }

    /// It is well again, or was all the time.
    pub(crate) fn is_well(&self, about: About) {
        self.control().warnings.retain(|warning| warning.about != about);
    }
}
