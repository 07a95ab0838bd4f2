//! The limit of open descriptors: the balancer raises its own, the programs it starts get the one it was started with.
//!
//! Programs that use `select`, or that close every descriptor they could have, rely on the usual soft limit of 1024.

#[cfg(unix)]
use std::sync::OnceLock;

#[cfg(unix)]
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

/// The soft limit before it was raised; `None` in it is no limit.
#[cfg(unix)]
static BEFORE: OnceLock<Option<u64>> = OnceLock::new();

/// As many connections as the system lets this user have.
#[cfg(unix)]
pub(crate) fn raise_descriptor_limit() {
    let limit = getrlimit(Resource::Nofile);
    BEFORE.get_or_init(|| limit.current);
    // Where it is refused, the old limit holds and accepting pauses at it.
    let _ = setrlimit(Resource::Nofile, Rlimit { current: limit.maximum, maximum: limit.maximum });
}

/// The words that tell a supervisor of the limit its process is to have.
#[cfg(unix)]
pub(super) fn words() -> Option<[String; 2]> {
    let before = BEFORE.get().copied().flatten()?;
    Some(["--descriptors".to_owned(), before.to_string()])
}

/// Gives this process, and all that it starts, the soft limit of the words.
#[cfg(unix)]
pub(super) fn restore(limit: u64) {
    let Rlimit { maximum, .. } = getrlimit(Resource::Nofile);
    // A lower one is refused to nobody.
    let _ = setrlimit(Resource::Nofile, Rlimit { current: Some(limit), maximum });
}

/// This system has no such limit.
#[cfg(not(unix))]
pub(crate) fn raise_descriptor_limit() {}

#[cfg(not(unix))]
pub(super) fn words() -> Option<[String; 2]> {
    None
}

#[cfg(not(unix))]
pub(super) fn restore(_: u64) {}
