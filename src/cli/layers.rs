//! The layers of the configuration: built-in defaults, then the file, then the command line.

use std::path::{Path, PathBuf};
use std::time::Duration;

use super::args::{Args, Settings, TlsOptions};
use super::meant::meant;
use stickylb::StartError;
use stickylb::config;
use stickylb::config::{BackendSpec, CertificateFiles, Config, ConfigError};
use stickylb::untrusted::Untrusted;

/// The file that is read if the command line names no file, no backends and no `--demo`.
const DEFAULT_FILE: &str = "stickylb.json";

/// Why the program does not run.
#[derive(Debug, thiserror::Error)]
pub(super) enum UsageError {
    #[error(transparent)]
    Config(#[from] ConfigError),
    #[error("{} problems", .0.len())]
    Words(Vec<Untrusted<String>>),
    #[error("there is no ./{DEFAULT_FILE} to check: name a file, stickylb-tui check FILE")]
    NothingToCheck,
    #[error(
        "there is nothing to balance: start it with --demo, with backends (stickylb-tui 5000 5001), or with --config FILE"
    )]
    NothingToBalance,
    #[error(transparent)]
    Start(#[from] StartError),
    #[error("{0}")]
    Failed(String),
    /// One problem for each of several balancers.
    #[error("{} failed", .0.len())]
    Several(Vec<Untrusted<String>>),
    /// What there is to say has been said; the program fails all the same.
    #[error("what was printed says why")]
    Told,
}

impl UsageError {
    /// Each problem as one sentence.
    pub(super) fn problems(&self) -> Vec<Untrusted<String>> {
        match self {
            UsageError::Words(problems)
            | UsageError::Several(problems)
            | UsageError::Start(StartError::Config(problems)) => problems.clone(),
            UsageError::Config(error) => error.problems(),
            UsageError::Told => Vec::new(),
            other => vec![other.to_string().into()],
        }
    }
}

/// The configuration of the command line and the file it names. A file that can block, such as a named pipe, is waited
/// for at most `within`, or without limit.
pub(super) fn config(args: &Args, within: Option<Duration>) -> Result<Config, UsageError> {
    let file = file(args);
    if file.is_some() && !args.backends.is_empty() {
        let both = "backends come from the command line or from --config FILE, not from both: leave one out";
        return Err(UsageError::Words(vec![both.into()]));
    }
    let config = match file {
        Some(path) => config::parse(&path, &bytes(&path, within)?)?,
        None => Config::from_specs(&specs(&args.backends)?),
    };
    with(config, &args.options)
}

/// The configuration for `run`: that of its file, if it names one.
pub(super) fn beside_copies(options: &Settings, within: Option<Duration>) -> Result<Config, UsageError> {
    let config = match &options.config {
        Some(path) => config::parse_beside_copies(path, &bytes(path, within)?)?,
        None => Config::new(Vec::new()),
    };
    with(config, options)
}

/// The configuration of the file that is named.
pub(super) fn of_file(options: &Settings, within: Option<Duration>) -> Result<Config, UsageError> {
    let path = options.config.as_ref().ok_or(UsageError::NothingToBalance)?;
    with(config::parse(path, &bytes(path, within)?)?, options)
}

/// Checks a configuration file. If it lacks only the backends that `run` starts itself, the problem says so.
pub(super) fn check(path: &Path) -> Result<Config, UsageError> {
    let bytes = bytes(path, None)?;
    config::parse(path, &bytes).map_err(|error| {
        let mut problems = error.problems();
        if let (true, [only]) = (config::parse_beside_copies(path, &bytes).is_ok(), problems.as_mut_slice()) {
            let good = format!(" It is good for run, which starts its own: run --config {} -- CMD", path.display());
            *only = format!("{only}{good}").into();
        }
        UsageError::Words(problems)
    })
}

/// Applies the command line's options to a configuration.
fn with(mut config: Config, options: &Settings) -> Result<Config, UsageError> {
    place(options, &mut config)?;
    encrypt(&options.tls, &mut config);
    name(&options.names, &mut config)?;
    for pool in &mut config.pools {
        if let Some(strategy) = options.strategy {
            pool.strategy = strategy;
        }
        if let Some(by) = &options.sticky {
            pool.sticky.by = by.clone();
            pool.sticky.is_written = true;
        }
    }
    if let Some(seconds) = options.hold {
        config.hold = Duration::from_secs(seconds);
    }
    config.seed = options.seed;
    without_problems(&config)?;
    Ok(config)
}

/// Refuses what cannot be together.
pub(super) fn without_problems(config: &Config) -> Result<(), UsageError> {
    let problems = config.problems();
    if problems.is_empty() { Ok(()) } else { Err(UsageError::Words(problems)) }
}

/// The configuration file, where one is used.
pub(super) fn file(args: &Args) -> Option<PathBuf> {
    match &args.options.config {
        Some(path) => Some(path.clone()),
        None if args.backends.is_empty() && args.demo.is_none() => default_file(),
        None => None,
    }
}

/// Applies `--port` and `--host`.
fn place(args: &Settings, config: &mut Config) -> Result<(), UsageError> {
    match config.listeners.as_mut_slice() {
        [only] => {
            only.port = args.port.unwrap_or(only.port);
            only.host = args.host.unwrap_or(only.host);
            Ok(())
        }
        _ if args.port.is_none() && args.host.is_none() => Ok(()),
        several => {
            let count = several.len();
            let which = format!("--port and --host are for one listener, the file has {count}: change them there");
            Err(UsageError::Words(vec![which.into()]))
        }
    }
}

/// Applies `--tls`, `--tls-cert` and `--tls-key`, which are for every listener.
fn encrypt(options: &TlsOptions, config: &mut Config) {
    let files = options.cert.as_ref().zip(options.key.as_ref());
    if !options.own && files.is_none() {
        return;
    }
    for listener in &mut config.listeners {
        let tls = listener.tls.get_or_insert_default();
        if let Some((cert, key)) = files {
            tls.certificates = vec![CertificateFiles::new(cert, key)];
        }
    }
}

/// Applies `--name`, which is for one pool and takes the place of the file's names.
pub(super) fn name(names: &[String], config: &mut Config) -> Result<(), UsageError> {
    match config.pools.as_mut_slice() {
        _ if names.is_empty() => Ok(()),
        [only] => {
            only.names = names.to_vec();
            Ok(())
        }
        several => {
            let which = format!("--name is for one pool, the file has {}: write 'names' in each there", several.len());
            Err(UsageError::Words(vec![which.into()]))
        }
    }
}

/// Parses the command line's backends; all their problems are reported together.
fn specs(words: &[String]) -> Result<Vec<BackendSpec>, UsageError> {
    let (mut specs, mut problems) = (Vec::new(), Vec::new());
    for word in words {
        match word.parse::<BackendSpec>() {
            Ok(spec) => specs.push(spec),
            Err(error) => problems.push(meant(word).map_or_else(
                || error.to_string().into(),
                |meant| format!("'{}' is not a backend: did you mean {meant}?", Untrusted::new(word)).into(),
            )),
        }
    }
    if problems.is_empty() { Ok(specs) } else { Err(UsageError::Words(problems)) }
}

fn bytes(path: &Path, within: Option<Duration>) -> Result<Vec<u8>, ConfigError> {
    config::read_file(path, within).map_err(|error| ConfigError::Unreadable { path: path.to_owned(), error })
}

pub(super) fn default_file() -> Option<PathBuf> {
    let path = PathBuf::from(DEFAULT_FILE);
    path.exists().then_some(path)
}
