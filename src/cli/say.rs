//! What the command line prints. Its reader may be slow or gone, or the disk full.

use std::io;
use std::process::ExitCode;

use super::layers::UsageError;
use crate::writable;
use stickylb::untrusted::Untrusted;

/// The program failed while it ran.
pub(super) const FAILED: u8 = 1;
/// Usage or configuration is wrong; clap ends with the same status.
pub(super) const MISUSED: u8 = 2;

/// Writes lines to standard output. A reader that closes it early, as `head` does, is no failure.
pub(super) fn say(lines: &str) -> Result<(), UsageError> {
    let failed = |error: io::Error| UsageError::Failed(format!("cannot write the answer to standard output: {error}"));
    let mut stdout = writable::stdout().map_err(failed)?;
    match writable::write_all(&mut stdout, whole(lines).as_bytes()) {
        Err(cut) if cut.error.kind() != io::ErrorKind::BrokenPipe => Err(failed(cut.error)),
        _ => Ok(()),
    }
}

/// Writes lines to standard error. A failure is ignored: there is nowhere left to report it.
pub(super) fn complain(lines: &str) {
    if let Ok(mut stderr) = writable::stderr() {
        let _ = writable::write_all(&mut stderr, whole(lines).as_bytes());
    }
}

/// The lines, with a line end added if it is missing.
fn whole(lines: &str) -> String {
    let end = if lines.is_empty() || lines.ends_with('\n') { "" } else { "\n" };
    format!("{lines}{end}")
}

/// Says everything that is wrong, one problem a line, each with the program's name, as compilers do.
pub(super) fn fail(error: &UsageError) -> ExitCode {
    let lines: Vec<_> = error.problems().iter().map(|problem| format!("stickylb-tui: {problem}")).collect();
    complain(&lines.join("\n"));
    ExitCode::from(status(error))
}

/// The exit status for this error.
pub(super) fn status(error: &UsageError) -> u8 {
    if matches!(error, UsageError::Failed(_) | UsageError::Several(_) | UsageError::Told) { FAILED } else { MISUSED }
}

/// Prints help, version or a usage error. Arguments quoted in it may hold control characters, which are escaped.
pub(super) fn refuse(error: &clap::Error) -> ExitCode {
    let text = error.render().to_string();
    let shown = text.trim_end().lines().map(|line| Untrusted::new(line).to_string()).collect::<Vec<_>>().join("\n");
    if error.use_stderr() {
        complain(&shown);
        return ExitCode::from(MISUSED);
    }
    say(&shown).map_or_else(|error| fail(&error), |()| ExitCode::SUCCESS)
}
