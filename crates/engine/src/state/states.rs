//! What changes a backend's state: a person, its checks, its traffic, and its own word.

use std::time::Instant;

use super::live_pool::LivePool;
use super::shared::Shared;
use crate::api::{Intent, Outcome};
use crate::balancer::{AgentWord, Backend, Pool, Verdict};

impl Shared {
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
            backend.set_intent(intent);
            if intent == Intent::InService {
                backend.ejection.end(Instant::now());
                backend.set_agent(AgentWord::Ready);
            }
            Some(reason.to_owned())
        });
        if intent == Intent::Maint {
            backend.cut.notify_waiters();
        }
    }

    /// What checks say of a backend. They begin its traffic's account anew: DOWN is more than EJECTED, and a backend
    /// that is back after it is back at once.
    pub(crate) fn set_verdict(&self, backend: &Backend, verdict: Verdict, reason: &str) {
        self.change_state(backend, |_| {
            backend.set_verdict(verdict);
            backend.ejection.end(Instant::now());
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
            backend.set_agent(word);
            Some(reason.to_owned())
        });
        if word == AgentWord::Maint {
            backend.cut.notify_waiters();
        }
    }

    /// How much of its weight a backend wants, in per cent.
    pub(crate) fn set_wanted(&self, backend: &Backend, percent: u32) {
        if backend.set_wanted(percent)
            && let Some((pool, _)) = self.find(backend.id())
        {
            self.change_pool(&pool, Pool::refreshed);
        }
    }

    /// A request was answered.
    pub(crate) fn traffic_answered(&self, backend: &Backend, status: u16) {
        if backend.health().passive.statuses.contains(status) {
            self.count_failure(backend, Outcome::Status(status));
        } else {
            backend.ejection.count_success();
        }
    }

    /// A request got no answer, and not because of the client: a check is due, and enough of them in a row eject.
    pub(crate) fn traffic_failed(&self, backend: &Backend, outcome: Outcome) {
        backend.suspect();
        self.count_failure(backend, outcome);
    }

    fn count_failure(&self, backend: &Backend, outcome: Outcome) {
        let enough = backend.health().passive.failures;
        let row = backend.ejection.count_failure(outcome.connected());
        // Where it may not be ejected, because too many are, it is asked again after as many more.
        if enough > 0 && row.is_multiple_of(enough) {
            self.change_state(backend, |pool| eject(pool, backend, row, outcome));
        }
    }

    /// A check that began then has connected, so that nothing is left of an ejection for refused connections.
    pub(crate) fn connected_at(&self, backend: &Backend, began: Instant) {
        if backend.ejection.is_disproved_by_connecting_at(began) {
            self.end_ejection(backend, "a check connects again");
        }
    }

    /// Takes a backend back whose time out is over.
    pub(crate) fn end_ejection(&self, backend: &Backend, reason: &str) {
        self.change_state(backend, |_| {
            backend.ejection.end(Instant::now());
            Some(reason.to_owned())
        });
    }

    /// Nobody is left in a pool but those that are ejected: they are better than nobody.
    pub(crate) fn call_back_ejected(&self, pool: &LivePool) {
        let pool = pool.in_force.load();
        if !pool.has_another(&[]) {
            for backend in pool.backends.iter().filter(|b| b.ejection.is_out()) {
                self.end_ejection(backend, "no other backend is up");
            }
        }
    }
}

/// Ejects a backend, where the pool can do without it; gives the reason.
fn eject(pool: &Pool, backend: &Backend, row: u32, outcome: Outcome) -> Option<String> {
    let passive = &backend.health().passive;
    let out = pool.backends.iter().filter(|b| b.ejection.is_out()).count();
    let most = (pool.backends.len() * passive.max_ejected_percent as usize / 100).max(1);
    let can_do_without = out < most && pool.has_another(&[backend.id()]);
    if !can_do_without || !backend.state().keeps_its_clients() {
        return None;
    }
    backend.tally.ejected();
    let length = backend.ejection.begin(Instant::now(), passive.eject_for);
    Some(format!("{row} requests in a row failed, the last one {outcome}; for {} s", length.as_secs_f64().ceil()))
}
