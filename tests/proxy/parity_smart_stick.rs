//! How users of smart-stick-loadbalancer expect requests to be balanced, and its known defects.
//!
//! Tested elsewhere: its file, errors and texts (`configs`, `cli`), its page (`pages`), its cookie and what replaces it
//! (`stickiness`), mail (`mail`), failures that lose a request there (`failure`, `retry`), WebSockets and frames
//! (`websocket`), clients that hang up (`leaving`), bodies cut short (`responses`), X-Forwarded-* (`headers`), checks
//! (`health`).

use std::sync::{Arc, Mutex};

use serde_json::json;

use crate::support::socket::{LINES, echo_bytes, open, read_exactly};
use crate::support::{self, After, Backend, Balancer, Config, request, response, until};

fn three() -> [Backend; 3] {
    [Backend::echoing(), Backend::echoing(), Backend::echoing()]
}

/// The backends of the next requests without a cookie.
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
    // Independent of which backend gets the first request.
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

#[test]
fn its_configuration_runs_unchanged() {
    let heads = Arc::new(Mutex::new(Vec::new()));
    let seen = Arc::clone(&heads);
    let first = Backend::with_check(support::backend::echo, move |call| {
        seen.lock().unwrap().push(call.head.clone());
        call.send(b"HTTP/1.1 204 No Content\r\n\r\n");
        After::Close
    });
    let second = Backend::with_check(support::backend::echo, |call| {
        call.send(&response("404 Not Found", &[], ""));
        After::Keep
    });
    let balancer = Config::of(json!({
        "port": 0,
        "strategy": "round-robin",
        "backends": [
            {"id": 10, "url": format!("http://localhost:{}/", first.port), "weight": 2, "owner": "a@example.com",
             "healthPath": "/health", "healthMethod": "HEAD", "healthAlgorithm": "http-status", "healthTimeout": 9000,
             "healthHeaders": {"Authorization": "Bearer token"}},
            {"id": 20, "url": format!("http://localhost:{}", second.port), "owner": "b@example.com",
             "healthAlgorithm": "http", "healthPath": "/health"},
        ],
        "health": {"interval": 60000, "path": "/", "method": "GET", "algorithm": "http-status", "timeout": 2000,
                   "headers": {"X-Check": "all"}},
        "email": {"service": "gmail", "auth": {"user": "lb@gmail.com", "pass": "app password"}},
    }))
    .start();
    let health = balancer.health();
    assert_eq!((&health["healthy"], &health["strategy"]), (&json!(2), &json!("round-robin")), "{health}");
    let order: Vec<_> = (0..6).map(|_| balancer.get("/").backend().unwrap()).collect();
    let a_a_b = |from: usize| [10, 10, 20].into_iter().cycle().skip(from).take(6).collect::<Vec<u32>>();
    assert!((0..3).any(|from| order == a_a_b(from)), "{order:?}");
    let check = heads.lock().unwrap()[0].clone();
    assert_eq!(check.start, "HEAD /health HTTP/1.1");
    assert_eq!(check.get("authorization").as_deref(), Some("Bearer token"));
}

#[test]
fn http_status_wants_a_2xx_and_http_any_answer() {
    let checked = |status: &'static str| {
        Backend::with_check(support::backend::echo, move |call| {
            assert_eq!(call.head.start, "GET /health HTTP/1.1", "the slash of the URL is left out");
            call.send(&response(status, &[], ""));
            After::Keep
        })
    };
    let backends = ["204 No Content", "302 Found", "404 Not Found", "500 Internal Server Error"].map(checked);
    let states = |algorithm: &str| {
        let config = Config::new(&backends.each_ref()).set("/health/algorithm", json!(algorithm));
        let slash = |config: Config, index: usize| {
            let url = format!("http://localhost:{}/", backends[index].port);
            config.set(&format!("/backends/{index}/url"), json!(url))
        };
        let health = (0..4).fold(config, slash).start().health();
        (0..4).map(|index| health["backends"][index]["healthy"] == json!(true)).collect::<Vec<bool>>()
    };
    assert_eq!(states("http-status"), [true, false, false, false]);
    assert_eq!(states("http"), [true; 4]);
}

#[test]
fn its_errors_are_in_its_words() {
    let backend = json!([{"id": 0, "url": "http://localhost:9"}]);
    for (config, words) in [
        (json!({"backends": backend}), "'port' is required in config."),
        (json!({"port": 0, "backends": []}), "'backends' must be a non-empty array in config."),
        (json!({"port": 0}), "'backends' must be a non-empty array in config."),
        (json!({"port": 0, "backends": backend, "strategy": "x"}), "Unknown strategy 'x'. Valid options: round-robin,"),
    ] {
        let said = Config::of(config).refused();
        assert!(said.contains(words), "{said}");
    }
}

#[test]
fn the_very_first_request_may_be_a_websocket_and_one_backend_alone_gets_it() {
    let backends: [Backend; 3] = std::array::from_fn(|_| Backend::start(echo_bytes));
    let balancer = Config::new(&backends.each_ref()).start_without_health();
    until("all are up", || balancer.health()["healthy"] == 3);
    let mut sockets: Vec<_> = (0..3_u8).map(|number| (number, open(&balancer, &[]))).collect();
    for round in 0..3 {
        for (number, socket) in &mut sockets {
            socket.send(&[*number, round]);
            assert_eq!(read_exactly(socket, 2), [*number, round], "its own bytes and nobody else's");
        }
    }
    assert_eq!(backends.each_ref().map(|b| b.requests().len()), [1, 1, 1]);
}

#[test]
fn socket_io_of_the_application_is_the_applications() {
    let backend = Backend::start(|call| match call.head.get("upgrade") {
        Some(_) => echo_bytes(call),
        None => support::backend::echo(call),
    });
    let balancer = Balancer::over(&[&backend]);
    let polling = balancer.exchange(
        b"POST /socket.io/?EIO=4&transport=polling HTTP/1.1\r\nHost: localhost\r\nContent-Length: 2\r\n\r\n40",
    );
    assert_eq!((polling.status, polling.text().as_str()), (200, "40"));
    let mut client = balancer.client();
    client.send(&request("GET", "/socket.io/?EIO=4&transport=websocket", &LINES));
    assert_eq!(client.head().unwrap().unwrap().status, 101);
    client.send(b"2probe");
    assert_eq!(read_exactly(&mut client, 6), b"2probe");
    assert_eq!(backend.targets(), ["/socket.io/?EIO=4&transport=polling", "/socket.io/?EIO=4&transport=websocket"]);
}

#[test]
fn a_login_does_not_end_stickiness() {
    let login = || Backend::answering(response("200 OK", &["Set-Cookie: session=1; Path=/", "Set-Cookie: b=2"], "in"));
    let backends = [login(), login(), login()];
    let balancer = Balancer::over(&backends.each_ref());
    let answer = balancer.get("/login");
    let id = answer.backend().unwrap();
    let mut cookies = answer.all("set-cookie");
    cookies.sort();
    let sticky = format!("X-Backend-ID={id}; Path=/; HttpOnly; SameSite=Lax");
    assert_eq!(cookies, [sticky.as_str(), "b=2", "session=1; Path=/"]);
    let line = format!("Cookie: session=1; b=2; X-Backend-ID={id}");
    for _ in 0..5 {
        assert_eq!(balancer.exchange(&request("GET", "/", &[&line])).backend(), Some(id));
    }
}

#[test]
fn a_dead_backend_costs_nobody_a_request_and_pins_nobody() {
    let mut backends = three();
    let balancer = Balancer::over(&backends.each_ref());
    backends[1].stop();
    for number in 0..60 {
        let line = format!("Cookie: X-Backend-ID={}", number % 3);
        let answer = balancer.exchange(&request("GET", "/", &[&line]));
        assert_eq!(answer.status, 200, "request {number}");
        let moved = answer.all("set-cookie");
        assert_eq!(moved.len(), usize::from(number % 3 == 1), "request {number}: {moved:?}");
        assert_ne!(answer.backend(), Some(1));
    }
}

#[test]
fn clients_that_hang_up_leave_no_count_behind() {
    let backend = Backend::start(|call| {
        if call.target == "/socket" {
            return echo_bytes(call);
        }
        call.wait_for_close();
        After::Close
    });
    let balancer = Balancer::over(&[&backend]);
    let active = || balancer.backend(0)["activeConnections"].clone();
    let waiting: Vec<_> = (0..4)
        .map(|_| {
            let mut client = balancer.client();
            client.send(&request("GET", "/slow", &[]));
            client
        })
        .collect();
    let sockets: Vec<_> = (0..3).map(|_| open(&balancer, &[])).collect();
    until("all are counted", || active() == 7);
    for (number, client) in waiting.into_iter().chain(sockets).enumerate() {
        if number % 2 == 0 { client.reset() } else { drop(client) }
    }
    until("none is counted any more", || active() == 0);
}
