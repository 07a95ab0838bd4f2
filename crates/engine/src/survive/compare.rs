//! One request, sent to each copy several times.

use std::time::{Duration, Instant};
use stickylb_survive::{Answer, CopyNames, End, Judgement, Request, Sample, judge};

use super::client::Patience;
use super::lab_client::LabClient;

/// How many copies are compared: with more, one request would be sent hundreds of times.
pub(crate) const COPIES: usize = 4;

/// How often each copy is asked in turn and back: A B B A.
const ROUNDS: usize = 3;

/// How often as many are added where more would tell more, and what is waited before: a clock that shows seconds goes on.
const MORE: usize = 3;
const BEFORE_MORE: Duration = Duration::from_millis(1300);

/// What is told where more would still tell more.
const CHANCE: &str = "copies differ, and it may be chance or a clock";

/// Between two requests, so that no timer of the app looks like a difference.
const PAUSE: std::ops::RangeInclusive<u64> = 2..=40;

/// What came of a request.
pub(crate) struct Compared {
    /// The first judged answer of each copy.
    pub(crate) answers: Vec<Answer>,
    /// What they tell.
    pub(crate) judgement: Judgement,
    /// Whether a copy held it: a stream, or a long poll.
    pub(crate) held: bool,
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

/// Sends a request to each copy, and compares what they answer. `waited` is how long its client waited when it was recorded.
///
/// # Errors
/// A copy is not what it was when the run began; why, as one sentence.
pub(crate) async fn compare(
    lab_client: &LabClient<'_>,
    request: &Request,
    waited: Duration,
    names: &[CopyNames],
) -> Result<Compared, String> {
    let names = &names[..names.len().min(COPIES)];
    let copies = names.len();
    let began = Instant::now();
    // The first request to a copy may fill a cache or compile a page.
    let warm = sample(lab_client, request, Patience::of(waited), 0..copies, began).await?;
    if warm.iter().all(|sample| sample.answer.status == 0) {
        let answers = warm.into_iter().map(|sample| sample.answer).collect();
        let judgement = Judgement { inconclusive: Some("no copy answered".to_owned()), ..Judgement::default() };
        return Ok(Compared { answers, judgement, held: true, times: 1 });
    }
    let is_held = |sample: &Sample| sample.answer.end == End::Held && sample.answer.status != 101;
    let held = warm.iter().any(is_held);
    // A stream takes its time each time, and tells what it tells at its beginning.
    let patience = if held { Patience::HELD } else { Patience::of(waited) };
    let (mut samples, rounds) = if held { (warm, 1) } else { (Vec::new(), ROUNDS) };
    samples.extend(turns(lab_client, request, patience, copies, rounds, began).await?);
    let mut judgement = judge(&samples, names);
    for _ in 0..MORE {
        if !judgement.needs_more || lab_client.client.is_limited(request) {
            break;
        }
        tokio::time::sleep(BEFORE_MORE).await;
        samples.extend(turns(lab_client, request, patience, copies, rounds, began).await?);
        judgement = judge(&samples, names);
    }
    if judgement.needs_more && !judgement.differences.is_empty() {
        judgement = Judgement { inconclusive: Some(CHANCE.to_owned()), ..judgement };
    }
    let first = |copy| samples.iter().find(|sample| sample.copy == copy).map(|sample| sample.answer.clone());
    let answers = (0..copies).filter_map(first).collect();
    Ok(Compared { answers, judgement, held, times: samples.len() as u64 })
}

/// Asks each copy in turn and back, so often.
async fn turns(
    lab_client: &LabClient<'_>,
    request: &Request,
    patience: Patience,
    copies: usize,
    rounds: usize,
    began: Instant,
) -> Result<Vec<Sample>, String> {
    let mut samples = Vec::new();
    for _ in 0..rounds {
        if lab_client.client.is_limited(request) {
            break;
        }
        samples.extend(sample(lab_client, request, patience, (0..copies).chain((0..copies).rev()), began).await?);
    }
    Ok(samples)
}

/// Asks these copies, one after the other.
async fn sample(
    lab_client: &LabClient<'_>,
    request: &Request,
    patience: Patience,
    copies: impl Iterator<Item = usize>,
    began: Instant,
) -> Result<Vec<Sample>, String> {
    let mut samples: Vec<Sample> = Vec::new();
    for copy in copies {
        tokio::time::sleep(Duration::from_millis(fastrand::u64(PAUSE))).await;
        let at = began.elapsed();
        samples.push(Sample { copy, at, answer: lab_client.send(copy, request, patience).await });
    }
    lab_client.are_alive(samples.iter().map(|sample| &sample.answer)).await?;
    Ok(samples)
}
