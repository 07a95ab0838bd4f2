//! `learn check --play`: plays the solutions of lessons against real backends, without a screen.

mod player;

use std::process::ExitCode;
use std::time::Instant;

use futures_util::StreamExt as _;

use super::source::Found;
use super::stage;
use super::words::Staged;
use crate::cli::layers::UsageError;
use crate::cli::run::end;
use crate::cli::say::say;
use crate::cli::threads::{self, MainThread, cannot_start};
use crate::learn::Runner;
use crate::screen::Rehearsal;
use crate::signals::Signals;
use player::Player;
use stickylb::LocalHandle;

/// Lessons that are played at a time: each has a balancer and backends of its own.
const AT_A_TIME: usize = 2;

/// Plays them; fails where one cannot be passed.
pub(super) fn play(all: Vec<Found>, staged: Staged) -> Result<ExitCode, UsageError> {
    stickylb::program::raise_descriptor_limit();
    threads::run(move |main| played(main, all, staged))
}

async fn played(main: MainThread, all: Vec<Found>, staged: Staged) -> Result<(), UsageError> {
    let mut signals = Signals::new().map_err(cannot_start)?;
    let is_alone = all.len() == 1;
    let plays = async {
        let one = |found: Found| one(&main, found, staged, is_alone);
        futures_util::stream::iter(all).map(one).buffer_unordered(AT_A_TIME).collect::<Vec<_>>().await
    };
    let results = tokio::select! {
        results = plays => results,
        () = signals.next() => return Err(UsageError::Failed("stopped before the lesson was played".to_owned())),
    };
    let problems: Vec<_> = results.into_iter().filter_map(Result::err).flat_map(|error| error.problems()).collect();
    if problems.is_empty() { Ok(()) } else { Err(UsageError::Several(problems)) }
}

/// Plays one, and says how each step went: at once where it is alone, else when it is over.
async fn one(main: &MainThread, found: Found, staged: Staged, is_alone: bool) -> Result<(), UsageError> {
    let Found { name, number, lesson } = found;
    let seed = stage::seed(&lesson, staged);
    let stage = stage::start(&lesson, seed, staged).await?;
    let title = lesson.title.clone();
    let runner = Runner::new(lesson, number, seed, Instant::now());
    let rehearsal = Rehearsal::new(LocalHandle::new(&stage.engine), runner);
    let mut player = Player::new(rehearsal, |line: String| {
        if is_alone {
            drop(main.run(move || say(&line)));
        }
    });
    player.say(format!("{name}: \"{}\", seed {seed}", stickylb::untrusted::Untrusted::new(title)));
    let played = player.play().await;
    let said = player.said;
    if !is_alone {
        drop(main.run(move || say(&said.join("\n"))));
    }
    // Nobody is to be waited for: what is in flight is the lesson's own.
    let mut signals = Signals::new().map_err(cannot_start)?;
    end(main, &stage.engine, &mut signals, false).await;
    played.map_err(|why| UsageError::Several(vec![format!("{name}: {why}").into()]))
}
