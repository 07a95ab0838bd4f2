//! Freezes the display while the proxy runs on, and steps back and forward in time.
//!
//! The state's snapshot and log hold what is shown, so views need no special case. The live snapshot and events that
//! arrive meanwhile are kept in [`Frozen`].

#[cfg(test)]
mod tests;

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::{Duration, SystemTime};
use stickylb::api::Snapshot;

use super::action::Action;
use super::frozen::{Frozen, Moment};
use super::presenter;
use super::state::State;

/// Seconds of history.
const KEPT: usize = 300;

impl State {
    /// Takes the snapshot of a new second and adds it to the history.
    pub(crate) fn second(&mut self, now: SystemTime, snapshot: Snapshot) {
        self.refresh(snapshot);
        let dropping = self.drops_lines();
        let held = self.presenter.on && presenter::held(self).is_some();
        self.now = now;
        self.changed |= presenter::second(self, held);
        self.hush();
        let dropped = self.live().dropped + self.lost;
        if dropped > self.drops.0 {
            self.drops = (dropped, now);
        }
        self.changed |= dropping != self.drops_lines();
        // The header shows the age of the frozen moment.
        self.changed |= self.frozen.is_some();
        let snapshot = match self.moments.back() {
            Some(last) if *last.snapshot == *self.live() => Arc::clone(&last.snapshot),
            _ => Arc::new(self.live().clone()),
        };
        if self.moments.len() == KEPT {
            self.moments.pop_front();
        }
        self.moments.push_back(Moment { time: now, snapshot });
    }

    /// The current snapshot, also while the display is frozen.
    pub(crate) fn live(&self) -> &Snapshot {
        self.frozen.as_ref().map_or(&self.snapshot, |frozen| &frozen.live)
    }

    pub(crate) fn live_mut(&mut self) -> &mut Snapshot {
        self.frozen.as_mut().map_or(&mut self.snapshot, |frozen| &mut frozen.live)
    }

    /// Freezes the display, or returns to live.
    pub(crate) fn freeze_or_live(&mut self) {
        let Some(frozen) = self.frozen.take() else {
            self.frozen = Some(Frozen { at: self.now, live: self.snapshot.clone(), later: VecDeque::new(), lost: 0 });
            return;
        };
        self.snapshot = frozen.live;
        self.lost += frozen.lost;
        self.until = None;
        self.log.show_until(None);
        self.take(frozen.later.into());
        self.order();
    }

    /// Freezes the display if necessary, and shows the second before or after the one shown.
    ///
    /// # Errors
    /// A sentence if there is no such second.
    pub(crate) fn step_in_time(&mut self, back: bool) -> Result<(), String> {
        if self.frozen.is_none() {
            self.freeze_or_live();
        }
        let Some(frozen) = &mut self.frozen else { return Ok(()) };
        let moment = if back {
            self.moments.iter().rev().find(|moment| moment.time < frozen.at)
        } else {
            self.moments.iter().find(|moment| moment.time > frozen.at)
        };
        let Some(moment) = moment else {
            return Err(if back {
                format!("nothing before this is kept: there are {} minutes at most", KEPT / 60)
            } else {
                format!("this is the latest second: {} shows live again", self.key(Action::Freeze))
            });
        };
        frozen.at = moment.time;
        self.snapshot = Snapshot::clone(&moment.snapshot);
        let seen = frozen.later.partition_point(|event| event.time() <= moment.time);
        let (seen, until) = (frozen.later.drain(..seen).collect(), moment.time);
        self.take(seen);
        self.until = Some(until);
        self.log.show_until(self.until);
        self.order();
        Ok(())
    }

    /// Requests counted since the shown moment.
    pub(crate) fn requests_since(&self) -> u64 {
        self.live().totals.requests.saturating_sub(self.snapshot.totals.requests)
    }

    /// The age of the frozen moment in seconds, rounded; `None` if live.
    pub(crate) fn frozen_for(&self) -> Option<u64> {
        let frozen = self.frozen.as_ref()?;
        let since = self.now.duration_since(frozen.at).unwrap_or_default();
        Some((since + Duration::from_millis(500)).as_secs())
    }
}
