//! `survive` that brings its own traffic: no screen, and at the end a report.

use std::process::ExitCode;
use std::sync::Arc;

use super::ready::ready;
use super::reporting::{Trying, end_watch, finished, partial, print};
use super::test_command::{Asked, TestCommand};
use crate::cli::args::Settings;
use crate::cli::layers::UsageError;
use crate::cli::run::{end, opened_log};
use crate::cli::say::say;
use crate::cli::threads::{self, MainThread, cannot_start};
use crate::headless;
use crate::signals::Signals;
use crate::survive_report::Form;
use stickylb::api::{Command, SurviveOptions, SurviveReport};
use stickylb::config::Config;
use stickylb::{Balancer, Copies, Options};

/// What is to be run.
pub(super) struct Alone {
    pub(super) settings: Settings,
    pub(super) config: Config,
    pub(super) copies: Option<Copies>,
    pub(super) options: SurviveOptions,
    /// What sends the traffic; without, a HAR file does.
    pub(super) test: Option<String>,
    pub(super) form: Form,
}

/// Runs it to its end.
pub(super) fn run(alone: Alone) -> Result<ExitCode, UsageError> {
    stickylb::program::raise_descriptor_limit();
    threads::run(move |main| all(main, alone))
}

async fn all(main: MainThread, alone: Alone) -> Result<(), UsageError> {
    let Alone { settings, config, copies, options, test, form } = alone;
    let mut signals = Signals::new().map_err(cannot_start)?;
    let Some(log) = opened_log(&settings, &mut signals).await? else { return Ok(()) };
    let mut start = Options::default();
    start.program = std::env::current_exe().ok();
    start.copies = copies;
    let engine = Arc::new(Balancer::start(config, start).await?);
    let anew = signals.on_hangup();
    let cannot_log = |error| UsageError::Failed(format!("cannot write the log: {error}"));
    let log = log.map(|file| file.start(&engine, anew)).transpose().map_err(cannot_log)?;
    let reported = match report(&main, &engine, options, test, &mut signals).await {
        Ok(report) => {
            let printed = main.run(move || print(form, &report, say)).await;
            printed.unwrap_or_else(|_| Err(UsageError::Failed("the report was not printed".to_owned())))
        }
        Err(error) => Err(error),
    };
    end(&main, &engine, &mut signals, false).await;
    headless::finish(log).await;
    reported
}

/// Sends the traffic, and waits for the report.
async fn report(
    main: &MainThread,
    engine: &Balancer,
    options: SurviveOptions,
    test: Option<String>,
    signals: &mut Signals,
) -> Result<Box<SurviveReport>, UsageError> {
    let tell = |line| main.complain(line);
    tokio::select! {
        ready = ready(engine, &tell) => ready?,
        () = signals.next() => return Ok(Box::new(partial("it was stopped before the copies served"))),
    }
    let snapshot = engine.snapshot();
    main.complain(format!("survive: {} copies serve at {}", snapshot.backends.len(), snapshot.url().raw()));
    engine.command(Command::Survive(options)).await.map_err(|error| UsageError::Failed(error.to_string()))?;
    let Some(test) = test else { return finished(engine, signals, &tell).await };
    tested(engine, &test, &Asked::of(&snapshot, engine.address().port()), signals, &tell).await
}

/// Runs the test command, then waits for the report, which says if the command did not end well.
pub(super) async fn tested(
    engine: &impl Trying,
    test: &str,
    asked: &Asked,
    signals: &mut Signals,
    tell: &impl Fn(String),
) -> Result<Box<SurviveReport>, UsageError> {
    let mut test = match TestCommand::start(test, asked) {
        Ok(test) => test,
        Err(error) => {
            // What began is not left under way in a balancer that goes on.
            let _ = engine.command(Command::SurviveStop).await;
            return Err(error);
        }
    };
    let how = tokio::select! {
        how = test.ended() => Some(how),
        () = signals.next() => None,
    };
    let Some(how) = how else {
        tell("survive: stopping; what was found so far is reported".to_owned());
        test.stop(signals).await;
        // An error means that it has come to its end by itself.
        let _ = engine.command(Command::SurviveStop).await;
        return finished(engine, signals, tell).await;
    };
    end_watch(engine).await?;
    let mut report = finished(engine, signals, tell).await?;
    let view = engine.view().await?.unwrap_or_default();
    if how.is_ok() && report.partial.is_none() && view.recorded == 0 && view.missed == 0 {
        report.partial = Some("the test command sent no request: does it use $STICKYLB_URL?".into());
    }
    if let Err(how) = how {
        let test = format!("the test command {how}");
        let why = report.partial.take().map_or_else(|| test.clone(), |why| format!("{test}; {}", why.raw()));
        report.partial = Some(why.into());
    }
    Ok(report)
}
