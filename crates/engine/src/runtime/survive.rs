//! Finds out whether the app behind a pool survives more than one copy.

use super::start::Balancer;
use crate::api::{CommandError, SurviveOptions, SurviveReport};

impl Balancer {
    /// Begins to record, or to test what a HAR file holds; says so.
    #[expect(clippy::unused_async, reason = "a file is read")]
    pub(super) async fn survive(&self, options: SurviveOptions) -> Result<String, CommandError> {
        drop(options);
        Err(CommandError::CannotSurvive { reason: "not there yet".to_owned().into() })
    }

    /// Ends the recording and begins the tests; says so.
    #[expect(clippy::unused_self, reason = "not there yet")]
    pub(super) fn survive_test(&self) -> Result<String, CommandError> {
        Err(CommandError::SurviveNotUnderWay)
    }

    /// Stops a run; says so.
    #[expect(clippy::unused_self, reason = "not there yet")]
    pub(super) fn survive_stop(&self) -> Result<String, CommandError> {
        Err(CommandError::SurviveNotUnderWay)
    }

    /// What the last run has found.
    #[doc(hidden)]
    pub fn survive_report(&self) -> Option<Box<SurviveReport>> {
        None
    }
}
