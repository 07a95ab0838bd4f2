//! One request, sent to each copy several times.

use std::time::{Duration, Instant};
use stickylb_survive::{Answer, CopyNames, End, Judgement, Request, Sample, judge};

use super::bench::Bench;

/// How often each copy is asked in turn and back: A B B A.
const ROUNDS: usize = 3;

/// The same for an answer that does not end.
const HELD: usize = 2;

/// How often as many are added where more would tell more.
const MORE: usize = 3;

/// Between two requests, so that no timer of the app looks like a difference.
const PAUSE: std::ops::RangeInclusive<u64> = 2..=40;

/// What came of a request.
pub(crate) struct Compared {
    /// The first judged answer of each copy.
    pub(crate) answers: Vec<Answer>,
    /// What they tell.
    pub(crate) judgement: Judgement,
    /// How often it was sent, those that were not judged left out.
    pub(crate) times: u64,
}

impl Compared {
    /// Whether all copies did the same.
    pub(crate) fn is_same(&self) -> bool {
        let judgement = &self.judgement;
        judgement.inconclusive.is_none() && judgement.differences.is_empty() && judgement.counters.is_empty()
    }
}

/// Sends a request to each copy, and compares what they answer.
///
/// # Errors
/// A copy is not what it was when the run began; why, as one sentence.
pub(crate) async fn compare(bench: &Bench<'_>, request: &Request, names: &[CopyNames]) -> Result<Compared, String> {
    let copies = names.len();
    // The first request to a copy may fill a cache or compile a page.
    let mut held = true;
    for copy in 0..copies {
        let answer = bench.send(copy, request).await?;
        held &= answer.end == End::Held && answer.status != 101;
    }
    // A stream takes its time each time, and tells what it tells at its beginning.
    let rounds = if held { HELD } else { ROUNDS };
    let began = Instant::now();
    let mut samples = sample(bench, request, copies, rounds, began).await?;
    let mut judgement = judge(&samples, names);
    for _ in 0..MORE {
        if !judgement.needs_more || held {
            break;
        }
        samples.extend(sample(bench, request, copies, ROUNDS, began).await?);
        judgement = judge(&samples, names);
    }
    let first = |copy| samples.iter().find(|sample| sample.copy == copy).map(|sample| sample.answer.clone());
    let answers = (0..copies).filter_map(first).collect();
    Ok(Compared { answers, judgement, times: samples.len() as u64 })
}

async fn sample(
    bench: &Bench<'_>,
    request: &Request,
    copies: usize,
    rounds: usize,
    began: Instant,
) -> Result<Vec<Sample>, String> {
    let mut samples = Vec::new();
    for _ in 0..rounds {
        for copy in (0..copies).chain((0..copies).rev()) {
            tokio::time::sleep(Duration::from_millis(fastrand::u64(PAUSE))).await;
            let at = began.elapsed();
            samples.push(Sample { copy, at, answer: bench.send(copy, request).await? });
        }
    }
    Ok(samples)
}
