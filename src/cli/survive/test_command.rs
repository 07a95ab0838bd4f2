//! The command that sends traffic. It runs under a supervisor, as copies do, so that nothing of it is left behind however
//! this program ends.

use std::io;
use std::path::PathBuf;
use std::process::Stdio;

use tokio::io::{AsyncBufReadExt as _, AsyncWriteExt as _, BufReader, Lines};
use tokio::process::{Child, ChildStdin, ChildStdout, Command};

use crate::cli::layers::UsageError;
use crate::signals::Signals;
use crate::trust::adding;
use stickylb::api::Snapshot;

/// Milliseconds that it has to end when it is told to.
const GRACE: &str = "5000";

/// The balancer that a test command is to ask.
pub(super) struct Asked {
    pub(super) url: String,
    pub(super) port: u16,
    /// The authority that signs what it shows, where that is made here.
    pub(super) authority: Option<PathBuf>,
}

impl Asked {
    /// The first listener of a balancer, which has this port.
    pub(super) fn of(snapshot: &Snapshot, port: u16) -> Self {
        let authority = snapshot.listeners.first().and_then(|listener| listener.authority.as_ref());
        Asked { url: snapshot.url().raw().to_owned(), port, authority: authority.map(|file| file.raw().into()) }
    }
}

/// A test command that runs. Its output is on standard error.
pub(super) struct TestCommand {
    /// Dropped only when it has ended: the supervisor takes the end of its orders for an order to stop.
    orders: ChildStdin,
    reports: Lines<BufReader<ChildStdout>>,
    _supervisor: Child,
}

impl TestCommand {
    /// Starts it by `sh -c`; it finds the balancer in its environment.
    pub(super) fn start(command: &str, asked: &Asked) -> Result<Self, UsageError> {
        let start = || {
            let mut supervisor = Command::new(std::env::current_exe()?)
                .args(["supervise", "--grace", GRACE, "--", "sh", "-c", command])
                .env("STICKYLB_URL", &asked.url)
                .env("STICKYLB_PORT", asked.port.to_string())
                .envs(asked.authority.as_deref().map(adding).unwrap_or_default())
                .stdin(Stdio::piped())
                .stdout(Stdio::piped())
                .spawn()?;
            let lost = || io::Error::other("its supervisor has no pipes");
            let orders = supervisor.stdin.take().ok_or_else(lost)?;
            let reports = BufReader::new(supervisor.stdout.take().ok_or_else(lost)?).lines();
            Ok(TestCommand { orders, reports, _supervisor: supervisor })
        };
        start().map_err(|error: io::Error| UsageError::Failed(format!("cannot run the test command: {error}")))
    }

    /// Waits until it and all that it started have ended; how it ended, unless that was well: `ended with status 1`.
    /// Cancel-safe.
    pub(super) async fn ended(&mut self) -> Result<(), String> {
        let mut how = Err("could not be started".to_owned());
        // An error is the end of its reports.
        while let Some(report) = self.reports.next_line().await.ok().flatten() {
            match report.split_once(' ') {
                Some(("started", _)) => how = Err("ended with its supervisor".to_owned()),
                Some(("exited", how_long)) => {
                    let words = how_long.split_once(' ').map_or(how_long, |(_, words)| words);
                    how = if words == "exited with status 0" {
                        Ok(())
                    } else {
                        Err(words.replacen("exited", "ended", 1))
                    };
                }
                Some(("failed", why)) => how = Err(format!("did not start: {why}")),
                _ => {}
            }
        }
        how
    }

    /// Ends it: asked to first, and killed when its time is over or with the next signal.
    pub(super) async fn stop(&mut self, signals: &mut Signals) {
        // An error means that it has ended, here and below.
        let _ = self.orders.write_all(b"stop\n").await;
        tokio::select! {
            _ = self.ended() => return,
            () = signals.next() => {}
        }
        let _ = self.orders.write_all(b"kill\n").await;
        let _ = self.ended().await;
    }
}
