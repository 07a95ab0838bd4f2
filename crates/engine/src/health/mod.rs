//! Health checks: a task per backend checks it and updates its state.

mod agent;
mod command;
mod exchange;
mod finding;
mod http;
mod probe;
mod request;
mod websocket;

use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime};
use tokio::sync::oneshot;

use crate::api::CheckMark;
use crate::balancer::{AgentWord, Backend, Verdict};
use crate::config::Limits;
use crate::process::OwnPort;
use crate::state::{CheckFunction, IdlePools, LiveTopology, Registry, Shared};
use crate::untrusted::Untrusted;
use crate::upstream::response::head_limits;
use finding::{CheckResult, Finding};

/// Longest interval while a backend is DOWN, so that a restarted development server is back within a second.
const DOWN_INTERVAL: Duration = Duration::from_secs(1);

/// Shortest pause between two checks of one backend, even on request.
const LEAST_PAUSE: Duration = Duration::from_millis(100);

/// Checks one backend, and ends its ejections, until it is removed.
pub(crate) struct Checker {
    registry: Arc<Registry>,
    /// For the limits of response heads, which are the same as for traffic.
    topology: Arc<LiveTopology>,
    /// For a backend that serves one connection at a time, which may be an idle one.
    idle: Arc<IdlePools>,
    /// The embedding program's check, which replaces the configured one.
    function: Option<CheckFunction>,
    backend: Arc<Backend>,
}

impl Checker {
    pub(crate) fn new(shared: &Shared, backend: Arc<Backend>) -> Self {
        Checker {
            registry: Arc::clone(&shared.registry),
            topology: Arc::clone(&shared.topology),
            idle: Arc::clone(&shared.idle),
            function: shared.checks.of(backend.id()).cloned(),
            backend,
        }
    }

    /// Runs until the backend is removed; sends to `first` after the first check.
    pub(crate) async fn run(self, first: oneshot::Sender<()>) {
        tokio::select! {
            () = self.backend.signals.removed.notified() => {}
            () = async { tokio::join!(self.check(first), self.end_ejections()); } => {}
        }
    }

    /// Checks a new backend once before it joins a pool, so that its state is right from the start. `limits` are those
    /// of the new configuration.
    pub(crate) async fn check_once(&self, limits: &Limits) {
        let found = probe::probe(&self.backend, &head_limits(limits), &self.idle, self.function.as_ref()).await;
        let passed = found.result == CheckResult::Passed;
        self.backend.status.set_verdict(if passed { Verdict::Healthy } else { Verdict::Unhealthy });
    }

    /// Checks at once, after each interval, and when traffic fails. Checks of one backend never overlap.
    async fn check(&self, first: oneshot::Sender<()>) {
        let backend = &*self.backend;
        let mut first = Some(first);
        let mut row = Row::default();
        let mut agent = AgentWord::Ready;
        let mut own_port = OwnPort::new(backend.endpoint.address.port);
        loop {
            let (time, began) = (SystemTime::now(), Instant::now());
            let limits = head_limits(&self.topology.config().limits);
            let mut found = probe::probe(backend, &limits, &self.idle, self.function.as_ref()).await;
            backend.signals.clear_suspicion();
            if found.result == CheckResult::Passed && backend.settings.spawned {
                let reason = match backend.status.supervisor() {
                    Some(supervisor) => own_port
                        .foreigner(supervisor)
                        .map(|other| format!("its port {} is {other}'s", backend.endpoint.address.port)),
                    None => Some("its process does not run, and another one answers in its place".to_owned()),
                };
                found = reason.map_or(found, |reason| Finding::new(CheckResult::Foreign, reason));
            }
            let passed = found.result == CheckResult::Passed;
            if !passed && backend.settings.spawned && backend.status.verdict() == Verdict::Unknown {
                // Its process is still starting, so a failure does not count.
                tokio::time::sleep(LEAST_PAUSE).await;
                continue;
            }
            let reason = Untrusted::new(found.reason).to_string();
            self.note(time, began, passed, &reason);
            if let Some(report) = found.report {
                self.registry.set_wanted(backend, report.percent);
                // Only a change is applied, so that a person's command holds until the agent asks for something else.
                if std::mem::replace(&mut agent, report.word) != report.word {
                    self.registry.set_agent(backend, report.word);
                }
            }
            // Not one more client may get there.
            let foreign = (found.result == CheckResult::Foreign).then_some(Verdict::Unhealthy);
            if found.result != CheckResult::Inconclusive
                && let Some(verdict) = row.judge(backend, passed).or(foreign)
            {
                let reason = if passed { format!("check passed: {reason}") } else { format!("check failed: {reason}") };
                self.registry.set_verdict(backend, verdict, &reason);
            }
            if passed && found.connected {
                self.registry.connected_at(backend, began);
            }
            if let Some(first) = first.take() {
                // An error means that nobody waits for it: a reload, or the program is stopping.
                let _ = first.send(());
            }
            // Failing traffic may request checks all the time; this limits their rate.
            tokio::time::sleep(LEAST_PAUSE).await;
            tokio::select! {
                () = tokio::time::sleep(pause(backend)) => {}
                () = backend.signals.check_now.notified() => {}
            }
        }
    }

    /// Counts a check and records its result.
    fn note(&self, time: SystemTime, began: Instant, passed: bool, reason: &str) {
        self.backend.counters.count_check(passed);
        let micros = u64::try_from(began.elapsed().as_micros()).unwrap_or(u64::MAX);
        self.registry.note_check(&self.backend, CheckMark { time, micros, passed, reason: reason.into() });
    }

    /// Ends each ejection when its time has passed.
    async fn end_ejections(&self) {
        let ejection = &self.backend.status.ejection;
        loop {
            match ejection.until() {
                None => ejection.changed.notified().await,
                Some(until) => tokio::select! {
                    () = tokio::time::sleep_until(until.into()) => {
                        self.registry.end_ejection(&self.backend, "its time out is over");
                    }
                    () = ejection.changed.notified() => {}
                },
            }
        }
    }
}

/// Numbers of passed and failed checks in a row.
#[derive(Default)]
struct Row {
    passed: u32,
    failed: u32,
}

impl Row {
    /// The verdict after this result, if it changes. The first result decides alone; after that, `rise` and `fall`
    /// apply.
    fn judge(&mut self, backend: &Backend, passed: bool) -> Option<Verdict> {
        if passed {
            *self = Row { passed: self.passed + 1, failed: 0 };
        } else {
            *self = Row { passed: 0, failed: self.failed + 1 };
        }
        match backend.status.verdict() {
            Verdict::Unknown if passed => Some(Verdict::Healthy),
            Verdict::Unknown => Some(Verdict::Unhealthy),
            Verdict::Healthy if self.failed >= backend.settings.health().fall => Some(Verdict::Unhealthy),
            Verdict::Unhealthy if self.passed >= backend.settings.health().rise => Some(Verdict::Healthy),
            _ => None,
        }
    }
}

/// The interval with ±5 % jitter, so that backends started together are not always checked together.
fn pause(backend: &Backend) -> Duration {
    let interval = match backend.status.verdict() {
        Verdict::Unhealthy => backend.check_interval().min(DOWN_INTERVAL),
        _ => backend.check_interval(),
    };
    interval.mul_f64(0.95 + 0.1 * fastrand::f64()).saturating_sub(LEAST_PAUSE)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::{Address, BackendConfig, HealthCheck};

    fn backend(rise: u32, fall: u32) -> Backend {
        let health = HealthCheck { rise, fall, ..HealthCheck::default() };
        let config = BackendConfig::new(1, "b".to_owned(), Address::local(5000));
        Backend::new(&BackendConfig { health, ..config }, None)
    }

    fn judge(row: &mut Row, backend: &Backend, results: &[bool]) -> Vec<Verdict> {
        let mut verdicts = Vec::new();
        for passed in results {
            if let Some(verdict) = row.judge(backend, *passed) {
                backend.status.set_verdict(verdict);
            }
            verdicts.push(backend.status.verdict());
        }
        verdicts
    }

    #[test]
    fn the_first_check_decides_at_once() {
        use Verdict::{Healthy, Unhealthy};
        assert_eq!(judge(&mut Row::default(), &backend(3, 3), &[true]), [Healthy]);
        assert_eq!(judge(&mut Row::default(), &backend(3, 3), &[false]), [Unhealthy]);
    }

    #[test]
    fn rise_and_fall_damp_flapping() {
        use Verdict::{Healthy, Unhealthy};
        let verdicts = judge(&mut Row::default(), &backend(2, 3), &[true, false, false, true, false, false, false]);
        assert_eq!(verdicts, [Healthy, Healthy, Healthy, Healthy, Healthy, Healthy, Unhealthy]);
        let verdicts = judge(&mut Row::default(), &backend(2, 1), &[false, true, false, true, true]);
        assert_eq!(verdicts, [Unhealthy, Unhealthy, Unhealthy, Unhealthy, Healthy]);
    }
}
