//! `learn check --play`: plays the solutions of lessons against real backends, without a screen.

mod player;
mod several;

use std::process::ExitCode;
use std::time::Instant;

use super::source::{Found, misused};
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
use stickylb::untrusted::Untrusted;

/// Plays them; fails where one cannot be passed.
pub(super) fn play(mut all: Vec<Found>, staged: Staged) -> Result<ExitCode, UsageError> {
    if all.len() > 1 {
        if staged.port.is_some() {
            return misused("--port is for one lesson: name it, stickylb-tui learn check 5 --play --port 3001");
        }
        return threads::run(move |main| several::play(main, all, staged.seed));
    }
    let Some(found) = all.pop() else { return Ok(ExitCode::SUCCESS) };
    stickylb::program::raise_descriptor_limit();
    threads::run(move |main| one(main, found, staged))
}

/// Plays one, and says how each step went.
async fn one(main: MainThread, found: Found, staged: Staged) -> Result<(), UsageError> {
    let Found { name, number, lesson } = found;
    let mut signals = Signals::new().map_err(cannot_start)?;
    let seed = stage::seed(&lesson, staged);
    let title = Untrusted::new(lesson.title.clone());
    let stage = stage::start(&lesson, seed, staged).await?;
    let runner = Runner::new(lesson, number, seed, Instant::now());
    let rehearsal = Rehearsal::new(LocalHandle::new(&stage.engine), runner);
    let tell = |line: String| drop(main.run(move || say(&line)));
    tell(format!("{name}: \"{title}\", seed {seed}"));
    let mut player = Player::new(rehearsal, tell);
    let done = tokio::select! {
        done = player.play() => done,
        () = signals.next() => Err("stopped before it was played".to_owned()),
    };
    drop(player);
    end(&main, &stage.engine, &mut signals, false).await;
    done.map_err(|why| UsageError::Several(vec![format!("{name}: {why}").into()]))
}
