//! A check by a program: it passes where that ends with the exit status 0.

use std::process::{ExitStatus, Stdio};
use std::time::Duration;
use tokio::io::AsyncReadExt as _;
use tokio::process::{Child, ChildStderr};

use super::finding::{CheckResult, Finding};
use crate::balancer::Backend;
use crate::process;
use crate::upstream::is_exhausted;

/// What a program may write to stderr; one that writes more is ended. Its stdout is read by nobody.
const WRITTEN: usize = 65_536;

/// How much of its first line is kept, in characters.
const LINE: usize = 200;

/// Time for what it wrote last to arrive once it has ended.
const LAST_WORDS: Duration = Duration::from_millis(100);

/// Runs the backend's program once, with its whole process group ended afterwards however it went.
pub(crate) async fn run(backend: &Backend) -> Finding {
    let health = &backend.settings.health();
    // The configuration lets no empty one through.
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
            // None of its group can write any more; only one that left the group could keep the pipe open.
            let _ = tokio::time::timeout(LAST_WORDS, async { while stderr.more().await && !stderr.is_full() {} }).await;
            judged(status, &stderr.read)
        }
    }
}

/// Waits for the program's end; `None` where it writes without end.
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

/// A program's stderr, as far as it was read.
struct Output {
    pipe: Option<ChildStderr>,
    read: Vec<u8>,
}

impl Output {
    /// Reads on; false at the end.
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

/// A program and all that it started. They are killed when this is dropped: also where the check is given up, because
/// its time is over or the engine ends.
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
            // Nobody may be left of it.
            let _ = rustix::process::kill_process_group(leader, rustix::process::Signal::KILL);
        }
    }
}
