//! A process that runs, as the balancer holds it.

use std::io;
use std::path::Path;
use std::process::Stdio;
use std::time::Duration;
use tokio::io::{AsyncBufReadExt as _, AsyncWriteExt as _, BufReader};
use tokio::process::{Child, ChildStderr, ChildStdin, ChildStdout, Command};

use super::program::Program;
use super::supervisor::Group;
use super::{descriptors, owner};

/// Time a supervisor has to start its process.
const STARTUP: Duration = Duration::from_secs(10);

/// A running process. Dropping it asks it to end, and its supervisor sees to it.
pub(crate) struct Process {
    pub(crate) pid: u32,
    /// What it writes; taken once.
    pub(crate) output: Option<ChildStderr>,
    supervisor: Child,
    orders: ChildStdin,
    reports: tokio::io::Lines<BufReader<ChildStdout>>,
}

/// How a process ended.
#[derive(Debug)]
pub(crate) struct Ended {
    /// `exited with status 1`.
    pub(crate) how: String,
    /// After what time; unknown where its supervisor was lost.
    pub(crate) after: Option<Duration>,
}

impl Process {
    /// Starts a program under a supervisor, which is this program, `own`, once more. When it is asked to end it has
    /// `grace`.
    ///
    /// # Errors
    /// Where the system cannot start it.
    pub(crate) async fn start(own: &Path, program: &Program, grace: Duration) -> io::Result<Self> {
        let mut supervisor = Command::new(own)
            .args(["supervise", "--grace", &grace.as_millis().to_string()])
            .args(descriptors::words().into_iter().flatten())
            .arg("--")
            .args(program.words())
            .envs(owner::environment())
            .env("PORT", program.port.to_string())
            .env("STICKYLB_INSTANCE", program.instance.to_string())
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()?;
        let lost = || io::Error::other("it ended at once");
        let orders = supervisor.stdin.take().ok_or_else(lost)?;
        let mut reports = BufReader::new(supervisor.stdout.take().ok_or_else(lost)?).lines();
        let output = supervisor.stderr.take();
        let report = tokio::time::timeout(STARTUP, reports.next_line())
            .await
            .map_err(|_| io::Error::new(io::ErrorKind::TimedOut, "it did not start in time"))??
            .ok_or_else(lost)?;
        match report.split_once(' ') {
            Some(("started", pid)) => {
                let pid = pid.parse().map_err(|_| lost())?;
                Ok(Process { pid, output, supervisor, orders, reports })
            }
            Some((_, why)) => Err(io::Error::other(why.to_owned())),
            None => Err(lost()),
        }
    }

    /// Asks it to end; after its grace time it is ended.
    pub(crate) async fn stop(&mut self) {
        self.order(b"stop\n").await;
    }

    /// Ends it at once.
    pub(crate) async fn kill(&mut self) {
        self.order(b"kill\n").await;
    }

    async fn order(&mut self, order: &[u8]) {
        // Fails where the supervisor has gone, which the end of its reports says as well.
        let _ = self.orders.write_all(order).await;
    }

    /// Waits for the end of it and of all that it started. Safe to drop and call again.
    pub(crate) async fn ended(&mut self) -> Ended {
        let report = self.reports.next_line().await.ok().flatten();
        // A supervisor that was killed could not end what it stands before.
        let _ = self.supervisor.start_kill();
        let Some(report) = report else {
            Group(self.pid).kill();
            return Ended { how: "ended with its supervisor".to_owned(), after: None };
        };
        let mut words = report.splitn(3, ' ').skip(1);
        let after = words.next().and_then(|n| n.parse().ok()).map(Duration::from_millis);
        Ended { how: words.next().unwrap_or_default().to_owned(), after }
    }
}
