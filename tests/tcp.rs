//! TCP mode: raw connections, as the users of LoadBalancer.js know them, and without what went wrong there.

#![allow(clippy::unwrap_used, missing_docs, reason = "tests say what is wrong by panicking")]

mod common;

use std::io::{Read as _, Write as _};
use std::net::{Ipv4Addr, Shutdown, SocketAddr, TcpListener, TcpStream};
use std::sync::mpsc;
use std::time::Duration;

use common::{Balancer, Config, PATIENCE, until};
use serde_json::{Value, json};

/// Does `serve` with every connection; returns its port.
fn target(serve: impl Fn(TcpStream) + Clone + Send + 'static) -> u16 {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
    let port = listener.local_addr().unwrap().port();
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let (stream, serve) = (stream.unwrap(), serve.clone());
            std::thread::spawn(move || serve(stream));
        }
    });
    port
}

/// Sends back what it gets, and its name first.
fn echo(name: &'static str) -> u16 {
    target(move |mut stream| {
        let mut bytes = vec![0; 64 * 1024];
        let mut first = true;
        while let Ok(n @ 1..) = stream.read(&mut bytes) {
            if std::mem::take(&mut first) && stream.write_all(name.as_bytes()).is_err() {
                return;
            }
            if stream.write_all(&bytes[..n]).is_err() {
                return;
            }
        }
    })
}

fn closed_port() -> u16 {
    TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap().local_addr().unwrap().port()
}

/// Raw connections over these targets, sticky by address unless told otherwise, checks left out as far as can be.
fn config(ports: &[u16]) -> Config {
    let backend = |(id, port)| json!({"id": id, "name": format!("t{id}"), "url": format!("tcp://127.0.0.1:{port}")});
    let backends: Vec<Value> = ports.iter().enumerate().map(backend).collect();
    Config::of(json!({
        // Whatever a check says comes too late: traffic alone must find out.
        "listeners": [{"port": 0, "mode": "tcp", "pool": "raw"}, {"port": 0, "pool": "page"}],
        "pools": {
            "raw": {"backends": backends, "health": {"algorithm": "command", "command": ["true"]}},
            "page": {"backends": [{"url": "http://127.0.0.1:9"}]},
        },
    }))
}

fn connect(balancer: &Balancer) -> TcpStream {
    let stream = TcpStream::connect((Ipv4Addr::LOCALHOST, balancer.ports()[0])).unwrap();
    stream.set_read_timeout(Some(PATIENCE)).unwrap();
    stream
}

/// What comes back for one word.
fn ask(balancer: &Balancer, word: &str) -> String {
    let mut stream = connect(balancer);
    stream.write_all(word.as_bytes()).unwrap();
    stream.shutdown(Shutdown::Write).unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    answer
}

fn raw(balancer: &Balancer, index: usize) -> Value {
    let port = balancer.ports()[1];
    let page = common::Client::connect(port).exchange(&common::request("GET", "/_lb/health", &[]));
    serde_json::from_slice::<Value>(&page.body.bytes).unwrap()["backends"][index].clone()
}

#[test]
fn loadbalancer_js_bytes_pass_intact_both_ways_and_a_half_closed_connection_gets_its_answer() {
    let balancer = config(&[echo("")]).start();
    let mut stream = connect(&balancer);
    let sent: Vec<u8> = (0..30_000_000_u32).map(|n| (n.wrapping_mul(2_654_435_761) >> 24) as u8).collect();
    let mut writing = stream.try_clone().unwrap();
    let copy = sent.clone();
    let writer = std::thread::spawn(move || {
        writing.write_all(&copy).unwrap();
        writing.shutdown(Shutdown::Write).unwrap();
    });
    let mut got = Vec::new();
    stream.read_to_end(&mut got).unwrap();
    writer.join().unwrap();
    assert!(got == sent, "{} of {} bytes", got.len(), sent.len());
    balancer.line(" TCP up 30000000 B down 30000000 B");
    until("nothing is active", || raw(&balancer, 0)["activeConnections"] == 0);
}

#[test]
fn loadbalancer_js_a_client_sticks_to_its_target_by_address_unless_told_otherwise() {
    let balancer = config(&[echo("a"), echo("b"), echo("c")]).start();
    let first = ask(&balancer, "x");
    for _ in 0..5 {
        assert_eq!(ask(&balancer, "x"), first);
    }
    balancer.line("sticky ip 127.0.0.1");
    let sessions: u64 = (0..3).map(|target| raw(&balancer, target)["sticky"].as_u64().unwrap()).sum();
    assert_eq!(sessions, 1, "one address, one session");
    let balancer = config(&[echo("a"), echo("b"), echo("c")]).set("/pools/raw/sticky", json!({"by": "off"})).start();
    let mut seen: Vec<String> = (0..3).map(|_| ask(&balancer, "")).chain((0..3).map(|_| ask(&balancer, "x"))).collect();
    seen.sort();
    assert_eq!(seen, ["", "", "", "ax", "bx", "cx"]);
}

#[test]
fn loadbalancer_js_a_session_expires_some_time_after_its_last_connection() {
    let balancer = config(&[echo("a"), echo("b")]).set("/pools/raw/sticky", json!({"by": "ip", "expiry": 300})).start();
    let mut held = connect(&balancer);
    held.write_all(b"x").unwrap();
    let mut name = [0; 2];
    held.read_exact(&mut name).unwrap();
    std::thread::sleep(Duration::from_millis(900));
    assert_eq!(ask(&balancer, "x").as_bytes(), name, "a connection keeps it");
    drop(held);
    until("it has expired", || ask_quietly(&balancer) != name);
}

/// Asks after a pause longer than the expiry.
fn ask_quietly(balancer: &Balancer) -> Vec<u8> {
    std::thread::sleep(Duration::from_millis(700));
    ask(balancer, "x").into_bytes()
}

#[test]
fn loadbalancer_js_a_refused_target_is_replaced_and_no_byte_is_lost() {
    let balancer = config(&[closed_port(), closed_port(), closed_port(), closed_port(), echo("e")]).start();
    for word in ["hello", "again"] {
        assert_eq!(ask(&balancer, word), format!("e{word}"));
    }
    balancer.line("t0 refused");
}

#[test]
fn loadbalancer_js_a_silent_target_is_replaced() {
    // A listener whose queue is full: connections to it are never answered.
    let silent = socket2::Socket::new(socket2::Domain::IPV4, socket2::Type::STREAM, None).unwrap();
    silent.bind(&SocketAddr::from(([127, 0, 0, 1], 0)).into()).unwrap();
    silent.listen(0).unwrap();
    let port = silent.local_addr().unwrap().as_socket().unwrap().port();
    let at = SocketAddr::from(([127, 0, 0, 1], port));
    let full: Vec<_> = (0..4).map(|_| TcpStream::connect_timeout(&at, Duration::from_millis(300))).collect();
    assert!(full.iter().any(Result::is_err), "the queue takes no more");
    let balancer = config(&[port, echo("b")]).set("/timeouts", json!({"connect": 300})).start();
    assert_eq!(ask(&balancer, "x"), "bx");
    balancer.line("t0 did not connect in time");
}

#[test]
fn a_target_that_closes_before_a_byte_has_moved_is_replaced() {
    // The client speaks only when it has been spoken to: this way the target closes before a byte has moved.
    let closing = target(drop);
    let greeting = target(|mut stream| stream.write_all(b"hello").unwrap());
    let balancer = config(&[closing, greeting]).start();
    let mut answer = String::new();
    connect(&balancer).read_to_string(&mut answer).unwrap();
    assert_eq!(answer, "hello");
    balancer.line("t0 gave no answer");
}

#[test]
fn loadbalancer_js_one_reset_connection_takes_no_target_out() {
    let resetting = target(|mut stream| {
        let mut byte = [0];
        if stream.read(&mut byte).unwrap() == 1 && byte == *b"!" {
            socket2::SockRef::from(&stream).set_linger(Some(Duration::ZERO)).unwrap();
            return;
        }
        stream.write_all(&byte).unwrap();
    });
    let balancer = config(&[resetting]).start();
    let mut stream = connect(&balancer);
    stream.write_all(b"!").unwrap();
    assert!(stream.read(&mut [0]).is_err(), "the reset reaches the client");
    balancer.line("cut short by the backend");
    assert_eq!(raw(&balancer, 0)["state"], "UP");
    assert_eq!(ask(&balancer, "x"), "x");
}

#[test]
fn loadbalancer_js_what_waits_for_a_stalled_target_is_bounded() {
    let stalled = target(|stream| {
        std::thread::sleep(PATIENCE);
        drop(stream);
    });
    let balancer = config(&[stalled]).start();
    let mut stream = connect(&balancer);
    stream.write_all(b"x").unwrap();
    until("it is connected", || raw(&balancer, 0)["activeConnections"] == 1);
    #[cfg(target_os = "linux")]
    let before = balancer.memory();
    stream.set_write_timeout(Some(Duration::from_millis(500))).unwrap();
    let block = vec![0; 1 << 20];
    let taken = (0..200).take_while(|_| stream.write_all(&block).is_ok()).count();
    assert!(taken < 100, "{taken} MB were taken for a target that reads nothing");
    #[cfg(target_os = "linux")]
    assert!(balancer.memory() < before + (8 << 20));
}

#[test]
fn with_no_target_left_the_client_is_told_by_a_reset() {
    let balancer = config(&[closed_port()]).start();
    let mut stream = connect(&balancer);
    assert!(stream.read(&mut [0]).is_err());
    balancer.line("failed: t0 refused");
}

#[test]
fn a_clients_reset_reaches_its_target_and_is_no_fault_of_it() {
    let (tell, told) = mpsc::channel();
    let listening = target(move |mut stream| {
        stream.write_all(b"x").unwrap();
        // The end of the connection, however it ends.
        let _ = stream.read(&mut [0]);
        tell.send(()).unwrap();
    });
    let balancer = config(&[listening]).start();
    let mut stream = connect(&balancer);
    stream.read_exact(&mut [0]).unwrap();
    socket2::SockRef::from(&stream).set_linger(Some(Duration::ZERO)).unwrap();
    drop(stream);
    told.recv_timeout(PATIENCE).unwrap();
    balancer.line("the client left");
    assert_eq!(raw(&balancer, 0)["errors"], 0);
}

#[test]
fn an_idle_connection_is_cut_where_that_is_wanted() {
    let balancer = config(&[echo("a")]).set("/timeouts", json!({"tunnelIdle": 200})).start();
    let mut stream = connect(&balancer);
    stream.write_all(b"x").unwrap();
    let mut all = Vec::new();
    stream.read_to_end(&mut all).unwrap();
    assert_eq!(all, b"ax");
    balancer.line("cut after timeouts.tunnelIdle");
}

#[cfg(unix)]
#[test]
fn stopping_waits_for_connections_and_then_cuts_them() {
    let balancer = config(&[echo("a")]).set("/timeouts", json!({"shutdown": 300})).start();
    let mut stream = connect(&balancer);
    stream.write_all(b"x").unwrap();
    stream.read_exact(&mut [0; 2]).unwrap();
    balancer.terminate();
    // It goes on for as long as the grace time lasts.
    stream.write_all(b"y").unwrap();
    stream.read_exact(&mut [0; 1]).unwrap();
    // An orderly end or a reset, but an end.
    let _ = stream.read(&mut [0]);
    balancer.line("cut because the balancer stops");
}
