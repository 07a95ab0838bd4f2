//! Manages one backend's process: reports its output and its exit, and restarts it.

use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, SystemTime};
use tokio::sync::{mpsc, oneshot};
use tokio::task::JoinHandle;

use crate::api::{CommandError, Event, Level, OutputEvent, Spawned};
use crate::balancer::{Backend, Verdict};
use crate::process::{Ended, Lines, Process, Program};
use crate::state::{LiveTopology, Registry, Shared, Telemetry};

/// The first pause before a process that exited is restarted; doubles with each further exit in a row.
const FIRST_PAUSE: Duration = Duration::from_millis(250);

/// Limit for that pause.
const LONGEST_PAUSE: Duration = Duration::from_secs(30);

/// After running this long, a process counts as started successfully, which resets the pause.
const STAYED_UP: Duration = Duration::from_secs(10);

/// How long after its start a process that does not listen on its port is reported.
const LISTENS: Duration = Duration::from_secs(5);

/// How long to wait for the last output after a process has exited.
const LAST_LINES: Duration = Duration::from_millis(500);

/// An order to a process's task.
pub(crate) enum Order {
    /// Kill the process and do not restart it.
    Kill(Reply),
    /// Start the process if it does not run.
    Start(Reply),
    /// Stop the process gracefully and start it again.
    Restart(Reply),
    /// Stop the process gracefully and end the task.
    End(oneshot::Sender<()>),
}

type Reply = oneshot::Sender<Result<(), CommandError>>;

/// What to do after a process's exit.
enum AfterExit {
    /// Restart it if its program is configured so.
    Usual,
    Nothing,
    Again(Reply),
    End(oneshot::Sender<()>),
}

/// The task that manages one backend's process.
pub(crate) struct ProcessTask {
    topology: Arc<LiveTopology>,
    telemetry: Arc<Telemetry>,
    registry: Arc<Registry>,
    backend: Arc<Backend>,
    own: PathBuf,
    program: Program,
    process: Option<Process>,
    orders: mpsc::Receiver<Order>,
    /// Exits in a row, each soon after a start; 1 after an exit that was not.
    failures: u32,
}

impl ProcessTask {
    pub(crate) fn new(
        shared: &Shared,
        backend: Arc<Backend>,
        own: PathBuf,
        program: Program,
        process: Process,
        orders: mpsc::Receiver<Order>,
    ) -> Self {
        let process_task = ProcessTask {
            topology: Arc::clone(&shared.topology),
            telemetry: Arc::clone(&shared.telemetry),
            registry: Arc::clone(&shared.registry),
            backend,
            own,
            program,
            process: Some(process),
            orders,
            failures: 0,
        };
        process_task.note(process_task.process.as_ref().map(|process| process.pid));
        process_task
    }

    /// Runs until `Order::End`. If dropped before that, the supervisor notices and ends the process.
    pub(crate) async fn run(mut self) {
        loop {
            let next = match self.process.take() {
                Some(process) => self.attend(process).await,
                None => AfterExit::Usual,
            };
            let reply = match next {
                AfterExit::End(done) => return drop(done),
                AfterExit::Again(reply) => Some(reply),
                AfterExit::Usual | AfterExit::Nothing => {
                    let again = matches!(next, AfterExit::Usual) && self.program.restarts;
                    match self.pause(again).await {
                        AfterExit::End(done) => return drop(done),
                        AfterExit::Again(reply) => Some(reply),
                        AfterExit::Usual | AfterExit::Nothing => None,
                    }
                }
            };
            let started = self.start().await;
            if let Some(reply) = reply {
                // An error means that the caller no longer waits.
                let _ = reply.send(started);
            }
        }
    }

    /// Runs while the process does; returns what to do after its exit.
    async fn attend(&mut self, mut process: Process) -> AfterExit {
        let output = Output::read(&mut process, &self.telemetry, &self.backend);
        let mut next = AfterExit::Usual;
        let listens = tokio::time::sleep(LISTENS);
        tokio::pin!(listens);
        let mut looked = false;
        let ended = loop {
            tokio::select! {
                ended = process.ended() => break ended,
                Some(order) = self.orders.recv() => match order {
                    Order::Start(reply) => {
                        let _ = reply.send(Err(CommandError::Running { name: self.backend.name().clone() }));
                    }
                    Order::Kill(reply) => {
                        process.kill().await;
                        next = AfterExit::Nothing;
                        let _ = reply.send(Ok(()));
                    }
                    Order::Restart(reply) => {
                        process.stop().await;
                        next = AfterExit::Again(reply);
                    }
                    Order::End(done) => {
                        process.stop().await;
                        next = AfterExit::End(done);
                    }
                },
                () = &mut listens, if !looked => {
                    looked = true;
                    self.say_where_to_listen().await;
                }
            }
        };
        let last = output.last().await;
        self.failures = match ended.after {
            Some(after) if after < STAYED_UP => self.failures + 1,
            _ => 1,
        };
        self.note(None);
        let reason = match &next {
            AfterExit::Usual => self.reason(&ended, &last),
            AfterExit::Nothing => "its process was killed by hand".to_owned(),
            AfterExit::Again(_) => "its process was stopped to be restarted".to_owned(),
            AfterExit::End(_) => return next,
        };
        self.registry.set_verdict(&self.backend, Verdict::Unhealthy, &reason);
        next
    }

    /// For example `its process exited with status 1 after 0.1 s: no such file; started again in 0.2 s`.
    fn reason(&self, ended: &Ended, last: &str) -> String {
        let after = ended.after.map_or_else(String::new, |after| format!(" after {:.1} s", after.as_secs_f64()));
        let said = if last.is_empty() { String::new() } else { format!(": {last}") };
        let again = match (self.program.restarts, self.failures) {
            (false, _) => String::new(),
            (true, 1) => format!("; started again in {:.1} s", self.backoff().as_secs_f64()),
            (true, n) => format!("; {n} times in a row, started again in {:.0} s", self.backoff().as_secs_f64().ceil()),
        };
        format!("its process {}{after}{said}{again}", ended.how)
    }

    fn backoff(&self) -> Duration {
        let doubled = self.failures.saturating_sub(1).min(16);
        (FIRST_PAUSE * 2_u32.pow(doubled)).min(LONGEST_PAUSE)
    }

    /// Runs while the process does not: for the backoff if `again`, else until an order arrives.
    async fn pause(&mut self, again: bool) -> AfterExit {
        let pause = tokio::time::sleep(self.backoff());
        tokio::pin!(pause);
        loop {
            tokio::select! {
                () = &mut pause, if again => return AfterExit::Usual,
                Some(order) = self.orders.recv() => match order {
                    Order::Kill(reply) => {
                        let _ = reply.send(Err(CommandError::NotRunning { name: self.backend.name().clone() }));
                    }
                    Order::Start(reply) | Order::Restart(reply) => return AfterExit::Again(reply),
                    Order::End(done) => return AfterExit::End(done),
                },
                // The engine is gone, so no orders will come.
                else => std::future::pending().await,
            }
        }
    }

    async fn start(&mut self) -> Result<(), CommandError> {
        let grace = self.topology.config().timeouts.shutdown;
        match Process::start(&self.own, &self.program, grace).await {
            Ok(process) => {
                self.note(Some(process.pid));
                self.process = Some(process);
                self.registry.set_verdict(&self.backend, Verdict::Unknown, "its process was started again");
                self.backend.signals.check_now.notify_one();
                Ok(())
            }
            Err(error) => {
                self.failures += 1;
                let (name, reason) = (self.backend.name().clone(), error.to_string().into());
                self.telemetry.notice(Level::Warning, format!("{name} did not start: {reason}"));
                Err(CommandError::SpawnFailed { name, reason })
            }
        }
    }

    /// Records for the snapshot whether the process runs.
    fn note(&self, pid: Option<u32>) {
        self.registry.note_process(&self.backend, Spawned { pid });
    }

    async fn say_where_to_listen(&self) {
        let port = self.program.port;
        if self.backend.status.verdict() != Verdict::Unknown
            || tokio::net::TcpStream::connect(("localhost", port)).await.is_ok()
        {
            return;
        }
        let name = self.backend.name();
        self.telemetry.notice(
            Level::Warning,
            format!(
                "{name}: it does not listen on $PORT={port}: let the program listen on the port in the environment \
                 variable PORT, or write {{port}} where one of its arguments takes it"
            ),
        );
    }
}

/// Reports a process's output line by line, and keeps the most informative line for the reason of its exit.
struct Output {
    task: JoinHandle<()>,
    last: Arc<Mutex<String>>,
}

impl Output {
    fn read(process: &mut Process, telemetry: &Arc<Telemetry>, backend: &Arc<Backend>) -> Self {
        let (telemetry, backend) = (Arc::clone(telemetry), Arc::clone(backend));
        let last = Arc::new(Mutex::new(String::new()));
        let kept = Arc::clone(&last);
        let output = process.output.take();
        let task = tokio::spawn(async move {
            let Some(output) = output else { return };
            let mut lines = Lines::new(output);
            while let Some(line) = lines.next().await {
                if !line.trim().is_empty() {
                    let mut last = kept.lock().unwrap_or_else(PoisonError::into_inner);
                    // In a stack trace, the line that names the error is the most informative one.
                    if names_an_error(&line) || !names_an_error(&last) {
                        last.clone_from(&line);
                    }
                }
                let backend = Arc::clone(&backend.identity);
                telemetry.journal.tell(Event::Output(OutputEvent {
                    time: SystemTime::now(),
                    backend,
                    line: line.into(),
                }));
            }
        });
        Output { task, last }
    }

    /// The line that best explains the exit. Waits for a limited time, because a child that left the process group may
    /// keep the output open.
    async fn last(mut self) -> String {
        let _ = tokio::time::timeout(LAST_LINES, &mut self.task).await;
        self.last.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

fn names_an_error(line: &str) -> bool {
    ["rror:", "rror ", "anicked at", "xception:"].iter().any(|word| line.contains(word))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_line_that_names_the_error_is_told_from_its_trimmings() {
        assert!(names_an_error("Error: Cannot find module './app'"));
        assert!(names_an_error("ModuleNotFoundError: No module named 'flask'"));
        assert!(names_an_error("thread 'main' panicked at src/main.rs:1:2:"));
        assert!(!names_an_error("Node.js v22.1.0"));
    }
}
