//! Tunnels with unsent bytes: the last bytes are delivered, and a side that leaves meanwhile is noticed.

use std::io::{Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::sync::mpsc::{Receiver, channel};
use std::sync::{Arc, mpsc};
use std::time::Duration;

use serde_json::json;
use tokio_rustls::rustls::{ServerConnection, StreamOwned};

use crate::support::patience::read_to_end;
use crate::support::socket::{accepted, open};
use crate::support::{After, Backend, Balancer, Config, Gate, PATIENCE, raw, tls, until};

/// Long enough for a side to be considered gone.
const QUITE_A_WHILE: Duration = Duration::from_millis(1500);

/// The last message of a backend, longer than one read.
pub(crate) const LAST: usize = 512 * 1024;

fn active(balancer: &Balancer) -> u64 {
    balancer.backend(0)["activeConnections"].as_u64().unwrap()
}

/// Sends until the buffers are full; returns how many bytes that took.
fn fill(stream: &mut TcpStream) -> usize {
    stream.set_write_timeout(Some(Duration::from_millis(500))).unwrap();
    let block = vec![7; 64 * 1024];
    let mut sent = 0;
    while let Ok(taken @ 1..) = stream.write(&block) {
        sent += taken;
    }
    sent
}

/// How a connection ends: by a reset, or by the end of its process.
fn leave(stream: TcpStream, resets: bool) {
    if resets {
        socket2::SockRef::from(&stream).set_linger(Some(Duration::ZERO)).unwrap();
    }
    drop(stream);
}

/// Whether the client resets. Only Linux shows whether any process still holds the other end.
fn ways() -> &'static [bool] {
    if cfg!(target_os = "linux") { &[true, false] } else { &[true] }
}

/// A backend that switches protocols, and reads nothing until its gate is open.
fn stalled() -> (Backend, Arc<Gate>) {
    let gate = Arc::new(Gate::default());
    let of_backend = Arc::clone(&gate);
    let backend = Backend::start(move |call| {
        call.send(accepted("").as_bytes());
        of_backend.pass();
        call.wait_for_close();
        After::Close
    });
    (backend, gate)
}

/// A balancer in front of a raw target that reads nothing until its gate is open, and then reports how many bytes came.
fn stalled_target() -> (Balancer, Arc<Gate>, Receiver<usize>) {
    let gate = Arc::new(Gate::default());
    let of_target = Arc::clone(&gate);
    let (tell, told) = channel();
    let target = raw::target(move |mut stream| {
        of_target.pass();
        let mut bytes = Vec::new();
        // A reset is an end too.
        let _ = read_to_end(&mut stream, &mut bytes);
        tell.send(bytes.len()).unwrap();
    });
    (raw::config(&[target]).start(), gate, told)
}

#[test]
fn a_client_that_leaves_while_the_backend_takes_nothing_is_gone() {
    for resets in ways() {
        let (backend, gate) = stalled();
        let balancer = Balancer::over(&[&backend]);
        let mut client = open(&balancer, &[]);
        fill(&mut client.wire.stream);
        assert_eq!(active(&balancer), 1);
        leave(client.wire.stream, *resets);
        until("the tunnel has ended", || active(&balancer) == 0);
        gate.open();
        backend.wait_for_end(backend.requests()[0].connection);
    }
}

#[test]
fn a_raw_client_that_resets_while_the_target_takes_nothing_is_gone() {
    let (balancer, gate, told) = stalled_target();
    let mut client = raw::connect(&balancer);
    fill(&mut client);
    assert_eq!(raw::health(&balancer, 0)["activeConnections"], 1);
    leave(client, true);
    until("the connection has ended", || raw::health(&balancer, 0)["activeConnections"] == 0);
    balancer.line("the client left");
    assert_eq!(raw::health(&balancer, 0)["errors"], 0, "nobody blames the target");
    gate.open();
    told.recv_timeout(PATIENCE).unwrap();
}

#[test]
fn what_a_raw_client_said_before_it_went_is_delivered_though_the_target_takes_a_rest() {
    let (balancer, gate, told) = stalled_target();
    let mut client = raw::connect(&balancer);
    let sent = fill(&mut client);
    leave(client, false);
    std::thread::sleep(QUITE_A_WHILE);
    gate.open();
    assert_eq!(told.recv_timeout(PATIENCE), Ok(sent));
}

#[test]
fn a_client_that_has_said_all_and_stays_has_it_delivered_however_long_it_waits() {
    let (backend, gate) = stalled();
    let balancer = Balancer::over(&[&backend]);
    let mut client = open(&balancer, &[]);
    let sent = fill(&mut client.wire.stream);
    client.half_close();
    std::thread::sleep(QUITE_A_WHILE);
    assert_eq!(active(&balancer), 1);
    gate.open();
    client.assert_closed();
    let bytes = backend.bytes(backend.requests()[0].connection);
    assert!(bytes.ends_with(&[&b"\n"[..], &vec![7; sent]].concat()), "all of it, behind the request's head");
}

#[test]
fn a_backend_that_resets_while_the_client_takes_nothing_is_gone_and_the_client_is_told() {
    let backend = Backend::start(|call| {
        call.send(accepted("").as_bytes());
        fill(&mut call.wire.stream);
        After::Reset
    });
    let balancer = Balancer::over(&[&backend]);
    let mut client = open(&balancer, &[]);
    backend.wait_for_end(backend.requests()[0].connection);
    until("the tunnel has ended", || active(&balancer) == 0);
    assert!(read_to_end(&mut client.wire.stream, &mut Vec::new()).is_err(), "a reset");
}

#[test]
fn what_a_backend_said_before_it_ended_reaches_a_client_that_takes_its_time() {
    let backend = Backend::start(|call| {
        call.send(&[accepted("").as_bytes(), &vec![7; LAST]].concat());
        After::Close
    });
    let balancer = Balancer::over(&[&backend]);
    let mut client = open(&balancer, &[]);
    backend.wait_for_end(backend.requests()[0].connection);
    std::thread::sleep(QUITE_A_WHILE);
    assert_eq!(client.rest().len(), LAST);
}

/// Switches protocols over TLS, sends something, and closes without a close_notify, as many servers do. Reports when it
/// has.
pub(crate) fn closing_without_notice() -> (u16, Receiver<()>) {
    let (_, config) = tls::self_signed();
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    let (tell, told) = mpsc::channel();
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let mut tls = StreamOwned::new(ServerConnection::new(Arc::clone(&config)).unwrap(), stream.unwrap());
            let mut head = Vec::new();
            let mut byte = [0];
            while !head.ends_with(b"\r\n\r\n") && tls.read_exact(&mut byte).is_ok() {
                head.push(byte[0]);
            }
            if head.starts_with(b"GET /socket") {
                tls.write_all(&[accepted("").as_bytes(), &vec![7; LAST]].concat()).unwrap();
                tls.flush().unwrap();
                drop(tls);
                tell.send(()).unwrap();
            } else {
                // A health check, which may have left.
                let _ = tls.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\nConnection: close\r\n\r\n");
            }
        }
    });
    (port, told)
}

#[test]
fn what_a_backend_said_over_tls_arrives_whole_though_it_closes_without_notice() {
    let (port, told) = closing_without_notice();
    let balancer = Config::of_ports(&[port])
        .set("/backends/0/url", json!(format!("https://localhost:{port}")))
        .set("/backends/0/tls", json!({"verify": false}))
        .start();
    let mut client = open(&balancer, &[]);
    told.recv_timeout(PATIENCE).unwrap();
    assert_eq!(client.rest().len(), LAST);
    drop(client);
    until("the tunnel has ended", || active(&balancer) == 0);
    assert_eq!(balancer.backend(0)["errors"], 0);
}
