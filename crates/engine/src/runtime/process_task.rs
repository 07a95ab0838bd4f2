//! Manages one backend's process: reports its output and its exit, and restarts it.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::{mpsc, oneshot};
use tokio::task::JoinSet;

use super::process_output::ProcessOutput;
use crate::api::{CommandError, Level, Spawned};
use crate::balancer::{Backend, Verdict};
use crate::config::{Address, BackendConfig};
use crate::health::Checker;
use crate::process::{Exited, OwnPort, Process, Program, free_port, is_free, of_port};
use crate::state::{KILLED, Shared};

/// The first pause before a process that exited is restarted; doubles with each further exit in a row.
const FIRST_PAUSE: Duration = Duration::from_millis(250);

/// Limit for that pause.
const LONGEST_PAUSE: Duration = Duration::from_secs(30);

/// After running this long, a process counts as started successfully, which resets the pause.
const STAYED_UP: Duration = Duration::from_secs(10);

/// How long after its start a process that does not listen on its port is reported.
const LISTENS: Duration = Duration::from_secs(5);

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
    shared: Arc<Shared>,
    backend: Arc<Backend>,
    own: PathBuf,
    program: Program,
    process: Option<Process>,
    orders: mpsc::Receiver<Order>,
    /// Exits in a row, each soon after a start; 1 after an exit that was not.
    failures: u32,
    /// The checks of a backend that took another port; they end with this task.
    checks: JoinSet<()>,
}

impl ProcessTask {
    pub(crate) fn new(
        shared: &Arc<Shared>,
        backend: Arc<Backend>,
        own: PathBuf,
        program: Program,
        process: Process,
        orders: mpsc::Receiver<Order>,
    ) -> Self {
        let process_task = ProcessTask {
            shared: Arc::clone(shared),
            backend,
            own,
            program,
            process: Some(process),
            orders,
            failures: 0,
            checks: JoinSet::new(),
        };
        process_task.note(process_task.process.as_ref());
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
        let output = ProcessOutput::read(&mut process, &self.shared.telemetry, &self.backend);
        let mut next = AfterExit::Usual;
        let listens = tokio::time::sleep(LISTENS);
        tokio::pin!(listens);
        let mut looked = false;
        let exited = loop {
            tokio::select! {
                exited = process.exited() => break exited,
                Some(order) = self.orders.recv() => self.obey(order, &mut process, &mut next).await,
                () = &mut listens, if !looked => {
                    looked = true;
                    self.say_where_to_listen().await;
                }
            }
        };
        let last = output.last().await;
        self.failures = match exited.after {
            Some(after) if after < STAYED_UP => self.failures + 1,
            _ => 1,
        };
        self.note(None);
        let reason = match &next {
            AfterExit::Usual => Some(self.reason(&exited, &last)),
            AfterExit::Nothing => Some(KILLED.to_owned()),
            AfterExit::Again(_) => Some("its process was stopped to be restarted".to_owned()),
            AfterExit::End(_) => None,
        };
        if let Some(reason) = reason {
            self.shared.registry.set_verdict(&self.backend, Verdict::Unhealthy, &reason);
        }
        let was_stopped = !matches!(next, AfterExit::Usual);
        // Its port is free only when nothing that it started is left.
        let left = loop {
            tokio::select! {
                left = process.ended() => break left,
                Some(order) = self.orders.recv() => self.obey(order, &mut process, &mut next).await,
            }
        };
        if left > 0 && !was_stopped {
            let name = self.backend.name();
            let what =
                if left == 1 { "1 process, which was".to_owned() } else { format!("{left} processes, which were") };
            self.shared.telemetry.notice(Level::Info, format!("{name} left behind {what} ended with it"));
        }
        next
    }

    /// Carries out an order to a process that runs, or whose children still do. `next` becomes what to do after its exit;
    /// nothing undoes an end.
    async fn obey(&self, order: Order, process: &mut Process, next: &mut AfterExit) {
        let ends = matches!(next, AfterExit::End(_));
        match order {
            Order::Start(reply) => {
                let _ = reply.send(Err(CommandError::Running { name: self.backend.name().clone() }));
            }
            Order::Kill(reply) => {
                process.kill().await;
                if !ends {
                    *next = AfterExit::Nothing;
                }
                let _ = reply.send(Ok(()));
            }
            Order::Restart(reply) if ends => {
                let _ = reply.send(Err(CommandError::NotRunning { name: self.backend.name().clone() }));
            }
            Order::Restart(reply) => {
                process.stop().await;
                *next = AfterExit::Again(reply);
            }
            Order::End(done) => {
                process.stop().await;
                *next = AfterExit::End(done);
            }
        }
    }

    /// For example `its process exited with status 1 after 0.1 s: no such file; started again in 0.2 s`.
    fn reason(&self, exited: &Exited, last: &str) -> String {
        let after = exited.after.map_or_else(String::new, |after| format!(" after {:.1} s", after.as_secs_f64()));
        let said = if last.is_empty() { String::new() } else { format!(": {last}") };
        let again = match (self.program.restarts, self.failures) {
            (false, _) => String::new(),
            (true, 1) => format!("; started again in {:.1} s", self.backoff().as_secs_f64()),
            (true, n) => format!("; {n} times in a row, started again in {:.0} s", self.backoff().as_secs_f64().ceil()),
        };
        format!("its process {}{after}{said}{again}", exited.how)
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
        self.keep_or_change_port();
        let grace = self.shared.topology.config().timeouts.shutdown;
        let topology = self.shared.topology.load();
        let url = topology.find(self.backend.id()).map(|(pool, _)| topology.url_of(&pool)).unwrap_or_default();
        drop(topology);
        match Process::start(&self.own, &self.program, &url, grace).await {
            Ok(process) => {
                self.note(Some(&process));
                self.process = Some(process);
                self.shared.registry.set_verdict(&self.backend, Verdict::Unknown, "its process was started again");
                self.backend.signals.check_now.notify_one();
                Ok(())
            }
            Err(error) => {
                self.failures += 1;
                let (name, reason) = (self.backend.name().clone(), error.to_string().into());
                self.shared.telemetry.notice(Level::Warning, format!("{name} did not start: {reason}"));
                Err(CommandError::SpawnFailed { name, reason })
            }
        }
    }

    /// If another program took the port while the process did not run: replaces the backend by one with another port.
    /// Its clients stay with it, because they know it by its id.
    fn keep_or_change_port(&mut self) {
        let port = self.program.port;
        if is_free(port) {
            return;
        }
        let shared = Arc::clone(&self.shared);
        let (topology, old) = (&shared.topology, Arc::clone(&self.backend));
        let taken: Vec<u16> = topology.backends().iter().map(|backend| backend.endpoint.address.port).collect();
        let (Ok(new), Some((pool, _))) = (free_port(&taken), topology.find(old.id())) else { return };
        let by = of_port(port).map_or_else(|| "another program".to_owned(), |owner| owner.to_string());
        let name = old.name().clone();
        shared.telemetry.notice(
            Level::Warning,
            format!("{name}: its port {port} was taken by {by} while its process did not run: its port is now {new}, and its counts begin anew"),
        );
        let config = BackendConfig {
            health: (**old.settings.health()).clone(),
            ..BackendConfig::new(old.id(), name.raw().to_owned(), Address::local(new))
        };
        self.program.port = new;
        self.backend = Arc::new(Backend::spawned(&config, pool.label.clone()));
        self.backend.status.set_intent(old.status.intent());
        self.backend.weight.set(old.weight.get());
        self.backend.status.set_verdict(Verdict::Unhealthy);
        shared.registry.replace(&pool, &old, &self.backend);
        shared.release(&old);
        let (first, _) = oneshot::channel();
        self.checks.spawn(Checker::new(&shared, Arc::clone(&self.backend)).run(first));
    }

    /// Records whether the process runs, for the snapshot and the checks.
    fn note(&self, process: Option<&Process>) {
        self.backend.status.set_supervisor(process.map(|process| process.supervisor_pid));
        self.shared.registry.note_process(&self.backend, Spawned { pid: process.map(|process| process.pid) });
    }

    async fn say_where_to_listen(&self) {
        let port = self.program.port;
        if self.backend.status.verdict() != Verdict::Unknown {
            return;
        }
        let trouble = if tokio::net::TcpStream::connect(("localhost", port)).await.is_err() {
            format!("it does not listen on $PORT={port}")
        } else if let Some(other) = self.backend.status.supervisor().and_then(|own| OwnPort::new(port).foreigner(own)) {
            format!("{other} listens on its $PORT={port}")
        } else {
            return;
        };
        let name = self.backend.name();
        self.shared.telemetry.notice(
            Level::Warning,
            format!(
                "{name}: {trouble}: let the program listen on the port in the environment variable PORT, or write \
                 {{port}} where one of its arguments takes it"
            ),
        );
    }
}
