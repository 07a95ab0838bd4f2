//! The limit of open descriptors: the balancer raises its own, the programs it starts get the one it was started with.
//!
//! Programs that use `select`, or that close every descriptor they could have, rely on the usual soft limit of 1024.

#[cfg(unix)]
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
use std::io;
#[cfg(unix)]
use std::sync::OnceLock;
use tokio::process::Command;

use super::owner;

/// The soft limit before it was raised; `None` in it is no limit.
#[cfg(unix)]
static BEFORE: OnceLock<Option<u64>> = OnceLock::new();

/// As many connections as the system lets this user have.
#[cfg(unix)]
pub fn raise_descriptor_limit() {
    let limit = getrlimit(Resource::Nofile);
    BEFORE.get_or_init(|| limit.current);
    // Where it is refused, the old limit holds and accepting pauses at it.
    let _ = setrlimit(Resource::Nofile, Rlimit { current: limit.maximum, maximum: limit.maximum });
}

/// The words that tell a supervisor of the limit its process is to have.
#[cfg(unix)]
pub(crate) fn words() -> Option<[String; 2]> {
    let before = BEFORE.get().copied().flatten()?;
    Some(["--descriptors".to_owned(), before.to_string()])
}

/// A command for a program, in its owner's name and with the soft limit there was before.
///
/// # Errors
/// There is no such program.
#[cfg(unix)]
pub(crate) fn command(program: &str, arguments: &[String]) -> io::Result<Command> {
    let Some(limit) = BEFORE.get().copied().flatten().filter(|_| is_raised()) else {
        return Ok(plain(program, arguments));
    };
    is_there(program)?;
    // Between the two halves of a start nothing safe can be done here: a shell is a program that can.
    let mut command = Command::new("/bin/sh");
    command.args(["-c", r#"ulimit -S -n "$0"; exec "$@""#]).arg(limit.to_string()).arg(program).args(arguments);
    command.envs(owner::environment());
    Ok(command)
}

/// The shell's words would not be those of the system.
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

/// Gives this process, and all that it starts, the soft limit of the words.
#[cfg(unix)]
pub(crate) fn restore(limit: u64) {
    let Rlimit { maximum, .. } = getrlimit(Resource::Nofile);
    // A lower one is refused to nobody.
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
