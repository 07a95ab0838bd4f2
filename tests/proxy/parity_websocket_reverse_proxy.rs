//! What users of WebsocketReverseProxy rely on, and its known defects.
//!
//! Tested elsewhere: parallel checks and their JSON (`health`), weights that follow a reported load (`health`), outlier
//! ejection (`ejection`); and of its defects: a refused backend blocks nobody and no healthy server means 503
//! (`failure`), headers and query strings pass (`headers`, `requests`), bodies stream (`responses`), a broken socket
//! ends only itself, and frames keep kind and close code (`websocket`).

use std::sync::Arc;
use std::time::{Duration, Instant};

use serde_json::json;

#[cfg(unix)]
use crate::support::program;
use crate::support::{self, After, Backend, Balancer, Client, Config, Gate, request, response, until};

/// A backend that answers once its gate is open.
fn gated() -> (Backend, Arc<Gate>) {
    let gate = Arc::new(Gate::default());
    let of_backend = Arc::clone(&gate);
    let backend = Backend::start(move |call| {
        of_backend.pass();
        call.send(&response("200 OK", &[], "done"));
        After::Keep
    });
    (backend, gate)
}

fn limited(backends: &[&Backend], places: u32, queue: u32) -> Config {
    (0..backends.len()).fold(Config::new(backends), |config, index| {
        let config = config.set(&format!("/backends/{index}/maxConnections"), json!(places));
        config.set(&format!("/backends/{index}/maxQueue"), json!(queue))
    })
}

fn asking(balancer: &Balancer, path: &str) -> Client {
    let mut client = balancer.client();
    client.send(&request("GET", path, &[]));
    client
}

fn queued(balancer: &Balancer, backend: usize) -> u64 {
    balancer.backend(backend)["queued"].as_u64().unwrap()
}

#[test]
fn a_full_backends_requests_wait_in_order_and_a_full_queue_is_429() {
    let (backend, gate) = gated();
    let balancer = limited(&[&backend], 1, 2).start();
    let mut first = asking(&balancer, "/first");
    backend.wait_for_requests(1);
    let mut second = asking(&balancer, "/second");
    until("one waits", || queued(&balancer, 0) == 1);
    let mut third = asking(&balancer, "/third");
    until("two wait", || queued(&balancer, 0) == 2);
    let refused = balancer.get("/fourth");
    assert_eq!((refused.status, refused.text().as_str()), (429, r#"{"error":"Too Many Requests."}"#));
    let page = balancer.exchange(&request("GET", "/page", &["Accept: text/html"]));
    assert_eq!(page.status, 429);
    assert!(page.text().contains("the queue is full"), "{}", page.text());
    assert!(balancer.line(" /fourth ").contains(" 429 "));
    assert_eq!(backend.requests().len(), 1, "the limit is kept");
    gate.open();
    for client in [&mut first, &mut second, &mut third] {
        assert_eq!(client.response().status, 200);
    }
    assert_eq!(backend.targets(), ["/first", "/second", "/third"]);
    assert!(balancer.line(" /second ").contains("ms for a place"));
    until("all gauges are back", || queued(&balancer, 0) == 0 && balancer.backend(0)["activeConnections"] == 0);
}

#[test]
fn a_wait_that_takes_too_long_is_503_with_the_reason() {
    let (backend, gate) = gated();
    let balancer = limited(&[&backend], 1, 1).set("/backends/0/queueTimeout", json!(50)).start();
    let mut first = asking(&balancer, "/first");
    backend.wait_for_requests(1);
    let late = balancer.get("/late");
    assert_eq!(late.status, 503);
    assert!(balancer.line(" /late ").contains("no place came free in time"));
    gate.open();
    assert_eq!(first.response().status, 200);
    assert_eq!(balancer.get("/next").status, 200);
}

#[test]
fn a_client_that_leaves_the_queue_is_gone_from_it_at_once() {
    let (backend, gate) = gated();
    let balancer = limited(&[&backend], 1, 1).start();
    let mut first = asking(&balancer, "/first");
    backend.wait_for_requests(1);
    drop(asking(&balancer, "/left"));
    assert!(balancer.line(" /left ").contains(" 499 "));
    until("the queue is empty", || queued(&balancer, 0) == 0);
    gate.open();
    assert_eq!(first.response().status, 200);
    assert_eq!(balancer.get("/next").status, 200);
    assert_eq!(backend.targets(), ["/first", "/next"]);
}

#[test]
fn a_client_waits_for_its_own_backend_and_others_only_while_all_are_full() {
    let (full, gate) = gated();
    let free = Backend::echoing();
    let balancer = limited(&[&full, &free], 1, 5).start();
    let own = |path: &str| request("GET", path, &["Cookie: X-Backend-ID=0"]);
    let mut first = balancer.client();
    first.send(&own("/first"));
    full.wait_for_requests(1);
    for _ in 0..3 {
        assert_eq!(balancer.get("/anybody").backend(), Some(1));
    }
    let mut second = balancer.client();
    second.send(&own("/second"));
    until("it waits", || queued(&balancer, 0) == 1);
    gate.open();
    assert_eq!(first.response().backend(), Some(0));
    assert_eq!(second.response().backend(), Some(0));
}

#[test]
fn a_request_that_waits_for_a_backend_that_is_taken_away_goes_to_another() {
    let (full, gate) = gated();
    let mut other = Backend::echoing();
    let balancer = limited(&[&full, &other], 1, 5).set("/sticky", json!({"by": "off"})).start();
    other.stop();
    // It takes its turn, is refused, and joins the queue of the backend that is left.
    let mut clients: Vec<Client> = (0..3).map(|n| asking(&balancer, &format!("/{n}"))).collect();
    full.wait_for_requests(1);
    until("the others wait", || queued(&balancer, 0) + queued(&balancer, 1) == 2);
    gate.open();
    for client in &mut clients {
        assert_eq!(client.response().status, 200);
    }
}

#[test]
fn no_more_connections_than_max_connections_are_open_idle_ones_included() {
    let backend = Backend::echoing();
    let balancer = limited(&[&backend], 1, 50).start();
    let clients: Vec<_> = (0..4)
        .map(|_| {
            let port = balancer.port;
            std::thread::spawn(move || {
                for _ in 0..10 {
                    assert_eq!(Client::connect(port).exchange(&request("GET", "/", &[])).status, 200);
                }
            })
        })
        .collect();
    for client in clients {
        client.join().unwrap();
    }
    let mut connections: Vec<usize> = backend.requests().iter().map(|r| r.connection).collect();
    connections.dedup();
    // The order of workers does not matter: requests follow each other on the only connection.
    assert_eq!(connections.len(), 1, "{connections:?}");
}

#[test]
fn min_idle_connections_are_open_before_anybody_asks_and_are_used() {
    let backend = Backend::echoing();
    let balancer = Config::new(&[&backend])
        .set("/backends/0/minIdle", json!(2))
        .set("/backends/0/idleTimeout", json!(60000))
        .start();
    // One connection more than these belongs to the check.
    until("two connections are ready", || backend.connections() >= 3);
    let before = backend.connections();
    assert_eq!(balancer.get("/").status, 200);
    assert_eq!(backend.connections(), before, "a ready one was used");
}

#[test]
fn a_connection_is_not_used_again_after_its_idle_timeout() {
    let backend = Backend::echoing();
    let balancer = Config::new(&[&backend]).set("/backends/0/idleTimeout", json!(1)).start();
    let mut client = balancer.client();
    for _ in 0..2 {
        assert_eq!(client.exchange(&request("GET", "/", &[])).status, 200);
        let began = Instant::now();
        while began.elapsed() < Duration::from_millis(20) {
            std::thread::yield_now();
        }
    }
    let requests = backend.requests();
    assert_ne!(requests[0].connection, requests[1].connection);
}

#[test]
fn a_websocket_holds_its_place_until_it_ends() {
    let backend = Backend::start(support::socket::echo_bytes);
    let balancer = limited(&[&backend], 1, 1).set("/backends/0/queueTimeout", json!(60)).start();
    let socket = support::socket::open(&balancer, &[]);
    assert_eq!(balancer.get("/").status, 503);
    drop(socket);
    until("it has ended", || balancer.backend(0)["activeConnections"] == 0);
    let again = support::socket::open(&balancer, &[]);
    drop(again);
}

#[test]
fn with_two_servers_sockets_go_to_both() {
    let backends = [Backend::start(support::socket::echo_bytes), Backend::start(support::socket::echo_bytes)];
    let balancer = Balancer::over(&backends.each_ref());
    let open: Vec<Client> = (0..4).map(|_| support::socket::open(&balancer, &[])).collect();
    assert_eq!(backends.each_ref().map(|b| b.requests().len()), [2, 2]);
    drop(open);
}

/// The sample of its documentation in the keys of its later `config.ini`, with free ports.
#[cfg(unix)]
fn sample(port: u16, servers: [u16; 2]) -> String {
    let [one, two] = servers;
    format!(
        "[frontend]\nhost=rp_v12\nport={port}\n\n[websocket]\nenable_health_check=true\nhealth_check_interval=10\n\
         algorithm=round-robin\nserver1=localhost:{one}\nserver2=localhost:{two}\n\n[http]\nenable_health_check=true\n\
         health_check_interval=10\nalgorithm=round-robin\n#server1 config\nserver1_addr=localhost:{one}\n\
         server1_max_workers=10\nserver1_min_workers=1\nserver1_worker_timeout=3\nserver1_buffer_size=20\n\
         #server2 config\nserver2_addr=localhost:{two}\nserver2_max_workers=10\nserver2_min_workers=1\n\
         server2_worker_timeout=3\nserver2_buffer_size=20\n"
    )
}

#[cfg(unix)]
#[test]
fn its_example_is_imported_and_balances_sockets_and_pages() {
    let server = || {
        Backend::start(|call| {
            if call.head.get("upgrade").is_some() {
                return support::socket::echo_bytes(call);
            }
            let is_check = call.head.start == "GET /healthCheck HTTP/1.1";
            call.send(&response("200 OK", &[], if is_check { r#"{"status":200}"# } else { "page" }));
            After::Keep
        })
    };
    let servers = [server(), server()];
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("config.ini");
    std::fs::write(&file, sample(0, servers.each_ref().map(|server| server.port))).unwrap();
    let imported = program::run(&["import", file.to_str().unwrap()]);
    let said = String::from_utf8(imported.stderr).unwrap();
    assert!(imported.status.success() && said.contains("[frontend] host = rp_v12 is left out"), "{said}");
    let balancer = Config::of(serde_json::from_slice(&imported.stdout).unwrap()).start();
    let open: Vec<Client> = (0..4).map(|_| support::socket::open(&balancer, &[])).collect();
    let mut pages: Vec<u32> = (0..6).map(|_| balancer.get("/page").backend().unwrap()).collect();
    pages.sort_unstable();
    assert_eq!(pages[0..3], [pages[0]; 3], "three each: {pages:?}");
    assert_eq!(pages[3..6], [pages[5]; 3]);
    let sockets = |server: &Backend| server.requests().iter().filter(|r| r.head.get("upgrade").is_some()).count();
    assert_eq!(servers.each_ref().map(sockets), [2, 2]);
    drop(open);
}
