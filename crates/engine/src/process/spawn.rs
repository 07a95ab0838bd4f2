//! The balancer's handle to a running process and its supervisor.

use std::io;
use std::path::Path;
use std::process::Stdio;
use std::time::Duration;
use tokio::io::{AsyncBufReadExt as _, AsyncWriteExt as _, BufReader};
use tokio::process::{Child, ChildStderr, ChildStdin, ChildStdout, Command};

use super::group::kill_group;
use super::program::Program;
use super::{descriptors, owner};

/// How long a supervisor may take to start its process.
const STARTUP: Duration = Duration::from_secs(10);

/// A running process. Dropping this closes the supervisor's input, which makes it stop the process.
pub(crate) struct Process {
    pub(crate) pid: u32,
    /// The process that it and all that it starts are below.
    pub(crate) supervisor_pid: u32,
    /// Its output, for one reader to take.
    pub(crate) output: Option<ChildStderr>,
    supervisor: Child,
    orders: ChildStdin,
    reports: tokio::io::Lines<BufReader<ChildStdout>>,
}

/// A process's exit.
#[derive(Debug)]
pub(crate) struct Exited {
    /// For example `exited with status 1`.
    pub(crate) how: String,
    /// How long it ran; `None` if the supervisor was lost.
    pub(crate) after: Option<Duration>,
}

impl Process {
    /// Starts a program under a supervisor, for which `own`, the path of this program, is run. When stopped, the
    /// program has `grace` to finish.
    ///
    /// It finds the URL of its pool, `url`, in its environment.
    ///
    /// # Errors
    /// It cannot be started, or not in time.
    pub(crate) async fn start(own: &Path, program: &Program, url: &str, grace: Duration) -> io::Result<Self> {
        let mut supervisor = Command::new(own)
            .args(["supervise", "--grace", &grace.as_millis().to_string()])
            .args(descriptors::words().into_iter().flatten())
            .arg("--")
            .args(program.words())
            .envs(owner::environment())
            .envs(program.environment.iter().map(|(name, value)| (name, value)))
            .env("PORT", program.port.to_string())
            .env("STICKYLB_INSTANCE", program.instance.to_string())
            .env("STICKYLB_URL", url)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()?;
        let lost = || io::Error::other("it ended at once");
        let supervisor_pid = supervisor.id().unwrap_or_default();
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
                Ok(Process { pid, supervisor_pid, output, supervisor, orders, reports })
            }
            Some((_, why)) => Err(io::Error::other(why.to_owned())),
            None => Err(lost()),
        }
    }

    /// Asks it to end; its supervisor kills it when the grace time is over. Does not wait.
    pub(crate) async fn stop(&mut self) {
        self.order(b"stop\n").await;
    }

    /// Kills it. Does not wait.
    pub(crate) async fn kill(&mut self) {
        self.order(b"kill\n").await;
    }

    async fn order(&mut self, order: &[u8]) {
        // An error means that the supervisor is gone; `exited` notices that, too.
        let _ = self.orders.write_all(order).await;
    }

    /// Waits until it has exited. Cancel-safe.
    pub(crate) async fn exited(&mut self) -> Exited {
        let report = self.reports.next_line().await.ok().flatten();
        let Some(report) = report else {
            return Exited { how: "ended with its supervisor".to_owned(), after: None };
        };
        let mut words = report.splitn(3, ' ').skip(1);
        let after = words.next().and_then(|n| n.parse().ok()).map(Duration::from_millis);
        Exited { how: words.next().unwrap_or_default().to_owned(), after }
    }

    /// After its exit: waits until all that it started has ended, and returns how many processes it had left behind.
    /// Cancel-safe.
    pub(crate) async fn ended(&mut self) -> usize {
        let report = self.reports.next_line().await.ok().flatten();
        let Some(left) = report.as_deref().and_then(|report| report.strip_prefix("ended ")) else {
            // The supervisor was killed before it could end them; what is in the process's group is killed from here.
            let _ = self.supervisor.start_kill();
            kill_group(self.pid);
            return 0;
        };
        left.parse().unwrap_or_default()
    }
}
