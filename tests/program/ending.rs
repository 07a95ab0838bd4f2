//! How the program stops, and how tunnels end for reasons other than their peers.

use std::sync::Arc;

use serde_json::json;

use crate::support::socket::{echo_bytes, open, read_exactly};
use crate::support::{After, Backend, Config, Gate, request, until};

#[test]
fn requests_in_flight_finish_and_no_new_clients_are_taken() {
    let gate = Arc::new(Gate::default());
    let held = Arc::clone(&gate);
    let backend = Backend::start(move |call| {
        call.send(b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nfirst");
        held.pass();
        call.send(b"+last");
        After::Keep
    });
    let mut balancer = Config::new(&[&backend]).start();
    let mut client = balancer.client();
    client.send(&request("GET", "/", &[]));
    let mut idle = balancer.client();
    backend.wait_for_requests(1);
    balancer.terminate();
    idle.assert_closed();
    until("the listener to close", || std::net::TcpStream::connect(("127.0.0.1", balancer.port)).is_err());
    gate.open();
    let answer = client.response();
    assert_eq!((answer.text().as_str(), answer.body.complete), ("first+last", true));
    until("the program to end", || !balancer.is_running());
}

#[test]
fn after_the_grace_time_websockets_are_told_that_the_server_goes_away() {
    let backend = Backend::start(echo_bytes);
    let mut balancer = Config::new(&[&backend]).set("/timeouts/shutdown", json!(300)).start();
    let mut client = open(&balancer, &[]);
    // A whole frame from the backend: 'hi', unmasked.
    client.send(b"\x81\x02hi");
    assert_eq!(read_exactly(&mut client, 4), b"\x81\x02hi");
    balancer.terminate();
    assert_eq!(client.rest(), [0x88, 0x02, 0x03, 0xe9], "RFC 6455 7.4.1: 1001, going away");
    until("the program to end", || !balancer.is_running());
}

#[test]
fn what_a_tunnel_is_told_at_the_end_goes_by_what_was_changed_to_and_not_by_what_was_asked_for() {
    for (chosen, last) in [("websocket", &[0x88, 0x02, 0x03, 0xe9][..]), ("my/2", &[])] {
        let backend = Backend::start(move |call| {
            let head = "HTTP/1.1 101 Switching Protocols\r\nConnection: upgrade";
            call.send(format!("{head}\r\nUpgrade: {chosen}\r\n\r\n").as_bytes());
            call.wait_for_close();
            After::Close
        });
        let balancer = Config::new(&[&backend]).set("/timeouts/shutdown", json!(300)).start();
        let mut client = balancer.client();
        client.send(&request("GET", "/", &["Connection: Upgrade", "Upgrade: my/2, websocket"]));
        assert_eq!(client.response().get("upgrade").as_deref(), Some(chosen));
        balancer.terminate();
        assert_eq!(client.rest(), last, "{chosen}");
    }
}

#[test]
fn in_the_middle_of_a_frame_no_close_frame_is_put_in() {
    let backend = Backend::start(echo_bytes);
    let balancer = Config::new(&[&backend]).set("/timeouts/shutdown", json!(300)).start();
    let mut client = open(&balancer, &[]);
    client.send(b"\x81\x05hi");
    assert_eq!(read_exactly(&mut client, 4), b"\x81\x05hi");
    balancer.terminate();
    assert_eq!(client.rest(), b"");
}

#[test]
fn a_tunnel_on_which_nothing_moves_ends_at_its_time_and_one_that_moves_does_not() {
    let backend = Backend::start(echo_bytes);
    let balancer = Config::new(&[&backend]).set("/timeouts/tunnelIdle", json!(1000)).start();
    let mut silent = open(&balancer, &[]);
    let mut lively = open(&balancer, &[]);
    let ended = std::thread::spawn(move || silent.rest());
    while !ended.is_finished() {
        lively.send(b"x");
        assert_eq!(read_exactly(&mut lively, 1), b"x");
    }
    assert_eq!(ended.join().unwrap(), [0x88, 0x02, 0x03, 0xe9]);
    until("one tunnel to remain", || balancer.backend(0)["activeConnections"] == 1);
    lively.send(b"x");
    assert_eq!(read_exactly(&mut lively, 1), b"x");
}
