//! What health checks see of a fault.

use serde_json::{Value, json};

use crate::support::{Backend, Balancer, Config, request, until};

/// Two backends that are checked all the time, of which no request asks for a check.
fn checked() -> ([Backend; 2], Balancer) {
    let backends = [Backend::echoing(), Backend::echoing()];
    let health = json!({"path": "/health", "interval": 200, "timeout": 2000, "fall": 2});
    let balancer = Config::new(&backends.each_ref()).set("/health", health).start();
    (backends, balancer)
}

fn state(balancer: &Balancer) -> Value {
    balancer.backend(0)["state"].clone()
}

/// Waits for so many more checks that the backend itself has seen.
fn wait_for_checks(backend: &Backend, more: usize) {
    let before = backend.checks();
    until("it is checked", || backend.checks() >= before + more);
}

#[test]
fn a_fault_that_checks_see_takes_it_down_and_they_say_why_and_it_comes_back_with_its_end() {
    let (backends, balancer) = checked();
    for (kind, found) in [
        ("error 503", "GET /health 503 (chaos: error 503)"),
        ("refuse", "connection refused (chaos: refuse)"),
        ("hang", "no answer within 2000 ms (chaos: hang)"),
        ("reset", "gave no answer (chaos: reset)"),
    ] {
        balancer.chaos(&[&["b0"], &kind.split(' ').collect::<Vec<_>>()[..], &["for=60s"]].concat());
        balancer.line(&format!("b0: UP -> DOWN: check failed: {found}"));
        assert!(balancer.backend(0)["lastError"].as_str().unwrap().contains(found), "{kind}");
        balancer.chaos(&["b0", "off"]);
        until("it is back", || state(&balancer) == "UP");
    }
    assert!(!backends[0].requests().iter().any(|request| request.target != "/health"));
}

#[test]
fn a_fault_that_spares_checks_leaves_it_up_though_its_requests_fail() {
    let (backends, balancer) = checked();
    balancer.chaos(&["b0", "error", "500", "checks=spare", "for=60s"]);
    wait_for_checks(&backends[0], 4);
    let failed = balancer.exchange(&request("GET", "/", &["Cookie: X-Backend-ID=0"]));
    assert_eq!((failed.status, state(&balancer)), (500, json!("UP")));
}

#[test]
fn a_grey_failure_is_ejected_and_never_down() {
    let backends = [Backend::echoing(), Backend::echoing()];
    let health = json!({
        "path": "/health", "interval": 200, "fall": 1,
        "passive": {"statuses": "500-599", "failures": 3, "ejectFor": 600_000},
    });
    let balancer = Config::new(&backends.each_ref()).set("/health", health).start();
    balancer.chaos(&["b0", "error", "503", "checks=spare", "for=60s"]);
    for _ in 0..3 {
        balancer.exchange(&request("POST", "/", &["Cookie: X-Backend-ID=0", "Content-Length: 0"]));
    }
    balancer.line("b0: UP -> EJECTED: 3 requests in a row failed, the last one answered 503");
    wait_for_checks(&backends[0], 4);
    assert_eq!(state(&balancer), "EJECTED");
    assert!(!balancer.lines().iter().any(|line| line.contains("-> DOWN")));
}

#[test]
fn a_count_is_of_requests_and_spends_none_on_checks() {
    let (backends, balancer) = checked();
    balancer.chaos(&["b0", "refuse", "first=2", "for=60s"]);
    wait_for_checks(&backends[0], 4);
    assert_eq!((state(&balancer), balancer.fault(0)["touched"].clone()), (json!("UP"), json!(0)));
    for _ in 0..4 {
        assert_eq!(
            balancer.exchange(&request("POST", "/", &["Cookie: X-Backend-ID=0", "Content-Length: 0"])).status,
            200
        );
    }
    assert_eq!(balancer.fault(0)["touched"], 2);
    let told = || balancer.lines().iter().filter(|line| line.contains("chaos on b0: refuse; retried")).count();
    until("both are told", || told() == 2);
    assert_eq!(state(&balancer), "UP", "the checks that failing requests ask for pass");
}

#[test]
fn a_match_is_of_a_checks_own_method_and_path() {
    let (backends, balancer) = checked();
    balancer.chaos(&["b0", "error", "503", "match=path~^/api", "for=60s"]);
    wait_for_checks(&backends[0], 4);
    assert_eq!(state(&balancer), "UP");
    balancer.chaos(&["b0", "error", "503", "match=path=/health method=GET", "for=60s"]);
    until("its checks are touched", || state(&balancer) == "DOWN");
}
