//! The choice of a backend for one attempt.

#[cfg(test)]
mod tests;

use std::sync::Arc;
use std::time::Instant;

use super::backend::Backend;
use super::eligible::Eligible;
use super::moves::Way;
use super::pool::{Choice, Pool};
use super::rendezvous::Fingerprint;
use super::sticky::{Affinity, Bound};
use super::traits::Traits;
use crate::api::{BackendId, Decision, Exclusion, Rule, State, Text};
use crate::config::OnFailure;
use crate::untrusted::Untrusted;

/// Why no backend can take the request.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum NoBackend {
    /// Every backend that is up was tried already.
    #[error("no backend is up")]
    Nobody,
    /// Every backend that could take it is full.
    #[error("every backend is full")]
    Full,
    /// The client's own backend is unavailable, and the client must not go to another one.
    #[error("the client's backend is out")]
    Kept,
}

impl Pool {
    /// Chooses a backend: the client's own, if it keeps its clients and was not tried. If it cannot be used, a client
    /// with a key goes where the key suits next; one bound by cookie or connection goes by strategy, and what it sends at
    /// the same moment follows. Other clients go by strategy.
    ///
    /// Records in `decision` what decided; `random` is for the strategies that draw, `now` for what moves together.
    pub(crate) fn choose(
        &self,
        client: &Bound,
        tried: &[BackendId],
        random: &mut fastrand::Rng,
        decision: &mut Decision,
        now: Instant,
    ) -> Result<Choice, NoBackend> {
        let Some(index) = self.own(client) else {
            return self.by_strategy(client.fingerprint, tried, random, decision, now);
        };
        let backend = &self.backends[index];
        if decision.key.is_none() {
            decision.key.clone_from(&client.key);
        }
        match self.why_not_kept(index, client) {
            None if !tried.contains(&backend.id()) => {
                // It may have lost its backend before it waited, and has it again.
                (decision.moved_from, decision.told_apart) = (None, None);
                decision.rule = match backend.state() {
                    State::Drain => Rule::Draining { backend: backend.name().raw().into() },
                    _ => Rule::Sticky,
                };
                return self.kept(index).ok_or(NoBackend::Full);
            }
            Some(exclusion) if decision.moved_from.is_none() => {
                decision.moved_from = Some((backend.name().raw().into(), exclusion));
            }
            _ => {}
        }
        if self.sticky.on_failure == OnFailure::Fail {
            decision.rule = Rule::Kept;
            return Err(NoBackend::Kept);
        }
        if let Some(traits) = &client.traits {
            return self.moved(client, traits, tried, random, decision, now);
        }
        let untried = |one: &Eligible| !tried.contains(&one.backend(&self.backends).id());
        let together = self.suited(client.fingerprint, untried).map(|slot| self.eligible[slot].index);
        if let Some(choice) = together.and_then(|index| self.choice(index)) {
            decision.rule = Rule::Together;
            return Ok(choice);
        }
        self.by_strategy(client.fingerprint, tried, random, decision, now)
    }

    /// The backend that a person asked for, whatever its state.
    ///
    /// # Errors
    ///
    /// `Kept` if it is full, `Nobody` if it is not in the pool.
    pub(crate) fn choose_asked(&self, id: BackendId, decision: &mut Decision) -> Result<Choice, NoBackend> {
        let index = self.index_of(id).ok_or(NoBackend::Nobody)?;
        let backend = Untrusted::<Text>::from(self.backends[index].name().raw());
        decision.strategy = self.strategy;
        decision.rule = Rule::Asked { backend: backend.clone() };
        self.choice(index).ok_or_else(|| {
            decision.moved_from = Some((backend, Exclusion::Full));
            NoBackend::Kept
        })
    }

    /// What [`Pool::choose`] would return now, without advancing round robin or recording the move.
    pub(crate) fn preview(&self, client: &Bound, decision: &mut Decision, now: Instant) -> Option<Choice> {
        let copy = self.with_memory(self.memory.of(client.traits.as_deref()));
        copy.choose(client, &[], &mut fastrand::Rng::new(), decision, now).ok()
    }

    /// The backend of this pool that the client's cookie names, if it cannot have that one, or not again.
    pub(crate) fn lost(&self, client: &Bound, tried: &[BackendId]) -> Option<BackendId> {
        let id = client.named()?;
        let index = self.index_of(id)?;
        (tried.contains(&id) || self.why_not_kept(index, client).is_some()).then_some(id)
    }

    /// The backend for a client that lost its own: where its last request went a moment ago, else by strategy.
    fn moved(
        &self,
        client: &Bound,
        traits: &Traits,
        tried: &[BackendId],
        random: &mut fastrand::Rng,
        decision: &mut Decision,
        now: Instant,
    ) -> Result<Choice, NoBackend> {
        let moves = &self.memory.moves;
        let way = moves.way(traits, now);
        let told = decision.told_apart.insert(Box::new(traits.told.clone()));
        told.by_strategy = way == Way::Late;
        if let Way::After(id) = way
            && let Some(choice) = self.after(id, tried)
        {
            moves.note(traits, id, now);
            decision.rule = Rule::Together;
            return Ok(choice);
        }
        let choice = self.by_strategy(client.fingerprint, tried, random, decision, now)?;
        let id = choice.backend.id();
        if way != Way::First {
            moves.note(traits, id, now);
            return Ok(choice);
        }
        // Another worker may have chosen for a request of the same moment meanwhile.
        let first = moves.begin(traits, id, now);
        if first != id
            && let Some(choice) = self.after(first, tried)
        {
            decision.rule = Rule::Together;
            return Ok(choice);
        }
        Ok(choice)
    }

    /// The backend that a request of the same moment went to, if it can be had.
    fn after(&self, id: BackendId, tried: &[BackendId]) -> Option<Choice> {
        let index = self.index_of(id).filter(|_| !tried.contains(&id))?;
        self.eligible.iter().any(|one| one.index == index).then(|| self.choice(index))?
    }

    /// Backends with a connection limit whose queue the client may join: its own, or else any that takes new clients.
    pub(crate) fn waits_for(&self, client: &Bound, tried: &[BackendId]) -> Vec<Arc<Backend>> {
        let untried = |index: &usize| !tried.contains(&self.backends[*index].id());
        let own = self.own(client).filter(|index| untried(index) && self.why_not_kept(*index, client).is_none());
        let any = || self.eligible.iter().map(|one| one.index).chain(self.backups.iter().copied()).filter(untried);
        let indices: Vec<usize> = own.map_or_else(|| any().collect(), |index| vec![index]);
        let limited = indices.into_iter().filter(|index| self.backends[*index].slots.is_some());
        limited.map(|index| Arc::clone(&self.backends[index])).collect()
    }

    /// The backend that the client is bound to, if it is in the pool; whatever its state.
    fn own(&self, client: &Bound) -> Option<usize> {
        match client.own {
            Affinity::Nobody => None,
            Affinity::Id(id) | Affinity::Learned(id) => self.index_of(id),
            Affinity::Suited => {
                let score = |index: &usize| {
                    let backend = &self.backends[*index];
                    client.fingerprint.score(backend.id(), backend.weight.get() * backend.weight.percent())
                };
                self.hash_candidates.iter().copied().max_by_key(score)
            }
        }
    }

    /// Records which backend answered for a key, so that a draining backend can tell its clients from new ones, and a key
    /// that moved is counted once, however many were tried.
    pub(crate) fn note(&self, client: &Bound, id: BackendId) {
        if let (Affinity::Suited, Some(key_cache)) = (client.own, self.sticky.key_cache()) {
            key_cache.note(client.fingerprint, id);
            self.memory.keys.note(client.fingerprint);
        }
    }

    fn by_strategy(
        &self,
        key: Fingerprint,
        tried: &[BackendId],
        random: &mut fastrand::Rng,
        decision: &mut Decision,
        now: Instant,
    ) -> Result<Choice, NoBackend> {
        let untried = |index: usize| !tried.contains(&self.backends[index].id());
        if let Some(pick) = self.pick(key, random, now) {
            // Starting at the strategy's pick, take the first backend that was not tried and has a free slot.
            let of = self.eligible.len();
            for place in (0..of).map(|step| (pick.place + step) % of) {
                let index = self.eligible[place].index;
                if untried(index)
                    && let Some(choice) = self.choice(index)
                {
                    let against = pick.against.filter(|_| place == pick.place).map(|place| narrow(place + 1));
                    decision.rule = Rule::Strategy { place: narrow(place + 1), of: narrow(of), against };
                    return Ok(choice);
                }
            }
        }
        let mut backups = self.backups.iter().copied().filter(|index| untried(*index));
        if let Some(choice) = backups.find_map(|index| self.choice(index)) {
            decision.rule = Rule::Backup;
            return Ok(choice);
        }
        decision.rule = Rule::Nobody;
        Err(if self.has_another(tried) { NoBackend::Full } else { NoBackend::Nobody })
    }

    /// Whether any backend that was not tried takes new clients.
    pub(crate) fn has_another(&self, tried: &[BackendId]) -> bool {
        let mut taking = self.eligible.iter().map(|one| one.index).chain(self.backups.iter().copied());
        taking.any(|index| !tried.contains(&self.backends[index].id()))
    }

    /// Why a client may not stay with its backend; `None` if it may.
    fn why_not_kept(&self, index: usize, client: &Bound) -> Option<Exclusion> {
        let backend = &self.backends[index];
        let state = backend.state();
        let is_new = || {
            let key_cache = self.sticky.key_cache().filter(|_| client.own == Affinity::Suited);
            key_cache.is_some_and(|key_cache| !key_cache.is_at(client.fingerprint, backend.id()))
        };
        if !state.keeps_its_clients() || (!state.takes_new_clients() && is_new()) {
            Some(Exclusion::State(state))
        } else if self.does_without(index) {
            Some(Exclusion::Backup)
        } else {
            None
        }
    }
}

fn narrow(n: usize) -> u32 {
    u32::try_from(n).unwrap_or(u32::MAX)
}
