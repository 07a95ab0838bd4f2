//! `survive`: whether an app survives more than one copy of itself.
//!
//! With traffic of its own, a HAR file or a test command, it goes by itself: copies, traffic, report, end. Without, it
//! is a run that watches until the user leaves, and then reports.

mod alone;
#[cfg(unix)]
mod of_running;
mod ready;
pub(super) mod reporting;
mod test_command;
pub(super) mod wanted;
pub(super) mod watch;

use std::process::ExitCode;

use super::args::{Args, Settings, Survive};
use super::layers::{self, UsageError};
use super::reload::Followed;
use super::run::{self, Backends};
use alone::Alone;
#[cfg(unix)]
pub(super) use of_running::of_running;
use stickylb::Copies;
use stickylb::api::Mode;
use stickylb::config::Config;
use watch::Watch;

/// Copies, unless the command line says how many.
const COPIES: u16 = 2;

/// Runs `survive`.
pub(super) fn survive(args: &Args, asked: &Survive) -> Result<ExitCode, UsageError> {
    if args.options != Settings::default() || args.demo.is_some() || !args.backends.is_empty() {
        return misused("write what belongs to 'survive' behind it: stickylb-tui survive [OPTIONS] -- CMD");
    }
    let mut copies = copies(asked)?;
    let file = Followed::beside_copies(&asked.options);
    let mut config = match &copies {
        Some(_) => layers::beside_copies(&asked.options, None)?,
        None => layers::of_file(&asked.options, None)?,
    };
    if let Some(copies) = &mut copies {
        copies.environment = super::trust::for_copies(&config);
    }
    let started = copies.as_ref().map_or(0, |copies| copies.count);
    compares(&config, started)?;
    let options = asked.wanted.options().map_err(|why| UsageError::Words(vec![why]))?;
    let form = asked.wanted.form();
    if !asked.wanted.is_alone() {
        return run::run(&asked.options, config, Backends::watched(copies, file), Some(Watch { options, form }));
    }
    if asked.options.port.is_none() {
        config.listeners.iter_mut().for_each(|listener| listener.port = 0);
    }
    let test = asked.wanted.test.clone();
    alone::run(Alone { settings: asked.options.clone(), config, copies, options, test, form })
}

/// The copies to start; `None` where the backends are those of a file.
fn copies(asked: &Survive) -> Result<Option<Copies>, UsageError> {
    let Some((program, arguments)) = asked.command.split_first() else {
        if asked.options.config.is_none() {
            return misused(
                "there is nothing to try: write the program behind --, as in stickylb-tui survive -- npm start, or name \
                 a file with backends, --config FILE",
            );
        }
        if asked.copies.is_some() {
            return misused("-n counts copies of a program: write the program behind --, or leave -n out");
        }
        return Ok(None);
    };
    let count = asked.copies.unwrap_or(COPIES);
    if asked.options.config.is_none() && count < 2 {
        return misused("survive compares copies: write -n 2 or more");
    }
    Ok(Some(Copies::new(program.clone(), arguments.to_vec(), usize::from(count))))
}

/// Whether there is a pool that speaks HTTP, and more than one backend in it once the copies have started.
fn compares(config: &Config, started: usize) -> Result<(), UsageError> {
    let Some(pool) = config.pools.iter().find(|pool| config.mode_of(&pool.name) == Mode::Http) else {
        return misused(
            "survive compares answers to HTTP requests, and every pool is behind a tcp listener: add one that is not",
        );
    };
    match pool.backends.len() + started {
        0 | 1 if started > 0 => misused("survive compares copies: write -n 2 or more"),
        0 => misused("survive compares copies, and the file has no backends: give it two or more"),
        1 => misused(&format!(
            "survive compares copies, and the pool '{}' has one backend: give it two or more",
            pool.name
        )),
        _ => Ok(()),
    }
}

fn misused<T>(why: &str) -> Result<T, UsageError> {
    Err(UsageError::Words(vec![why.to_owned().into()]))
}
