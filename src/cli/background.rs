//! Running without a terminal: both processes of `start`, and a run whose screen was detached.

use std::ffi::OsString;
use std::fs::File;
use std::io::{self, BufRead as _, BufReader};
use std::process::{Command, ExitCode, Stdio};

use clap::Parser as _;

use super::args::{Args, Subcommand};
use super::layers::UsageError;
use super::say::{FAILED, refuse, say};
use super::threads::MainThread;
use crate::signals::Signals;
use crate::writable;
use stickylb::Balancer;

/// Starts the program again in the background with the arguments `words`, and waits until it serves.
pub(super) fn start(words: &[OsString]) -> Result<ExitCode, UsageError> {
    // Parsed here too, so that mistakes are reported as they are without `start`.
    let program = OsString::from("stickylb-tui");
    let args = match Args::try_parse_from(std::iter::once(&program).chain(words)) {
        Ok(args) => args,
        Err(error) => return Ok(refuse(&error)),
    };
    if std::env::args_os().nth(1).is_none_or(|first| first != "start") {
        return Err(UsageError::Words(vec!["write the options behind start: stickylb-tui start --demo".into()]));
    }
    if !matches!(args.subcommand, None | Some(Subcommand::Run(_))) {
        let why = "start takes options and backends, or run: leave the other subcommand out".to_owned();
        return Err(UsageError::Words(vec![why.into()]));
    }
    if is_plain(&args) {
        let why = "start shows no prompt: leave --plain out; stickylb-tui attach --plain has one for what runs";
        return Err(UsageError::Words(vec![why.into()]));
    }
    let failed = |error: io::Error| UsageError::Failed(format!("cannot start in the background: {error}"));
    let itself = std::env::current_exe().map_err(failed)?;
    // The child writes errors to our stderr. Once it serves, it writes its URL to stdout and closes both.
    let mut child = Command::new(itself)
        .arg("--background")
        .args(words)
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .spawn()
        .map_err(failed)?;
    let mut ready = String::new();
    if let Some(said) = child.stdout.take() {
        BufReader::new(said).read_line(&mut ready).map_err(failed)?;
    }
    if ready.is_empty() {
        // It ended before it served, and has reported why.
        let status = child.wait().map_err(failed)?;
        let code = status.code().and_then(|code| u8::try_from(code).ok()).unwrap_or(FAILED);
        return Ok(ExitCode::from(code));
    }
    let serves = format!("{} serves in the background (pid {})", ready.trim_end(), child.id());
    let said = say(&format!("{serves}\nits screen:   stickylb-tui attach\nto stop it:   stickylb-tui stop"));
    said.map_err(|error| UsageError::Failed(format!("{serves}, but {error}: stickylb-tui stop ends it")))?;
    Ok(ExitCode::SUCCESS)
}

#[cfg(feature = "tui")]
fn is_plain(args: &Args) -> bool {
    let of_run = matches!(&args.subcommand, Some(Subcommand::Run(run)) if run.options.plain);
    args.options.plain || of_run
}

/// Without the `tui` feature there is no such option.
#[cfg(not(feature = "tui"))]
fn is_plain(_: &Args) -> bool {
    false
}

/// The first step of a background process: it leaves the session of the process that started it.
pub(super) fn begin() -> Result<(), UsageError> {
    rustix::process::setsid()
        .map(drop)
        .map_err(|error| UsageError::Failed(format!("cannot leave the terminal's session: {error}")))
}

/// Waits until the balancer serves, reports its URL to the process that started it, and detaches from terminal and
/// stdio.
///
/// # Errors
/// The URL could not be written: the process that started this one no longer waits.
pub(super) async fn serve(main: &MainThread, engine: &Balancer, signals: &mut Signals) -> io::Result<()> {
    tokio::select! {
        () = engine.serving() => {}
        () = signals.next() => return Ok(()),
    }
    let url = format!("{}\n", engine.snapshot().url());
    let told = main.run(move || writable::write_all(&mut writable::stdout()?, url.as_bytes()).map_err(|cut| cut.error));
    tokio::select! {
        told = told => told.map_err(io::Error::other)??,
        () = signals.next() => return Ok(()),
    }
    go_on(signals).await
}

/// After the screen was detached: says so, and runs on.
#[cfg(feature = "tui")]
pub(super) async fn detached(main: &MainThread, engine: &Balancer, signals: &mut Signals) -> io::Result<()> {
    let text = format!(
        "{} goes on without a screen (pid {}), also when this terminal closes\n\
         its screen:   stickylb-tui attach, in another terminal\n\
         to stop it:   stickylb-tui stop, or Ctrl-C here",
        engine.snapshot().url(),
        std::process::id()
    );
    // A failure does not matter: the terminal may be gone.
    main.finish(&mut main.run(move || drop(say(&text)))).await;
    go_on(signals).await
}

/// Points stdio at `/dev/null` and runs until told to stop.
pub(super) async fn go_on(signals: &mut Signals) -> io::Result<()> {
    let nothing = File::options().read(true).write(true).open("/dev/null")?;
    rustix::stdio::dup2_stdin(&nothing)?;
    rustix::stdio::dup2_stdout(&nothing)?;
    rustix::stdio::dup2_stderr(&nothing)?;
    signals.without_terminal();
    signals.next().await;
    Ok(())
}
