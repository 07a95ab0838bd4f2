//! The backends' states, and all changes to them: by a person, checks, traffic or a backend's agent.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Instant, SystemTime};

use tokio::sync::watch;

use super::check_history::CheckHistory;
use super::live_pool::LivePool;
use super::live_topology::LiveTopology;
use super::marks::Marks;
use super::slow_start::SlowStarts;
use super::telemetry::Telemetry;
use crate::api::{BackendId, CheckMark, Event, Intent, Level, Outcome, Spawned, State, UpdateEvent};
use crate::balancer::{AgentWord, Backend, Pool, Verdict};
use crate::untrusted::Untrusted;

/// Why a backend is DOWN whose process a person had killed, whether its end or a check is seen first.
pub(crate) const KILLED: &str = "its process was killed by hand";

/// The backends' states, and what is recorded of each besides its counters.
pub(crate) struct Registry {
    topology: Arc<LiveTopology>,
    telemetry: Arc<Telemetry>,
    /// The lock also serializes changes: required for changing a state or replacing a pool's current value.
    records: Mutex<Records>,
    /// Notifies whenever a backend's state changes.
    changes: watch::Sender<()>,
}

/// Records that change seldom.
#[derive(Default)]
pub(crate) struct Records {
    /// Since when each backend has been in its state.
    pub(super) since: HashMap<BackendId, Instant>,
    /// The most recent checks of each backend.
    pub(crate) checks: HashMap<BackendId, CheckHistory>,
    /// The processes of backends that this program started.
    pub(crate) spawned: HashMap<BackendId, Spawned>,
    /// Each backend's letter and colour.
    pub(crate) marks: Marks,
    slow_starts: SlowStarts,
}

impl Registry {
    pub(super) fn new(topology: Arc<LiveTopology>, telemetry: Arc<Telemetry>) -> Self {
        let now = Instant::now();
        let since = topology.config().backends().map(|backend| (backend.id, now)).collect();
        let records = Mutex::new(Records { since, ..Records::default() });
        Registry { topology, telemetry, records, changes: watch::Sender::new(()) }
    }

    pub(crate) fn records(&self) -> MutexGuard<'_, Records> {
        // Ignoring poison is safe: each change is a single insertion.
        self.records.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Notifies whenever a backend's state changes.
    pub(crate) fn changes(&self) -> watch::Receiver<()> {
        self.changes.subscribe()
    }

    /// Expires sticky addresses and advances slow starts. To be called once a second.
    pub(super) fn tick(&self, now: Instant) {
        let topology = self.topology.load();
        for pool in &topology.pools {
            let changes = {
                let mut records = self.records();
                pool.tick(now, self.telemetry.heads.is_watched());
                let current = pool.current.load();
                if records.slow_starts.grow(&current, now) { pool.replace(current.refreshed()) } else { Vec::new() }
            };
            self.telemetry.tell_changes(pool, changes);
        }
    }

    /// Replaces a pool's current value by one made from it, under the lock.
    pub(crate) fn change_pool(&self, pool: &LivePool, change: impl FnOnce(&Pool) -> Pool) {
        let changes = {
            let _alone = self.records();
            pool.replace(change(&pool.current.load()))
        };
        self.telemetry.tell_changes(pool, changes);
    }

    /// Counts fairness anew in every pool, because a person wants it.
    pub(crate) fn set_baseline(&self) {
        let _alone = self.records();
        for pool in &self.topology.load().pools {
            pool.set_baseline();
        }
    }

    /// Adds a backend to a pool.
    pub(crate) fn add(&self, pool: &LivePool, backend: &Arc<Backend>) {
        self.change_pool(pool, |pool| pool.with(Arc::clone(backend)));
        self.begin(backend);
    }

    /// Puts a backend in the place of another one with its id.
    pub(crate) fn replace(&self, pool: &LivePool, old: &Arc<Backend>, new: &Arc<Backend>) {
        self.change_pool(pool, |pool| {
            let place = |backend: &Arc<Backend>| if Arc::ptr_eq(backend, old) { new } else { backend }.clone();
            pool.changed(pool.backends.iter().map(place).collect(), pool.strategy, pool.sticky.clone())
        });
        self.begin(new);
    }

    /// Starts a backend's records and statistics afresh.
    pub(crate) fn begin(&self, backend: &Backend) {
        self.telemetry.statistics().forget(backend.id());
        let mut records = self.records();
        records.checks.remove(&backend.id());
        records.since.insert(backend.id(), Instant::now());
    }

    /// Removes the records of a backend that is gone.
    pub(crate) fn close(&self, id: BackendId) {
        let mut records = self.records();
        records.checks.remove(&id);
        records.since.remove(&id);
        records.marks.free(id);
    }

    /// Records the result of a check.
    pub(crate) fn note_check(&self, backend: &Backend, mark: CheckMark) {
        self.records().checks.entry(backend.id()).or_default().note(mark);
    }

    /// Records whether a backend's process runs.
    pub(crate) fn note_process(&self, backend: &Backend, process: Spawned) {
        self.records().spawned.insert(backend.id(), process);
    }

    /// Changes an input of a backend's state; if the state changes with it, rebuilds the pool, logs it and sends an
    /// event.
    ///
    /// `change` makes the change and returns the reason, or `None` if it changed nothing.
    fn change_state(&self, backend: &Backend, change: impl FnOnce(&Pool) -> Option<String>) {
        // The backend may have been removed, or replaced by another one with its id.
        let Some((pool, present)) = self.topology.find(backend.id()) else { return };
        if !std::ptr::eq(&raw const *present, backend) {
            return;
        }
        let (from, to, reason, changes) = {
            let mut records = self.records();
            let from = backend.state();
            let Some(reason) = change(&pool.current.load()) else { return };
            let to = backend.state();
            if from == to {
                return;
            }
            let now = Instant::now();
            records.since.insert(backend.id(), now);
            records.slow_starts.follow(backend, from, to, now);
            let changes = pool.replace(pool.current.load().refreshed());
            (from, to, Untrusted::new(reason), changes)
        };
        self.telemetry.tell_changes(&pool, changes);
        self.changes.send_replace(());
        let name = backend.name();
        let level = if matches!(to, State::Down | State::Ejected) { Level::Warning } else { Level::Info };
        self.telemetry.log(level, format_args!("{name} is {to}: {reason}"));
        self.telemetry.journal.tell(Event::Update(UpdateEvent {
            time: SystemTime::now(),
            backend: Arc::clone(&backend.identity),
            from,
            to,
            reason,
        }));
        if from == State::Up {
            self.call_back_ejected(&pool);
        }
    }

    /// Sets what a person wants of a backend. Putting it in service discards what traffic and agent said before; what
    /// they say later counts again.
    pub(crate) fn set_intent(&self, backend: &Backend, intent: Intent) {
        let reason = match intent {
            Intent::InService => "put back in service by hand",
            Intent::Drain => "set to drain by hand",
            Intent::Maint => "taken out by hand",
        };
        self.set_intent_because(backend, intent, reason);
    }

    /// The same, with a given reason.
    pub(crate) fn set_intent_because(&self, backend: &Backend, intent: Intent, reason: &str) {
        self.change_state(backend, |_| {
            backend.status.set_intent(intent);
            if intent == Intent::InService {
                backend.status.ejection.end(Instant::now());
                backend.status.set_agent(AgentWord::Ready);
            }
            Some(reason.to_owned())
        });
        if intent == Intent::Maint {
            backend.signals.close_tunnels.notify_waiters();
        }
    }

    /// Sets the result of a backend's checks. Also ends an ejection: DOWN takes precedence over it, and a backend that
    /// recovers from DOWN gets traffic at once.
    pub(crate) fn set_verdict(&self, backend: &Backend, verdict: Verdict, reason: &str) {
        let reason = if verdict == Verdict::Unhealthy && backend.status.was_killed() { KILLED } else { reason };
        self.change_state(backend, |_| {
            backend.status.set_verdict(verdict);
            backend.status.ejection.end(Instant::now());
            Some(reason.to_owned())
        });
        if verdict != Verdict::Healthy {
            backend.concurrency.forget();
        }
    }

    /// Sets what a backend's agent asks for.
    pub(crate) fn set_agent(&self, backend: &Backend, word: AgentWord) {
        let reason = match word {
            AgentWord::Ready => "it says that it is ready",
            AgentWord::Drain => "it asks to be drained",
            AgentWord::Maint => "it asks to be taken out",
        };
        self.change_state(backend, |_| {
            backend.status.set_agent(word);
            Some(reason.to_owned())
        });
        if word == AgentWord::Maint {
            backend.signals.close_tunnels.notify_waiters();
        }
    }

    /// Sets how much of its weight a backend's agent asks for, in per cent.
    pub(crate) fn set_wanted(&self, backend: &Backend, percent: u32) {
        if backend.weight.set_wanted(percent)
            && let Some((pool, _)) = self.topology.find(backend.id())
        {
            self.change_pool(&pool, Pool::refreshed);
        }
    }

    /// Counts a request that got a response, for outlier ejection.
    pub(crate) fn traffic_answered(&self, backend: &Backend, status: u16) {
        if backend.settings.health().passive.statuses.contains(status) {
            self.count_failure(backend, Outcome::Status(status));
        } else {
            backend.status.ejection.count_success();
        }
    }

    /// Counts a request that failed for a reason other than its client. Requests a check at once; enough failures in a
    /// row eject the backend.
    pub(crate) fn traffic_failed(&self, backend: &Backend, outcome: Outcome) {
        backend.signals.suspect();
        self.count_failure(backend, outcome);
    }

    fn count_failure(&self, backend: &Backend, outcome: Outcome) {
        let enough = backend.settings.health().passive.failures;
        let row = backend.status.ejection.count_failure(outcome.connected());
        // If too many are ejected already, the next attempt is after as many failures again.
        if enough > 0 && row.is_multiple_of(enough) {
            self.change_state(backend, |pool| eject(pool, backend, row, outcome));
        }
    }

    /// Reports that a check that began at `began` has connected: ends an ejection that was only for failures to
    /// connect.
    pub(crate) fn connected_at(&self, backend: &Backend, began: Instant) {
        if backend.status.ejection.is_disproved_by_connecting_at(began) {
            self.end_ejection(backend, "a check connects again");
        }
    }

    /// Ends a backend's ejection.
    pub(crate) fn end_ejection(&self, backend: &Backend, reason: &str) {
        self.change_state(backend, |_| {
            backend.status.ejection.end(Instant::now());
            Some(reason.to_owned())
        });
    }

    /// Ends all ejections in a pool if no other backend is left to take new clients.
    pub(crate) fn call_back_ejected(&self, pool: &LivePool) {
        let pool = pool.current.load();
        if !pool.has_another(&[]) {
            for backend in pool.backends.iter().filter(|b| b.status.ejection.is_out()) {
                self.end_ejection(backend, "no other backend is up");
            }
        }
    }
}

/// Ejects a backend and returns the reason. `None` if it stays: too many are ejected, no other backend takes new
/// clients, or it is out of service anyway.
fn eject(pool: &Pool, backend: &Backend, row: u32, outcome: Outcome) -> Option<String> {
    let passive = &backend.settings.health().passive;
    let out = pool.backends.iter().filter(|b| b.status.ejection.is_out()).count();
    let most = (pool.backends.len() * passive.max_ejected_percent as usize / 100).max(1);
    let can_do_without = out < most && pool.has_another(&[backend.id()]);
    if !can_do_without || !backend.state().keeps_its_clients() {
        return None;
    }
    backend.counters.count_ejection();
    let length = backend.status.ejection.begin(Instant::now(), passive.eject_for);
    Some(format!("{row} requests in a row failed, the last one {outcome}; for {} s", length.as_secs_f64().ceil()))
}
