//! The command line: parses the arguments and runs the chosen subcommand or front end.

mod args;
#[cfg(all(unix, feature = "tui"))]
mod attach;
#[cfg(unix)]
mod background;
mod certificates;
mod control;
#[cfg(unix)]
mod ctl;
#[cfg(unix)]
mod ctl_words;
#[cfg(unix)]
mod explain;
mod export;
mod export_words;
mod front;
mod glyphs;
mod import;
#[cfg(target_os = "linux")]
mod init;
mod layers;
#[cfg(feature = "tui")]
mod learn;
mod man;
mod meant;
mod names;
mod names_words;
mod offered;
mod reload;
mod run;
mod say;
#[cfg(feature = "tui")]
mod screen;
mod survive;
mod threads;
mod trust;
mod trusted;
#[cfg(feature = "tui")]
mod user;
mod warnings;
mod watched;

use std::process::ExitCode;
use std::time::Duration;

use clap::{CommandFactory, Parser};

use crate::signals::Signals;
use args::{Args, DemoBackend, Subcommand};
use layers::UsageError;
use offered::offered;
use say::{FAILED, complain, fail, refuse, say};
use stickylb::api::Mode;
use stickylb::config;
use stickylb::config::{Config, ListenerConfig};
use stickylb::program;
use stickylb::untrusted::Untrusted;

/// Runs the program as the command line says.
pub fn main() -> ExitCode {
    let args = match Args::try_parse() {
        Ok(args) => args,
        Err(error) => return refuse(&error),
    };
    #[cfg(target_os = "linux")]
    if init::is_first() {
        return init::run().unwrap_or_else(|error| fail(&error));
    }
    let result = match &args.subcommand {
        Some(Subcommand::DemoBackend(options)) => return demo_backend(options),
        Some(Subcommand::Supervise(options)) => {
            return program::supervise(&options.command, Duration::from_millis(options.grace), options.descriptors);
        }
        #[cfg(feature = "tui")]
        Some(Subcommand::Keys { print }) => user::keys(*print),
        #[cfg(feature = "tui")]
        Some(Subcommand::Check { file, user: true }) => user::check(file.as_deref()),
        #[cfg(feature = "tui")]
        Some(Subcommand::Schema { user: true, .. }) => user::schema(),
        #[cfg(feature = "tui")]
        Some(Subcommand::Schema { lesson: true, .. }) => learn::schema(),
        #[cfg(feature = "tui")]
        Some(Subcommand::Learn(asked)) => learn::learn(&args, asked),
        Some(Subcommand::Check { file, .. }) => check(&args, file.as_deref()),
        #[cfg(unix)]
        Some(Subcommand::Start { words }) => background::start(words),
        #[cfg(unix)]
        Some(Subcommand::List) => ctl::run(ctl::list()),
        #[cfg(unix)]
        Some(Subcommand::Stop { port, all }) => ctl::run(ctl::stop(*port, *all)),
        #[cfg(all(unix, feature = "tui"))]
        Some(Subcommand::Attach { port, plain, watch }) => attach::attach(&args, *port, *plain, *watch),
        #[cfg(unix)]
        Some(Subcommand::Explain(asked)) => ctl::run(explain::explain(asked)),
        #[cfg(unix)]
        Some(Subcommand::Ctl { port, what }) => ctl::run(ctl::ctl(*port, what)),
        Some(Subcommand::Names(asked)) => names::names(&args, asked),
        Some(Subcommand::Export(asked)) => export::export(&args, asked),
        Some(Subcommand::Import { file }) => import::import(file),
        Some(Subcommand::Completions { shell }) => {
            let mut script = Vec::new();
            clap_complete::generate(*shell, &mut offered(&Args::command()), "stickylb-tui", &mut script);
            say(&String::from_utf8_lossy(&script)).map(|()| ExitCode::SUCCESS)
        }
        Some(Subcommand::Trust(asked)) => trust::trust(asked),
        Some(Subcommand::Man) => say(&man::page(Args::command())).map(|()| ExitCode::SUCCESS),
        Some(Subcommand::Schema { .. }) => say(&config::SCHEMA).map(|()| ExitCode::SUCCESS),
        Some(Subcommand::Run(asked)) => run::copies(&args, asked),
        Some(Subcommand::Survive(asked)) => survive::survive(&args, asked),
        None => {
            let backends = run::Backends::of(&args);
            layers::config(&args, None).and_then(|config| run::run(&args.options, config, backends, None))
        }
    };
    result.unwrap_or_else(|error| fail(&error))
}

/// Reads a configuration file and says what it holds, without starting anything.
fn check(args: &Args, file: Option<&std::path::Path>) -> Result<ExitCode, UsageError> {
    let path = file
        .or(args.options.config.as_deref())
        .map_or_else(|| layers::default_file().ok_or(UsageError::NothingToCheck), |p| Ok(p.to_owned()))?;
    let config = layers::check(&path)?;
    let wrong = |problems: Vec<String>| UsageError::Words(problems.into_iter().map(Untrusted::new).collect());
    let certificates = stickylb::program::check_certificates(&config).map_err(wrong)?;
    for warning in warnings::hashed_ids(&config).into_iter().chain(certificates) {
        complain(&format!("stickylb-tui: warning: {}", Untrusted::new(warning)));
    }
    say(&format!("{} is good: {}", Untrusted::new(path.display().to_string()), summary(&config)))?;
    Ok(ExitCode::SUCCESS)
}

/// What a configuration holds, in one line: `2 backends by round-robin on 127.0.0.1:3001`.
fn summary(config: &Config) -> String {
    let counted = |count: usize, what: &str| format!("{count} {what}{}", if count == 1 { "" } else { "s" });
    let backends = counted(config.backends().count(), "backend");
    let address = |listener: &ListenerConfig| match (&listener.tls, listener.mode) {
        (None, _) => listener.address().to_string(),
        (Some(_), Mode::Tcp) => format!("tls://{}", listener.address()),
        (Some(_), _) => format!("https://{}", listener.address()),
    };
    let addresses: Vec<String> = config.listeners.iter().map(address).collect();
    let addresses = addresses.join(", ");
    let names: Vec<&str> = config.pools.iter().flat_map(|pool| &pool.names).map(String::as_str).collect();
    let names = if names.is_empty() { String::new() } else { format!(", for {}", names.join(", ")) };
    match config.pools.as_slice() {
        [only] => format!("{backends} by {} on {addresses}{names}", only.strategy),
        pools => format!("{backends} in {} on {addresses}{names}", counted(pools.len(), "pool")),
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
            letter: options.letter,
            color: options.color.clone(),
        };
        demo_backends::serve(options, |_| {}, signals.next()).await
    });
    match served {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            complain(&format!("cannot listen on port {}: {error}", options.port));
            ExitCode::from(FAILED)
        }
    }
}
