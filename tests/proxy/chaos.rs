//! Which requests a fault touches, and what is told of it.

use std::time::{Duration, Instant};

use serde_json::json;

use crate::events::Stream;
use crate::support::{Backend, Balancer, Config, request};

/// Two backends that echo, without cookies and in turn: b0, b1, b0, ….
fn in_turn() -> ([Backend; 2], Balancer) {
    let backends = [Backend::echoing(), Backend::echoing()];
    let balancer = Config::new(&backends.each_ref()).set("/sticky", json!({"by": "off"})).start();
    (backends, balancer)
}

/// One backend that echoes.
fn alone() -> (Backend, Balancer) {
    let backend = Backend::echoing();
    let balancer = Balancer::over(&[&backend]);
    (backend, balancer)
}

fn timed(balancer: &Balancer, path: &str) -> Duration {
    let began = Instant::now();
    assert_eq!(balancer.get(path).status, 200);
    began.elapsed()
}

#[test]
fn latency_holds_the_head_back_while_it_burns_and_nothing_more_once_the_fuse_is_out() {
    let (backend, balancer) = alone();
    let said = balancer.chaos(&["b0", "latency", "800ms", "for=3s"]);
    assert!(said.contains("chaos on b0: latency 800 ms, ends in 3 s"), "{said}");
    let slow = timed(&balancer, "/slow");
    assert!(slow >= Duration::from_millis(750), "{slow:?}");
    assert_eq!(backend.requests().len(), 1, "it had the request");
    balancer.line("chaos on b0 is over: its time is up");
    let quickest = (0..5).map(|_| timed(&balancer, "/quick")).min().unwrap();
    assert!(quickest < Duration::from_millis(400), "{quickest:?}");
    assert!(balancer.fault(0).is_null());
}

#[test]
fn a_share_of_nothing_touches_nothing() {
    let (backend, balancer) = alone();
    balancer.chaos(&["b0", "error", "503", "share=0%"]);
    let mut client = balancer.client();
    let good = (0..200).filter(|_| client.exchange(&request("GET", "/", &[])).status == 200).count();
    assert_eq!((good, backend.requests().len()), (200, 200));
    assert_eq!(balancer.fault(0)["touched"], 0);
}

#[test]
fn the_first_two_fail_and_no_other_however_many_come_at_once() {
    let (backend, balancer) = alone();
    balancer.chaos(&["b0", "error", "500", "first=2"]);
    let balancer = &balancer;
    let failed: usize = std::thread::scope(|scope| {
        let client = || (0..10).filter(|_| balancer.get("/").status == 500).count();
        let clients: Vec<_> = (0..4).map(|_| scope.spawn(client)).collect();
        clients.into_iter().map(|client| client.join().unwrap()).sum()
    });
    assert_eq!((failed, backend.requests().len()), (2, 38));
    assert_eq!(balancer.fault(0)["touched"], 2);
}

#[test]
fn a_seed_touches_the_same_requests_each_time() {
    let (_backend, balancer) = alone();
    let row = || {
        balancer.chaos(&["b0", "error", "503", "share=50%", "seed=7", "checks=spare"]);
        let mut client = balancer.client();
        (0..40).map(|_| client.exchange(&request("GET", "/", &[])).status).collect::<Vec<u16>>()
    };
    let first = row();
    assert_eq!(first, row());
    assert!(first.contains(&503) && first.contains(&200), "{first:?}");
}

#[test]
fn only_what_matches_is_touched() {
    let (_backend, balancer) = alone();
    let status = |method: &str, path: &str| balancer.exchange(&request(method, path, &["Content-Length: 0"])).status;
    balancer.chaos(&["b0", "error", "503", "match=path~^/api !method=POST"]);
    for (method, path, expected) in
        [("GET", "/api/x", 503), ("GET", "/other", 200), ("POST", "/api/x", 200), ("DELETE", "/api?a=b", 503)]
    {
        assert_eq!(status(method, path), expected, "{method} {path}");
    }
    balancer.chaos(&["b0", "error", "418", "match=path=/x"]);
    assert_eq!((status("GET", "/x?q=1"), status("GET", "/xy")), (418, 200));
}

#[test]
fn what_makes_no_sense_is_said_in_one_line_and_changes_nothing() {
    let (_backend, balancer) = alone();
    for (words, said) in [
        (&["b0", "lag", "3s"][..], "'lag' is no kind of fault"),
        (&["b0", "error", "200"], "with a status from 400 to 599"),
        (&["b0", "hang", "match=host=x"], "the field 'host' says nothing of a request"),
        (&["b0", "hang", "match=path~("], "is no pattern"),
        (&["b9", "hang"], "there is no backend 'b9'"),
        (&["b0", "hang", "for=1h"], "a fault burns for 1ms to 10m"),
    ] {
        let refused = balancer.refused(&[&["ctl", "chaos"], words].concat());
        assert!(refused.contains(said), "{words:?}: {refused}");
    }
    assert!(balancer.fault(0).is_null());
    assert_eq!(balancer.get("/").status, 200);
}

#[test]
fn log_events_health_and_status_tell_of_it() {
    let (_backends, balancer) = in_turn();
    balancer.chaos(&["b1", "latency", "200ms", "for=60s", "checks=spare"]);
    balancer.line("chaos on b1: latency 200 ms, checks are spared, ends in 1 min");
    for _ in 0..2 {
        balancer.get("/told");
    }
    let line = balancer.line("chaos: latency 200 ms; round-robin 2 of 2");
    assert!(line.contains("/told"), "{line}");
    let health = balancer.health();
    let chaos = &health["backends"][1]["chaos"];
    assert_eq!((&chaos["fault"], &chaos["touched"]), (&json!("latency 200 ms"), &json!(1)));
    let left = chaos["secondsLeft"].as_u64().unwrap();
    assert!((1..=60).contains(&left), "{left}");
    assert!(health["backends"][0].get("chaos").is_none());
    let fault = balancer.fault(1);
    assert_eq!((&fault["words"], &fault["fault"]["millis"]), (&json!("latency 200 ms"), &json!(200)));
    assert!(balancer.get("/_lb/metrics").text().contains("stickylb_backend_chaos{pool=\"default\",backend=\"b1\"} 1"));
    balancer.chaos(&["b1", "refuse", "checks=spare"]);
    let retried = (0..2).map(|_| balancer.get("/again")).filter(|answer| answer.backend() == Some(0)).count();
    assert_eq!(retried, 2, "the other one answers for it");
    balancer.line("chaos on b1: refuse; retried: b1 refused; ");
}

#[test]
fn an_event_has_the_fault_and_a_latency_counts_as_first_byte() {
    let (_backend, balancer) = alone();
    balancer.chaos(&["b0", "latency", "300ms"]);
    let mut stream = Stream::open(&balancer);
    balancer.get("/measured");
    let event = stream.request("/measured");
    assert!(event["phases"]["firstByte"].as_u64().unwrap() >= 300_000, "{event}");
    assert_eq!(event["decision"]["chaos"], json!([{"backend": "b0", "fault": "latency 300 ms"}]));
}
