//! What a run tells of itself while it goes on.

use std::sync::Arc;

use super::copies::Copies;
use crate::api::{Level, SurviveEntry, SurviveStage};
use crate::state::Shared;
use crate::untrusted::Untrusted;

/// The most of what was found that the snapshot has.
const FOUND: usize = 12;

/// Tells the snapshot and the log.
#[derive(Clone)]
pub(crate) struct Progress {
    shared: Arc<Shared>,
}

impl Progress {
    pub(crate) fn new(copies: &Copies) -> Self {
        Progress { shared: Arc::clone(&copies.shared) }
    }

    /// A stage begins, which has so many steps.
    pub(crate) fn stage(&self, stage: SurviveStage, of: usize) {
        self.shared.survive.show(|view| {
            (view.stage, view.done, view.of) = (stage, 0, of as u64);
            view.now = Untrusted::default();
        });
        match stage {
            SurviveStage::Watching => self.notice("records what passes"),
            SurviveStage::Listening => self.notice("listens to what copies do by themselves"),
            SurviveStage::Comparing if of == 1 => self.notice("compares one request on each copy"),
            SurviveStage::Comparing => self.notice(&format!("compares {of} requests on each copy")),
            SurviveStage::Replaying if of == 1 => self.notice("sends one client's requests again"),
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
        let said = in_a_line(entry);
        self.shared.survive.show(|view| {
            view.findings += 1;
            if view.found.len() == FOUND {
                view.found.remove(0);
            }
            view.found.push(said.clone().into());
        });
        self.shared.telemetry.notice(Level::Warning, format!("survive: {said}"));
    }

    /// Tells the log.
    pub(crate) fn notice(&self, what: &str) {
        self.shared.telemetry.notice(Level::Info, format!("survive: {what}"));
    }
}

/// `needs stickiness: /cart session lost (302 /login)`.
fn in_a_line(entry: &SurviveEntry) -> String {
    let of = match entry.method.raw() {
        "" => format!("\"{}\"", entry.path),
        "GET" => entry.path.to_string(),
        method => format!("{method} {}", entry.path),
    };
    format!("{}: {of} {}", entry.verdict.words(), entry.words).trim_end().to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::api::SurviveVerdict;

    #[test]
    fn a_finding_is_one_line_with_its_method_unless_that_is_get() {
        let line = |method, path, words: &str| {
            in_a_line(&SurviveEntry::new(SurviveVerdict::NeedsStickiness, method, path, words.to_owned()))
        };
        assert_eq!(line("GET", "/cart", "session lost"), "needs stickiness: /cart session lost");
        assert_eq!(line("POST", "/cart", "session lost"), "needs stickiness: POST /cart session lost");
        assert_eq!(line("", "cron: mails", ""), "needs stickiness: \"cron: mails\"");
    }
}
