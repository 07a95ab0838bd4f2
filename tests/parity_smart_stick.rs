//! What users of smart-stick-loadbalancer rely on in balancing, and what they run into there.
//!
//! Kept elsewhere: its file, errors and texts (`configs`, `cli`), its page (`pages`), its cookie and what replaces it
//! (`stickiness`), mail (`mail`), failures that lose a request there (`failure`, `retry`), WebSockets and frames
//! (`websocket`), clients that hang up (`leaving`), bodies cut short (`responses`), X-Forwarded-* (`headers`), checks
//! (`health`).

#![allow(clippy::unwrap_used, missing_docs, reason = "tests say what is wrong by panicking")]

mod common;

use common::{Backend, Balancer, Config};
use serde_json::json;

fn three() -> [Backend; 3] {
    [Backend::echoing(), Backend::echoing(), Backend::echoing()]
}

/// Where the next requests without a cookie go.
fn places(balancer: &Balancer, count: usize) -> Vec<u32> {
    (0..count).map(|_| balancer.get("/").backend().unwrap()).collect()
}

fn by(backends: &[Backend; 3], strategy: &str) -> Config {
    Config::new(&backends.each_ref()).set("/strategy", json!(strategy))
}

#[test]
fn round_robin_runs_a_a_b_for_weights_2_and_1() {
    let backends = three();
    let config = Config::new(&[&backends[0], &backends[1]]).set("/backends/0/weight", json!(2));
    let series = places(&config.start(), 9);
    // Wherever the first request falls in the row.
    let row = [0, 0, 1, 0, 0, 1, 0, 0, 1, 0, 0, 1];
    assert!(row.windows(9).any(|part| part == series), "{series:?}");
}

#[test]
fn random_picks_by_weight() {
    let backends = three();
    let balancer = by(&backends, "random").set("/backends/0/weight", json!(8)).start();
    let series = places(&balancer, 100);
    let of = |id: u32| series.iter().filter(|place| **place == id).count();
    assert!(of(0) > 50 && of(1) > 0 && of(2) > 0, "{series:?}");
}

#[test]
fn idle_ties_in_least_connections_do_not_always_go_to_the_first() {
    let backends = three();
    let mut series = places(&by(&backends, "least-connections").start(), 3);
    series.sort_unstable();
    assert_eq!(series, [0, 1, 2]);
}

#[test]
fn every_strategy_serves_and_leaves_a_backend_of_weight_0_alone() {
    let backends = three();
    let names = ["round-robin", "smooth-round-robin", "least-connections", "random", "power-of-two", "least-latency"];
    for strategy in names.into_iter().chain(["hash", "first"]) {
        let series = places(&by(&backends, strategy).set("/backends/1/weight", json!(0)).start(), 12);
        assert!(!series.contains(&1), "{strategy}: {series:?}");
        let fixed = matches!(strategy, "hash" | "first");
        assert_eq!(series.contains(&0) && series.contains(&2), !fixed, "{strategy}: {series:?}");
    }
}

#[test]
fn a_backup_gets_traffic_only_while_no_other_backend_is_up() {
    let mut backends = three();
    let balancer = by(&backends, "round-robin").set("/backends/2/backup", json!(true)).start();
    assert!(!places(&balancer, 8).contains(&2));
    backends[0].stop();
    backends[1].stop();
    assert_eq!(places(&balancer, 4), [2; 4]);
}
