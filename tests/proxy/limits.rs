//! What one client or one backend may use, and routing loops.

use std::sync::Arc;

use serde_json::json;

use crate::support::{After, Backend, Balancer, Config, Gate, request, until};

#[test]
fn a_body_larger_than_the_limit_is_413_whichever_way_it_is_framed() {
    let backend = Backend::echoing();
    let balancer = Config::new(&[&backend]).set("/limits/bodyBytes", json!(10)).start();
    let fits = [&request("POST", "/", &["Content-Length: 10"])[..], b"0123456789"].concat();
    assert_eq!(balancer.exchange(&fits).status, 200);
    let long = [&request("POST", "/", &["Content-Length: 11"])[..], b"0123456789a"].concat();
    assert_eq!(balancer.exchange(&long).status, 413);
    let chunked =
        [&request("POST", "/", &["Transfer-Encoding: chunked"])[..], b"b\r\n0123456789a\r\n0\r\n\r\n"].concat();
    assert_eq!(balancer.exchange(&chunked).status, 413);
    assert_eq!(balancer.backend(0)["errors"], 0, "the backend is not blamed");
}

#[test]
fn beyond_the_limit_of_connections_clients_wait_and_are_served_in_turn() {
    let backend = Backend::echoing();
    let balancer = Config::new(&[&backend]).set("/limits/connections", json!(2)).start();
    let mut first = balancer.client();
    assert_eq!(first.exchange(&request("GET", "/1", &[])).status, 200);
    let mut second = balancer.client();
    assert_eq!(second.exchange(&request("GET", "/2", &[])).status, 200);
    let mut third = balancer.client();
    third.send(&request("GET", "/3", &[]));
    assert_eq!(second.exchange(&request("GET", "/4", &[])).status, 200);
    assert!(!backend.targets().contains(&"/3".to_owned()), "more clients than the limit are served");
    drop(first);
    assert_eq!(third.response().status, 200);
}

#[test]
fn slow_heads_idle_connections_and_half_a_request_end_at_their_times() {
    let backend = Backend::echoing();
    let balancer =
        Config::new(&[&backend]).set("/timeouts/requestHeaders", json!(200)).set("/timeouts/idle", json!(300)).start();
    let mut silent = balancer.client();
    let mut half = balancer.client();
    half.send(b"GET / HTTP/1.1\r\nHost: loc");
    let mut idle = balancer.client();
    assert_eq!(idle.exchange(&request("GET", "/", &[])).status, 200);
    for client in [&mut silent, &mut half, &mut idle] {
        client.assert_closed();
    }
}

#[test]
fn a_loop_through_another_balancer_is_508() {
    // Each balancer's port is known only once it runs. So the outer one is given a port on which the inner one is
    // started later.
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    drop(listener);
    let outer = Config::of_ports(&[port]).set("/health/algorithm", json!("tcp")).start();
    let inner =
        Config::of_ports(&[outer.port]).set("/port", json!(port)).set("/health/algorithm", json!("tcp")).start();
    outer.line("b0: DOWN -> UP");
    let answer = outer.get("/round");
    assert_eq!(answer.status, 508);
    assert!(outer.line(" 508 ").contains("lead to this balancer itself"));
    drop(inner);
}

#[test]
fn forwarding_fields_are_believed_from_trusted_proxies_alone() {
    let backend = Backend::echoing();
    let trusting = Config::new(&[&backend]).set("/trustedProxies", json!(["127.0.0.0/8"])).start();
    let lines = ["X-Forwarded-For: 6.6.6.6, 203.0.113.9", "X-Forwarded-Proto: https", "Forwarded: for=203.0.113.9"];
    trusting.exchange(&request("GET", "/", &lines));
    let seen = &backend.requests()[0];
    assert_eq!(seen.all("x-forwarded-for").join(", "), "6.6.6.6, 203.0.113.9, 127.0.0.1");
    assert_eq!(seen.all("forwarded").join(", "), "for=203.0.113.9;proto=https, for=127.0.0.1;proto=http");
    assert_eq!(seen.get("x-forwarded-proto").as_deref(), Some("https"));
    assert_eq!(seen.get("x-real-ip").as_deref(), Some("203.0.113.9"));
    assert!(trusting.line(" GET / 200 ").contains(" 203.0.113.9 GET "), "the log names the client");
}

#[cfg(target_os = "linux")]
#[test]
fn without_file_descriptors_accepting_pauses_blames_no_backend_and_goes_on() {
    let backend = Backend::echoing();
    let balancer = Config::new(&[&backend]).set("/health/interval", json!(100)).start();
    balancer.limit_descriptors(48);
    let mut held: Vec<_> = (0..64).map(|_| balancer.client()).collect();
    balancer.line("accepting is paused");
    let ticks = balancer.cpu_ticks();
    let checks = backend.checks();
    // It uses little processor time meanwhile; a busy loop would use a whole core.
    std::thread::sleep(std::time::Duration::from_secs(1));
    assert!(balancer.cpu_ticks() - ticks < 50, "it spins");
    held.clear();
    balancer.line("accepting goes on");
    until("checks to go on", || backend.checks() > checks);
    assert_eq!(balancer.get("/").status, 200);
    assert!(!balancer.lines().iter().any(|line| line.contains("DOWN")), "{:#?}", balancer.lines());
}

#[cfg(target_os = "linux")]
#[test]
fn memory_does_not_grow_with_a_gigabyte_either_way_whose_receiver_stalls() {
    const SENT: usize = 1 << 30;
    const PIECE: usize = 1 << 20;
    let gate = Arc::new(Gate::default());
    let held = Arc::clone(&gate);
    let send = |stream: &mut dyn std::io::Write| {
        let piece = vec![b'x'; PIECE];
        (0..SENT / PIECE).all(|_| stream.write_all(&piece).is_ok())
    };
    let backend = Backend::start(move |call| {
        if call.target == "/down" {
            call.send(format!("HTTP/1.1 200 OK\r\nContent-Length: {SENT}\r\n\r\n").as_bytes());
            return if send(&mut call.wire.stream) { After::Keep } else { After::Close };
        }
        held.pass();
        call.wire.exactly_filled(SENT, b'x').unwrap();
        call.send(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n");
        After::Keep
    });
    let balancer = Balancer::over(&[&backend]);
    let mut download = balancer.client();
    download.send(&request("GET", "/down", &[]));
    assert_eq!(download.head().unwrap().unwrap().status, 200);
    download.wire.exactly_filled(SENT, b'x').unwrap();
    let before = balancer.memory();

    // A download that its client does not read.
    download.send(&request("GET", "/down", &[]));
    backend.wait_for_requests(2);
    // An upload that its backend does not read.
    let mut upload = balancer.client();
    upload.send(&request("PUT", "/up", &[&format!("Content-Length: {SENT}")]));
    let mut wire = upload.wire.stream.try_clone().unwrap();
    let writer = std::thread::spawn(move || send(&mut wire));
    let (mut last, mut same) = (0, 0);
    until("both to stall", || {
        std::thread::sleep(std::time::Duration::from_millis(20));
        let now = balancer.memory();
        same = if now.abs_diff(last) < 64 * 1024 { same + 1 } else { 0 };
        last = now;
        same > 10
    });
    let bounded = |moment: &str| {
        let grown = balancer.memory().saturating_sub(before);
        assert!(grown < 8 << 20, "grew by {grown} bytes {moment}");
    };
    bounded("while both stalled");
    gate.open();
    assert!(writer.join().unwrap());
    assert_eq!(upload.response().status, 200);
    bounded("behind the upload");
    assert_eq!(download.head().unwrap().unwrap().status, 200);
    download.wire.exactly_filled(SENT, b'x').unwrap();
    bounded("behind the download");
}
