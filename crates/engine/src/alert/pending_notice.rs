//! What was told last of one backend or alert, and what is pending.

use std::time::{Duration, Instant, SystemTime};

use crate::api::State;

/// The condition of a backend, as reported by mail.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Condition {
    Down,
    Up,
}

impl Condition {
    /// The condition for a state; `None` for states that a person chose or that end by themselves.
    pub(crate) fn of(state: State) -> Option<Self> {
        match state {
            State::Down => Some(Condition::Down),
            State::Up | State::Drain => Some(Condition::Up),
            State::Ejected | State::Maint | State::Starting => None,
        }
    }
}

/// The notices about one thing whose condition is a `C`.
pub(crate) struct PendingNotice<C> {
    told: C,
    told_at: Option<Instant>,
    now: C,
    since: SystemTime,
}

impl<C: Copy + PartialEq> PendingNotice<C> {
    /// Nothing was told yet: initially, whom it concerns is taken to believe this.
    pub(crate) fn new(believed: C) -> Self {
        PendingNotice { told: believed, told_at: None, now: believed, since: SystemTime::UNIX_EPOCH }
    }

    /// Updates the condition at `time`; `None` leaves it as it is.
    pub(crate) fn note(&mut self, condition: Option<C>, time: SystemTime) {
        if let Some(condition) = condition
            && condition != self.now
        {
            (self.now, self.since) = (condition, time);
        }
    }

    /// The condition to report, and since when it has lasted; `None` if it is known.
    pub(crate) fn news(&self) -> Option<(C, SystemTime)> {
        (self.now != self.told).then_some((self.now, self.since))
    }

    /// When the pending mail may be sent: at least `throttle` after the last one. `None` if there is none.
    pub(crate) fn due(&self, throttle: Duration, now: Instant) -> Option<Instant> {
        self.news()?;
        Some(self.told_at.map_or(now, |at| at + throttle))
    }

    /// Records that this condition was reported.
    pub(crate) fn tell(&mut self, condition: C, now: Instant) {
        self.told = condition;
        self.told_at = Some(now);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MINUTE: Duration = Duration::from_mins(1);

    fn told(pending: &mut PendingNotice<Condition>, now: Instant) -> Option<Condition> {
        pending.due(MINUTE, now).filter(|due| *due <= now)?;
        let (condition, _) = pending.news()?;
        pending.tell(condition, now);
        Some(condition)
    }

    #[test]
    fn the_first_change_is_told_at_once_and_what_follows_when_the_throttle_ends() {
        let (mut pending, start) = (PendingNotice::new(Condition::Up), Instant::now());
        let time = SystemTime::now();
        pending.note(Condition::of(State::Up), time);
        assert_eq!(told(&mut pending, start), None, "a backend that starts well is no news");
        pending.note(Condition::of(State::Down), time);
        assert_eq!(told(&mut pending, start), Some(Condition::Down));
        assert_eq!(told(&mut pending, start), None);
        pending.note(Condition::of(State::Up), time);
        assert_eq!(told(&mut pending, start + MINUTE / 2), None);
        assert_eq!(pending.due(MINUTE, start), Some(start + MINUTE));
        assert_eq!(told(&mut pending, start + MINUTE), Some(Condition::Up));
    }

    #[test]
    fn flapping_ends_in_the_present_state_or_in_nothing() {
        let (mut pending, start) = (PendingNotice::new(Condition::Up), Instant::now());
        pending.note(Condition::of(State::Down), SystemTime::now());
        assert_eq!(told(&mut pending, start), Some(Condition::Down));
        for _ in 0..3 {
            pending.note(Condition::of(State::Up), SystemTime::now());
            pending.note(Condition::of(State::Down), SystemTime::now());
        }
        assert_eq!(told(&mut pending, start + MINUTE), None, "it is as the owner knows it");
        pending.note(Condition::of(State::Drain), SystemTime::now());
        assert_eq!(told(&mut pending, start + 2 * MINUTE), Some(Condition::Up));
    }

    #[test]
    fn what_a_person_does_and_what_ends_by_itself_is_no_news() {
        let (mut pending, start) = (PendingNotice::new(Condition::Up), Instant::now());
        for state in [State::Starting, State::Up, State::Maint, State::Ejected, State::Drain] {
            pending.note(Condition::of(state), SystemTime::now());
            assert_eq!(told(&mut pending, start), None, "{state}");
        }
        pending.note(Condition::of(State::Down), SystemTime::now());
        pending.note(Condition::of(State::Maint), SystemTime::now());
        assert_eq!(told(&mut pending, start), Some(Condition::Down));
    }
}
