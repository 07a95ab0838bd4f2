//! Finds the lesson that is meant.

use std::path::Path;
use std::time::Duration;

use super::words::Source;
use crate::cli::layers::UsageError;
use crate::learn::{self, BUILT_IN, BuiltIn, Lesson};
use crate::screen::typeable;
use stickylb::config::{self, ConfigError};
use stickylb::untrusted::Untrusted;

/// How long is waited for what should be a file and is a named pipe.
const WITHIN: Duration = Duration::from_secs(1);

/// A lesson that was found and is good.
#[derive(Clone, Debug)]
pub(super) struct Found {
    /// What it is called in messages: `lesson 5`, or its file.
    pub(super) name: Untrusted<String>,
    pub(super) number: Option<u32>,
    pub(super) lesson: Lesson,
}

/// Reads a lesson.
pub(super) fn find(source: &Source) -> Result<Found, UsageError> {
    match source {
        Source::BuiltIn(number) => {
            let Some(one) = BuiltIn::numbered(*number) else {
                let last = BUILT_IN.last().map_or(0, |one| one.number);
                return misused(&format!(
                    "there is no lesson {number}: there are 1 to {last}, and stickylb-tui learn --list shows them"
                ));
            };
            let lesson = one.read(&typeable)?;
            Ok(Found { name: format!("lesson {number}").into(), number: Some(*number), lesson })
        }
        Source::File(path) => {
            let lesson = of_file(path)?;
            Ok(Found { name: path.display().to_string().into(), number: None, lesson })
        }
    }
}

/// Reads a lesson's file.
pub(super) fn of_file(path: &Path) -> Result<Lesson, ConfigError> {
    let bytes = config::read_file(path, Some(WITHIN))
        .map_err(|error| ConfigError::Unreadable { path: path.to_owned(), error })?;
    learn::read(path, &bytes, &typeable)
}

/// It cannot be done as it is asked for; why, as one sentence.
pub(super) fn misused<T>(why: &str) -> Result<T, UsageError> {
    Err(UsageError::Words(vec![why.to_owned().into()]))
}
