//! A decision in words: one line.

use std::fmt;
use std::fmt::Write as _;

use super::{CookieAction, Decision, Rule};
use crate::api::chaos::ChaosTouch;
use crate::api::outcome::Outcome;
use crate::untrusted::Untrusted;

/// The decision in words, one line, fit for a terminal: `sticky X-Backend-ID=0`, `round-robin 2 of 3; new cookie`,
/// `retried: delta refused; round-robin 1 of 2; cookie rewritten`.
impl fmt::Display for Decision {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut words = Words { f, some: false };
        if let Some(route) = &self.route {
            words.next(format_args!("route {}", route.matched))?;
            // Of a single pool it is known.
            if self.pool.is_some() {
                write!(words.f, " -> {}", route.pool)?;
            }
        }
        if let Some(number) = self.replayed {
            let edited = if self.edited { "edited and " } else { "" };
            words.next(format_args!("{edited}replayed from #{number}"))?;
            if let Rule::Asked { backend } = &self.rule {
                write!(words.f, " to {backend}")?;
            }
        }
        for touch in &self.chaos {
            if self.is_clear_whose(touch) {
                words.next(format_args!("chaos: {}", touch.fault))?;
            } else {
                words.next(format_args!("chaos on {}: {}", touch.backend, touch.fault))?;
            }
        }
        let mut failed = self.attempts.iter().filter(|a| a.outcome != Outcome::Answered);
        if let Some(first) = failed.next() {
            let what = if self.answered() { "retried" } else { "failed" };
            words.next(format_args!("{what}: {} {}", first.backend.name, first.outcome))?;
            for attempt in failed {
                write!(words.f, ", {} {}", attempt.backend.name, attempt.outcome)?;
            }
        }
        if let Some((name, why)) = &self.moved_from {
            let is_said = self.rule == Rule::Together && self.told_apart.is_some();
            let moved = if is_said || matches!(self.rule, Rule::Kept | Rule::Asked { .. }) { "" } else { ", moved" };
            words.next(format_args!("{name} {why}{moved}"))?;
        }
        if let Some(micros) = self.queued_micros {
            words.next(format_args!("waited {} ms for a place", micros / 1000))?;
        }
        match &self.told_apart {
            Some(told) if self.rule == Rule::Together => words.next(format_args!("moved together: {told}"))?,
            Some(told) if told.by_strategy && told.is_personal() => {
                words.say("it still has its old cookie: by strategy after 2 s")?;
            }
            Some(told) if told.by_strategy => {
                let address = told.address;
                words.next(format_args!("nothing told it apart from others at {address}: by strategy after 2 s"))?;
            }
            _ => {}
        }
        match (&self.rule, &self.key) {
            // These two are nearly every line of a log; pieces are written much faster than formats.
            (Rule::Sticky, Some(key)) => {
                words.begin()?;
                words.f.write_str("sticky ")?;
                key.fmt(words.f)?;
            }
            (Rule::Sticky, None) => words.next(format_args!("sticky"))?,
            (Rule::Draining { backend }, _) => {
                words.next(format_args!("kept: {backend} drains, and this client is one of its own"))?;
            }
            (Rule::Strategy { place, of, against }, _) => {
                words.begin()?;
                let mut digits = itoa::Buffer::new();
                words.f.write_str(self.strategy.name())?;
                words.f.write_str(" ")?;
                words.f.write_str(digits.format(*place))?;
                words.f.write_str(" of ")?;
                words.f.write_str(digits.format(*of))?;
                if let Some(other) = against {
                    write!(words.f, " (drawn with {other})")?;
                }
            }
            (Rule::Backup, _) => words.next(format_args!("backup"))?,
            // What it lost is said already, and whom a person asked for.
            (Rule::Together | Rule::Asked { .. }, _) => {}
            (Rule::Kept, _) => words.next(format_args!("sticky.onFailure is fail"))?,
            (Rule::QueueFull, _) => words.next(format_args!("every place is taken and the queue is full"))?,
            (Rule::QueueTimeout, _) => words.next(format_args!("no place came free in time"))?,
            (Rule::Nobody, _) if self.attempts.is_empty() => words.next(format_args!("no backend is up"))?,
            (Rule::Nobody, _) => words.next(format_args!("no other backend is up"))?,
            (Rule::LocalReply, _) => words.next(format_args!("answered by the balancer"))?,
            (Rule::Refused { why }, _) => words.next(format_args!("refused: {why}"))?,
        }
        if let Some(stopped) = self.stopped {
            words.next(format_args!("not retried: {}", stopped.words()))?;
        }
        match self.cookie {
            CookieAction::None => {}
            CookieAction::New => words.say("new cookie")?,
            CookieAction::Rewritten => words.say("cookie rewritten")?,
        }
        if let Some(upgrade) = &self.not_upgraded {
            words.next(format_args!("{upgrade}"))?;
        }
        self.traffic.map_or(Ok(()), |client| words.next(format_args!("traffic {client}")))
    }
}

/// Joins what is said with semicolons.
struct Words<'a, 'f> {
    f: &'a mut fmt::Formatter<'f>,
    some: bool,
}

impl Words<'_, '_> {
    fn begin(&mut self) -> fmt::Result {
        if std::mem::replace(&mut self.some, true) { self.f.write_str("; ") } else { Ok(()) }
    }

    fn next(&mut self, words: fmt::Arguments<'_>) -> fmt::Result {
        self.begin()?;
        self.f.write_fmt(words)
    }

    fn say(&mut self, words: &str) -> fmt::Result {
        self.begin()?;
        self.f.write_str(words)
    }
}

impl Decision {
    fn answered(&self) -> bool {
        self.attempts.last().is_some_and(|a| a.outcome == Outcome::Answered)
    }

    /// Whether the fault is that of the backend which answered, or of the only one that was asked.
    fn is_clear_whose(&self, touch: &ChaosTouch) -> bool {
        let is_its = |name: &Untrusted<String>| *name == touch.backend;
        match self.attempts.last() {
            Some(last) if last.outcome == Outcome::Answered => is_its(&last.backend.name),
            _ => self.attempts.iter().all(|attempt| is_its(&attempt.backend.name)),
        }
    }

    /// The decision in words, as a string.
    pub fn reason(&self) -> String {
        let mut text = String::with_capacity(64);
        // Writing to a string cannot fail.
        let _ = write!(text, "{self}");
        text
    }
}
