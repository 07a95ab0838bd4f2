//! Outlier ejection: failing traffic takes a backend out of service for a while.

use std::sync::Arc;
use std::sync::atomic::{AtomicU16, Ordering::SeqCst};

use serde_json::{Value, json};

use crate::support::{After, Backend, Balancer, Config, request, response, until};

/// Answers with a status that the test sets; at 0 it closes without an answer.
fn moody(status: u16) -> (Backend, Arc<AtomicU16>) {
    let mood = Arc::new(AtomicU16::new(status));
    let now = Arc::clone(&mood);
    let backend = Backend::start(move |call| {
        call.body();
        match now.load(SeqCst) {
            0 => return After::Close,
            status => call.send(&response(&format!("{status} As Told"), &[], "")),
        }
        After::Keep
    });
    (backend, mood)
}

fn passive(backends: &[&Backend], passive: Value) -> Balancer {
    Config::new(backends).set("/health/passive", passive).start()
}

fn state(balancer: &Balancer, index: usize) -> String {
    balancer.backend(index)["state"].as_str().unwrap().to_owned()
}

/// A request of a client that sticks to the first backend.
fn bound(method: &str) -> Vec<u8> {
    request(method, "/", &["Cookie: X-Backend-ID=0", "Content-Length: 0"])
}

#[test]
fn failures_in_a_row_eject_for_a_while_and_its_clients_move() {
    let (failing, mood) = moody(500);
    let good = Backend::echoing();
    let balancer = passive(&[&failing, &good], json!({"statuses": "500-599", "ejectFor": 1500}));
    for _ in 0..3 {
        assert_eq!(balancer.exchange(&bound("POST")).status, 500);
    }
    balancer.line("b0: UP -> EJECTED: 3 requests in a row failed, the last one answered 500; for 2 s");
    mood.store(200, SeqCst);
    let moved = balancer.exchange(&bound("POST"));
    assert_eq!((moved.status, moved.backend()), (200, Some(1)));
    assert!(moved.all("set-cookie")[0].starts_with("X-Backend-ID=1;"), "its cookie is rewritten");
    balancer.line("b0 is EJECTED, moved");
    balancer.line("b0: EJECTED -> UP: its time out is over");
    assert_eq!(balancer.exchange(&bound("POST")).backend(), Some(0));
}

#[test]
fn no_answer_counts_and_a_success_ends_the_row() {
    let (failing, mood) = moody(0);
    let good = Backend::echoing();
    let balancer = passive(&[&failing, &good], json!({"ejectFor": 60000}));
    for _ in 0..2 {
        for _ in 0..2 {
            assert_eq!(balancer.exchange(&bound("POST")).status, 502);
        }
        mood.store(200, SeqCst);
        assert_eq!(balancer.exchange(&bound("POST")).status, 200);
        mood.store(0, SeqCst);
    }
    assert_eq!(state(&balancer, 0), "UP");
    for _ in 0..3 {
        assert_eq!(balancer.exchange(&bound("POST")).status, 502);
    }
    balancer.line("b0: UP -> EJECTED: 3 requests in a row failed, the last one gave no answer; for 60 s");
    assert_eq!(balancer.backend(0)["healthy"], false);
}

#[test]
fn by_default_no_status_ejects() {
    let (failing, _) = moody(503);
    let good = Backend::echoing();
    let balancer = Balancer::over(&[&failing, &good]);
    for _ in 0..9 {
        assert_eq!(balancer.exchange(&bound("GET")).status, 503);
    }
    assert_eq!(state(&balancer, 0), "UP");
}

#[test]
fn with_none_allowed_nobody_is_ejected() {
    let (failing, _) = moody(0);
    let good = Backend::echoing();
    let balancer = passive(&[&failing, &good], json!({"failures": 0}));
    for _ in 0..9 {
        assert_eq!(balancer.exchange(&bound("POST")).status, 502);
    }
    assert_eq!(state(&balancer, 0), "UP");
}

#[test]
fn the_last_one_up_is_never_ejected() {
    let (failing, _) = moody(500);
    let down = Backend::echoing();
    down.set_healthy(false);
    let balancer = passive(&[&failing, &down], json!({"statuses": [500], "maxEjectedPercent": 100}));
    for _ in 0..12 {
        assert_eq!(balancer.get("/").status, 500);
    }
    assert_eq!(state(&balancer, 0), "UP");
}

#[test]
fn no_more_are_ejected_than_allowed() {
    let failing: Vec<Backend> = (0..5).map(|_| moody(500).0).collect();
    let all: Vec<&Backend> = failing.iter().collect();
    let balancer = passive(&all, json!({"statuses": "500-599", "ejectFor": 60000, "maxEjectedPercent": 40}));
    for _ in 0..60 {
        assert_eq!(balancer.get("/").status, 500);
    }
    let ejected = (0..5).filter(|index| state(&balancer, *index) == "EJECTED").count();
    assert_eq!(ejected, 2, "40 % of five");
}

#[test]
fn when_nobody_else_is_left_the_ejected_are_called_back() {
    let (failing, mood) = moody(500);
    let good = Backend::echoing();
    let balancer = Config::new(&[&failing, &good])
        .set("/health/interval", json!(100))
        .set("/health/passive", json!({"statuses": [500], "ejectFor": 60000}))
        .start();
    for _ in 0..3 {
        balancer.exchange(&bound("GET"));
    }
    balancer.line("b0: UP -> EJECTED");
    mood.store(200, SeqCst);
    good.set_healthy(false);
    balancer.line("b0: EJECTED -> UP: no other backend is up");
    assert_eq!(balancer.get("/").backend(), Some(0));
}

#[test]
fn a_failed_check_says_down_and_a_passed_one_ends_it_at_once() {
    let (failing, mood) = moody(500);
    let good = Backend::echoing();
    let balancer = Config::new(&[&failing, &good])
        .set("/health/interval", json!(100))
        .set("/health/passive", json!({"statuses": [500], "ejectFor": 86_400_000}))
        .start();
    for _ in 0..3 {
        balancer.exchange(&bound("GET"));
    }
    balancer.line("b0: UP -> EJECTED");
    let checks = failing.checks();
    until("more checks pass", || failing.checks() >= checks + 3);
    assert_eq!(state(&balancer, 0), "EJECTED", "a check asks for something else than its traffic did");
    failing.set_healthy(false);
    balancer.line("b0: EJECTED -> DOWN");
    mood.store(200, SeqCst);
    failing.set_healthy(true);
    balancer.line("b0: DOWN -> UP");
    assert_eq!(balancer.exchange(&bound("GET")).backend(), Some(0));
}

#[test]
fn a_client_that_leaves_is_not_the_backends_failure() {
    let slow = Backend::start(|call| {
        call.wait_for_close();
        After::Close
    });
    let good = Backend::echoing();
    let balancer = passive(&[&slow, &good], json!({"failures": 1, "statuses": "400-599"}));
    for number in 0..4 {
        let mut client = balancer.client();
        client.send(&bound("GET"));
        slow.wait_for_requests(number + 1);
        drop(client);
        slow.wait_for_end(number + 1);
    }
    until("all are booked", || balancer.lines().iter().filter(|line| line.contains(" 499 ")).count() == 4);
    assert_eq!(state(&balancer, 0), "UP");
}
