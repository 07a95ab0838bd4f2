//! The command line: what is asked for, and which front end does it.

mod args;
mod layers;
mod run;
mod signals;

use std::process::ExitCode;

use clap::Parser;

pub(crate) use args::LogFormat;
pub(crate) use signals::Signals;

use args::{Args, DemoBackend, Subcommand};
use layers::UsageError;

/// The program failed while it ran.
const FAILED: u8 = 1;
/// Usage or configuration is wrong; clap ends with the same status.
const MISUSED: u8 = 2;

/// Runs the program as the command line says.
pub fn main() -> ExitCode {
    let args = Args::parse();
    let result = match &args.subcommand {
        Some(Subcommand::DemoBackend(options)) => return demo_backend(options),
        Some(Subcommand::Check { file }) => check(&args, file.as_deref()),
        None => layers::config(&args).and_then(|config| run::run(&args, config)),
    };
    match result {
        Ok(code) => code,
        Err(error) => {
            // One problem a line, each with what the program is called, as compilers do.
            for line in error.to_string().lines() {
                eprintln!("stickylb-tui: {}", crate::visible::visible(line));
            }
            ExitCode::from(match error {
                UsageError::Failed(_) => FAILED,
                _ => MISUSED,
            })
        }
    }
}

/// Reads a configuration file and says what it holds, without starting anything.
fn check(args: &Args, file: Option<&std::path::Path>) -> Result<ExitCode, UsageError> {
    let path = file
        .or(args.config.as_deref())
        .map_or_else(|| layers::default_file().ok_or(UsageError::NothingToCheck), |p| Ok(p.to_owned()))?;
    let config = layers::read(&path)?;
    println!(
        "{} is good: {} backend{} by {} on {}:{}",
        path.display(),
        config.backends.len(),
        if config.backends.len() == 1 { "" } else { "s" },
        config.strategy,
        config.host,
        config.port,
    );
    Ok(ExitCode::SUCCESS)
}

/// Serves one demo backend until standard input ends.
fn demo_backend(options: &DemoBackend) -> ExitCode {
    let Ok(runtime) = tokio::runtime::Builder::new_current_thread().enable_all().build() else {
        return ExitCode::from(FAILED);
    };
    let (end, ended) = tokio::sync::oneshot::channel::<()>();
    // Reading blocks, so it has a thread of its own; it ends with the process.
    std::thread::spawn(move || {
        let _ = std::io::copy(&mut std::io::stdin(), &mut std::io::sink());
        drop(end);
    });
    let served = runtime.block_on(demo_backends::serve(
        demo_backends::Options {
            name: options.name.clone(),
            host: std::net::Ipv4Addr::LOCALHOST.into(),
            port: options.port,
            color: options.color,
        },
        |address| println!("listening on {address}"),
        async {
            let _ = ended.await;
        },
    ));
    if served.is_ok() { ExitCode::SUCCESS } else { ExitCode::from(FAILED) }
}
