//! What several copies answered to one request: what varies within one copy is noise, what is stable in each and differs
//! between them is a difference.

mod answers;
mod compare;
mod counters;
mod facts;
mod found;
mod headers;
mod html;
mod json;
mod judgement;
mod limit;
mod names;
mod places;
mod text;
mod tokens;
mod value;

use std::time::Duration;

pub use facts::facts;
pub use judgement::{Difference, Judgement};
pub use names::CopyNames;
pub use places::Facts;

use crate::Answer;
use answers::{Answers, Taken};
use compare::compare;
use found::Found;

/// With fewer samples of a copy, nothing is told.
const FEWEST: usize = 3;
/// With fewer, what is found is never sure.
const FEW: usize = 6;
/// With as many, nothing more is asked for.
const MOST: usize = 16;
/// How likely it may be, at most, that what was found was drawn.
const CHANCE: f64 = 1e-5;
/// A clock that shows seconds stands still for less.
const SECONDS: Duration = Duration::from_millis(1200);
/// The most places that are told of one request.
const TOLD: usize = 20;

/// One answer.
#[derive(Clone, Debug)]
pub struct Sample {
    /// The copy that gave it.
    pub copy: usize,
    /// When it was asked for, since any moment before the first.
    pub at: Duration,
    /// What it answered.
    pub answer: Answer,
}

/// Judges the answers to one request, in the order in which they were asked for: each copy several times, in an order that
/// turns round (A B B A), with pauses of different lengths, so that neither time nor order looks like a difference. The
/// answers are unpacked ([`Answer::unpack`]), and the requests had the same `Host`.
pub fn judge(samples: &[Sample], copies: &[CopyNames]) -> Judgement {
    let inconclusive = |why: String| Judgement { inconclusive: Some(why), ..Judgement::default() };
    let samples: Vec<&Sample> = samples.iter().filter(|sample| sample.copy < copies.len()).collect();
    let all: Vec<Facts> = samples.iter().map(|sample| facts(&sample.answer)).collect();
    let taken: Vec<Taken> =
        samples.iter().zip(&all).map(|(sample, facts)| Taken { copy: sample.copy, at: sample.at, facts }).collect();
    let fewest = (0..copies.len()).map(|copy| taken.iter().filter(|taken| taken.copy == copy).count()).min();
    let fewest = fewest.unwrap_or(0);
    if copies.len() < 2 {
        return inconclusive("There is only one copy to compare.".to_owned());
    }
    if let Some(why) = limited(&taken, copies) {
        let mut judgement = inconclusive(why);
        let of_each_copy = limit::of_each_copy(&taken, copies.len());
        let taken = taken.into_iter().filter(|taken| taken.facts.outcome.starts_with('2')).collect();
        let counters = compare(&Answers::new(taken, copies, false)).counters;
        judgement.counters = shown(if counters.is_empty() { of_each_copy.as_slice() } else { &counters });
        if !judgement.counters.is_empty() {
            judgement.inconclusive = None;
        }
        return judgement;
    }
    if fewest > 0 && taken.iter().all(|one| one.facts == taken[0].facts) {
        return Judgement::default();
    }
    if fewest < FEWEST {
        return inconclusive(format!(
            "A copy gave {fewest} answers, and {FEWEST} of each are the least that can be compared."
        ));
    }
    if let Some(why) = varies(&taken, copies) {
        return inconclusive(why);
    }
    if let Some(difference) = differ_as_a_whole(&taken, copies.len()) {
        return Judgement {
            differences: shown(&[difference]),
            needs_more: is_chance(0, fewest),
            ..Judgement::default()
        };
    }
    let span = taken.last().map_or(Duration::ZERO, |last| last.at.saturating_sub(taken[0].at));
    let compared = compare(&Answers::new(taken, copies, false));
    let numeric = compared.differences.iter().any(|found| found.values.iter().any(|value| tokens::has_digit(value)));
    let needs_more = compared.may_count
        || !compared.differences.is_empty()
            && (is_chance(compared.noise, fewest) || numeric && span > Duration::ZERO && span < SECONDS)
        || !compared.counters.is_empty() && fewest < FEW;
    Judgement {
        differences: shown(&compared.differences),
        counters: shown(&compared.counters),
        names_itself: shown(&compared.names),
        noise: compared.noise,
        needs_more,
        inconclusive: None,
    }
}

/// Where an answer differs from several of one copy, apart from what varies among these. For requests that cannot be sent
/// often: a difference may be chance.
pub fn differing(controls: &[Facts], other: &Facts) -> Vec<Difference> {
    let copies = [CopyNames::default(), CopyNames::default()];
    let of = |copy| move |facts| Taken { copy, at: Duration::ZERO, facts };
    let taken: Vec<Taken> = controls.iter().map(of(0)).chain(Some(other).map(of(1))).collect();
    if varies(&taken, &copies).is_some() || controls.is_empty() {
        return Vec::new();
    }
    if let Some(difference) = differ_as_a_whole(&taken, 2) {
        return shown(&[difference]);
    }
    shown(&compare(&Answers::new(taken, &copies, true)).differences)
}

/// Whether draws from two equally likely values, the worst case, at as many places as vary and one more, would look like this
/// more often than once in a hundred thousand requests.
fn is_chance(noise: usize, samples: usize) -> bool {
    let exponent = i32::try_from(samples).unwrap_or(i32::MAX);
    samples < FEW || samples < MOST && (noise + 1) as f64 * 2.0 * 0.25_f64.powi(exponent) > CHANCE
}

fn shown(found: &[Found]) -> Vec<Difference> {
    found.iter().take(TOLD).map(Difference::shown).collect()
}

/// Who could not answer as usual: a limit of requests, or a server that is not there.
fn limited(taken: &[Taken], copies: &[CopyNames]) -> Option<String> {
    const LIMITED: [&str; 4] = ["429", "502", "503", "504"];
    let limited = taken.iter().find(|taken| LIMITED.iter().any(|status| taken.facts.outcome.starts_with(status)))?;
    let other = taken.iter().find(|other| other.copy == limited.copy && other.facts.outcome != limited.facts.outcome);
    let name = name(limited.copy, copies);
    Some(match other {
        Some(other) => format!("{name} answered {} and {} in turn.", other.facts.outcome, limited.facts.outcome),
        None => format!("{name} answered {}.", limited.facts.outcome),
    })
}

/// A copy that answers in different ways by itself.
fn varies(taken: &[Taken], copies: &[CopyNames]) -> Option<String> {
    (0..copies.len()).find_map(|copy| {
        let mut own = taken.iter().filter(|taken| taken.copy == copy).map(|taken| taken.facts);
        let first = own.next()?;
        own.find_map(|other| {
            let (one, another) = if other.outcome == first.outcome {
                (first.kind.words(), other.kind.words())
            } else {
                (first.outcome.as_str(), other.outcome.as_str())
            };
            (one != another).then(|| format!("{} answered {one} and {another} in turn.", name(copy, copies)))
        })
    })
}

/// Another status, or another kind of body, after which there is nothing to compare.
fn differ_as_a_whole(taken: &[Taken], copies: usize) -> Option<Found> {
    let firsts: Vec<&Facts> =
        (0..copies).filter_map(|copy| taken.iter().find(|taken| taken.copy == copy)).map(|taken| taken.facts).collect();
    let differ = |place: &str, of: &dyn Fn(&Facts) -> String| {
        let values: Vec<String> = firsts.iter().map(|facts| of(facts)).collect();
        values.windows(2).any(|pair| pair[0] != pair[1]).then(|| Found { place: place.to_owned(), values })
    };
    differ("status", &|facts| facts.outcome.clone())
        .or_else(|| differ("kind of body", &|facts| facts.kind.words().to_owned()))
}

fn name(copy: usize, copies: &[CopyNames]) -> String {
    copies
        .get(copy)
        .map(|names| names.name.clone())
        .filter(|name| !name.is_empty())
        .unwrap_or_else(|| format!("Copy {}", copy + 1))
}

#[cfg(test)]
mod tests;
