//! One alert while it is watched: whether it has begun, and for how long its condition says otherwise.

use std::time::SystemTime;

use crate::api::{AlertChange, AlertView};
use crate::config::{AlertConfig, AlertRule, Figure};
use crate::untrusted::Untrusted;

/// One alert, and how it stands.
pub(super) struct Watched {
    pub(super) config: AlertConfig,
    /// Whether a command set it, and no configuration.
    pub(super) tried: bool,
    active: bool,
    /// When it began or ended last.
    changed: SystemTime,
    /// For how many evaluations in a row its condition has been at odds with that; those where it was unknown left out.
    against: u64,
    /// The figures it compares, in words.
    value: String,
    /// What was told last.
    told: String,
}

/// An alert began or ended.
pub(super) struct Change {
    pub(super) change: AlertChange,
    pub(super) sentence: String,
}

impl Watched {
    fn new(config: AlertConfig, tried: bool) -> Self {
        let value = config.when.in_words(|_| None);
        let changed = SystemTime::UNIX_EPOCH;
        Watched { config, tried, active: false, changed, against: 0, value, told: String::new() }
    }

    pub(super) fn configured(config: AlertConfig) -> Self {
        Watched::new(config, false)
    }

    /// The same alert, from now on told as this configuration says.
    pub(super) fn now_configured(self, config: AlertConfig) -> Self {
        Watched { config, tried: false, ..self }
    }

    pub(super) fn tried(rule: AlertRule) -> Self {
        Watched::new(AlertConfig::new(rule), true)
    }

    /// Evaluates it. It begins or ends where its condition has said so at each evaluation for as long as its `for=`. Where it is
    /// unknown, because there is no traffic, it does not begin, and one that is active has no reason to go on.
    pub(super) fn step(&mut self, value: impl Fn(Figure) -> Option<f64>, now: SystemTime) -> Option<Change> {
        self.value = self.config.when.in_words(&value);
        let holds = match self.config.when.holds(value) {
            None if self.active => false,
            known => known?,
        };
        if holds == self.active {
            self.against = 0;
            return None;
        }
        self.against += 1;
        // The first one is when the time begins.
        if self.against <= self.config.when.hold().as_secs() {
            return None;
        }
        let before = std::mem::replace(&mut self.changed, now);
        (self.active, self.against) = (holds, 0);
        let lasted = now.duration_since(before).unwrap_or_default().as_secs();
        let how = if holds { "begins" } else { "ends" };
        let after = if holds { String::new() } else { format!(" after {lasted} s") };
        Some(self.tell(&format!("{how}{after}: {}", self.value)))
    }

    /// It is no longer watched: ends it if it is active.
    pub(super) fn abandon(mut self) -> Option<Change> {
        std::mem::take(&mut self.active).then(|| self.tell("ends: it is no longer watched"))
    }

    fn tell(&mut self, what: &str) -> Change {
        let when = Untrusted::new(self.config.when.to_string());
        self.told = format!("alert {when} {what}");
        let change = AlertChange { when, active: self.active, notify: self.config.notify.clone() };
        Change { change, sentence: self.told.clone() }
    }

    /// Since when it is active; `None` where it is not.
    pub(super) fn since(&self) -> Option<SystemTime> {
        self.active.then_some(self.changed)
    }

    /// What was told of it last.
    pub(super) fn sentence(&self) -> String {
        self.told.clone()
    }

    /// How it stands, in words.
    pub(super) fn in_words(&self) -> String {
        format!("alert {}: {}", self.config.when, self.value)
    }

    pub(super) fn view(&self) -> AlertView {
        AlertView {
            when: self.config.when.to_string().into(),
            active: self.active,
            since: self.since(),
            value: self.value.clone().into(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Evaluates it with each of these for a p95, in milliseconds; gives what was told at which place.
    fn told(alert: &mut Watched, values: &[Option<u32>]) -> Vec<(usize, bool)> {
        let mut told = Vec::new();
        for (place, value) in values.iter().enumerate() {
            let now = SystemTime::UNIX_EPOCH;
            let change = alert.step(|_| value.map(|ms| f64::from(ms) * 1e3), now);
            told.extend(change.map(|change| (place, change.change.active)));
        }
        told
    }

    fn alert(text: &str) -> Watched {
        Watched::tried(text.parse().expect("good"))
    }

    #[test]
    fn it_begins_and_ends_once_each_after_its_time() {
        let mut alert = alert("p95>500ms for=2s");
        let (high, low) = (Some(900), Some(10));
        assert_eq!(told(&mut alert, &[high, high, low, high, high, high, high, high]), [(5, true)]);
        assert!(alert.since().is_some());
        assert_eq!(told(&mut alert, &[low, low, high, low, low, low, low]), [(5, false)]);
        assert!(alert.since().is_none());
    }

    #[test]
    fn without_a_time_it_follows_at_once() {
        let values = [Some(900), Some(10), Some(900)];
        assert_eq!(told(&mut alert("p95>500ms for=0s"), &values), [(0, true), (1, false), (2, true)]);
    }

    #[test]
    fn what_is_unknown_does_not_begin_it_and_gives_it_no_reason_to_go_on() {
        let mut alert = alert("p95>500ms for=1s");
        assert_eq!(told(&mut alert, &[Some(900), None, None, None]), []);
        assert_eq!(told(&mut alert, &[Some(900), None, None, None, Some(10), None]), [(0, true), (2, false)]);
        assert_eq!(alert.in_words(), "alert p95>500ms for=1s: p95 is unknown");
    }

    #[test]
    fn one_that_is_no_longer_watched_ends_if_it_had_begun() {
        let mut active = alert("p95>500ms for=0s");
        told(&mut active, &[Some(900)]);
        assert!(active.abandon().is_some_and(|change| !change.change.active));
        assert!(alert("p95>500ms").abandon().is_none());
    }
}
