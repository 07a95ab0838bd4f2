//! What is asked for, and what is drawn by weight.

use bytes::Bytes;
use http::uri::PathAndQuery;
use http::{Method, Uri};
use std::sync::Arc;

use crate::api::MixPart;
use crate::untrusted::Untrusted;

/// What clients ask for, and how often.
#[derive(Clone)]
pub(super) struct Mix {
    parts: Arc<[Part]>,
    weights: Weights,
}

/// One kind of request.
pub(super) struct Part {
    pub(super) method: Method,
    pub(super) target: Uri,
}

impl Mix {
    /// # Errors
    /// What cannot be sent, as one sentence.
    pub(super) fn new(parts: &[MixPart]) -> Result<Self, String> {
        let part = |part: &MixPart| {
            let cannot = |_| format!("'{}' cannot be sent: write it percent-encoded", Untrusted::new(&*part.path));
            let target = PathAndQuery::try_from(&*part.path).map(Uri::from).map_err(cannot)?;
            let method = Method::from_bytes(part.method.as_bytes());
            let method = method.map_err(|_| format!("'{}' is no method", Untrusted::new(&*part.method)))?;
            Ok(Part { method, target })
        };
        let weights = Weights::new(parts.iter().map(|part| part.weight));
        Ok(Mix { parts: parts.iter().map(part).collect::<Result<_, String>>()?, weights })
    }

    /// Draws what is asked for next.
    pub(super) fn draw(&self, random: &mut fastrand::Rng) -> usize {
        self.weights.draw(random)
    }

    pub(super) fn part(&self, number: usize) -> &Part {
        &self.parts[number]
    }
}

impl Part {
    /// The body that this client sends with it; empty where the method has none.
    pub(super) fn body(&self, user: &str) -> Bytes {
        let has_one = [Method::POST, Method::PUT, Method::PATCH].contains(&self.method);
        if has_one { format!("{{\"user\":\"{user}\"}}").into() } else { Bytes::new() }
    }
}

/// Weights that numbers from 0 are drawn by.
#[derive(Clone)]
pub(super) struct Weights {
    /// For each, the sum up to it.
    sums: Vec<u64>,
}

impl Weights {
    /// At least one of them must be above zero.
    pub(super) fn new(weights: impl Iterator<Item = u32>) -> Self {
        let mut sum = 0;
        let add = |weight| {
            sum += u64::from(weight);
            sum
        };
        Weights { sums: weights.map(add).collect() }
    }

    pub(super) fn draw(&self, random: &mut fastrand::Rng) -> usize {
        let drawn = random.u64(..self.sums.last().copied().unwrap_or(0).max(1));
        self.sums.partition_point(|sum| *sum <= drawn)
    }
}

/// A source of chance of its own for each purpose, so that what is drawn for one does not depend on another.
pub(super) fn random(seed: u64, purpose: u64) -> fastrand::Rng {
    // The odd number nearest to 2^64 divided by the golden ratio spreads small numbers over all of them.
    fastrand::Rng::with_seed(seed ^ purpose.wrapping_mul(0x9e37_79b9_7f4a_7c15))
}

/// A time drawn from an exponential distribution with this mean, in seconds.
pub(super) fn exponential(random: &mut fastrand::Rng, mean: f64) -> f64 {
    -(1.0 - random.f64()).ln() * mean
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::api::TrafficOptions;

    fn mix(text: &str) -> Result<Mix, String> {
        let options: TrafficOptions = format!("open mix=\"{text}\"").parse().expect("is written well");
        Mix::new(&options.mix)
    }

    #[test]
    fn parts_are_drawn_by_their_weights_and_alike_with_the_same_seed() {
        let mix = mix("90% GET /, 8% GET /slow?ms=800, 2% POST /echo").expect("can be sent");
        let draw = |seed| {
            let mut random = random(seed, 1);
            (0..10_000).map(|_| mix.draw(&mut random)).collect::<Vec<_>>()
        };
        let drawn = draw(7);
        let count = |part: usize| drawn.iter().filter(|drawn| **drawn == part).count();
        assert!((8_800..9_200).contains(&count(0)), "{}", count(0));
        assert!((700..900).contains(&count(1)), "{}", count(1));
        assert!((140..260).contains(&count(2)), "{}", count(2));
        assert_eq!(draw(7), drawn);
        assert_ne!(draw(8), drawn);
    }

    #[test]
    fn a_weight_of_zero_is_never_drawn() {
        let (weights, mut random) = (Weights::new([0, 3, 0, 1].into_iter()), random(1, 1));
        let drawn: Vec<usize> = (0..1000).map(|_| weights.draw(&mut random)).collect();
        assert!(drawn.iter().all(|drawn| [1, 3].contains(drawn)));
    }

    #[test]
    fn only_what_writes_has_a_body() {
        let mix = mix("50% GET /, 50% POST /echo").expect("can be sent");
        assert_eq!(mix.part(0).body("u3"), "");
        assert_eq!(mix.part(1).body("u3"), "{\"user\":\"u3\"}");
    }

    #[test]
    fn what_is_no_target_of_a_request_is_refused() {
        let why = mix("GET /<b>").err().expect("cannot be sent");
        assert_eq!(why, "'/<b>' cannot be sent: write it percent-encoded");
    }

    #[test]
    fn waits_have_the_mean_that_was_asked_for() {
        let mut random = random(3, 2);
        let sum: f64 = (0..10_000).map(|_| exponential(&mut random, 0.1)).sum();
        assert!((950.0..1050.0).contains(&sum), "{sum}");
    }
}
