//! HAProxy takes the place of our balancer.

use std::path::Path;
use std::process::Command;

use serde_json::{Value, json};

use crate::alike::{
    backends_are_told_what_ours_tells, clients_of_a_backup_go_back, no_backend_is_asked_for_http_2,
    routes_lead_where_ours_do,
};
use crate::moved::{Engine, Site, clients_keep_their_backend, one_pool_each, shares};
use crate::support::installed::of_path;
use crate::support::left_out::left_out;
use crate::support::{After, Backend, Client, request, response};

pub(crate) const HAPROXY: Engine = Engine { export: &["haproxy"], file: "haproxy.cfg", command };

fn command(file: &Path, _folder: &Path) -> Command {
    let mut command = Command::new("haproxy");
    command.arg("-q").arg("-f").arg(file);
    command
}

/// Whether it is on this machine; that it is not is said.
pub(crate) fn is_here() -> bool {
    let found = of_path("haproxy", [2, 6]).is_some();
    if !found {
        left_out("there is no HAProxy 2.6 or newer");
    }
    found
}

#[test]
fn clients_of_ours_keep_their_backend_in_haproxy() {
    if is_here() {
        clients_keep_their_backend(&HAPROXY);
    }
}

#[test]
fn haproxy_shares_out_by_the_weights_of_ours() {
    if !is_here() {
        return;
    }
    for (weights, expected) in [([3, 1, 1], [600, 200, 200]), ([1000, 500, 0], [667, 333, 0])] {
        let counts = shares(&HAPROXY, "round-robin", weights);
        let off = counts.iter().zip(expected).map(|(count, expected)| count.abs_diff(expected)).max();
        // The request that waits for it to start is one too many.
        assert!(off <= Some(2), "{weights:?}: {counts:?}");
    }
}

#[test]
fn raw_connections_stay_with_their_backend_until_it_dies() {
    if !is_here() {
        return;
    }
    let mut site = Site::new();
    let _serving = site.taken_over(&HAPROXY, |config| {
        for backend in config["backends"].as_array_mut().unwrap() {
            backend["url"] = backend["url"].as_str().unwrap().replace("http", "tcp").into();
        }
        config["health"] = json!({"algorithm": "tcp", "interval": 1000});
    });
    let first = site.ask(None).text();
    for _ in 0..10 {
        assert_eq!(site.ask(None).text(), first, "a client's address stays where it is");
    }
    site.kill(&first);
    let second = site.ask(None);
    assert_eq!(second.status, 200);
    for _ in 0..10 {
        assert_eq!(site.ask(None).text(), second.text(), "and so it does where it moved to");
    }
}

/// Routes to a pool for each backend.
fn three_pools(config: &mut Value) {
    let routes = json!([
        {"match": {"upgrade": "websocket"}, "pool": "charlie"},
        {"match": {"pathPrefix": "/api"}, "pool": "bravo"},
        {"match": {"host": "*.bravo.localhost", "upgrade": false}, "pool": "bravo"},
    ]);
    one_pool_each(config, &routes);
}

#[test]
fn a_request_goes_where_the_routes_of_ours_say() {
    if !is_here() {
        return;
    }
    let site = Site::new();
    let _serving = site.taken_over(&HAPROXY, three_pools);
    let ask = |host: &str, target: &str, lines: &str| {
        let request = format!("GET {target} HTTP/1.1\r\nHost: {host}\r\n{lines}\r\n");
        Client::connect(site.port).exchange(request.as_bytes())
    };
    let upgrade = "Connection: keep-alive, Upgrade\r\nUpgrade: WebSocket\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\
                   Sec-WebSocket-Version: 13\r\n";
    for (host, target, lines, expected) in [
        ("localhost", "/", "", "alpha"),
        ("127.0.0.1:8080", "/", "", "alpha"),
        ("[::1]:8080", "/", "", "alpha"),
        ("APP.localhost.:8080", "/", "", "alpha"),
        ("localhost", "/api", "", "bravo"),
        ("localhost", "/api/cart?x=1", "", "bravo"),
        ("localhost", "/api?x=1", "", "bravo"),
        ("localhost", "/apiary", "", "alpha"),
        ("x.y.bravo.localhost", "/", "", "bravo"),
        ("localhost", "/", upgrade, "charlie"),
        ("localhost", "/", "Upgrade: websocket\r\n", "alpha"),
    ] {
        let response = ask(host, target, lines);
        assert_eq!((response.status, response.text().as_str()), (200, expected), "{host} {target} {lines}");
    }
    for host in ["other.localhost", "bravo.localhost", "example.com"] {
        assert_eq!(ask(host, "/", "").status, 404, "{host}");
    }
}

/// Reads the request for this target, and closes without an answer.
fn answers_all_but(target: &'static str, name: &'static str) -> Backend {
    Backend::start(move |call| {
        call.body();
        if call.target == target {
            return After::Close;
        }
        call.send(&response("200 OK", &[], name));
        After::Keep
    })
}

#[test]
fn what_may_have_been_acted_on_is_not_sent_twice() {
    if !is_here() {
        return;
    }
    let site = Site::of(["alpha", "bravo", "charlie"].map(|name| answers_all_but("/lost", name)));
    let _serving = site.taken_over(&HAPROXY, |config| config["sticky"] = json!({"by": "off"}));
    let sent = |method: &str| {
        let before = reached(&site);
        let response = Client::connect(site.port).exchange(&request(method, "/lost", &["Content-Length: 0"]));
        assert_eq!(response.status, 502, "{method}");
        reached(&site) - before
    };
    assert_eq!(sent("POST"), 1);
    assert_eq!(sent("PATCH"), 1);
    assert_eq!(sent("GET"), 3, "as often as retry.attempts says");
    assert_eq!(sent("PUT"), 3);
}

/// Requests that reached a backend.
fn reached(site: &Site) -> usize {
    ["alpha", "bravo", "charlie"].map(|name| site.backend(name).requests().len()).iter().sum()
}

#[test]
fn who_is_denied_or_too_fast_is_told_so() {
    if !is_here() {
        return;
    }
    let site = Site::new();
    let _serving = site.taken_over(&HAPROXY, |config| {
        config["trustedProxies"] = json!(["127.0.0.1"]);
        config["access"] = json!({"deny": ["10.9.0.0/16"], "requestsPerSecondPerIp": 5});
    });
    let from = |client: &str| {
        let line = format!("X-Forwarded-For: {client}");
        Client::connect(site.port).exchange(&request("GET", "/", &[&line])).status
    };
    assert_eq!(from("10.9.1.2"), 403);
    for _ in 0..5 {
        assert_eq!(from("10.1.1.1"), 200);
    }
    assert!((0..200).any(|_| from("10.1.1.1") == 429), "200 requests at once are more than 5 a second");
    assert_eq!(from("10.1.1.2"), 200, "each address has its own");
}

#[test]
fn haproxy_routes_and_tells_backends_as_ours_does() {
    if is_here() {
        routes_lead_where_ours_do(&HAPROXY);
        backends_are_told_what_ours_tells(&HAPROXY);
    }
}

#[test]
fn clients_of_a_backup_go_back_on_haproxy() {
    if is_here() {
        clients_of_a_backup_go_back(&HAPROXY);
    }
}

#[test]
fn haproxy_asks_no_backend_for_http_2() {
    if is_here() {
        no_backend_is_asked_for_http_2(&HAPROXY);
    }
}
