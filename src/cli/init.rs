//! The first process of a container. The kernel makes it the parent of every orphan there, and waits for nobody to reap
//! them: so it does that alone, and runs the program as its child.

use std::io;
use std::process::{Child, Command, ExitCode};

use rustix::process::{Pid, Signal, WaitOptions};
use signal_hook::consts::{SIGCHLD, SIGHUP, SIGINT, SIGQUIT, SIGTERM, SIGUSR1, SIGUSR2};
use signal_hook::iterator::SignalsInfo;
use signal_hook::iterator::exfiltrator::WithOrigin;
use signal_hook::iterator::exfiltrator::origin::Origin;
use signal_hook::low_level::siginfo::Cause;

use super::layers::UsageError;
use crate::signals::is_ignored;

/// Whether this is the first process of its PID namespace, and can run itself as a child: without `/proc` it cannot, and
/// serves by itself.
pub(super) fn is_first() -> bool {
    std::process::id() == 1 && std::env::current_exe().is_ok()
}

/// Runs the program with the same arguments as a child, passes signals on to it, reaps all that ends here, and returns
/// with the child's exit status, or 128 and the signal that ended it, as a shell does.
pub(super) fn run() -> Result<ExitCode, UsageError> {
    serve().map_err(|error| UsageError::Failed(format!("cannot run as the first process of a container: {error}")))
}

fn serve() -> io::Result<ExitCode> {
    let heeded = [SIGHUP, SIGINT, SIGQUIT, SIGTERM, SIGUSR1, SIGUSR2].into_iter().filter(|one| !is_ignored(*one));
    let mut signals = SignalsInfo::<WithOrigin>::new(heeded.chain([SIGCHLD]))?;
    let child = Command::new(std::env::current_exe()?).args(std::env::args_os().skip(1)).spawn()?;
    for Origin { signal, cause, .. } in signals.forever() {
        match (signal, cause) {
            (SIGCHLD, _) => {
                if let Some(status) = reap(&child) {
                    return Ok(status);
                }
            }
            // What a terminal sends goes to its whole foreground, so the child has it already.
            (_, Cause::Kernel) => {}
            (signal, _) => pass_on(signal, &child),
        }
    }
    Err(io::Error::other("its signals were closed"))
}

/// Reaps all that have ended; the exit status if the child is one of them.
fn reap(child: &Child) -> Option<ExitCode> {
    let mut found = None;
    while let Ok(Some((pid, status))) = rustix::process::wait(WaitOptions::NOHANG) {
        if u32::try_from(pid.as_raw_pid()) == Ok(child.id()) {
            let signalled = || status.terminating_signal().map_or(1, |signal| 128 + signal);
            let code = status.exit_status().unwrap_or_else(signalled);
            found = Some(ExitCode::from(u8::try_from(code).unwrap_or(1)));
        }
    }
    found
}

fn pass_on(signal: i32, child: &Child) {
    let pid = i32::try_from(child.id()).ok().and_then(Pid::from_raw);
    if let (Some(pid), Some(signal)) = (pid, Signal::from_named_raw(signal)) {
        // An error means that it has ended, which SIGCHLD tells as well.
        let _ = rustix::process::kill_process(pid, signal);
    }
}
