//! `learn`: lessons on the screen, the list of them, and whether one is good.

mod chats;
mod list;
mod play;
mod run;
mod source;
mod stage;
mod watch;
pub(super) mod words;

use std::process::ExitCode;

use super::args::{Args, Settings};
use super::layers::UsageError;
use super::say::say;
use crate::learn::{self, BUILT_IN, Lesson};
use crate::user::progress;
use source::{Found, misused};
use words::{Learn, Source, What};

/// Runs `learn`.
pub(super) fn learn(args: &Args, asked: &Learn) -> Result<ExitCode, UsageError> {
    if args.options != Settings::default() || args.demo.is_some() || !args.backends.is_empty() {
        return misused("write what belongs to 'learn' behind it: stickylb-tui learn [OPTIONS] [LESSON]");
    }
    match &asked.what {
        Some(What::Check { lesson, play: true, staged }) => play::play(named(lesson.as_deref())?, *staged),
        Some(What::Check { lesson, .. }) => check(&named(lesson.as_deref())?),
        None if asked.list => list::list(&progress()),
        None => run::run(asked),
    }
}

/// Prints the schema of a lesson's file.
pub(super) fn schema() -> Result<ExitCode, UsageError> {
    say(&learn::schema()).map(|()| ExitCode::SUCCESS)
}

/// The lesson of this name, or all that come with the program.
fn named(lesson: Option<&str>) -> Result<Vec<Found>, UsageError> {
    match lesson {
        Some(word) => Ok(vec![source::find(&Source::of(word))?]),
        None => BUILT_IN.iter().map(|one| source::find(&Source::BuiltIn(one.number))).collect(),
    }
}

/// Says that each is good, and what it holds.
fn check(all: &[Found]) -> Result<ExitCode, UsageError> {
    let lines: Vec<String> =
        all.iter().map(|found| format!("{} is good: {}", found.name, summary(&found.lesson))).collect();
    say(&lines.join("\n"))?;
    Ok(ExitCode::SUCCESS)
}

/// `"The slow one", 4 steps, 1 of them to do, 3 backends`.
fn summary(lesson: &Lesson) -> String {
    let counted = |count: usize, what: &str| format!("{count} {what}{}", if count == 1 { "" } else { "s" });
    let done = lesson.steps.iter().filter(|step| matches!(step.kind, learn::StepKind::Do(_))).count();
    let title = stickylb::untrusted::Untrusted::new(&lesson.title);
    let (steps, backends) = (counted(lesson.steps.len(), "step"), counted(lesson.backends, "backend"));
    format!("\"{title}\", {steps}, {done} of them to do, {backends}")
}
