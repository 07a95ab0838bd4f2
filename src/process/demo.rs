//! Demo backends: this program, started again with a hidden subcommand.
//!
//! The child reads its standard input and ends when that ends, which happens however this program ends: no
//! child is left behind by a crash or a kill either.

use std::io;
use std::path::Path;
use std::process::Stdio;
use std::time::Duration;

use tokio::io::{AsyncBufReadExt, BufReader};
use tokio::process::{Child, Command};
use tokio::sync::oneshot;

/// Time a child has to say its port.
const STARTUP: Duration = Duration::from_secs(10);

/// Names of demo backends, in order; after the last come `alpha-2`, `bravo-2`.
const NAMES: [&str; 8] = ["alpha", "bravo", "charlie", "delta", "echo", "foxtrot", "golf", "hotel"];

/// The name of the demo backend with this number, from 0.
pub(crate) fn name_of(number: usize) -> String {
    let name = NAMES[number % NAMES.len()];
    match number / NAMES.len() {
        0 => name.to_owned(),
        round => format!("{name}-{}", round + 1),
    }
}

/// A running demo backend.
pub(crate) struct DemoProcess {
    pub(crate) port: u16,
    pub(crate) pid: u32,
    kill: Option<oneshot::Sender<()>>,
    /// Sent once, with how it ended.
    pub(crate) ended: Option<oneshot::Receiver<String>>,
}

impl DemoProcess {
    /// Kills it at once.
    pub(crate) fn kill(&mut self) -> bool {
        self.kill.take().is_some_and(|kill| kill.send(()).is_ok())
    }
}

/// Starts a demo backend and waits until it listens. Port 0 takes any free one.
pub(crate) async fn spawn(program: &Path, name: &str, number: usize, port: u16) -> io::Result<DemoProcess> {
    let mut command = Command::new(program);
    command
        .args(["demo-backend", "--name", name, "--color", &number.to_string(), "--port", &port.to_string()])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .kill_on_drop(true);
    // In a group of its own, so that Ctrl-C in the terminal reaches this program alone, which ends the child itself.
    #[cfg(unix)]
    command.process_group(0);
    let mut child = command.spawn()?;
    let stdout = child.stdout.take().ok_or_else(|| io::Error::other("no output"))?;
    let mut lines = BufReader::new(stdout).lines();
    let line = tokio::time::timeout(STARTUP, lines.next_line())
        .await
        .map_err(|_| io::Error::new(io::ErrorKind::TimedOut, "it did not say its port in time"))??;
    let port = line
        .as_deref()
        .and_then(|line| line.rsplit(':').next())
        .and_then(|port| port.parse().ok())
        .ok_or_else(|| io::Error::other("it ended before it listened"))?;
    let pid = child.id().ok_or_else(|| io::Error::other("it ended at once"))?;
    let (kill, killed) = oneshot::channel();
    let (tell, ended) = oneshot::channel();
    tokio::spawn(async move {
        let _ = tell.send(wait(child, killed).await);
    });
    Ok(DemoProcess { port, pid, kill: Some(kill), ended: Some(ended) })
}

/// Waits for the child's end, of its own accord or by our hand; its standard input stays open as long.
async fn wait(mut child: Child, killed: oneshot::Receiver<()>) -> String {
    let stdin = child.stdin.take();
    let status = tokio::select! {
        status = child.wait() => status,
        // An error means that whoever could kill it is gone: then it ends as well.
        _ = killed => {
            let _ = child.start_kill();
            child.wait().await
        }
    };
    drop(stdin);
    match status {
        Ok(status) => format!("its process ended: {status}"),
        Err(error) => format!("its process was lost: {error}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn demo_backends_never_share_a_name() {
        let names: std::collections::BTreeSet<String> = (0..40).map(name_of).collect();
        assert_eq!(names.len(), 40);
        assert_eq!((name_of(0), name_of(9)), ("alpha".to_owned(), "bravo-2".to_owned()));
    }
}
