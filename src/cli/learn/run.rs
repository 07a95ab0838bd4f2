//! A lesson on the screen.

use std::io::IsTerminal as _;
use std::process::ExitCode;
use std::time::Instant;

use super::source::{self, Found, misused};
use super::words::{Learn, Source, Staged};
use super::{list, stage, watch};
use crate::cli::args::Settings;
use crate::cli::control::Control;
use crate::cli::front::is_dumb;
use crate::cli::layers::UsageError;
use crate::cli::run::end;
use crate::cli::screen::{self, Shown};
use crate::cli::threads::{self, MainThread, cannot_start};
use crate::learn::{BUILT_IN, Runner};
use crate::screen::{Leaving, LessonOptions, Options};
use crate::signals::Signals;
use crate::user::{Progress, progress};
use stickylb::LocalHandle;

/// Leads through the lesson that was asked for, or the first that was not passed.
pub(super) fn run(asked: &Learn) -> Result<ExitCode, UsageError> {
    let progress = progress();
    let source = match &asked.lesson {
        Some(word) => Source::of(word),
        None => match BUILT_IN.iter().find(|one| !progress.passed.contains_key(&one.number)) {
            Some(next) => Source::BuiltIn(next.number),
            // All were passed: which one to see again is the learner's choice.
            None => return list::list(&progress),
        },
    };
    let found = source::find(&source)?;
    if !std::io::stdout().is_terminal() || is_dumb() {
        let what = match &source {
            Source::BuiltIn(number) => number.to_string(),
            Source::File(path) => path.display().to_string(),
        };
        return misused(&format!(
            "learn shows a screen, which needs a terminal: stickylb-tui learn check {what} --play plays the lesson without one"
        ));
    }
    let settings = Settings { glyphs: asked.glyphs, theme: asked.theme.clone(), ..Settings::default() };
    let Some(look) = screen::look(true, &settings)? else { return Ok(ExitCode::SUCCESS) };
    stickylb::program::raise_descriptor_limit();
    let staged = asked.staged;
    threads::run(move |main| shown(main, source, found, staged, (look, progress)))
}

/// All of it, on the control thread.
async fn shown(
    main: MainThread,
    source: Source,
    found: Found,
    staged: Staged,
    (mut look, progress): (Options, Progress),
) -> Result<(), UsageError> {
    let mut signals = Signals::new().map_err(cannot_start)?;
    let seed = stage::seed(&found.lesson, staged);
    let stage = stage::start(&found.lesson, seed, staged).await?;
    let mut warnings = Vec::new();
    let control = Control::open(&stage.engine, &signals, false, &mut warnings)?;
    stage.engine.announce(&warnings);
    let reads = match source {
        Source::File(path) => Some(watch::watch(path)),
        Source::BuiltIn(_) => None,
    };
    let runner = Runner::new(found.lesson, found.number, seed, Instant::now());
    look.lesson = Some(LessonOptions { runner, record: progress.record, reads });
    look.trouble = look.trouble.or(progress.trouble);
    let what = Shown::Screen(Box::new(look));
    let failed = what.failure();
    let handle = LocalHandle::new(&stage.engine);
    let (left, handle) = screen::show(&main, handle, Leaving::Ends, &mut signals, what).await;
    drop(handle);
    let ending = end(&main, &stage.engine, &mut signals, true).await;
    control.close(ending).await;
    left.map(drop).map_err(failed)
}
