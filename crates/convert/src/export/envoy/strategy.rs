//! How a backend is chosen.

use stickylb::api::{ResolvedPool, Strategy};

use super::block::{block, seconds};
use super::facts::{hashes, is_drained};
use crate::export::feature::Feature;
use crate::export::writer::Writer;

/// Draws for each backend, so that the one with the fewest requests is as good as always among them.
const DRAWS_PER_BACKEND: usize = 10;
/// More draws than these take longer than they are worth.
const MOST_DRAWS: usize = 200;

/// Whether some backends get more than others.
fn is_weighted(pool: &ResolvedPool) -> bool {
    let mut weights = pool.backends.iter().filter(|backend| !is_drained(backend)).map(|backend| backend.weight);
    let first = weights.next();
    weights.any(|weight| Some(weight) != first)
}

pub(super) fn write(pool: &ResolvedPool, to: &mut Writer) {
    if hashes(pool) {
        if pool.strategy == Strategy::Hash {
            let sentence = format!("hash of {}: Envoy has another function, each client moves once", pool.name);
            to.cannot(Feature::Hash, sentence);
        }
        to.line("lb_policy: RING_HASH");
        no_slow_start(pool, to);
        return;
    }
    match pool.strategy {
        Strategy::LeastConnections => least_request(pool, pool.backends.len() * DRAWS_PER_BACKEND, to),
        Strategy::PowerOfTwo => least_request(pool, 2, to),
        Strategy::LeastLatency => {
            let sentence = format!(
                "least-latency of {}: Envoy measures no times of answers, the fewest requests count",
                pool.name
            );
            to.cannot(Feature::LeastLatency, sentence);
            least_request(pool, pool.backends.len() * DRAWS_PER_BACKEND, to);
        }
        Strategy::Random if is_weighted(pool) => {
            to.comment("By chance and by weight, since nothing is hashed; RANDOM knows no weights.");
            to.line("lb_policy: MAGLEV");
            no_slow_start(pool, to);
        }
        Strategy::Random => {
            to.line("lb_policy: RANDOM");
            no_slow_start(pool, to);
        }
        _ => {
            to.line("lb_policy: ROUND_ROBIN");
            if slow_start(pool, to) > 0 {
                block(to, "round_robin_lb_config:", |to| slow_start_config(pool, to));
            }
        }
    }
}

fn least_request(pool: &ResolvedPool, draws: usize, to: &mut Writer) {
    to.line("lb_policy: LEAST_REQUEST");
    let slow_start = slow_start(pool, to);
    block(to, "least_request_lb_config:", |to| {
        to.line(format!("choice_count: {}", draws.clamp(2, MOST_DRAWS)));
        if slow_start > 0 {
            slow_start_config(pool, to);
        }
    });
}

fn longest(pool: &ResolvedPool) -> u64 {
    pool.backends.iter().map(|backend| backend.slow_start_millis).max().unwrap_or(0)
}

/// Milliseconds of slow start, which is one for the pool; where backends differ, that is said.
fn slow_start(pool: &ResolvedPool, to: &mut Writer) -> u64 {
    let longest = longest(pool);
    if pool.backends.iter().any(|backend| backend.slow_start_millis != longest) {
        let sentence =
            format!("slowStart of {}: Envoy has one for all backends of a pool, it is {}", pool.name, seconds(longest));
        to.cannot(Feature::SlowStart, sentence);
    }
    longest
}

fn slow_start_config(pool: &ResolvedPool, to: &mut Writer) {
    to.line(format!("slow_start_config: {{slow_start_window: {}}}", seconds(longest(pool))));
}

fn no_slow_start(pool: &ResolvedPool, to: &mut Writer) {
    if longest(pool) > 0 {
        let sentence = format!(
            "slowStart of {}: Envoy has none with this lb_policy, backends get their full share at once",
            pool.name
        );
        to.cannot(Feature::SlowStart, sentence);
    }
}
