//! What a run tells of itself while it goes on.

use std::sync::Arc;

use super::copies::Copies;
use crate::api::{Level, SurviveEntry, SurviveStage};
use crate::state::Shared;
use crate::untrusted::Untrusted;

/// Tells the snapshot and the log.
#[derive(Clone)]
pub(crate) struct Telling {
    shared: Arc<Shared>,
}

impl Telling {
    pub(crate) fn new(copies: &Copies) -> Self {
        Telling { shared: Arc::clone(&copies.shared) }
    }

    /// A stage begins, which has so many steps.
    pub(crate) fn stage(&self, stage: SurviveStage, of: usize) {
        self.shared.survive.show(|view| {
            (view.stage, view.done, view.of) = (stage, 0, of as u64);
            view.now = Untrusted::default();
        });
        match stage {
            SurviveStage::Watching => self.notice("records what passes"),
            SurviveStage::Comparing => self.notice(&format!("compares {of} requests on each copy")),
            SurviveStage::Replaying => self.notice(&format!("sends {of} clients' requests again")),
            SurviveStage::Proving => self.notice("tries which stickiness is enough"),
            SurviveStage::Ended => {}
        }
    }

    /// What it does now.
    pub(crate) fn now(&self, what: &str) {
        self.shared.survive.show(|view| view.now = what.to_owned().into());
    }

    /// One step of the stage is done.
    pub(crate) fn done(&self) {
        self.shared.survive.show(|view| view.done += 1);
    }

    /// Something was found.
    pub(crate) fn found(&self, entry: &SurviveEntry) {
        let (path, words) = (&entry.path, &entry.words);
        let said = format!("{path} {}: {words}", entry.verdict.words());
        self.shared.survive.show(|view| {
            view.findings += 1;
            view.now = said.clone().into();
        });
        self.shared.telemetry.notice(Level::Warning, format!("survive: {said}"));
    }

    /// Tells the log.
    pub(crate) fn notice(&self, what: &str) {
        self.shared.telemetry.notice(Level::Info, format!("survive: {what}"));
    }
}
