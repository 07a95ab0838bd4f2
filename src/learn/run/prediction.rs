//! Which of the choices came true.

use std::time::Instant;

use super::ledger::Ledger;
use super::measured::Stretch;
use crate::learn::figure::Comparison;
use crate::learn::lesson::{Choice, Measure, Wanted};

/// What came true: the place of a choice, where one did, and what was measured, in words.
pub(super) type Truth = (Option<usize>, String);

/// A change that is smaller than this share of what there was is none.
const SAME: f64 = 0.05;

impl Measure {
    /// What a change is compared with later.
    pub(super) fn before(&self, ledger: &Ledger, stretch: Stretch<'_>) -> Option<f64> {
        match self {
            Measure::Change(figure) => figure.measured(ledger, stretch),
            _ => None,
        }
    }

    /// What came true, measured since the learner chose; `None` where nothing can be said yet.
    pub(super) fn truth(
        &self,
        choices: &[Choice],
        ledger: &Ledger,
        stretch: Stretch<'_>,
        before: Option<f64>,
    ) -> Option<Truth> {
        match self {
            Measure::Figure(figure) => {
                let value = figure.measured(ledger, stretch)?;
                Some((nearest(choices, value), figure.told(value)))
            }
            Measure::Change(figure) => {
                let (before, now) = (before?, figure.measured(ledger, stretch)?);
                let least = (before.abs() * SAME).max(0.02);
                let word = match now - before {
                    change if change > least => "up",
                    change if change < -least => "down",
                    _ => "same",
                };
                let how = format!("{} was {} and is {}", figure.name(), figure.written(before), figure.written(now));
                Some((named(choices, word), how))
            }
            Measure::Pick(number) => {
                let mut picks: Vec<_> = ledger.requests(stretch.since).filter(|one| one.backend.is_some()).collect();
                picks.sort_by_key(|one| one.began);
                let pick = picks.get(usize::try_from(*number).ok()?.checked_sub(1)?)?.backend.as_deref()?;
                Some((named(choices, pick), format!("request {number} went to {pick}")))
            }
            Measure::State(name) => {
                let state = ledger.last.as_ref()?.backend(name)?.state;
                Some((named(choices, state.word()), format!("{name} is {state}")))
            }
            Measure::Busiest => {
                let asked = |choice: &Choice| match &choice.is {
                    Wanted::Word(word) => ledger.asked.get(word.as_str()).copied().unwrap_or_default(),
                    Wanted::Number(_) => 0,
                };
                let most = choices.iter().map(asked).max().filter(|most| *most > 0)?;
                let at = choices.iter().position(|choice| asked(choice) == most)?;
                Some((Some(at), format!("{} asked {most} times", choices[at].text)))
            }
        }
    }
}

/// The choice nearest to a number; where two are as near, the one that names it exactly, else the first.
fn nearest(choices: &[Choice], value: f64) -> Option<usize> {
    let numbers = choices.iter().enumerate().filter_map(|(at, choice)| match &choice.is {
        Wanted::Number(comparison) => Some((at, comparison)),
        Wanted::Word(_) => None,
    });
    let is_range = |comparison: &Comparison| !matches!(comparison, Comparison::Equal(_));
    let far = |(_, a): &(usize, &Comparison), (_, b): &(usize, &Comparison)| {
        a.distance(value).total_cmp(&b.distance(value)).then(is_range(a).cmp(&is_range(b)))
    };
    numbers.min_by(far).map(|(at, _)| at)
}

/// The choice of this word.
pub(super) fn named(choices: &[Choice], word: &str) -> Option<usize> {
    let is_it = |wanted: &str| wanted.eq_ignore_ascii_case(word);
    choices.iter().position(|choice| matches!(&choice.is, Wanted::Word(wanted) if is_it(wanted)) || is_it(&choice.text))
}

/// Since when a prediction is measured.
#[derive(Clone, Copy, Debug)]
pub(super) struct Chosen {
    pub(super) choice: usize,
    pub(super) at: Instant,
    pub(super) before: Option<f64>,
}
