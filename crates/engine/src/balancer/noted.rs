//! Choices that are noted while somebody watches, so that they can be made again by another strategy.

use std::sync::Arc;
use std::time::Instant;

use super::backend::Backend;
use super::choose::NoBackend;
use super::memory::Memory;
use super::pool::{Choice, Pool};
use super::recorder::{Asked, ClientMark, Recorded};
use super::rendezvous::Fingerprint;
use super::slots::Slot;
use super::sticky::{Affinity, Bound};
use crate::api::{BackendId, Decision, Strategy};

impl Pool {
    /// [`Pool::choose`], noted for a client of whom it was read who asks: that is while somebody watches.
    #[inline]
    pub(crate) fn choose_noted(
        &self,
        client: &Bound,
        tried: &[BackendId],
        random: &mut fastrand::Rng,
        decision: &mut Decision,
        now: Instant,
    ) -> Result<Choice, NoBackend> {
        if client.asker.is_some() {
            self.note_choice(client, tried, random, decision, now)
        } else {
            self.choose(client, tried, random, decision, now)
        }
    }

    /// Whether choices are noted.
    #[inline]
    pub(crate) fn is_watched(&self) -> bool {
        self.memory.recorder.is_on()
    }

    #[cold]
    fn note_choice(
        &self,
        client: &Bound,
        tried: &[BackendId],
        random: &mut fastrand::Rng,
        decision: &mut Decision,
        now: Instant,
    ) -> Result<Choice, NoBackend> {
        let deciding = self.memory.recorder.deciding();
        let asked = Asked { seed: random.get_seed(), ..self.asked(client, tried, decision, now) };
        match self.choose(client, tried, random, decision, now) {
            Ok(choice) => Ok(Choice { ticket: Some(deciding.note(asked, choice.backend.id())), ..choice }),
            Err(no) => {
                if no == NoBackend::Full {
                    deciding.note_full();
                }
                Err(no)
            }
        }
    }

    /// [`Pool::choose_asked`], noted while somebody watches.
    ///
    /// # Errors
    ///
    /// As there.
    pub(crate) fn choose_asked_noted(&self, id: BackendId, decision: &mut Decision) -> Result<Choice, NoBackend> {
        if !self.is_watched() {
            return self.choose_asked(id, decision);
        }
        let deciding = self.memory.recorder.deciding();
        let choice = self.choose_asked(id, decision)?;
        let asked = self.asked(&Bound::default(), &[], decision, Instant::now());
        Ok(Choice { ticket: Some(deciding.note(Asked { is_by_person: true, ..asked }, id)), ..choice })
    }

    /// [`Pool::choice_of`] for a client that waits since then, noted as there.
    pub(crate) fn choice_of_noted(
        &self,
        client: &Bound,
        backend: &Backend,
        slot: Slot,
        decision: &Decision,
        since: Instant,
    ) -> Option<Choice> {
        if client.asker.is_none() {
            return self.choice_of(client, backend, slot);
        }
        let deciding = self.memory.recorder.deciding();
        let choice = self.choice_of(client, backend, slot)?;
        let asked = Asked { has_waited: true, ..self.asked(client, &[], decision, since) };
        Some(Choice { ticket: Some(deciding.note(asked, choice.backend.id())), ..choice })
    }

    fn asked(&self, client: &Bound, tried: &[BackendId], decision: &Decision, now: Instant) -> Asked {
        let goes_by_averages = self.strategy == Strategy::LeastLatency;
        let averages = self.backends.iter().filter(|_| goes_by_averages).map(|one| one.counters.ewma.packed());
        Asked {
            pool: self.number,
            client: mark(client, decision),
            own: client.own,
            fingerprint: client.fingerprint,
            address: client.asker.as_ref().map_or(client.fingerprint, |asker| asker.address),
            traits: client.traits.clone(),
            tried: tried.into(),
            now,
            seed: 0,
            turn: self.memory.turn(),
            averages: averages.collect(),
            has_waited: false,
            is_by_person: false,
        }
    }

    /// The same pool with nothing left behind by choices.
    pub(crate) fn anew(&self) -> Self {
        self.with_memory(Memory::default())
    }

    /// Sets whose turn it is.
    pub(crate) fn set_turn(&self, turn: usize) {
        self.memory.set_turn(turn);
    }

    /// What was chosen until now; from now on it is noted for good.
    pub(crate) fn recorded(&self) -> Recorded {
        self.memory.recorder.ask(self.in_flight())
    }

    /// Choices are noted from now on, or no longer unless they are for good.
    pub(crate) fn watch(&self, is_watched: bool) {
        self.memory.recorder.watch(is_watched, self.in_flight());
    }

    fn in_flight(&self) -> u32 {
        self.backends.iter().map(|backend: &Arc<Backend>| backend.counters.active()).sum()
    }
}

/// Who a request comes from.
fn mark(client: &Bound, decision: &Decision) -> ClientMark {
    match (decision.traffic, client.own) {
        (Some(number), _) => {
            ClientMark { hash: Fingerprint::of(b"traffic").with(&number.to_be_bytes()).bits(), is_sure: true }
        }
        (None, Affinity::Suited) => ClientMark { hash: client.fingerprint.bits(), is_sure: true },
        (None, _) => {
            let hash = client.asker.as_ref().map_or(client.fingerprint, |asker| asker.who);
            ClientMark { hash: hash.bits(), is_sure: false }
        }
    }
}
