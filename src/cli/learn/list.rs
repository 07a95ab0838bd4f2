//! `learn --list`: the lessons, and which of them were passed.

use std::process::ExitCode;

use crate::cli::layers::UsageError;
use crate::cli::say::{complain, say};
use crate::learn::BUILT_IN;
use crate::screen::typeable;
use crate::user::Progress;
use crate::words::aligned;
use stickylb::untrusted::Untrusted;

/// Prints the lessons.
pub(super) fn list(progress: &Progress) -> Result<ExitCode, UsageError> {
    if let Some(trouble) = &progress.trouble {
        complain(&format!("stickylb-tui: warning: {}", Untrusted::new(trouble)));
    }
    say(&table(progress)?)?;
    Ok(ExitCode::SUCCESS)
}

/// Number, title, state and what one learns, a line each.
fn table(progress: &Progress) -> Result<String, UsageError> {
    let mut rows = vec![["N", "LESSON", "STATE", "WHAT ONE LEARNS"].map(str::to_owned)];
    for one in BUILT_IN {
        let lesson = one.read(&typeable)?;
        let state = progress.passed.get(&one.number).map_or_else(|| "-".to_owned(), |day| format!("passed {day}"));
        rows.push([one.number.to_string(), lesson.title, state, lesson.about]);
    }
    Ok(aligned(&rows))
}
