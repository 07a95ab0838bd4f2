//! Who may get requests: each backend is asked, side by side with the others, and its state follows.

mod agent;
mod command;
mod finding;
mod http;
mod probe;
mod websocket;

use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime};
use tokio::sync::oneshot;

use crate::api::CheckMark;
use crate::balancer::{AgentWord, Backend, Verdict};
use crate::state::Shared;
use crate::untrusted::Untrusted;
use finding::CheckResult;

/// A backend that is DOWN is asked at least this often, so that a restarted dev server is back within a second.
const DOWN_INTERVAL: Duration = Duration::from_secs(1);

/// The least time between two checks of one backend, whoever asks.
const LEAST_PAUSE: Duration = Duration::from_millis(100);

/// Watches one backend until it is dismissed: checks it, and takes it back when an ejection is over.
pub(crate) async fn watch(shared: Arc<Shared>, backend: Arc<Backend>, first: oneshot::Sender<()>) {
    tokio::select! {
        () = backend.signals.removed.notified() => {}
        () = async { tokio::join!(check(&shared, &backend, first), take_back(&shared, &backend)); } => {}
    }
}

/// Checks a backend once, before it is anybody's: its state is right from the beginning.
pub(crate) async fn first(shared: &Shared, backend: &Backend) {
    let passed = probe::probe(backend, shared.checks.of(backend.id())).await.result == CheckResult::Passed;
    backend.status.set_verdict(if passed { Verdict::Healthy } else { Verdict::Unhealthy });
}

/// Checks now, after each interval, and whenever traffic fails.
///
/// The next check begins only when the last one has ended, so that checks of one backend never overlap.
async fn check(shared: &Shared, backend: &Backend, first: oneshot::Sender<()>) {
    let mut first = Some(first);
    let mut row = Row::default();
    let mut said = AgentWord::Ready;
    loop {
        let (time, began) = (SystemTime::now(), Instant::now());
        let found = probe::probe(backend, shared.checks.of(backend.id())).await;
        backend.signals.clear_suspicion();
        let passed = found.result == CheckResult::Passed;
        if !passed && backend.settings.spawned && backend.status.verdict() == Verdict::Unknown {
            // Its process is starting: nothing is held against it yet.
            tokio::time::sleep(LEAST_PAUSE).await;
            continue;
        }
        backend.counters.count_check(passed);
        let reason = Untrusted::new(found.reason).to_string();
        let micros = u64::try_from(began.elapsed().as_micros()).unwrap_or(u64::MAX);
        let mark = CheckMark { time, micros, passed, reason: reason.as_str().into() };
        shared.registry.note_check(backend, mark);
        if let Some(report) = found.report {
            shared.registry.set_wanted(backend, report.percent);
            // Only what is new is heeded, so that a person's word holds until the backend changes its own.
            if std::mem::replace(&mut said, report.word) != report.word {
                shared.registry.set_agent(backend, report.word);
            }
        }
        if found.result != CheckResult::Inconclusive
            && let Some(verdict) = row.judge(backend, passed)
        {
            let reason = if passed { format!("check passed: {reason}") } else { format!("check failed: {reason}") };
            shared.registry.set_verdict(backend, verdict, &reason);
        }
        if passed && found.connected {
            shared.registry.connected_at(backend, began);
        }
        if let Some(first) = first.take() {
            // Nobody waits for it any more where the program is already stopping.
            let _ = first.send(());
        }
        // Failing traffic asks again and again; a backend in trouble is not asked more often than this.
        tokio::time::sleep(LEAST_PAUSE).await;
        tokio::select! {
            () = tokio::time::sleep(pause(backend)) => {}
            () = backend.signals.check_now.notified() => {}
        }
    }
}

/// Ends each ejection when its time is over.
async fn take_back(shared: &Shared, backend: &Backend) {
    loop {
        match backend.status.ejection.until() {
            None => backend.status.ejection.changed.notified().await,
            Some(until) => tokio::select! {
                () = tokio::time::sleep_until(until.into()) => shared.registry.end_ejection(backend, "its time out is over"),
                () = backend.status.ejection.changed.notified() => {}
            },
        }
    }
}

/// The results in a row.
#[derive(Default)]
struct Row {
    passed: u32,
    failed: u32,
}

impl Row {
    /// The verdict after this result, where it changes.
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

/// The interval, five per cent more or less, so that backends started together are not asked together for ever.
fn pause(backend: &Backend) -> Duration {
    let interval = match backend.status.verdict() {
        Verdict::Unhealthy => backend.settings.health().interval.min(DOWN_INTERVAL),
        _ => backend.settings.health().interval,
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
