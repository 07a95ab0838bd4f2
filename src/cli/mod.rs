//! The command line: what is asked for, and which front end does it.

mod args;
#[cfg(unix)]
mod background;
#[cfg(unix)]
mod ctl;
#[cfg(unix)]
mod explain;
mod import;
mod layers;
#[cfg(feature = "tui")]
mod look;
mod man;
mod reload;
mod run;
mod signals;

use std::io::{ErrorKind, Write as _};
use std::process::ExitCode;
use std::time::Duration;

use clap::{CommandFactory, Parser};

pub(crate) use args::LogFormat;
pub(crate) use signals::Signals;

use args::{Args, DemoBackend, Subcommand};
use layers::UsageError;
use stickylb::config;
use stickylb::config::Config;
use stickylb::program;
use stickylb::untrusted::Untrusted;

/// The program failed while it ran.
const FAILED: u8 = 1;
/// Usage or configuration is wrong; clap ends with the same status.
const MISUSED: u8 = 2;

/// Runs the program as the command line says.
pub fn main() -> ExitCode {
    let args = match Args::try_parse() {
        Ok(args) => args,
        Err(error) => return refuse(&error),
    };
    let result = match &args.subcommand {
        Some(Subcommand::DemoBackend(options)) => return demo_backend(options),
        Some(Subcommand::Supervise(options)) => {
            return program::supervise(&options.command, Duration::from_millis(options.grace), options.descriptors);
        }
        Some(Subcommand::Check { file }) => check(&args, file.as_deref()),
        #[cfg(unix)]
        Some(Subcommand::Start { words }) => background::start(words),
        #[cfg(unix)]
        Some(Subcommand::List) => ctl::run(ctl::list()),
        #[cfg(unix)]
        Some(Subcommand::Stop { port, all }) => ctl::run(ctl::stop(*port, *all)),
        #[cfg(all(unix, feature = "tui"))]
        Some(Subcommand::Attach { port }) => ctl::run(ctl::attach(&args, *port)),
        #[cfg(unix)]
        Some(Subcommand::Explain(asked)) => ctl::run(explain::explain(asked)),
        #[cfg(unix)]
        Some(Subcommand::Ctl { port, what }) => ctl::run(ctl::ctl(*port, what)),
        Some(Subcommand::Import { file }) => import::import(file),
        Some(Subcommand::Completions { shell }) => {
            let mut script = Vec::new();
            clap_complete::generate(*shell, &mut Args::command(), "stickylb-tui", &mut script);
            Ok(print(&script))
        }
        Some(Subcommand::Man) => Ok(print(man::page(Args::command()).as_bytes())),
        Some(Subcommand::Schema) => Ok(print(config::SCHEMA.as_bytes())),
        Some(Subcommand::Run(asked)) => run::copies(&args, asked),
        None => layers::config(&args).and_then(|config| run::run(&args.options, config, run::Backends::of(&args))),
    };
    result.unwrap_or_else(|error| {
        // One problem a line, each with the program's name, as compilers do.
        for problem in error.problems() {
            eprintln!("stickylb-tui: {problem}");
        }
        ExitCode::from(if matches!(error, UsageError::Failed(_) | UsageError::Several(_)) { FAILED } else { MISUSED })
    })
}

/// Prints a text, whose reader may leave before its end, as `head` does.
fn print(text: &[u8]) -> ExitCode {
    let mut stdout = std::io::stdout().lock();
    match stdout.write_all(text).and_then(|()| stdout.flush()) {
        Err(error) if error.kind() != ErrorKind::BrokenPipe => {
            eprintln!("stickylb-tui: cannot write to the standard output: {error}");
            ExitCode::from(FAILED)
        }
        _ => ExitCode::SUCCESS,
    }
}

/// Shows help or version, or what is wrong with the words; these may hold anything.
fn refuse(error: &clap::Error) -> ExitCode {
    let text = error.render().to_string();
    let shown: Vec<_> = text.trim_end().lines().map(|line| Untrusted::new(line).to_string()).collect();
    if error.use_stderr() {
        eprintln!("{}", shown.join("\n"));
        ExitCode::from(MISUSED)
    } else {
        print((shown.join("\n") + "\n").as_bytes())
    }
}

/// Reads a configuration file and says what it holds, without starting anything.
fn check(args: &Args, file: Option<&std::path::Path>) -> Result<ExitCode, UsageError> {
    let path = file
        .or(args.options.config.as_deref())
        .map_or_else(|| layers::default_file().ok_or(UsageError::NothingToCheck), |p| Ok(p.to_owned()))?;
    let config = layers::read(&path).map_err(|error| {
        let mut problems = error.problems();
        if let (true, [only]) = (layers::is_for_run(&path), problems.as_mut_slice()) {
            // That they are missing is all that is wrong.
            let good = format!(" It is good for run, which starts its own: run --config {} -- CMD", path.display());
            *only = format!("{only}{good}").into();
        }
        UsageError::Words(problems)
    })?;
    let file = Untrusted::new(path.display().to_string());
    Ok(print(format!("{file} is good: {}\n", summary(&config)).as_bytes()))
}

/// What a configuration holds, in one line: `2 backends by round-robin on 127.0.0.1:3001`.
fn summary(config: &Config) -> String {
    let counted = |count: usize, what: &str| format!("{count} {what}{}", if count == 1 { "" } else { "s" });
    let backends = counted(config.backends().count(), "backend");
    let addresses: Vec<String> = config.listeners.iter().map(|listener| listener.address().to_string()).collect();
    let addresses = addresses.join(", ");
    match config.pools.as_slice() {
        [only] => format!("{backends} by {} on {addresses}", only.strategy),
        pools => format!("{backends} in {} on {addresses}", counted(pools.len(), "pool")),
    }
}

/// Serves one demo backend until a signal ends it.
fn demo_backend(options: &DemoBackend) -> ExitCode {
    let Ok(runtime) = tokio::runtime::Builder::new_current_thread().enable_all().build() else {
        return ExitCode::from(FAILED);
    };
    let served = runtime.block_on(async {
        let mut signals = Signals::new()?;
        let options = demo_backends::Options {
            name: options.name.clone(),
            host: std::net::Ipv4Addr::LOCALHOST.into(),
            port: options.port,
            color: options.color,
        };
        demo_backends::serve(options, |_| {}, signals.next()).await
    });
    match served {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("cannot listen on port {}: {error}", options.port);
            ExitCode::from(FAILED)
        }
    }
}
