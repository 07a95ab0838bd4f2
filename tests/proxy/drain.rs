//! What is left of a backend that drains, and how many keys a hash has to share out.

use serde_json::{Value, json};

use crate::support::{Backend, Balancer, Config, request, until};

fn status(balancer: &Balancer) -> Value {
    serde_json::from_str(&balancer.said(&["ctl", "status", "--json"])).unwrap()
}

#[test]
fn a_draining_backend_keeps_its_clients_says_so_and_how_long_ago_the_last_one_came() {
    let backends = [Backend::echoing(), Backend::echoing()];
    let balancer = Balancer::over(&backends.each_ref());
    assert_eq!(status(&balancer)["backends"][0]["lastRequestSeconds"], Value::Null);
    balancer.ctl(&["drain", "b0"]);
    let answer = balancer.exchange(&request("GET", "/", &["Cookie: X-Backend-ID=0"]));
    assert_eq!((answer.backend(), answer.all("set-cookie").len()), (Some(0), 0));
    balancer.line("kept: b0 drains, and this client is one of its own");
    until("the time since the last request is told", || {
        status(&balancer)["backends"][0]["lastRequestSeconds"].is_u64()
    });
    until("it grows", || status(&balancer)["backends"][0]["lastRequestSeconds"].as_u64() >= Some(1));
    assert_eq!(balancer.get("/").backend(), Some(1), "others do not come");
}

#[test]
fn how_many_keys_a_hash_has_to_share_out_is_told() {
    let backends = [Backend::echoing(), Backend::echoing()];
    let config = Config::new(&backends.each_ref()).set("/sticky", json!({"by": "off"}));
    let balancer = config.set("/strategy", json!("hash")).start();
    let seen = || status(&balancer)["pools"][0]["keysSeen"].clone();
    assert_eq!(seen(), 0);
    for _ in 0..5 {
        balancer.get("/");
    }
    assert_eq!(seen(), 1, "every client is 127.0.0.1");
    balancer.ctl(&["sticky", "header:X-User"]);
    for user in ["a", "b", "c"] {
        balancer.exchange(&request("GET", "/", &[&format!("X-User: {user}")]));
    }
    assert_eq!(seen(), 4);
    balancer.ctl(&["strategy", "random"]);
    balancer.ctl(&["sticky", "cookie"]);
    assert_eq!(seen(), Value::Null);
}
