//! TCP mode: raw connections. What users of LoadBalancer.js rely on is in `parity_loadbalancer_js`.

use std::io::{Read as _, Write as _};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::sync::{Arc, mpsc};
use std::time::Duration;

use serde_json::json;

use crate::support::raw::{ask, closed_port, config, connect, echo, health, target};
use crate::support::{Balancer, Config, Gate, PATIENCE, until, until_some};

#[test]
fn a_target_that_closes_before_a_byte_has_moved_is_replaced() {
    // The client speaks only after the target does: so the target closes before a byte has moved.
    let closing = target(drop);
    let greeting = target(|mut stream| stream.write_all(b"hello").unwrap());
    let balancer = config(&[closing, greeting]).start();
    let mut answer = String::new();
    connect(&balancer).read_to_string(&mut answer).unwrap();
    assert_eq!(answer, "hello");
    balancer.line("t0 gave no answer");
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
        // The connection ends, in whatever way.
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
    assert_eq!(health(&balancer, 0)["errors"], 0);
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
    // It lasts as long as the grace time.
    stream.write_all(b"y").unwrap();
    stream.read_exact(&mut [0; 1]).unwrap();
    // Closed or reset, but ended.
    let _ = stream.read(&mut [0]);
    balancer.line("cut because the balancer stops");
}

/// One slot at a target that sends a greeting once its gate is open, and a queue.
fn queueing() -> (Balancer, Arc<Gate>) {
    let gate = Arc::new(Gate::default());
    let of_target = Arc::clone(&gate);
    let slow = target(move |mut stream| {
        of_target.pass();
        // The client may have left.
        let _ = stream.write_all(b"hello");
        let mut all = Vec::new();
        let _ = stream.read_to_end(&mut all);
        let _ = stream.write_all(&all);
    });
    let config = config(&[slow]).set("/pools/raw/backends/0/maxConnections", json!(1));
    let config = config.set("/pools/raw/backends/0/maxQueue", json!(5));
    (config.set("/pools/raw/backends/0/queueTimeout", json!(60_000)).start(), gate)
}

fn queued(balancer: &Balancer) -> u64 {
    health(balancer, 0)["queued"].as_u64().unwrap()
}

#[test]
fn a_client_that_leaves_the_queue_is_gone_from_it_at_once() {
    let (balancer, gate) = queueing();
    let mut first = connect(&balancer);
    until("it has the place", || health(&balancer, 0)["activeConnections"] == 1);
    let silent = connect(&balancer);
    let mut resetting = connect(&balancer);
    resetting.write_all(b"bytes that nobody reads").unwrap();
    until("both wait", || queued(&balancer) == 2);
    drop(silent);
    until("one has left", || queued(&balancer) == 1);
    balancer.line("the client left");
    socket2::SockRef::from(&resetting).set_linger(Some(Duration::ZERO)).unwrap();
    drop(resetting);
    until("both have left", || queued(&balancer) == 0);
    gate.open();
    first.read_exact(&mut [0; 5]).unwrap();
    drop(first);
    until("the place is free", || health(&balancer, 0)["activeConnections"] == 0);
    connect(&balancer).read_exact(&mut [0; 5]).unwrap();
    assert_eq!(health(&balancer, 0)["errors"], 0, "nobody blames the target");
}

#[cfg(target_os = "linux")] // which shows whether any process still holds the other end
#[test]
fn a_client_that_has_spoken_and_leaves_the_queue_is_gone_from_it_too() {
    let (balancer, gate) = queueing();
    let _first = connect(&balancer);
    until("it has the place", || health(&balancer, 0)["activeConnections"] == 1);
    let mut second = connect(&balancer);
    second.write_all(b"bytes that nobody reads").unwrap();
    until("it waits", || queued(&balancer) == 1);
    drop(second);
    until("it has left", || queued(&balancer) == 0);
    balancer.line("the client left");
    gate.open();
}

#[test]
fn a_client_that_has_said_all_and_waits_in_the_queue_gets_its_answer() {
    let (balancer, gate) = queueing();
    let first = connect(&balancer);
    until("it has the place", || health(&balancer, 0)["activeConnections"] == 1);
    let mut second = connect(&balancer);
    second.write_all(b"word").unwrap();
    second.shutdown(Shutdown::Write).unwrap();
    until("it waits", || queued(&balancer) == 1);
    // Long enough for the client to be considered gone.
    std::thread::sleep(Duration::from_millis(600));
    assert_eq!(queued(&balancer), 1);
    gate.open();
    drop(first);
    let mut answer = String::new();
    second.read_to_string(&mut answer).unwrap();
    assert_eq!(answer, "helloword");
}

#[test]
fn beyond_the_limit_of_connections_clients_wait_and_are_served_in_turn() {
    let balancer = config(&[echo("a")]).set("/limits", json!({"connections": 1})).start_without_health();
    let talk = |stream: &mut TcpStream| {
        stream.write_all(b"x").unwrap();
        stream.read_exact(&mut [0; 2]).unwrap();
    };
    let mut first = connect(&balancer);
    talk(&mut first);
    let mut second = connect(&balancer);
    second.write_all(b"x").unwrap();
    second.set_read_timeout(Some(Duration::from_millis(300))).unwrap();
    assert!(second.read(&mut [0]).is_err(), "it waits");
    drop(first);
    second.set_read_timeout(Some(PATIENCE)).unwrap();
    second.read_exact(&mut [0; 2]).unwrap();
}

/// The reply to one word, if there is one.
fn try_ask(balancer: &Balancer, word: &str) -> Option<String> {
    let mut stream = connect(balancer);
    stream.write_all(word.as_bytes()).ok()?;
    let mut answer = [0; 2];
    stream.read_exact(&mut answer).ok()?;
    String::from_utf8(answer.to_vec()).ok()
}

/// Resets a connection that begins with `!`; answers any other with `a` and its first byte.
fn moody() -> u16 {
    target(|mut stream| {
        let mut byte = [0];
        if stream.read(&mut byte).is_ok_and(|read| read == 1) && byte != *b"!" {
            // The client may have left.
            let _ = stream.write_all(&[b'a', byte[0]]);
            return;
        }
        socket2::SockRef::from(&stream).set_linger(Some(Duration::ZERO)).unwrap();
    })
}

#[test]
fn a_target_that_resets_its_connections_is_ejected_and_its_clients_move() {
    for by in ["ip", "off"] {
        let balancer = config(&[moody(), echo("b")])
            .set("/pools/raw/strategy", json!("first"))
            .set("/pools/raw/sticky", json!({"by": by}))
            .start();
        until("the client has moved", || try_ask(&balancer, "!").as_deref() == Some("b!"));
        assert_eq!(health(&balancer, 0)["state"], "EJECTED", "{by}");
        balancer.line("cut short by the backend");
    }
}

#[test]
fn a_target_that_answers_between_its_resets_is_not_ejected() {
    let balancer = config(&[moody(), echo("b")]).set("/pools/raw/strategy", json!("first")).start();
    for (word, errors) in [("!", 1), ("!", 2), ("x", 2), ("!", 3), ("!", 4)] {
        let answer = (word == "x").then(|| "ax".to_owned());
        assert_eq!(try_ask(&balancer, word), answer);
        until("it is counted", || health(&balancer, 0)["errors"] == errors);
        if answer.is_some() {
            balancer.line(" TCP up 1 B down 2 B");
        }
    }
    assert_eq!(health(&balancer, 0)["state"], "UP");
}

#[test]
fn a_connection_that_finds_the_only_target_dead_is_held_until_it_is_back() {
    // One check finds it dead, and one never does.
    for check in [json!({"algorithm": "tcp", "interval": 200}), json!({"algorithm": "command", "command": ["true"]})] {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        let balancer = config(&[port]).set("/pools/raw/health", check).set("/hold", json!(15_000)).start();
        drop(listener);
        let mut stream = connect(&balancer);
        stream.write_all(b"x").unwrap();
        until("it is found dead", || {
            let target = health(&balancer, 0);
            target["errors"] != 0 || target["state"] == "DOWN"
        });
        let listener = until_some("the port is free again", || TcpListener::bind(("127.0.0.1", port)).ok());
        std::thread::spawn(move || {
            for mut stream in listener.incoming().flatten() {
                std::thread::spawn(move || {
                    let mut byte = [0];
                    // A check sends nothing, and the test may be over.
                    if stream.read(&mut byte).is_ok_and(|read| read == 1) {
                        let _ = stream.write_all(&[b'h', byte[0]]);
                    }
                });
            }
        });
        let mut answer = [0; 2];
        stream.read_exact(&mut answer).unwrap();
        assert_eq!(&answer, b"hx");
    }
}

#[cfg(unix)]
#[test]
fn a_target_taken_out_is_cut_off_and_one_that_drains_keeps_its_clients() {
    let balancer = config(&[echo("a"), echo("b")]).start();
    let mut held = connect(&balancer);
    let mut name = [0; 2];
    held.write_all(b"x").unwrap();
    held.read_exact(&mut name).unwrap();
    let (own, other) = if name[0] == b'a' { ("0", "bx") } else { ("1", "ax") };
    balancer.ctl(&["drain", own]);
    held.write_all(b"y").unwrap();
    held.read_exact(&mut [0; 1]).unwrap();
    assert_eq!(ask(&balancer, "x").as_bytes(), name, "an address that sticks to it still may");
    balancer.ctl(&["down", own]);
    assert!(matches!(held.read(&mut [0]), Ok(0) | Err(_)), "MAINT cuts it off");
    assert_eq!(ask(&balancer, "x"), other);
    balancer.ctl(&["up", own]);
    assert_eq!(ask(&balancer, "x"), other, "it has moved, and stays");
}

#[cfg(target_os = "linux")] // which has every address of 127.0.0.0/8
#[test]
fn a_target_that_drains_gets_no_new_address() {
    let balancer = config(&[echo("a"), echo("b")]).start();
    balancer.ctl(&["drain", "0"]);
    for last in 2..12 {
        let from = std::net::SocketAddr::from(([127, 0, 0, last], 0));
        let socket = socket2::Socket::new(socket2::Domain::IPV4, socket2::Type::STREAM, None).unwrap();
        socket.bind(&from.into()).unwrap();
        socket.connect(&std::net::SocketAddr::from(([127, 0, 0, 1], balancer.ports()[0])).into()).unwrap();
        let mut stream = TcpStream::from(socket);
        stream.write_all(b"x").unwrap();
        let mut name = [0; 2];
        stream.read_exact(&mut name).unwrap();
        assert_eq!(&name, b"bx");
    }
}

/// It may speak anything, as one at a `tcp://` address may.
#[cfg(unix)]
#[test]
fn a_target_at_a_unix_socket_is_checked_by_connecting() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("db.sock");
    let listener = std::os::unix::net::UnixListener::bind(&path).unwrap();
    std::thread::spawn(move || {
        for mut stream in listener.incoming().flatten() {
            // A check sees that, and would take it for no HTTP.
            let _ = stream.write_all(b"hello");
        }
    });
    let balancer = Config::of(json!({
        "listeners": [{"port": 0, "mode": "tcp", "pool": "db"}, {"port": 0, "pool": "page"}],
        "pools": {
            "db": {"backends": [{"url": format!("unix:{}", path.display())}]},
            "page": {"backends": [{"url": "http://127.0.0.1:9"}]},
        },
    }))
    .start();
    until("the socket is UP", || health(&balancer, 0)["state"] == "UP");
    let mut answer = String::new();
    connect(&balancer).read_to_string(&mut answer).unwrap();
    assert_eq!(answer, "hello");
}
