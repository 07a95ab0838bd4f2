//! Which clients may connect, and how often.

use serde_json::json;

use crate::support::{Backend, Config, request, until};

const TOO_MANY: &str = r#"{"error":"Too Many Requests."}"#;

#[test]
fn a_denied_network_gets_403_and_nothing_of_it_reaches_a_backend() {
    let backend = Backend::echoing();
    let denied = Config::new(&[&backend]).set("/access", json!({"deny": ["127.0.0.0/8"]})).start_without_health();
    let answer = denied.get("/secret");
    assert_eq!((answer.status, answer.text().as_str()), (403, r#"{"error":"Forbidden."}"#));
    assert!(answer.closes());
    assert!(denied.line("/secret").contains("127.0.0.1 is in access.deny"));
    assert!(backend.requests().is_empty());

    let elsewhere = Config::new(&[&backend]).set("/access", json!({"allow": ["10.0.0.0/8"]})).start_without_health();
    assert_eq!(elsewhere.get("/").status, 403);
    assert!(elsewhere.line(" 403 ").contains("127.0.0.1 is not in access.allow"));
    let here = Config::new(&[&backend]).set("/access", json!({"allow": ["127.0.0.1"], "deny": ["127.0.0.2"]})).start();
    assert_eq!(here.get("/").status, 200);
}

#[test]
fn behind_a_trusted_proxy_it_is_the_client_that_is_denied() {
    let backend = Backend::echoing();
    let access = json!({"deny": ["203.0.113.0/24"], "requestsPerSecondPerIp": 1, "connectionsPerIp": 1});
    let balancer = Config::new(&[&backend]).set("/access", access).set("/trustedProxies", json!(["127.0.0.1"])).start();
    let mut proxy = balancer.client();
    let mut from = |ip: &str| proxy.exchange(&request("GET", "/", &[&format!("X-Forwarded-For: {ip}")])).status;
    assert_eq!(from("203.0.113.9"), 403);
    assert_eq!(from("198.51.100.1"), 200, "the connection goes on for others");
    assert!((0..200).any(|_| from("198.51.100.2") == 429));
    assert_eq!(from("198.51.100.3"), 200, "each has its own second");
    let another = balancer.exchange(&request("GET", "/", &["X-Forwarded-For: 198.51.100.4"]));
    assert_eq!(another.status, 200, "the proxy itself may have many connections");
}

#[test]
fn one_address_has_no_more_connections_than_allowed() {
    let backend = Backend::echoing();
    // A connection that is still closing counts too: none is opened before these.
    let access = json!({"connectionsPerIp": 2});
    let balancer = Config::new(&[&backend]).set("/access", access).start_without_health();
    let mut first = balancer.client();
    assert_eq!(first.exchange(&request("GET", "/", &[])).status, 200);
    let mut second = balancer.client();
    assert_eq!(second.exchange(&request("GET", "/", &[])).status, 200);
    let answer = balancer.get("/third");
    assert_eq!((answer.status, answer.text().as_str()), (429, TOO_MANY));
    assert!(answer.closes());
    assert_eq!(answer.get("retry-after").as_deref(), Some("1"));
    assert!(balancer.line("/third").contains("access.connectionsPerIp"));
    drop(second);
    until("a place to be free again", || balancer.get("/").status == 200);
    assert_eq!(first.exchange(&request("GET", "/", &[])).status, 200);
}

#[test]
fn one_address_sends_no_more_requests_a_second_than_allowed() {
    let backend = Backend::echoing();
    let balancer = Config::new(&[&backend]).set("/access", json!({"requestsPerSecondPerIp": 5})).start_without_health();
    let mut client = balancer.client();
    let statuses: Vec<u16> = (0..200).map(|_| client.exchange(&request("GET", "/", &[])).status).collect();
    let passed = statuses.iter().filter(|status| **status == 200).count();
    assert!(passed >= 5, "{passed} passed");
    assert!(statuses.contains(&429), "the connection stays, and is told");
    assert_eq!(backend.requests().len(), passed);
    until("the next second", || client.exchange(&request("GET", "/", &[])).status == 200);
}
