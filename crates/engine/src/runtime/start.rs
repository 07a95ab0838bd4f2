//! The balancer: starts, queries, commands and stops the engine.

use std::net::SocketAddr;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use tokio::sync::{mpsc, oneshot, watch};
use tokio::task::JoinSet;

use super::connection_limit::ConnectionLimit;
use super::history::History;
use super::open::open;
use super::options::Options;
use super::processes::{Added, Processes};
use super::source::Source;
use super::start_error::StartError;
use super::survive_run::SurviveRun;
use super::traffic_run::TrafficRun;
use super::worker;
use super::worker::Work;
use crate::api::{About, BackendId, CommandError, Ending, Explanation, Level, LogOutput, Question, Snapshot, Unclear};
use crate::balancer::Backend;
use crate::config::{AlertRule, Config, TlsConfig};
use crate::health::Checker;
use crate::proxy::Proxy;
use crate::state::{EventReader, Listener, LivePool, Phase, Shared};
use crate::{alert, proxy};

/// How long tunnels may take to close in an orderly way.
const GOODBYE: Duration = Duration::from_millis(500);

/// How long clients wait at the start for processes that have not been checked yet.
const STARTUP: Duration = Duration::from_secs(5);

/// A running balancer. Dropping it stops it at once; [`Balancer::stop`] lets requests finish first.
///
/// Checks and commands run on the tokio runtime that it was started on; its own threads serve clients. All methods may
/// be called from any thread.
pub struct Balancer {
    pub(crate) shared: Arc<Shared>,
    pub(crate) phase: watch::Sender<Phase>,
    workers: tokio::sync::Mutex<mpsc::Receiver<()>>,
    /// Closed when the last mail has been sent.
    mail: tokio::sync::Mutex<mpsc::Receiver<()>>,
    tasks: Mutex<JoinSet<()>>,
    pub(super) processes: Arc<Processes>,
    pub(super) history: History,
    pub(super) survive_run: SurviveRun,
    pub(super) traffic_run: TrafficRun,
    pub(crate) source: Option<Source>,
    pub(crate) connection_limit: ConnectionLimit,
    /// Held during a configuration reload.
    pub(crate) reloading: tokio::sync::Mutex<()>,
}

impl Balancer {
    /// Binds the listeners, starts the processes and the checks, and serves. Clients are accepted once every backend
    /// has had its first check, except that processes started here are waited for at most five seconds; until then,
    /// clients wait in the system's accept queue.
    ///
    /// # Errors
    /// See [`StartError`]. Nothing is left running.
    pub async fn start(config: Config, options: Options) -> Result<Balancer, StartError> {
        let problems = config.problems();
        if !problems.is_empty() {
            return Err(StartError::Config(problems));
        }
        let workers = options.workers.unwrap_or_else(|| std::thread::available_parallelism().map_or(1, usize::from));
        let connection_limit = ConnectionLimit::new(config.limits.connections);
        let seed = config.seed;
        let can_spawn = options.program.is_some();
        // Listeners are bound before anything else, so that nothing starts if a port is in use.
        let topology = open(config, options.sticky_key)?;
        let shared =
            Arc::new(Shared::new(topology, workers, options.admission, options.checks, can_spawn, options.quiet));

        let (phase, phases) = watch::channel(Phase::Starting);
        let (done, workers_done) = mpsc::channel(1);
        for number in 0..workers {
            let rng = seed.map_or_else(fastrand::Rng::new, |seed| fastrand::Rng::with_seed(seed ^ number as u64));
            let proxy = Proxy::new(Arc::clone(&shared), number, rng);
            let work =
                Work { shared: Arc::clone(&shared), connection_limit: connection_limit.clone(), phase: phases.clone() };
            worker::start(number, proxy, work, done.clone()).map_err(StartError::Thread)?;
        }
        let (mailing, mail_done) = mpsc::channel(1);
        let engine = Balancer {
            processes: Arc::new(Processes::new(Arc::clone(&shared), options.program, options.demo_limits)),
            shared,
            phase,
            workers: tokio::sync::Mutex::new(workers_done),
            mail: tokio::sync::Mutex::new(mail_done),
            tasks: Mutex::default(),
            history: History::default(),
            survive_run: SurviveRun::default(),
            traffic_run: TrafficRun::default(),
            source: options.source,
            connection_limit,
            reloading: tokio::sync::Mutex::default(),
        };
        let shared = &engine.shared;
        let (topology, telemetry) = (Arc::clone(&shared.topology), Arc::clone(&shared.telemetry));
        let sources = alert::Sources { topology, telemetry, alerts: Arc::clone(&shared.alerts) };
        engine.spawn(alert::run(sources, shared.registry.changes(), phases, mailing));
        let backends = engine.shared.topology.backends().into_iter();
        let first_checks = backends.map(|b| engine.watch(b)).collect();
        let mut started = Vec::new();
        for _ in 0..options.demo_backends {
            started.push(engine.keep(engine.processes.add_demo().await?));
        }
        if let Some(copies) = options.copies {
            for number in 0..copies.count {
                started.push(engine.keep(engine.processes.add_copy(&copies, number).await?));
            }
        }
        engine.tend_certificates();
        engine.serve_after(first_checks, started);
        Ok(engine)
    }

    /// The address of the first listener.
    pub fn address(&self) -> SocketAddr {
        // There is at least one: a configuration without listeners does not start.
        self.shared.topology.load().listeners[0].listener.address
    }

    /// The address of each listener, in the order of the configuration.
    pub fn addresses(&self) -> Vec<SocketAddr> {
        self.shared.topology.load().listeners.iter().map(|open| open.listener.address).collect()
    }

    /// The names of the sticky cookies in use.
    #[doc(hidden)]
    pub fn cookies(&self) -> Vec<String> {
        let topology = self.shared.topology.load();
        topology
            .pools
            .iter()
            .filter_map(|pool| pool.current.load().sticky.cookie_name().map(ToString::to_string))
            .collect()
    }

    /// The current state, for display.
    pub fn snapshot(&self) -> Snapshot {
        self.shared.snapshot()
    }

    /// Requests and tunnels that would be waited for, or cut, if it stopped now. Its own traffic is not waited for.
    pub(super) fn unfinished(&self) -> u64 {
        let tunnels: u64 = self.shared.topology.backends().iter().map(|b| u64::from(b.counters.tunnels())).sum();
        self.shared.telemetry.counters.in_flight().saturating_sub(self.shared.traffic.in_flight()) + tunnels
    }

    /// Changes once a second, right after the rates were updated. The value is the number of seconds since the start.
    pub fn seconds(&self) -> watch::Receiver<u64> {
        self.shared.telemetry.seconds.subscribe()
    }

    /// Which backend would get a request now, and why. Sends nothing and changes nothing.
    ///
    /// # Errors
    /// The question does not describe a request that this engine could get.
    pub fn explain(&self, question: &Question) -> Result<Explanation, Unclear> {
        proxy::explain(&self.shared.topology.load(), question)
    }

    /// A reader of events: all those still kept since the start, with requests only from the first reader on.
    pub fn events(&self) -> EventReader {
        EventReader::new(Arc::clone(&self.shared.telemetry.journal))
    }

    /// Sends these warnings and the URL of each listener to the log and to the readers of events.
    pub fn announce(&self, warnings: &[String]) {
        for warning in warnings {
            self.shared.telemetry.notice(Level::Warning, warning.clone());
        }
        for open in &self.shared.topology.load().listeners {
            self.notice(format!("listening on {}", open.listener.url()));
            for named in &open.listener.routing.load().names {
                let url = open.listener.url_of(&named.name);
                // The one pool there is has no name that a person gave it.
                self.notice(match &named.pool.label {
                    Some(pool) => format!("{} leads to the pool {pool}: {url}", named.name),
                    None => format!("{} leads here: {url}", named.name),
                });
            }
        }
    }

    /// Waits until clients are served; see [`Balancer::start`].
    pub async fn serving(&self) {
        // Cannot fail: the sender lives as long as this engine.
        let _ = self.phase.subscribe().wait_for(|phase| *phase >= Phase::Serving).await;
    }

    /// Stops accepting clients, lets requests in flight finish for at most `timeouts.shutdown`, sends pending mail, and
    /// stops. Processes that were started here are stopped last, within the same time limit again.
    pub async fn stop(&self) -> Ending {
        let ending = self.finish().await;
        self.processes.stop().await;
        ending
    }

    async fn finish(&self) -> Ending {
        self.phase.send_replace(Phase::Finishing);
        self.shared.replace_topology(self.shared.topology.load().closed());
        let ending = self.stop_workers().await;
        let mut phase = self.phase.subscribe();
        tokio::select! {
            _ = async { self.mail.lock().await.recv().await } => {}
            () = tokio::time::sleep(alert::LAST_MAIL) => {}
            _ = phase.wait_for(|phase| *phase == Phase::Ended) => {}
        }
        ending
    }

    async fn stop_workers(&self) -> Ending {
        let grace = self.shared.topology.load().config.timeouts.shutdown;
        let mut workers = self.workers.lock().await;
        if tokio::time::timeout(grace, workers.recv()).await.is_ok() {
            return Ending::Finished;
        }
        let cut = Ending::Cut { connections: self.shared.telemetry.counters.connections() };
        self.phase.send_replace(Phase::Leaving);
        if tokio::time::timeout(GOODBYE, workers.recv()).await.is_err() {
            self.end_now();
            // Returns soon: in `Phase::Ended`, workers wait for nothing.
            workers.recv().await;
        }
        cut
    }

    /// Stops at once, even with requests in flight.
    pub fn end_now(&self) -> Ending {
        let connections = self.shared.telemetry.counters.connections();
        self.phase.send_replace(Phase::Ended);
        if connections == 0 { Ending::Finished } else { Ending::Cut { connections } }
    }

    /// Watches this alert beside those of the configuration, or no longer the one set so before.
    pub(super) fn set_alert(&self, when: Option<&str>) -> Result<String, CommandError> {
        let bad = |reason: String| CommandError::BadAlert { reason: reason.into() };
        let rule = when.map(str::parse::<AlertRule>).transpose().map_err(|error| bad(error.message))?;
        let topology = self.shared.topology.load();
        let backends = topology.backends_by_name();
        let names: Vec<(&str, &str)> =
            backends.iter().map(|(pool, backend)| (pool.as_str(), backend.as_str())).collect();
        rule.as_ref().map_or(Ok(()), |rule| rule.scope().find(&names)).map_err(bad)?;
        let words = match &rule {
            Some(rule) => format!("alert {rule} is watched"),
            None => "no alert is watched beside those of the configuration".to_owned(),
        };
        self.shared.alerts.try_out(rule, &self.shared.telemetry).map_err(bad)?;
        self.notice(words.clone());
        Ok(words)
    }

    pub(super) fn backend(&self, id: BackendId) -> Result<Arc<Backend>, CommandError> {
        self.shared.topology.find(id).map(|(_, backend)| backend).ok_or(CommandError::UnknownBackend { id })
    }

    /// The pool with this name, or all pools.
    pub(super) fn pools(&self, name: Option<&str>) -> Result<Vec<Arc<LivePool>>, CommandError> {
        let mut named = self.shared.topology.load().pools.clone();
        named.retain(|pool| name.is_none_or(|name| pool.name() == name));
        match name {
            Some(pool) if named.is_empty() => Err(CommandError::UnknownPool { pool: pool.into() }),
            _ => Ok(named),
        }
    }

    /// Updates the state of a log output of the front end: the lines dropped since the start, and the trouble that it
    /// is in now, if any. A warning is shown while there is trouble.
    pub fn log_stands(&self, output: LogOutput, dropped: u64, trouble: Option<String>) {
        self.shared.telemetry.log_stands(output, dropped, trouble);
    }

    /// The URLs to open of the listeners whose certificates this program's own authority signs.
    pub fn own_authority_urls(&self) -> Vec<String> {
        let topology = self.shared.topology.load();
        let uses_it = |listener: &Listener| {
            let configured = topology.config.listeners.iter().find(|config| listener.is(&topology.config, config));
            configured.and_then(|config| config.tls.as_ref()).is_some_and(TlsConfig::uses_own_authority)
        };
        let listeners = topology.listeners.iter().map(|open| &open.listener);
        listeners.filter(|listener| uses_it(listener)).map(|listener| listener.url_that_leads()).collect()
    }

    /// Says why clients on this machine do not trust the certificates made here, as one sentence; a warning is shown until it
    /// is called with `None`.
    pub fn trust_stands(&self, trouble: Option<String>) {
        // A reload may have ended TLS: then nothing is trusted now that was not before.
        let well = (!self.own_authority_urls().is_empty()).then_some("the certificates made here are trusted now");
        self.shared.telemetry.stands(About::Trust, trouble, well);
    }

    /// Sends a warning to the log and to the readers of events.
    pub fn warn(&self, text: String) {
        self.shared.telemetry.notice(Level::Warning, text);
    }

    pub(super) fn notice(&self, text: String) {
        self.shared.telemetry.notice(Level::Info, text);
    }

    /// Starts checking a backend; the receiver resolves after its first check.
    pub(crate) fn watch(&self, backend: Arc<Backend>) -> oneshot::Receiver<()> {
        let (first, checked) = oneshot::channel();
        self.spawn(Checker::new(&self.shared, backend).run(first));
        checked
    }

    /// Starts managing a backend's process and checking it; the receiver resolves after its first check.
    pub(super) fn keep(&self, (backend, process_task): Added) -> oneshot::Receiver<()> {
        self.spawn(process_task.run());
        self.watch(backend)
    }

    /// Starts serving after every first check; those of processes started here (`started`) are waited for at most
    /// `STARTUP`. Also starts the task that ticks once a second.
    fn serve_after(&self, first_checks: Vec<oneshot::Receiver<()>>, started: Vec<oneshot::Receiver<()>>) {
        let phase = self.phase.clone();
        self.spawn(async move {
            let all = async |checks: Vec<oneshot::Receiver<()>>| {
                for checked in checks {
                    // An error means that the checker is gone, so there is nothing to wait for.
                    let _ = checked.await;
                }
            };
            // Processes that are not ready by then join when they are.
            let ((), _) = tokio::join!(all(first_checks), tokio::time::timeout(STARTUP, all(started)));
            phase.send_if_modified(|phase| {
                let starting = *phase == Phase::Starting;
                *phase = (*phase).max(Phase::Serving);
                starting
            });
        });
        let (shared, phase) = (Arc::clone(&self.shared), self.phase.subscribe());
        self.spawn(async move {
            let mut seconds = tokio::time::interval(Duration::from_secs(1));
            seconds.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
            loop {
                seconds.tick().await;
                shared.tick();
                // Before the first checks nothing is up, and nobody is served.
                if *phase.borrow() >= Phase::Serving {
                    shared.watch_alerts();
                }
            }
        });
    }

    pub(crate) fn spawn(&self, task: impl Future<Output = ()> + Send + 'static) {
        self.tasks.lock().unwrap_or_else(PoisonError::into_inner).spawn(task);
    }
}

impl Drop for Balancer {
    fn drop(&mut self) {
        self.end_now();
    }
}
