//! What is wrong for now.

use std::time::SystemTime;

use super::shared::Shared;
use crate::api::{About, Warning};

impl Shared {
    /// Something is wrong from now on.
    pub(crate) fn warn_of(&self, about: About, text: String) {
        let mut control = self.control();
        control.warnings.retain(|warning| warning.about != about);
        control.warnings.push(Warning { about, since: SystemTime::now(), text: text.into() });
    }

    /// It is well again, or was all the time.
    pub(crate) fn is_well(&self, about: About) {
        self.control().warnings.retain(|warning| warning.about != about);
    }
}
