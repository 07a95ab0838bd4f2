//! What users of LoadBalancer.js rely on, and its known defects.
//!
//! Tested elsewhere: a user with fewer rights (`downgrade`), `start`, `list` and `stop` and their defects there
//! (`background`), special cases of its file (`import`), a controller in an embedding program (`embedding`).

use std::io::{Read as _, Write as _};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::time::Duration;

use serde_json::json;

use crate::silent::Silent;
use crate::support::patience::read_to_end;
#[cfg(unix)]
use crate::support::program;
use crate::support::raw::{ask, closed_port, config, connect, echo, health, target};
use crate::support::{self, Balancer, PATIENCE, request, until};
use crate::tls_backend::tls_backend;

#[test]
fn bytes_pass_intact_both_ways_and_a_half_closed_connection_gets_its_answer() {
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
    read_to_end(&mut stream, &mut got).unwrap();
    writer.join().unwrap();
    assert!(got == sent, "{} of {} bytes", got.len(), sent.len());
    balancer.line(" TCP up 30000000 B down 30000000 B");
    until("nothing is active", || health(&balancer, 0)["activeConnections"] == 0);
}

#[test]
fn a_client_sticks_to_its_target_by_address_unless_told_otherwise() {
    let balancer = config(&[echo("a"), echo("b"), echo("c")]).start();
    let first = ask(&balancer, "x");
    for _ in 0..5 {
        assert_eq!(ask(&balancer, "x"), first);
    }
    balancer.line("sticky ip 127.0.0.1");
    let sessions: u64 = (0..3).map(|target| health(&balancer, target)["sticky"].as_u64().unwrap()).sum();
    assert_eq!(sessions, 1, "one address, one session");
    let balancer = config(&[echo("a"), echo("b"), echo("c")]).set("/pools/raw/sticky", json!({"by": "off"})).start();
    let mut seen: Vec<String> = (0..3).map(|_| ask(&balancer, "")).chain((0..3).map(|_| ask(&balancer, "x"))).collect();
    seen.sort();
    assert_eq!(seen, ["", "", "", "ax", "bx", "cx"]);
}

#[test]
fn a_session_expires_some_time_after_its_last_connection() {
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

/// Sends a request after a pause longer than the expiry.
fn ask_quietly(balancer: &Balancer) -> Vec<u8> {
    std::thread::sleep(Duration::from_millis(700));
    ask(balancer, "x").into_bytes()
}

#[test]
fn a_refused_target_is_replaced_and_no_byte_is_lost() {
    let balancer = config(&[closed_port(), closed_port(), closed_port(), closed_port(), echo("e")]).start();
    for word in ["hello", "again"] {
        assert_eq!(ask(&balancer, word), format!("e{word}"));
    }
    balancer.line("t0 refused");
}

#[test]
fn a_silent_target_is_replaced() {
    let mut silent = Silent::new();
    silent.fall_silent();
    let balancer = config(&[silent.port, echo("b")]).set("/timeouts", json!({"connect": 300})).start();
    assert_eq!(ask(&balancer, "x"), "bx");
    balancer.line("t0 did not connect in time");
}

#[test]
fn one_reset_connection_takes_no_target_out() {
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
    assert_eq!(health(&balancer, 0)["state"], "UP");
    assert_eq!(ask(&balancer, "x"), "x");
}

#[test]
fn what_waits_for_a_stalled_target_is_bounded() {
    let stalled = target(|stream| {
        std::thread::sleep(PATIENCE);
        drop(stream);
    });
    let balancer = config(&[stalled]).start();
    let mut stream = connect(&balancer);
    stream.write_all(b"x").unwrap();
    until("it is connected", || health(&balancer, 0)["activeConnections"] == 1);
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
fn tls_passes_through_a_raw_connection_without_a_certificate_of_the_balancers() {
    let port = tls_backend();
    let raw = support::Config::of(json!({
        "listeners": [{"port": 0, "mode": "tcp", "pool": "raw"}, {"port": 0, "pool": "page"}],
        "pools": {
            "raw": {"backends": [{"url": format!("tcp://127.0.0.1:{port}")}]},
            "page": {"backends": [{"url": "http://127.0.0.1:9"}]},
        },
    }))
    .start();
    // The TLS client is another balancer.
    let client = support::Config::of_ports(&[port])
        .set("/backends/0/url", json!(format!("https://localhost:{}", raw.ports()[0])))
        .set("/backends/0/tls", json!({"verify": false}))
        .start();
    assert_eq!(client.get("/").text(), "over TLS");
    raw.line(" TCP up ");
}

/// The sample configuration of its documentation, with free ports.
#[cfg(unix)]
fn sample(source: u16, targets: [u16; 2]) -> String {
    format!(
        r#"{{
  "sourcePort": {source},
  "targets": [
    {{
      "host": "localhost",
      "port": {}
    }},
    {{
      "host": "localhost",
      "port": {}
    }}
  ]
}}"#,
        targets[0], targets[1]
    )
}

#[cfg(unix)]
#[test]
fn its_file_is_imported_started_listed_and_stopped_by_its_words_and_binds_clients_by_address() {
    let home = support::home::Home::new();
    let source = program::free_port();
    let theirs = home.path().join("config.json");
    std::fs::write(&theirs, sample(source, [echo("a"), echo("b")])).unwrap();
    let imported = home.run(&["import", theirs.to_str().unwrap()]);
    assert!(imported.status.success(), "{}", String::from_utf8_lossy(&imported.stderr));
    let ours = home.path().join("ours.json");
    std::fs::write(&ours, imported.stdout).unwrap();

    home.good(&["start", "--config", ours.to_str().unwrap()]);
    let ask = || {
        let mut stream = TcpStream::connect(("127.0.0.1", source)).unwrap();
        stream.set_read_timeout(Some(PATIENCE)).unwrap();
        stream.write_all(b"x").unwrap();
        stream.shutdown(Shutdown::Write).unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        answer
    };
    let first = ask();
    assert!(["ax", "bx"].contains(&first.as_str()), "{first}");
    assert!((0..6).all(|_| ask() == first), "a client sticks to its target");
    assert!(home.good(&["list"]).contains(&source.to_string()));
    home.good(&["stop"]);
    assert!(TcpStream::connect(("127.0.0.1", source)).is_err());
}

#[cfg(unix)]
#[test]
fn as_long_as_one_target_of_its_file_lives_no_new_connection_fails() {
    let home = support::home::Home::new();
    let source = program::free_port();
    let theirs = home.path().join("config.json");
    std::fs::write(&theirs, sample(source, [closed_port(), echo("b")])).unwrap();
    let ours = home.path().join("ours.json");
    std::fs::write(&ours, home.run(&["import", theirs.to_str().unwrap()]).stdout).unwrap();
    home.good(&["start", "--config", ours.to_str().unwrap()]);
    for _ in 0..20 {
        let mut stream = TcpStream::connect(("127.0.0.1", source)).unwrap();
        stream.set_read_timeout(Some(PATIENCE)).unwrap();
        stream.write_all(b"x").unwrap();
        let mut answer = [0; 2];
        stream.read_exact(&mut answer).unwrap();
        assert_eq!(&answer, b"bx");
    }
}

#[cfg(target_os = "linux")]
#[test]
fn balancer_count_is_a_thread_for_each_processor() {
    let balancer = config(&[echo("a")]).start();
    let workers = || {
        let threads = std::fs::read_dir(format!("/proc/{}/task", balancer.pid())).unwrap().flatten();
        // A thread that is ending has no name any more.
        let names = threads.filter_map(|thread| std::fs::read_to_string(thread.path().join("comm")).ok());
        names.filter(|name| name.starts_with("worker-")).count()
    };
    let processors = std::thread::available_parallelism().unwrap().get();
    // A thread gets its name when it runs, and another may serve before it does.
    until("a worker for each processor", || workers() == processors);
}

#[test]
fn a_target_that_fails_is_left_alone_for_its_deactivation_time() {
    let passive = |eject_for: u32| json!({"command": ["true"], "passive": {"failures": 1, "ejectFor": eject_for}});
    let away = config(&[closed_port(), echo("b")])
        .set("/pools/raw/health", passive(60_000))
        .set("/pools/raw/sticky", json!({"by": "off"}))
        .start();
    until("the first has failed", || {
        assert_eq!(ask(&away, "x"), "bx");
        health(&away, 0)["state"] == "EJECTED"
    });
    away.line("t0 refused");
    let tried = || away.lines().iter().filter(|line| line.contains("t0 refused")).count();
    let before = tried();
    assert!((0..10).all(|_| ask(&away, "x") == "bx"));
    let page = support::Client::connect(away.ports()[1]).exchange(&request("GET", "/_lb/health?end", &[]));
    assert_eq!(page.status, 200);
    away.line("/_lb/health?end");
    assert_eq!(tried(), before, "it is not tried meanwhile");

    let back = config(&[closed_port(), echo("b")])
        .set("/pools/raw/health", passive(100))
        .set("/pools/raw/sticky", json!({"by": "off"}))
        .start();
    until("it is tried, and fails", || ask(&back, "x") == "bx" && health(&back, 0)["state"] == "EJECTED");
    until("its time is over", || health(&back, 0)["state"] == "UP");
}

#[test]
fn a_connection_is_refused_before_it_is_handled_where_access_says_so() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    listener.set_nonblocking(true).unwrap();
    let port = listener.local_addr().unwrap().port();
    let denying = config(&[port]).set("/access", json!({"deny": ["127.0.0.0/8"]}));
    // The balancer's own page is denied too.
    let balancer = denying.start_without_health();
    let mut stream = connect(&balancer);
    assert!(matches!(stream.read(&mut [0]), Ok(0) | Err(_)), "closed without a byte");
    balancer.line("127.0.0.1 is in access.deny");
    assert!(listener.accept().is_err(), "the target hears nothing of it");
}

#[test]
fn a_target_learns_its_clients_address_by_the_proxy_protocol() {
    let (tell, told) = std::sync::mpsc::channel();
    let port = target(move |mut stream| {
        let mut line = [0; 11];
        stream.read_exact(&mut line).unwrap();
        tell.send(line).unwrap();
        // Closing with unread bytes would reset the connection, and the client's with it.
        let _ = stream.read_to_end(&mut Vec::new());
    });
    let balancer = config(&[port]).set("/pools/raw/backends/0/proxyProtocol", json!("v1")).start();
    connect(&balancer).write_all(b"x").unwrap();
    assert_eq!(&told.recv_timeout(PATIENCE).unwrap(), b"PROXY TCP4 ");
}
