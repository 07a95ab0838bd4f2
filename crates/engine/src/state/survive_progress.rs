//! How far a run of `survive` is, for snapshots, and the report of the last one.

use std::sync::{Mutex, MutexGuard, PoisonError};

use crate::api::{SurviveReport, SurviveView};

/// How far a run of `survive` is, and what the last one has found. Empty, and looked at by nobody, until there is one.
#[derive(Default)]
pub(crate) struct SurviveProgress {
    kept: Mutex<Kept>,
}

#[derive(Default)]
struct Kept {
    view: Option<SurviveView>,
    report: Option<SurviveReport>,
}

impl SurviveProgress {
    /// A run begins: nothing is known yet, and what the one before found is forgotten.
    pub(crate) fn begin(&self) {
        *self.kept() = Kept { view: Some(SurviveView::default()), report: None };
    }

    /// Changes what the snapshot shows.
    pub(crate) fn show(&self, change: impl FnOnce(&mut SurviveView)) {
        change(self.kept().view.get_or_insert_default());
    }

    /// What the snapshot shows; `None` where there was no run.
    pub(crate) fn view(&self) -> Option<SurviveView> {
        self.kept().view.clone()
    }

    /// Puts the report there.
    pub(crate) fn report_is(&self, report: SurviveReport) {
        self.kept().report = Some(report);
    }

    /// The report of the last run that has ended.
    pub(crate) fn report(&self) -> Option<SurviveReport> {
        self.kept().report.clone()
    }

    fn kept(&self) -> MutexGuard<'_, Kept> {
        // Ignoring poison is safe: each change is an assignment.
        self.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
