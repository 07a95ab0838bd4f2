//! Starts the engine and the front end that was asked for.

use std::io::IsTerminal;
use std::process::ExitCode;
use std::sync::Arc;

use super::args::Args;
use super::layers::UsageError;
use super::signals::Signals;
use crate::config::Config;
use crate::engine::{Engine, Options};
use crate::headless;

/// Runs until told to stop.
pub(super) fn run(args: &Args, config: Config) -> Result<ExitCode, UsageError> {
    let headless = args.headless || !cfg!(feature = "tui") || !std::io::stdout().is_terminal();
    if headless && config.backends.is_empty() && args.demo.is_none() {
        return Err(UsageError::NothingToBalance);
    }
    raise_descriptor_limit();
    let failed = |error: std::io::Error| UsageError::Failed(format!("cannot start: {error}"));
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().map_err(failed)?;
    let done = runtime.block_on(async {
        let signals = Signals::new().map_err(failed)?;
        // Before anything is started, so that a mistake in its name starts nothing.
        let log = headless::LogFile::open(args.log_file.as_deref(), args.log_format)
            .map_err(|error| UsageError::Failed(format!("cannot write the log file: {error}")))?;
        let warnings = warnings(&config);
        let options = Options {
            demo_program: std::env::current_exe().ok(),
            demo_backends: args.demo.map_or(0, usize::from),
            workers: None,
            admission: None,
        };
        #[cfg(feature = "tui")]
        if !headless {
            crate::tui::install_log();
        }
        let engine = Arc::new(Engine::start(config, options).await?);
        #[cfg(feature = "tui")]
        if !headless {
            return crate::tui::run(&engine, signals, log, warnings, super::look::options(args))
                .await
                .map_err(|error| UsageError::Failed(format!("the screen failed: {error}")));
        }
        headless::run(&engine, signals, args.log_format, log, &warnings)
            .await
            .map_err(|error| UsageError::Failed(format!("cannot write the log: {error}")))
    });
    // A resolver that hangs must not hold up the end.
    runtime.shutdown_background();
    done
}

/// What a person should know of their configuration before they rely on it.
fn warnings(config: &Config) -> Vec<String> {
    let mut warnings = Vec::new();
    if config.host.is_unspecified() {
        warnings
            .push(format!("listening on {}: everyone on your network can reach the backends through it", config.host));
    }
    if config.email {
        warnings.push("'email' is set, but this version sends no mail yet".to_owned());
    }
    warnings
}

/// As many connections as the system lets this user have: the usual soft limit of 1024 is for older programs.
fn raise_descriptor_limit() {
    #[cfg(unix)]
    {
        use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
        let limit = getrlimit(Resource::Nofile);
        // Where it is refused, the old limit holds and accepting pauses at it.
        let _ = setrlimit(Resource::Nofile, Rlimit { current: limit.maximum, maximum: limit.maximum });
    }
}
