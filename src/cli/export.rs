//! `export`: prints a configuration as one of another engine.

use std::path::Path;
use std::process::ExitCode;

use super::args::Args;
#[cfg(unix)]
use super::ctl;
use super::export_words::Export;
use super::layers;
use super::layers::UsageError;
use super::say::{FAILED, complain, say};
#[cfg(unix)]
use crate::control::{ControlError, Instance, Reply, Request};
use stickylb::api::ResolvedConfig;
use stickylb::untrusted::Untrusted;
use stickylb_convert::{Engine, Target};

/// Prints the file; on standard error, says what the engine cannot do.
pub(super) fn export(args: &Args, asked: &Export) -> Result<ExitCode, UsageError> {
    let target = target(asked)?;
    let exported = stickylb_convert::export(&configuration(args, asked)?, target);
    for cannot in &exported.cannot {
        complain(&format!("stickylb-tui: {} cannot: {}", target.engine.name(), Untrusted::new(&cannot.sentence)));
    }
    say(&exported.text)?;
    Ok(if asked.strict && !exported.cannot.is_empty() { ExitCode::from(FAILED) } else { ExitCode::SUCCESS })
}

fn target(asked: &Export) -> Result<Target, UsageError> {
    let mut target = Target::new(asked.engine);
    match asked.nginx_version {
        Some(version) if target.engine == Engine::Nginx => target.nginx_version = version,
        None => {}
        Some(_) => {
            let why = format!("--nginx-version is for nginx, and this is for {}: leave it out", target.engine.name());
            return Err(UsageError::Words(vec![why.into()]));
        }
    }
    Ok(target)
}

/// The configuration of the file that is named, of the balancer on the port that is, of ./stickylb.json, or of the balancer
/// that runs.
fn configuration(args: &Args, asked: &Export) -> Result<ResolvedConfig, UsageError> {
    let file = asked.config.clone().or_else(|| args.options.config.clone());
    let port = asked.port.or(args.options.port);
    match (file, port) {
        (Some(_), Some(_)) => {
            let both =
                "the configuration is that of --config FILE or of the balancer on --port, not of both: leave one out";
            Err(UsageError::Words(vec![both.into()]))
        }
        (Some(path), None) => of_file(&path),
        (None, Some(port)) => running(Some(port)),
        (None, None) => match layers::default_file() {
            Some(path) => of_file(&path),
            None => running(None),
        },
    }
}

fn of_file(path: &Path) -> Result<ResolvedConfig, UsageError> {
    Ok(layers::check(path)?.resolved())
}

#[cfg(unix)]
fn running(port: Option<u16>) -> Result<ResolvedConfig, UsageError> {
    let mut config = None;
    ctl::run(async {
        let instance = Instance::find(port).await.map_err(|error| match error {
            ControlError::NoneRuns if port.is_none() => nothing(),
            other => other.into(),
        })?;
        let Reply::Configuration(told) = instance.ask(&Request::Configuration).await? else {
            let port = instance.port();
            return Err(UsageError::Failed(format!("the balancer on port {port} gave another answer")));
        };
        config = Some(*told);
        Ok(())
    })?;
    config.ok_or_else(nothing)
}

#[cfg(not(unix))]
fn running(_port: Option<u16>) -> Result<ResolvedConfig, UsageError> {
    Err(nothing())
}

fn nothing() -> UsageError {
    let words = "there is no ./stickylb.json, and no balancer of yours runs: name a file with --config FILE";
    UsageError::Words(vec![words.into()])
}
