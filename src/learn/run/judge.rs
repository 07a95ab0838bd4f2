//! Whether what a step waits for holds.

use std::time::{Duration, Instant};

use super::facts::{Facts, Opened};
use super::ledger::Ledger;
use super::measured::Stretch;
use crate::learn::condition::{Check, Checks, Condition};
use crate::learn::figure::{Comparison, Figure, What};
use crate::learn::view::CheckView;

/// What a condition is judged by.
#[derive(Clone, Copy)]
pub(super) struct Evidence<'r> {
    pub(super) now: Instant,
    /// When the step began.
    pub(super) begun: Instant,
    pub(super) ledger: &'r Ledger,
    pub(super) facts: &'r Facts,
    pub(super) opened: &'r Opened,
    pub(super) homes: &'r std::collections::HashMap<std::sync::Arc<str>, std::sync::Arc<str>>,
    /// Whether the learner is to find out which backend has a fault.
    pub(super) hides_faults: bool,
}

/// Since when each check of a condition holds without a break, in the order in which they stand there.
#[derive(Clone, Debug, Default)]
pub(crate) struct Judge {
    since: Vec<Option<Instant>>,
    next: usize,
}

/// How one part of a condition stands.
struct Judged {
    holds: bool,
    rows: Vec<CheckView>,
}

impl Judge {
    /// Whether it holds, with a row for each thing that is checked.
    pub(super) fn judge(&mut self, condition: &Condition, by: Evidence<'_>) -> (bool, Vec<CheckView>) {
        self.next = 0;
        let judged = self.part(condition, by);
        (judged.holds, judged.rows)
    }

    fn part(&mut self, condition: &Condition, by: Evidence<'_>) -> Judged {
        match condition {
            Condition::All(parts) => {
                let parts: Vec<Judged> = parts.iter().map(|part| self.part(part, by)).collect();
                let holds = parts.iter().all(|part| part.holds);
                Judged { holds, rows: parts.into_iter().flat_map(|part| part.rows).collect() }
            }
            Condition::Any(parts) => {
                let parts: Vec<Judged> = parts.iter().map(|part| self.part(part, by)).collect();
                let holds = parts.iter().any(|part| part.holds);
                let words: Vec<String> = parts.iter().map(Judged::words).collect();
                let best = parts.into_iter().find(|part| part.holds).and_then(|part| part.rows.into_iter().next());
                let now = best.map(|row| row.now).unwrap_or_default();
                Judged { holds, rows: vec![CheckView { words: words.join(", or "), done: holds, now }] }
            }
            Condition::Not(part) => {
                let part = self.part(part, by);
                let now = part.rows.first().map(|row| row.now.clone()).unwrap_or_default();
                let row = CheckView { words: format!("not: {}", part.words()), done: !part.holds, now };
                Judged { holds: !part.holds, rows: vec![row] }
            }
            Condition::Checks(checks) => self.checks(checks, by),
        }
    }

    fn checks(&mut self, checks: &Checks, by: Evidence<'_>) -> Judged {
        let rows: Vec<CheckView> = checks.each.iter().map(|check| self.check(check, checks, by)).collect();
        Judged { holds: rows.iter().all(|row| row.done), rows }
    }

    fn check(&mut self, check: &Check, of: &Checks, by: Evidence<'_>) -> CheckView {
        let at = self.next;
        self.next += 1;
        if self.since.len() <= at {
            self.since.resize(at + 1, None);
        }
        let held_for = of.held_for;
        let is_held = !held_for.is_zero();
        let counted = match check {
            Check::Figure(figure, is) if figure.is_counted() => Some((figure, *is)),
            _ => None,
        };
        let (held, mut now) = if let Some((figure, is)) = counted.filter(|_| is_held) {
            counted_for(figure, is, of, by)
        } else {
            let (holds, now) = holds(check, by, Stretch { since: by.begun, homes: by.homes, over: of.over });
            let since = &mut self.since[at];
            *since = holds.then(|| since.unwrap_or(by.now));
            (since.map(|since| by.now.saturating_duration_since(since)), now)
        };
        let done = held.is_some_and(|held| held >= held_for);
        let mut words = check.words(of.over, by.hides_faults);
        let is_enough_once = matches!(counted, Some((_, Comparison::AtLeast(_) | Comparison::Above(_))));
        if is_held && is_enough_once {
            words.extend([" in ", &seconds(held_for)]);
        } else if is_held {
            words.extend([", for ", &seconds(held_for)]);
            let held = held.unwrap_or_default().min(held_for);
            let stands = format!("{} of {}", held.as_secs(), seconds(held_for));
            now = if now.is_empty() { stands } else { format!("{now}, {stands}") };
        }
        CheckView { words, done, now }
    }
}

impl Judged {
    fn words(&self) -> String {
        self.rows.iter().map(|row| row.words.as_str()).collect::<Vec<_>>().join(" and ")
    }
}

/// `10 s`, `1.5 s`.
pub(super) fn seconds(time: Duration) -> String {
    format!("{} s", time.as_secs_f64())
}

/// How long a figure that is counted has been as it must be, up to the time for which it must; and how things stand.
///
/// It is counted over all of that time, which is within the step. Until then the learner sees for how much of it it was so.
fn counted_for(figure: &Figure, is: Comparison, of: &Checks, by: Evidence<'_>) -> (Option<Duration>, String) {
    let age = by.now.saturating_duration_since(by.begun);
    let over = |time: Duration| {
        let since = by.now.checked_sub(time.min(age)).unwrap_or(by.begun);
        figure.measured(by.ledger, Stretch { since, homes: by.homes, over: of.over })
    };
    let holds = |time: Duration| over(time).is_some_and(|value| is.holds(value));
    let whole = of.held_for.min(age);
    let shown = if figure.what == What::MaxActive { over(whole.min(LATELY)) } else { over(of.held_for) };
    let now = shown.map_or("not known yet".to_owned(), |value| {
        let when = if figure.what == What::MaxActive { "now" } else { "in that time" };
        format!("{} {when}", figure.written(value))
    });
    if holds(of.held_for) {
        return (Some(age), now);
    }
    // The longest time until now for which it holds, in whole seconds.
    let held = (1..=whole.as_secs()).map(Duration::from_secs).take_while(|time| holds(*time)).last();
    // What holds for all of a shorter time may be too little for all of it: then it was never so.
    (held.filter(|held| *held < of.held_for), now)
}

/// What is shown of the most at one time while it must hold for longer.
const LATELY: Duration = Duration::from_secs(1);

/// Whether a check holds now, and how things stand in a word or two.
fn holds(check: &Check, by: Evidence<'_>, stretch: Stretch<'_>) -> (bool, String) {
    let sample = by.ledger.last.as_ref();
    match check {
        Check::Figure(figure, comparison) => match figure.measured(by.ledger, stretch) {
            Some(value) => {
                let when = if figure.is_counted() && stretch.over.is_none() { "so far" } else { "now" };
                (comparison.holds(value), format!("{} {when}", figure.written(value)))
            }
            None => (false, "not known yet".to_owned()),
        },
        Check::Strategy(of) => {
            sample.map_or_else(unknown, |now| (of.contains(&now.strategy), format!("{} now", now.strategy)))
        }
        Check::Sticky(of) => {
            sample.map_or_else(unknown, |now| (of.contains(&now.sticky), format!("{} now", now.sticky)))
        }
        Check::State(name, of) => match sample.and_then(|now| now.backend(name)) {
            Some(backend) => (of.contains(&backend.state), format!("{} now", backend.state)),
            None => (false, "not there".to_owned()),
        },
        Check::Seen(name, of) => {
            let seen = by.ledger.states_since(name, by.begun);
            let mut left = of.iter().peekable();
            for state in &seen {
                left.next_if(|wanted| *wanted == state);
            }
            let words: Vec<&str> = seen.iter().map(|state| state.word()).collect();
            (left.peek().is_none(), format!("{} so far", words.join(" → ")))
        }
        Check::Fault(name, kind) => match sample.and_then(|now| now.backend(name)) {
            Some(backend) => {
                (backend.fault == *kind, backend.fault.clone().unwrap_or_else(|| "no fault now".to_owned()))
            }
            None => (false, "not there".to_owned()),
        },
        Check::Opened(pane) => (by.opened.has(*pane), String::new()),
        Check::Filtered(text) => {
            let filter = by.facts.filter.as_deref();
            let holds = filter.is_some_and(|filter| text.as_ref().is_none_or(|text| text == filter));
            (holds, filter.map_or_else(|| "no filter now".to_owned(), |filter| format!("{filter} now")))
        }
        Check::Selected(name) => {
            let selected = by.facts.selected.as_deref();
            (selected == Some(name), selected.map(|name| format!("{name} now")).unwrap_or_default())
        }
        Check::Traffic(on) => sample.map_or_else(unknown, |now| (now.traffic == *on, String::new())),
    }
}

fn unknown() -> (bool, String) {
    (false, "not known yet".to_owned())
}
