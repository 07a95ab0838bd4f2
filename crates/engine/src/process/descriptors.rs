//! The limit of open file descriptors: the balancer raises its own, but starts programs with the original one.
//!
//! Programs that use `select`, or that close every descriptor they could have, rely on the usual soft limit of 1024.

#[cfg(unix)]
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
use std::io;
#[cfg(unix)]
use std::sync::OnceLock;
use tokio::process::Command;

use super::owner;

/// The soft limit before it was raised; an inner `None` means no limit.
#[cfg(unix)]
static BEFORE: OnceLock<Option<u64>> = OnceLock::new();

/// Raises the soft limit to the hard limit, to allow as many connections as possible. Ignores errors.
#[cfg(unix)]
pub fn raise_descriptor_limit() {
    let limit = getrlimit(Resource::Nofile);
    BEFORE.get_or_init(|| limit.current);
    // If this fails, the old limit remains, and accepting pauses when it is reached.
    let _ = setrlimit(Resource::Nofile, Rlimit { current: limit.maximum, maximum: limit.maximum });
}

/// The arguments that tell a supervisor the soft limit for its process.
#[cfg(unix)]
pub(crate) fn words() -> Option<[String; 2]> {
    let before = BEFORE.get().copied().flatten()?;
    Some(["--descriptors".to_owned(), before.to_string()])
}

/// A command that runs a program with its user's environment and the original soft limit.
///
/// # Errors
/// There is no such program.
#[cfg(unix)]
pub(crate) fn command(program: &str, arguments: &[String]) -> io::Result<Command> {
    let Some(limit) = BEFORE.get().copied().flatten().filter(|_| is_raised()) else {
        return Ok(plain(program, arguments));
    };
    is_there(program)?;
    // Setting the limit between fork and exec (`pre_exec`) would need unsafe code, so a shell does it.
    let mut command = Command::new("/bin/sh");
    command.args(["-c", r#"ulimit -S -n "$0"; exec "$@""#]).arg(limit.to_string()).arg(program).args(arguments);
    command.envs(owner::environment());
    Ok(command)
}

/// Checks that the program exists, to return the system's error instead of the shell's message.
#[cfg(unix)]
fn is_there(program: &str) -> io::Result<()> {
    if program.contains('/') {
        return std::fs::metadata(program).map(drop);
    }
    let folders = std::env::var_os("PATH").unwrap_or_default();
    let found = std::env::split_paths(&folders).any(|folder| folder.join(program).exists());
    if found { Ok(()) } else { Err(rustix::io::Errno::NOENT.into()) }
}

#[cfg(unix)]
fn is_raised() -> bool {
    BEFORE.get().is_some_and(|before| getrlimit(Resource::Nofile).current != *before)
}

fn plain(program: &str, arguments: &[String]) -> Command {
    let mut command = Command::new(program);
    command.args(arguments).envs(owner::environment());
    command
}

/// Sets the soft limit of this process and of all processes that it starts.
#[cfg(unix)]
pub(crate) fn restore(limit: u64) {
    let Rlimit { maximum, .. } = getrlimit(Resource::Nofile);
    // Lowering a soft limit never fails.
    let _ = setrlimit(Resource::Nofile, Rlimit { current: Some(limit), maximum });
}

/// This system has no such limit.
#[cfg(not(unix))]
pub fn raise_descriptor_limit() {}

#[cfg(not(unix))]
#[expect(clippy::unnecessary_wraps, reason = "the same as where there is a limit")]
pub(crate) fn command(program: &str, arguments: &[String]) -> io::Result<Command> {
    Ok(plain(program, arguments))
}

#[cfg(not(unix))]
pub(crate) fn words() -> Option<[String; 2]> {
    None
}

#[cfg(not(unix))]
pub(crate) fn restore(_: u64) {}
