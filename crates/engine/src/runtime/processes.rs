//! Backends whose processes this program starts: demo backends, and copies of a user's program.

use std::collections::HashMap;
use std::path::PathBuf;
use std::sync::atomic::AtomicBool;
use std::sync::atomic::Ordering::Relaxed;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use tokio::sync::{mpsc, oneshot};

use super::process_task::{Order, ProcessTask};
use crate::api::{BackendId, CommandError, Intent, Level, Mode};
use crate::balancer::{Backend, Verdict};
use crate::config::{Address, BackendConfig, BackendLimits, CheckAlgorithm, HealthCheck};
use crate::process::{Copies, Process, Program, demo_name, free_port};
use crate::state::{LivePool, Shared};

/// How much longer than `timeouts.shutdown` to wait for processes to end.
const BURIAL: Duration = Duration::from_secs(3);

/// How long a restarted process may take to pass its check before a rolling restart is abandoned.
const READY: Duration = Duration::from_mins(1);

/// How long after a backend was taken out the last requests sent to it may take to show up in its count.
const SETTLED: Duration = Duration::from_millis(100);

/// How often a demo backend is checked at least, so that people who try it out see failures and recoveries quickly.
const DEMO_INTERVAL: Duration = Duration::from_secs(1);

/// All processes that this program started.
pub(crate) struct Processes {
    shared: Arc<Shared>,
    /// The path of this program, run as each process's supervisor and as each demo backend.
    program: Option<PathBuf>,
    /// How much each demo backend takes.
    demo_limits: BackendLimits,
    process_tasks: Mutex<HashMap<BackendId, mpsc::Sender<Order>>>,
    /// Held while a process is added, because two at once would choose the same name, id and port.
    adding: tokio::sync::Mutex<()>,
    rolling: AtomicBool,
}

/// A backend that was added, and the task that manages its process.
pub(crate) type Added = (Arc<Backend>, ProcessTask);

impl Processes {
    pub(crate) fn new(shared: Arc<Shared>, program: Option<PathBuf>, demo_limits: BackendLimits) -> Self {
        Processes {
            shared,
            program,
            demo_limits,
            process_tasks: Mutex::default(),
            adding: tokio::sync::Mutex::default(),
            rolling: AtomicBool::new(false),
        }
    }

    /// Starts one more demo backend.
    pub(crate) async fn add_demo(&self) -> Result<Added, CommandError> {
        let _alone = self.adding.lock().await;
        let backends = self.shared.topology.backends();
        // The lowest number whose name no backend has.
        let taken = |name: &str| backends.iter().any(|b| b.name() == name);
        let number = (0..=backends.len()).find(|n| !taken(&demo_name(*n))).unwrap_or(0);
        let name = demo_name(number);
        let id = free_id(1, &backends);
        let pool = self.pool(&name)?;
        let port = self.free_port(&name)?;
        let mark = self.shared.registry.records().marks.of(id);
        let program = Program::demo(self.program(&name)?, &name, number, mark, port);
        let mut health = pool.config.load().health.clone();
        "/health".clone_into(&mut health.path);
        health.interval = Some(health.interval.map_or(DEMO_INTERVAL, |interval| interval.min(DEMO_INTERVAL)));
        let config = BackendConfig::new(id, name, Address::local(program.port));
        let limits = self.demo_limits.clone();
        self.add(&pool, BackendConfig { limits, health, ..config }, program).await
    }

    /// Starts the copy with this number.
    pub(crate) async fn add_copy(&self, copies: &Copies, number: usize) -> Result<Added, CommandError> {
        let _alone = self.adding.lock().await;
        let name = copies.name(number);
        let program = copies.program(number, self.free_port(&name)?);
        let pool = self.pool(&name)?;
        let backends = self.shared.topology.backends();
        if pool.current.load().backends.iter().any(|backend| *backend.name() == name) {
            let reason = "a backend of the configuration has this name: give that one another";
            return Err(CommandError::SpawnFailed { name: name.into(), reason: reason.into() });
        }
        let first = u32::try_from(number).unwrap_or(u32::MAX);
        let id = free_id(first, &backends);
        let mut health = pool.config.load().health.clone();
        if health == HealthCheck::default() {
            // Without configured checks, accept any HTTP response: the program need not serve `/`.
            health.algorithm = CheckAlgorithm::Http;
        }
        let config = BackendConfig::new(id, name, Address::local(program.port));
        self.add(&pool, BackendConfig { health, ..config }, program).await
    }

    /// The pool that processes are added to: the first one in HTTP mode.
    fn pool(&self, name: &str) -> Result<Arc<LivePool>, CommandError> {
        self.shared.topology.load().pools.iter().find(|pool| pool.mode == Mode::Http).cloned().ok_or_else(|| {
            CommandError::SpawnFailed {
                name: name.into(),
                reason: "it speaks HTTP, and every pool is behind a tcp listener".into(),
            }
        })
    }

    async fn add(&self, pool: &LivePool, config: BackendConfig, program: Program) -> Result<Added, CommandError> {
        let id = config.id;
        let url = self.shared.topology.load().url_of(pool);
        let process = self.start(&config.name, &program, &url).await?;
        let backend = Arc::new(Backend::spawned(&config, pool.label.clone()));
        self.shared.registry.add(pool, &backend);
        let (give, orders) = mpsc::channel(8);
        self.process_tasks().insert(id, give);
        let own = self.program(backend.name().raw())?.to_owned();
        let process_task = ProcessTask::new(&self.shared, Arc::clone(&backend), own, program, process, orders);
        Ok((backend, process_task))
    }

    async fn start(&self, name: &str, program: &Program, url: &str) -> Result<Process, CommandError> {
        let grace = self.shared.topology.config().timeouts.shutdown;
        Process::start(self.program(name)?, program, url, grace)
            .await
            .map_err(|error| CommandError::SpawnFailed { name: name.into(), reason: error.to_string().into() })
    }

    fn program(&self, name: &str) -> Result<&PathBuf, CommandError> {
        self.program.as_ref().ok_or_else(|| CommandError::SpawnFailed {
            name: name.into(),
            reason: "this program was embedded without a supervisor".into(),
        })
    }

    fn free_port(&self, name: &str) -> Result<u16, CommandError> {
        let taken: Vec<u16> = self.shared.topology.backends().iter().map(|b| b.endpoint.address.port).collect();
        free_port(&taken)
            .map_err(|error| CommandError::SpawnFailed { name: name.into(), reason: error.to_string().into() })
    }

    /// Starts a process that is not running, on its old port.
    pub(crate) async fn start_again(&self, backend: &Backend) -> Result<(), CommandError> {
        let (tell, told) = oneshot::channel();
        self.order(backend, Order::Start(tell)).await?;
        told.await.unwrap_or(Ok(()))
    }

    /// Kills a process at once.
    pub(crate) async fn kill(&self, backend: &Backend) -> Result<(), CommandError> {
        // Set before, because a request that fails may have it checked before its end is known here.
        backend.status.set_killed(true);
        let killed = self.order_kill(backend).await;
        if killed.is_err() {
            backend.status.set_killed(false);
        }
        killed
    }

    async fn order_kill(&self, backend: &Backend) -> Result<(), CommandError> {
        let (tell, told) = oneshot::channel();
        self.order(backend, Order::Kill(tell)).await?;
        told.await.unwrap_or(Ok(()))
    }

    async fn order(&self, backend: &Backend, order: Order) -> Result<(), CommandError> {
        let not_here = || CommandError::NotSpawned { name: backend.name().clone() };
        let process_task = self.process_tasks().get(&backend.id()).cloned().ok_or_else(not_here)?;
        process_task.send(order).await.map_err(|_| not_here())
    }

    /// Ends all processes concurrently; each has `timeouts.shutdown` to finish.
    pub(crate) async fn stop(&self) {
        let process_tasks: Vec<_> = self.process_tasks().drain().map(|(_, process_task)| process_task).collect();
        let mut ends = Vec::new();
        for process_task in process_tasks {
            let (tell, told) = oneshot::channel();
            if process_task.send(Order::End(tell)).await.is_ok() {
                ends.push(told);
            }
        }
        let all = async {
            for end in ends {
                // An error means that the task is gone, and its process with it.
                let _ = end.await;
            }
        };
        // Supervisors enforce the time limit; this guards against one that does not.
        let _ = tokio::time::timeout(self.shared.topology.config().timeouts.shutdown + BURIAL, all).await;
    }

    /// Whether a rolling restart is under way.
    pub(crate) fn is_rolling(&self) -> bool {
        self.rolling.load(Relaxed)
    }

    /// Begins a rolling restart and returns the backends to restart, ordered by id.
    ///
    /// # Errors
    ///
    /// There are no processes, or a rolling restart is under way.
    pub(crate) fn begin_rolling(&self) -> Result<Vec<BackendId>, CommandError> {
        let mut ids: Vec<BackendId> = self.process_tasks().keys().copied().collect();
        ids.sort_unstable();
        if ids.is_empty() {
            return Err(CommandError::NothingSpawned);
        }
        if self.rolling.swap(true, Relaxed) {
            return Err(CommandError::Rolling);
        }
        Ok(ids)
    }

    /// Restarts these backends one after the other: takes a backend out, waits for its active requests, restarts its
    /// process, and waits until it is healthy. Stops at the first failure.
    pub(crate) async fn restart_all(&self, ids: Vec<BackendId>) {
        for (done, id) in ids.iter().enumerate() {
            let Some((pool, backend)) = self.shared.topology.find(*id) else { continue };
            let intent = backend.status.intent();
            self.shared.registry.set_intent_because(
                &backend,
                Intent::Maint,
                "rolling restart: its clients move to the others",
            );
            let started = self.restart(&backend).await;
            // Another one, if its port was taken meanwhile.
            let Some((_, backend)) = self.shared.topology.find(*id) else { continue };
            self.shared.registry.set_intent_because(&backend, intent, "its process was restarted");
            let trouble = match started {
                Ok(()) if self.answers(&pool, &backend).await => continue,
                Ok(()) => format!("{} does not answer {} s after its start", backend.name(), READY.as_secs()),
                Err(error) => error.to_string(),
            };
            let rest = ids.len() - done - 1;
            self.shared
                .telemetry
                .notice(Level::Warning, format!("{trouble}: the rolling restart ends, {rest} run on as they were"));
            self.rolling.store(false, Relaxed);
            return;
        }
        self.rolling.store(false, Relaxed);
        let plural = if ids.len() == 1 { "" } else { "es" };
        self.shared
            .telemetry
            .notice(Level::Info, format!("the rolling restart is done: {} process{plural}", ids.len()));
    }

    /// Restarts the process of a backend that was taken out, once its active requests are done.
    async fn restart(&self, backend: &Backend) -> Result<(), CommandError> {
        let idle = async {
            tokio::time::sleep(SETTLED).await;
            while backend.counters.active() > 0 {
                tokio::time::sleep(Duration::from_millis(20)).await;
            }
        };
        // Requests that take longer are cut off, as at shutdown.
        let _ = tokio::time::timeout(self.shared.topology.config().timeouts.shutdown, idle).await;
        let (tell, told) = oneshot::channel();
        self.order(backend, Order::Restart(tell)).await?;
        told.await.unwrap_or(Ok(()))
    }

    /// Waits until a backend is healthy; returns `false` if that takes too long.
    async fn answers(&self, pool: &LivePool, backend: &Backend) -> bool {
        let mut changes = pool.changes.subscribe();
        // Not waited for if a person took it out: its state does not change with its checks, so no change would wake
        // us.
        let waits = || backend.status.verdict() != Verdict::Healthy && backend.status.intent() != Intent::Maint;
        let answers = async { while waits() && changes.changed().await.is_ok() {} };
        tokio::time::timeout(READY, answers).await.is_ok()
    }

    fn process_tasks(&self) -> MutexGuard<'_, HashMap<BackendId, mpsc::Sender<Order>>> {
        self.process_tasks.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The lowest id from `first` on that no backend has.
fn free_id(first: u32, backends: &[Arc<Backend>]) -> BackendId {
    let free = |id: &BackendId| backends.iter().all(|backend| backend.id() != *id);
    (first..=u32::MAX).map(BackendId::new).find(free).unwrap_or(BackendId::new(u32::MAX))
}
