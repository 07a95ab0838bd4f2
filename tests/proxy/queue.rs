//! Requests in the queue while the configuration changes.

use std::sync::Arc;

use serde_json::json;

use crate::support::{self, Backend, Balancer, Client, Config, Gate, request, until};

/// A backend that answers once its gate is open, and a configuration with one slot there and a queue.
fn queueing() -> (Backend, Arc<Gate>, Config) {
    let gate = Arc::new(Gate::default());
    let of_backend = Arc::clone(&gate);
    let backend = Backend::start(move |call| {
        of_backend.pass();
        support::backend::echo(call)
    });
    let config = Config::new(&[&backend])
        .set("/backends/0/maxConnections", json!(1))
        .set("/backends/0/maxQueue", json!(9))
        .set("/backends/0/queueTimeout", json!(60_000));
    (backend, gate, config)
}

fn queued(balancer: &Balancer) -> u64 {
    balancer.backend(0)["queued"].as_u64().unwrap()
}

fn ask(balancer: &Balancer) -> Client {
    let mut client = balancer.client();
    client.send(&request("GET", "/", &[]));
    client
}

/// Applies a configuration that changes the backend.
fn change(balancer: &Balancer, config: &Config) {
    balancer.rewrite(config);
    balancer.line("configuration reloaded: b0 changed");
}

/// One request in the slot, and `more` in the queue.
fn waiting(balancer: &Balancer, backend: &Backend, more: u64) -> Vec<Client> {
    let mut clients = vec![ask(balancer)];
    backend.wait_for_requests(1);
    for number in 1..=more {
        clients.push(ask(balancer));
        until("it waits", || queued(balancer) == number);
    }
    clients
}

#[test]
fn a_changed_backend_with_as_many_places_has_no_more_requests_at_once() {
    let (backend, gate, config) = queueing();
    let balancer = config.start();
    let mut clients = waiting(&balancer, &backend, 2);
    change(&balancer, &config.set("/backends/0/idleTimeout", json!(3999)));
    assert_eq!(queued(&balancer), 2, "they wait on");
    clients.push(ask(&balancer));
    until("another waits behind them", || queued(&balancer) == 3);
    assert_eq!(backend.requests().len(), 1);
    gate.open();
    for client in &mut clients {
        assert_eq!(client.response().status, 200);
    }
    assert_eq!(queued(&balancer), 0);
}

#[test]
fn a_changed_backend_with_more_places_takes_those_who_wait_and_the_rest_wait_there() {
    let (backend, gate, config) = queueing();
    let balancer = config.start();
    let mut clients = waiting(&balancer, &backend, 3);
    change(&balancer, &config.set("/backends/0/maxConnections", json!(2)));
    backend.wait_for_requests(3);
    until("one waits", || queued(&balancer) == 1);
    gate.open();
    for client in &mut clients {
        assert_eq!(client.response().status, 200);
    }
    assert_eq!(queued(&balancer), 0);
}

#[test]
fn a_connection_that_comes_free_at_a_backend_which_was_changed_meanwhile_is_closed() {
    let (backend, gate, config) = queueing();
    let balancer = config.start();
    let mut clients = waiting(&balancer, &backend, 0);
    change(&balancer, &config.set("/backends/0/idleTimeout", json!(60_000)));
    gate.open();
    assert_eq!(clients[0].response().status, 200);
    backend.wait_for_end(backend.requests()[0].connection);
}

#[test]
fn with_hold_a_request_that_waits_for_a_slot_is_held_when_the_last_backend_dies() {
    let (mut backend, gate, config) = queueing();
    let port = backend.port;
    let balancer = config.set("/hold", json!(60_000)).start();
    let mut clients = waiting(&balancer, &backend, 2);
    // Its gate is still closed: it dies without answering.
    backend.stop();
    gate.open();
    balancer.line("UP -> DOWN");
    let _again = Backend::echoing_again_on(port);
    for client in &mut clients {
        assert_eq!(client.response().status, 200);
    }
}
