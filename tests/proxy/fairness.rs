//! How evenly requests are shared out is measured since a baseline, which every change sets, and compared with the time before.

use serde_json::{Value, json};

use crate::support::{Backend, Balancer, Config, request, until};

fn fairness(balancer: &Balancer) -> Value {
    let status: Value = serde_json::from_str(&balancer.said(&["ctl", "status", "--json"])).unwrap();
    status["pools"][0]["fairness"].clone()
}

/// Waits until the time that is counted is one to compare with.
fn wait_for_two_seconds(balancer: &Balancer) {
    until("two seconds are counted", || fairness(balancer)["micros"].as_u64().unwrap() > 2_000_000);
}

#[test]
fn a_change_by_ctl_is_an_event_and_the_figures_before_it_stay_to_compare_with() {
    let backends = [Backend::echoing(), Backend::echoing()];
    let config = Config::new(&backends.each_ref()).set("/sticky", json!({"by": "off"}));
    let balancer = config.set("/strategy", json!("first")).start();
    for _ in 0..6 {
        balancer.get("/");
    }
    wait_for_two_seconds(&balancer);
    balancer.ctl(&["strategy", "round-robin"]);
    balancer.line("strategy: first → round-robin");
    for _ in 0..4 {
        balancer.get("/");
    }
    let now = fairness(&balancer);
    assert_eq!(
        (&now["label"], &now["requests"], &now["jain"]),
        (&json!("strategy first → round-robin"), &json!(4), &json!(1.0))
    );
    assert_eq!((&now["longestRun"], &now["backends"][0]["mostInFlight"]), (&json!(1), &json!(1)));
    let before = &now["before"];
    assert_eq!((&before["label"], &before["requests"], &before["jain"]), (&json!("start"), &json!(6), &json!(0.5)));
    assert_eq!((&before["longestRun"], &before["backends"][1]["requests"]), (&json!(6), &json!(0)));
    balancer.ctl(&["weight", "b1", "3"]);
    balancer.line("weight of b1: 1 → 3");
    balancer.ctl(&["sticky", "ip"]);
    balancer.line("sticky: off → ip");
    let table = balancer.said(&["ctl", "fairness"]);
    assert!(table.contains("strategy first → round-robin, weight b1 1 → 3, sticky off → ip; before:"), "{table}");
    assert!(table.contains("fairness (Jain)      -    0.500"), "{table}");
}

#[test]
fn clients_that_move_retries_and_lost_requests_are_counted_since_a_baseline() {
    let mut backends = [Backend::echoing(), Backend::echoing()];
    let balancer = Balancer::over(&backends.each_ref());
    balancer.ctl(&["baseline"]);
    balancer.line("fairness is counted from now on");
    backends[0].stop();
    for client in ["a", "b", "a"] {
        let cookie = format!("Cookie: X-Backend-ID=0; session={client}");
        assert_eq!(balancer.exchange(&request("GET", "/", &[&cookie])).status, 200);
    }
    let counted = fairness(&balancer);
    assert_eq!(counted["moved"], 2, "{counted}");
    until("the dead one is out", || balancer.backend(0)["state"] == "DOWN");
    backends[1].stop();
    assert!(balancer.get("/").status >= 502);
    until("both are out", || balancer.backend(1)["state"] == "DOWN");
    assert_eq!(balancer.get("/").status, 503);
    assert!(fairness(&balancer)["lost"].as_u64().unwrap() >= 1);
}

#[test]
fn how_many_backends_a_client_is_sent_to_is_counted_while_somebody_watches() {
    let backends = [Backend::echoing(), Backend::echoing(), Backend::echoing()];
    let balancer = Config::new(&backends.each_ref()).set("/sticky", json!({"by": "header:X-User"})).start();
    let requests = || {
        for user in ["ann", "bob", "cid", "dee"].iter().cycle().take(24) {
            balancer.exchange(&request("GET", "/", &[&format!("X-User: {user}")]));
        }
    };
    requests();
    assert_eq!(fairness(&balancer)["backendsPerClient"], Value::Null, "nobody watched");
    balancer.said(&["ctl", "whatif"]);
    requests();
    assert_eq!(fairness(&balancer)["backendsPerClient"], 1.0);
    wait_for_two_seconds(&balancer);
    // Without a key they are one client, by address: each request goes to the next one.
    balancer.ctl(&["sticky", "off"]);
    requests();
    let now = fairness(&balancer);
    assert_eq!((&now["backendsPerClient"], &now["before"]["backendsPerClient"]), (&json!(3.0), &json!(1.0)), "{now}");
    let table = balancer.said(&["ctl", "fairness"]);
    assert!(table.contains("backends per client  3.00   1.00"), "{table}");
}
