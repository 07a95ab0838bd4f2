//! The run of `survive` that is under way, and what it is told.

use std::sync::{Mutex, PoisonError};
use tokio::sync::watch;

use crate::api::CommandError;
use crate::survive::Word;

/// The run that is under way, or the last one.
#[derive(Default)]
pub(super) struct SurviveRun {
    /// What it is told; `None` where there was none. Nobody listens once it has ended.
    words: Mutex<Option<watch::Sender<Word>>>,
}

impl SurviveRun {
    /// Begins a run; what it is told comes out of the receiver.
    pub(super) fn begin(&self) -> Result<watch::Receiver<Word>, CommandError> {
        let mut words = self.words.lock().unwrap_or_else(PoisonError::into_inner);
        if words.as_ref().is_some_and(|words| !words.is_closed()) {
            return Err(CommandError::SurviveUnderWay);
        }
        let (tell, told) = watch::channel(Word::Watch);
        *words = Some(tell);
        Ok(told)
    }

    /// Tells a run that is under way.
    pub(super) fn tell(&self, word: Word) -> Result<(), CommandError> {
        let words = self.words.lock().unwrap_or_else(PoisonError::into_inner);
        let told = words.as_ref().is_some_and(|words| !words.is_closed());
        if let Some(words) = words.as_ref().filter(|_| told) {
            words.send_modify(|now| *now = (*now).max(word));
            return Ok(());
        }
        Err(CommandError::SurviveNotUnderWay)
    }
}
