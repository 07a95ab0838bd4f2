//! What users of sticky-session-custom rely on, and its known defects.
//!
//! Tested elsewhere: many listeners on one set of backends (`pools`), copies of one program, started again when they
//! exit, and a graceful end (`run`, `ending`).

use std::collections::BTreeSet;

use serde_json::json;

use crate::support::{Backend, Balancer, Config, request};

fn four() -> [Backend; 4] {
    [Backend::echoing(), Backend::echoing(), Backend::echoing(), Backend::echoing()]
}

fn by(backends: &[Backend; 4], mode: &str) -> Config {
    Config::new(&backends.each_ref()).set("/sticky/by", json!(mode))
}

/// The backend of a request with this target and these header lines.
fn place(balancer: &Balancer, target: &str, lines: &[&str]) -> u32 {
    let answer = balancer.exchange(&request("GET", target, lines));
    assert_eq!(answer.status, 200, "{target} {lines:?}");
    assert!(answer.all("set-cookie").is_empty(), "nothing but the key binds");
    answer.backend().unwrap()
}

fn of_user(balancer: &Balancer, user: usize) -> u32 {
    place(balancer, "/", &[&format!("X-User: user{user}")])
}

#[test]
fn a_client_sticks_by_its_address_and_the_log_says_so() {
    let backends = four();
    let balancer = by(&backends, "ip").start();
    let places: BTreeSet<u32> = (0..6).map(|_| place(&balancer, "/here", &[])).collect();
    assert_eq!(places.len(), 1);
    assert!(balancer.line(" /here ").contains("sticky ip 127.0.0.1"));
}

#[test]
fn behind_a_trusted_proxy_the_address_is_the_forwarded_one_and_the_decision_is_made_per_request() {
    let backends = four();
    let balancer = by(&backends, "ip").set("/trustedProxies", json!(["127.0.0.0/8"])).start();
    // One connection, as a proxy shares it among its users.
    let mut proxy = balancer.client();
    let mut ask = |user: usize| {
        let line = format!("X-Forwarded-For: 192.0.2.{user}");
        proxy.exchange(&request("GET", "/", &[&line])).backend().unwrap()
    };
    let first: Vec<u32> = (1..40).map(&mut ask).collect();
    let again: Vec<u32> = (1..40).map(&mut ask).collect();
    assert_eq!(first, again);
    assert_eq!(BTreeSet::from_iter(first).len(), 4, "users behind one connection go to all backends");
}

#[test]
fn a_header_of_any_case_binds_and_its_value_is_not_logged() {
    let backends = four();
    let balancer = by(&backends, "header:X-User").start();
    let id = place(&balancer, "/mine", &["x-uSER: hunter2"]);
    for _ in 0..5 {
        assert_eq!(place(&balancer, "/", &["X-User: hunter2"]), id);
    }
    assert!(balancer.line(" /mine ").contains("sticky header X-User"));
    assert!(!balancer.lines().iter().any(|line| line.contains("hunter2")));
    let places: BTreeSet<u32> = (0..40).map(|user| of_user(&balancer, user)).collect();
    assert_eq!(places.len(), 4);
}

#[test]
fn a_parameter_of_the_query_binds() {
    let backends = four();
    let balancer = by(&backends, "query:token").start();
    let id = place(&balancer, "/?token=abc", &[]);
    for target in ["/other?token=abc", "/?x=1&token=abc&token=def"] {
        assert_eq!(place(&balancer, target, &[]), id, "{target}");
    }
    assert!(balancer.line(" /?token=abc ").contains("sticky query token"));
}

#[test]
fn a_missing_key_is_balanced_or_goes_to_one_fixed_backend() {
    let backends = four();
    let balancer = by(&backends, "header:X-User").start();
    let places: BTreeSet<u32> = (0..4).map(|_| place(&balancer, "/", &[])).collect();
    assert_eq!(places.len(), 4);
    let fixed = by(&backends, "header:X-User").set("/sticky/missing", json!("fixed")).start();
    let places: BTreeSet<u32> = (0..8).map(|_| place(&fixed, "/", &["X-User:"])).collect();
    assert_eq!(places.len(), 1);
}

#[test]
fn a_restart_and_a_reordered_file_keep_everybody_where_they_are() {
    let backends = four();
    let first = by(&backends, "header:X-User").start();
    let before: Vec<u32> = (0..40).map(|user| of_user(&first, user)).collect();
    drop(first);
    let mut reordered = by(&backends, "header:X-User");
    for (index, id) in [2, 0, 3, 1].into_iter().enumerate() {
        let backend = json!({"id": id, "url": format!("http://localhost:{}", backends[id].port)});
        reordered = reordered.set(&format!("/backends/{index}"), backend);
    }
    let second = reordered.start();
    assert_eq!((0..40).map(|user| of_user(&second, user)).collect::<Vec<u32>>(), before);
}

#[test]
fn a_backend_that_dies_moves_its_own_clients_only() {
    let mut backends = four();
    let balancer = by(&backends, "header:X-User").start();
    let before: Vec<u32> = (0..40).map(|user| of_user(&balancer, user)).collect();
    backends[1].stop();
    for (user, before) in before.into_iter().enumerate() {
        let now = of_user(&balancer, user);
        assert_eq!(now == before, before != 1, "user{user}: {before} -> {now}");
    }
}

#[test]
fn a_client_kept_from_other_backends_is_answered_503_while_its_own_is_out() {
    let mut backends = four();
    let balancer = by(&backends, "header:X-User").set("/sticky/onFailure", json!("fail")).start();
    let others = (0..20).filter(|user| of_user(&balancer, *user) != 1).collect::<Vec<usize>>();
    let user = (0..99).find(|user| of_user(&balancer, *user) == 1).unwrap();
    backends[1].stop();
    let answer = balancer.exchange(&request("GET", "/lost", &[&format!("X-User: user{user}")]));
    assert_eq!(answer.status, 503);
    assert!(balancer.line(" /lost ").contains("sticky.onFailure is fail"));
    assert!(others.iter().all(|user| of_user(&balancer, *user) != 1), "nobody else is concerned");
}

#[test]
fn garbage_as_a_key_harms_nothing() {
    let backends = four();
    for mode in ["ip", "header:X-Forwarded-For", "query:token"] {
        let balancer = by(&backends, mode).set("/trustedProxies", json!(["127.0.0.0/8"])).start();
        let huge = "9".repeat(5000);
        for value in ["unknown", "", ",,,", "\u{e9}", "[::1", "%00%zz", huge.as_str()] {
            let line = format!("X-Forwarded-For: {value}");
            place(&balancer, &format!("/?token={}", value.replace('\u{e9}', "%c3%a9")), &[&line]);
        }
        let mut broken = balancer.client();
        broken.send(b"GET / HTTP/1.1\r\nHost: localhost\r\nX-Forwarded-For: 1");
        broken.reset();
        place(&balancer, "/", &[]);
    }
}

#[test]
fn an_address_that_is_none_and_a_reset_in_the_headers_end_nothing() {
    let backends = four();
    let mut balancer = by(&backends, "ip").set("/trustedProxies", json!(["127.0.0.0/8"])).start();
    for value in ["unknown", "", ",,,", "999.1.1.1", "_hidden", "::::"] {
        place(&balancer, "/", &[&format!("X-Forwarded-For: {value}")]);
    }
    for _ in 0..20 {
        let mut client = balancer.client();
        client.send(b"GET / HTTP/1.1\r\nHost: localhost\r\nX-Forw");
        client.reset();
    }
    place(&balancer, "/", &[]);
    assert!(balancer.is_running());
}
