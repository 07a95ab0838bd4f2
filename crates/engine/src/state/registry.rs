//! The backends' states, and all that changes them: a person, their checks, their traffic, and their own word.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Instant, SystemTime};

use tokio::sync::watch;

use super::check_history::CheckHistory;
use super::live_pool::LivePool;
use super::live_topology::LiveTopology;
use super::slow_start::SlowStarts;
use super::telemetry::Telemetry;
use crate::api::{BackendId, CheckMark, Event, Intent, Outcome, Spawned, State, UpdateEvent};
use crate::balancer::{AgentWord, Backend, Pool, Verdict};
use crate::untrusted::Untrusted;

/// The backends' states, and what is known of each beside its figures.
pub(crate) struct Registry {
    topology: Arc<LiveTopology>,
    telemetry: Arc<Telemetry>,
    /// Also serializes changes: whoever holds it may change states and replace a pool's current value.
    records: Mutex<Records>,
    /// Changes with every backend's state.
    changes: watch::Sender<()>,
}

/// What changes seldom.
#[derive(Default)]
pub(crate) struct Records {
    /// Since when each backend is in its state.
    pub(super) since: HashMap<BackendId, Instant>,
    /// The last checks of each.
    pub(crate) checks: HashMap<BackendId, CheckHistory>,
    /// The processes of backends that were started here.
    pub(crate) spawned: HashMap<BackendId, Spawned>,
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
        // Each change is one insertion: nothing is half done after a panic.
        self.records.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Changes with every backend's state.
    pub(crate) fn changes(&self) -> watch::Receiver<()> {
        self.changes.subscribe()
    }

    /// Once a second: sticky addresses expire, and weights grow.
    pub(super) fn tick(&self, now: Instant) {
        let topology = self.topology.load();
        let mut records = self.records();
        for pool in &topology.pools {
            pool.forget();
            let current = pool.current.load();
            if records.slow_starts.grow(&current, now) {
                pool.replace(current.refreshed());
            }
        }
    }

    /// Puts another value of a pool in place, made from the present one.
    pub(crate) fn change_pool(&self, pool: &LivePool, change: impl FnOnce(&Pool) -> Pool) {
        let _alone = self.records();
        pool.replace(change(&pool.current.load()));
    }

    /// Adds a backend to a pool.
    pub(crate) fn add(&self, pool: &LivePool, backend: &Arc<Backend>) {
        self.change_pool(pool, |pool| pool.with(Arc::clone(backend)));
        self.begin(backend);
    }

    /// Begins a backend's account, or begins it anew.
    pub(crate) fn begin(&self, backend: &Backend) {
        self.telemetry.statistics().forget(backend.id());
        let mut records = self.records();
        records.checks.remove(&backend.id());
        records.since.insert(backend.id(), Instant::now());
    }

    /// Closes the account of a backend that is gone.
    pub(crate) fn close(&self, id: BackendId) {
        let mut records = self.records();
        records.checks.remove(&id);
        records.since.remove(&id);
    }

    /// Notes the result of a check.
    pub(crate) fn note_check(&self, backend: &Backend, mark: CheckMark) {
        self.records().checks.entry(backend.id()).or_default().note(mark);
    }

    /// Notes whether a backend's process runs.
    pub(crate) fn note_process(&self, backend: &Backend, process: Spawned) {
        self.records().spawned.insert(backend.id(), process);
    }

    /// Changes what a backend's state follows from, and tells of the state that changed with it.
    ///
    /// `change` gives the reason; `None` where there was nothing to change after all.
    fn change_state(&self, backend: &Backend, change: impl FnOnce(&Pool) -> Option<String>) {
        // One that was taken away with its pool has no state to change any more.
        let Some((pool, present)) = self.topology.find(backend.id()) else { return };
        if !std::ptr::eq(&raw const *present, backend) {
            return;
        }
        let (from, to, reason) = {
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
            pool.replace(pool.current.load().refreshed());
            (from, to, Untrusted::new(reason))
        };
        self.changes.send_replace(());
        let name = backend.name();
        if matches!(to, State::Down | State::Ejected) {
            log::warn!("{name} is {to}: {reason}");
        } else {
            log::info!("{name} is {to}: {reason}");
        }
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

    /// A person's word about a backend. Put in service, it is so whatever its traffic and its agent said before; what
    /// they say from now on counts again.
    pub(crate) fn set_intent(&self, backend: &Backend, intent: Intent) {
        let reason = match intent {
            Intent::InService => "put back in service by hand",
            Intent::Drain => "set to drain by hand",
            Intent::Maint => "taken out by hand",
        };
        self.set_intent_because(backend, intent, reason);
    }

    /// The same, for a reason of its own.
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

    /// What checks say of a backend. They begin its traffic's account anew: DOWN is more than EJECTED, and a backend
    /// that is back after it is back at once.
    pub(crate) fn set_verdict(&self, backend: &Backend, verdict: Verdict, reason: &str) {
        self.change_state(backend, |_| {
            backend.status.set_verdict(verdict);
            backend.status.ejection.end(Instant::now());
            Some(reason.to_owned())
        });
    }

    /// What a backend says of itself.
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

    /// How much of its weight a backend wants, in per cent.
    pub(crate) fn set_wanted(&self, backend: &Backend, percent: u32) {
        if backend.weight.set_wanted(percent)
            && let Some((pool, _)) = self.topology.find(backend.id())
        {
            self.change_pool(&pool, Pool::refreshed);
        }
    }

    /// A request was answered.
    pub(crate) fn traffic_answered(&self, backend: &Backend, status: u16) {
        if backend.settings.health().passive.statuses.contains(status) {
            self.count_failure(backend, Outcome::Status(status));
        } else {
            backend.status.ejection.count_success();
        }
    }

    /// A request got no answer, and not because of the client: a check is due, and enough of them in a row eject.
    pub(crate) fn traffic_failed(&self, backend: &Backend, outcome: Outcome) {
        backend.signals.suspect();
        self.count_failure(backend, outcome);
    }

    fn count_failure(&self, backend: &Backend, outcome: Outcome) {
        let enough = backend.settings.health().passive.failures;
        let row = backend.status.ejection.count_failure(outcome.connected());
        // Where it may not be ejected, because too many are, it is asked again after as many more.
        if enough > 0 && row.is_multiple_of(enough) {
            self.change_state(backend, |pool| eject(pool, backend, row, outcome));
        }
    }

    /// A check that began then has connected, so that nothing is left of an ejection for refused connections.
    pub(crate) fn connected_at(&self, backend: &Backend, began: Instant) {
        if backend.status.ejection.is_disproved_by_connecting_at(began) {
            self.end_ejection(backend, "a check connects again");
        }
    }

    /// Takes a backend back whose time out is over.
    pub(crate) fn end_ejection(&self, backend: &Backend, reason: &str) {
        self.change_state(backend, |_| {
            backend.status.ejection.end(Instant::now());
            Some(reason.to_owned())
        });
    }

    /// Nobody is left in a pool but those that are ejected: they are better than nobody.
    pub(crate) fn call_back_ejected(&self, pool: &LivePool) {
        let pool = pool.current.load();
        if !pool.has_another(&[]) {
            for backend in pool.backends.iter().filter(|b| b.status.ejection.is_out()) {
                self.end_ejection(backend, "no other backend is up");
            }
        }
    }
}

/// Ejects a backend, where the pool can do without it; gives the reason.
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
