//! Health checks by a program: the check passes if its exit status is 0.

use std::process::{ExitStatus, Stdio};
use std::time::Duration;
use tokio::io::AsyncReadExt as _;
use tokio::process::{Child, ChildStderr};

use super::finding::{CheckResult, Finding};
use crate::balancer::Backend;
use crate::process;
use crate::upstream::is_exhausted;

/// Most bytes that a program may write to stderr; if it writes more, it is killed and the check fails.
const WRITTEN: usize = 65_536;

/// Most characters kept of its first line.
const LINE: usize = 200;

/// How long to wait for its last output after its exit.
const LAST_WORDS: Duration = Duration::from_millis(100);

/// Runs the backend's check program once. Its process group is killed afterwards in any case.
pub(crate) async fn run(backend: &Backend) -> Finding {
    let health = &backend.settings.health();
    // The configuration rejects an empty command.
    let Some((program, arguments)) = health.command.split_first() else { return Finding::failed("no command") };
    let cannot_run = |error| Finding::failed(format_args!("cannot run {program}: {error}"));
    let mut command = match process::command(program, arguments) {
        Ok(command) => command,
        Err(error) => return cannot_run(error),
    };
    command
        .env("STICKYLB_BACKEND_URL", backend.identity.url.raw())
        .env("STICKYLB_BACKEND_ID", backend.id().to_string())
        .env("STICKYLB_BACKEND_NAME", backend.name().raw())
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .kill_on_drop(true);
    #[cfg(unix)]
    command.process_group(0);
    let mut child = match command.spawn() {
        Ok(child) => child,
        Err(error) if is_exhausted(&error) => return Finding::new(CheckResult::Inconclusive, error),
        Err(error) => return cannot_run(error),
    };
    let group = Group::of(&child);
    let mut stderr = Output { pipe: child.stderr.take(), read: Vec::new() };
    let ended = tokio::time::timeout(health.timeout, end(&mut child, &mut stderr)).await;
    drop(group);
    match ended {
        Err(_) => Finding::failed(format_args!("{program} did not end within {} ms", health.timeout.as_millis())),
        Ok(None) => Finding::failed(format_args!("{program} wrote more than {WRITTEN} bytes to stderr")),
        Ok(Some(Err(error))) => Finding::failed(format_args!("{program} was lost: {error}")),
        Ok(Some(Ok(status))) => {
            // Its group was killed, but a child that left the group could keep the pipe open: hence the timeout.
            let _ = tokio::time::timeout(LAST_WORDS, async { while stderr.more().await && !stderr.is_full() {} }).await;
            judged(status, &stderr.read)
        }
    }
}

/// Waits for the program's exit; `None` if it writes too much.
async fn end(child: &mut Child, stderr: &mut Output) -> Option<std::io::Result<ExitStatus>> {
    loop {
        tokio::select! {
            status = child.wait() => return Some(status),
            _ = stderr.more(), if stderr.pipe.is_some() => if stderr.is_full() { return None },
        }
    }
}

fn judged(status: ExitStatus, stderr: &[u8]) -> Finding {
    let how = status.code().map_or_else(|| status.to_string(), |code| format!("exit {code}"));
    if status.success() {
        return Finding::passed(how);
    }
    let text = String::from_utf8_lossy(stderr);
    match text.lines().map(str::trim).find(|line| !line.is_empty()) {
        Some(line) => Finding::failed(format_args!("{how}: {}", line.chars().take(LINE).collect::<String>())),
        None => Finding::failed(how),
    }
}

/// A program's stderr, and what was read of it.
struct Output {
    pipe: Option<ChildStderr>,
    read: Vec<u8>,
}

impl Output {
    /// Reads more; `false` at the end.
    async fn more(&mut self) -> bool {
        let Some(pipe) = &mut self.pipe else { return false };
        if matches!(pipe.read_buf(&mut self.read).await, Ok(1..)) {
            return true;
        }
        self.pipe = None;
        false
    }

    fn is_full(&self) -> bool {
        self.read.len() > WRITTEN
    }
}

/// A program's process group, killed when this is dropped: also when the check is cancelled by its timeout or by the
/// end of the engine.
struct Group {
    #[cfg(unix)]
    leader: Option<rustix::process::Pid>,
}

impl Group {
    fn of(child: &Child) -> Self {
        #[cfg(not(unix))]
        let _ = child;
        Group {
            #[cfg(unix)]
            leader: child.id().and_then(|id| i32::try_from(id).ok()).and_then(rustix::process::Pid::from_raw),
        }
    }
}

#[cfg(unix)]
impl Drop for Group {
    fn drop(&mut self) {
        if let Some(leader) = self.leader {
            // An error means that no process is left.
            let _ = rustix::process::kill_process_group(leader, rustix::process::Signal::KILL);
        }
    }
}
