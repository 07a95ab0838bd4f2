//! Handshakes that do not end well: each is refused with its reason, in its time, and disturbs nobody.

use std::io::{Read as _, Write as _};
use std::net::{Ipv4Addr, Shutdown, TcpStream};
use std::time::Duration;

use serde_json::json;

use crate::support::https::{TlsClient, Trust};
use crate::support::patience::read_to_end;
use crate::support::{Backend, Balancer, Config, request, response, until};

fn connect(balancer: &Balancer) -> TcpStream {
    TcpStream::connect((Ipv4Addr::LOCALHOST, balancer.port)).unwrap()
}

/// Sends these bytes and reads what comes until the other side ends.
fn send(balancer: &Balancer, bytes: &[u8]) -> Vec<u8> {
    let mut stream = connect(balancer);
    stream.write_all(bytes).unwrap();
    let mut answer = Vec::new();
    // A reset is an end too.
    let _ = read_to_end(&mut stream, &mut answer);
    answer
}

/// A `ClientHello` of this version, with a random of zeros and one old cipher suite.
fn hello(version: [u8; 2], extensions: &[u8]) -> Vec<u8> {
    let mut body = version.to_vec();
    body.extend([0; 32]);
    body.extend([0, 0, 4, 0, 0x2f, 0, 0xff, 1, 0]);
    if !extensions.is_empty() {
        body.extend(u16::try_from(extensions.len()).unwrap().to_be_bytes());
        body.extend(extensions);
    }
    let length = u32::try_from(body.len()).unwrap().to_be_bytes();
    let message = [&[1], &length[1..], &body].concat();
    [&[0x16, 3, 1][..], &u16::try_from(message.len()).unwrap().to_be_bytes(), &message].concat()
}

/// That a client with good manners is served.
fn is_served(balancer: &Balancer) {
    assert_eq!(balancer.tls_client().exchange(&request("GET", "/", &[])).status, 200);
}

#[test]
fn old_versions_are_refused_by_name() {
    let backend = Backend::echoing();
    let balancer = Config::new(&[&backend]).tls().start();
    for (version, said) in [
        ([3, 0], "SSL 3.0: too old, TLS 1.2 is the oldest"),
        ([3, 1], "TLS 1.0: too old, 1.2 is the oldest"),
        ([3, 2], "TLS 1.1: too old, 1.2 is the oldest"),
    ] {
        let answer = send(&balancer, &hello(version, &[]));
        assert_eq!(answer.first(), Some(&0x15), "an alert for {version:?}: {answer:?}");
        balancer.line(&format!("refused: {said}"));
    }
    let balancer = Config::new(&[&backend]).tls().set("/tls", json!({"minVersion": "1.3"})).start();
    balancer.trust().tls12().handshake(connect(&balancer), "localhost").expect_err("too old");
    balancer.line("refused: TLS 1.2: too old, 1.3 is the oldest (tls.minVersion)");
    is_served(&balancer);
}

#[test]
fn what_is_no_handshake_is_refused_with_its_reason() {
    let backend = Backend::echoing();
    let balancer = Config::new(&[&backend]).tls().start();
    for garbage in [
        &b"\x16garbage that is no TLS at all, and goes on and on"[..],
        b"\x16\x03\x01\x00\x05\xff\x00\x00\x01\x00",
        b"\x16\x03\x01\x00\x04\x02\x00\x00\x00",
        b"\x16\x03\x03\x48\x01too long a record",
        b"\x16\x03\x01\x00\x00\x16\x03\x01\x00\x00",
    ] {
        let mut stream = connect(&balancer);
        // It may be refused before its end.
        let _ = stream.write_all(garbage).and_then(|()| stream.shutdown(Shutdown::Write));
        let _ = read_to_end(&mut stream, &mut Vec::new());
    }
    until("each is told once", || balancer.lines().iter().filter(|line| line.contains(" TLS - 400 ")).count() == 5);
    is_served(&balancer);
}

#[test]
fn a_handshake_that_its_client_ends_is_told_as_that() {
    let backend = Backend::echoing();
    let balancer = Config::new(&[&backend]).tls().start();
    let whole = hello([3, 3], &[]);
    for cut in [1, 5, 30] {
        let mut stream = connect(&balancer);
        stream.write_all(&whole[..cut]).unwrap();
        stream.shutdown(Shutdown::Write).unwrap();
        read_to_end(&mut stream, &mut Vec::new()).unwrap();
    }
    let closed = "refused: the client closed the connection in the middle of the TLS handshake";
    until("each is told", || balancer.lines().iter().filter(|line| line.contains(closed)).count() == 3);
    let mut stream = connect(&balancer);
    stream.write_all(&whole[..20]).unwrap();
    std::thread::sleep(Duration::from_millis(100));
    socket2::SockRef::from(&stream).set_linger(Some(Duration::ZERO)).unwrap();
    drop(stream);
    balancer.line("refused: the client reset the connection in the middle of the TLS handshake");
    // One that only looks whether the port is open is no client.
    let before = balancer.lines().len();
    drop(connect(&balancer));
    is_served(&balancer);
    balancer.line(" GET / 200 ");
    assert_eq!(balancer.lines().iter().skip(before).filter(|line| line.contains(" TLS ")).count(), 0);
}

#[test]
fn a_client_that_does_not_trust_the_certificate_is_told_with_what_to_do() {
    let backend = Backend::echoing();
    let balancer = Config::new(&[&backend]).tls().start();
    for trust in [Trust::none(), Trust::none().tls12()] {
        trust.handshake(connect(&balancer), "localhost").expect_err("not trusted");
    }
    let said = "refused: the client does not trust this certificate: run stickylb-tui trust";
    until("each is told", || balancer.lines().iter().filter(|line| line.contains(said)).count() == 2);
    let health = balancer.health();
    assert_eq!(health["backends"][0]["requests"], 0);
}

#[test]
fn a_slow_handshake_ends_by_the_time_for_heads() {
    let backend = Backend::echoing();
    let balancer = Config::new(&[&backend]).tls().set("/timeouts/requestHeaders", json!(500)).start();
    let whole = hello([3, 3], &[]);
    let mut stream = connect(&balancer);
    stream.write_all(&whole[..10]).unwrap();
    read_to_end(&mut stream, &mut Vec::new()).unwrap();
    balancer.line("refused: the TLS handshake did not end within 500 ms");
    // Nor is one that says nothing waited for.
    read_to_end(&mut connect(&balancer), &mut Vec::new()).unwrap();
    balancer.line("refused: the client sent nothing, and no TLS handshake began within 500 ms");
    // Nor one that keeps sending a little.
    let mut dripping = connect(&balancer);
    until("it is closed", || {
        std::thread::sleep(Duration::from_millis(50));
        dripping.write_all(b"\x16").is_err()
    });
    // A client that has shaken hands and says nothing more is as idle as any other.
    let mut client = balancer.tls_client();
    std::thread::sleep(Duration::from_millis(900));
    assert_eq!(client.exchange(&request("GET", "/", &[])).status, 200);
}

#[test]
fn a_handshake_counts_among_the_connections_of_its_address_and_who_may_not_come_in_gets_none() {
    let backend = Backend::echoing();
    let balancer = Config::new(&[&backend]).tls().set("/access/connectionsPerIp", json!(3)).start();
    let begun = || {
        let mut stream = connect(&balancer);
        // One that is refused takes no more.
        let _ = stream.write_all(&hello([3, 3], &[])[..10]);
        stream
    };
    let mut held: Vec<TcpStream> = (0..3).map(|_| begun()).collect();
    until("one more is refused", || {
        let mut more = connect(&balancer);
        let is_refused = more.write_all(b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n").is_err()
            || !matches!(more.read(&mut [0]), Ok(1..));
        if !is_refused {
            // The connection of the health page still counted, and one of these was refused for it.
            held.push(begun());
        }
        is_refused
    });
    balancer.line(" 127.0.0.1 TLS - 400 ");
    drop(held);
    until("there is room again", || balancer.trust().handshake(connect(&balancer), "localhost").is_ok());

    let balancer = Config::new(&[&backend]).tls().set("/access/deny", json!(["127.0.0.0/8"])).start_without_health();
    let error = balancer.trust().handshake(connect(&balancer), "localhost").expect_err("refused");
    assert_ne!(error.kind(), std::io::ErrorKind::TimedOut);
    balancer.line(" TLS - 400 ");
}

#[test]
fn the_client_that_a_proxy_tells_of_is_the_one_that_is_refused() {
    let backend = Backend::echoing();
    let balancer = Config::of(json!({
        "listeners": [{"port": 0, "pool": "web", "tls": true, "proxyProtocol": true}],
        "pools": {"web": {
            "backends": [{"url": format!("http://localhost:{}", backend.port)}],
            "health": {"path": "/health"},
        }},
        "access": {"deny": ["192.0.2.66/32"]},
    }))
    .start_without_health();
    let announced = |from: &str| {
        let mut stream = connect(&balancer);
        stream.write_all(format!("PROXY TCP4 {from} 198.51.100.2 5000 443\r\n").as_bytes()).unwrap();
        balancer.trust().handshake(stream, "localhost")
    };
    announced("192.0.2.66").expect_err("refused");
    balancer.line(" 192.0.2.66 TLS - 400 ");
    let mut client = TlsClient::over(announced("192.0.2.7").unwrap());
    assert_eq!(client.exchange(&request("GET", "/", &[])).status, 200);
    assert_eq!(backend.wait_for_requests(1)[0].get("x-real-ip").as_deref(), Some("192.0.2.7"));
}

#[test]
fn a_handshake_ends_when_the_balancer_stops() {
    let backend = Backend::echoing();
    let mut balancer = Config::new(&[&backend]).tls().set("/timeouts/requestHeaders", json!(600_000)).start();
    let mut stream = connect(&balancer);
    stream.write_all(&hello([3, 3], &[])[..10]).unwrap();
    // Once it is seen.
    is_served(&balancer);
    balancer.terminate();
    read_to_end(&mut stream, &mut Vec::new()).unwrap();
    until("it has stopped", || !balancer.is_running());
}

#[test]
fn names_of_any_length_and_none_are_survived() {
    let backend = Backend::echoing();
    let balancer = Config::new(&[&backend]).tls().start();
    let name = |length: usize| {
        let name = vec![b'a'; length];
        let entry = [&[0][..], &u16::try_from(length).unwrap().to_be_bytes(), &name].concat();
        let list = [&u16::try_from(entry.len()).unwrap().to_be_bytes()[..], &entry].concat();
        [&[0, 0][..], &u16::try_from(list.len()).unwrap().to_be_bytes(), &list].concat()
    };
    for length in [0, 63, 64, 253, 300, 4000] {
        assert!(!send(&balancer, &hello([3, 3], &name(length))).is_empty(), "an alert: {length}");
    }
    // An address is no name that is asked for.
    balancer.trust().handshake(connect(&balancer), "127.0.0.1").unwrap();
    is_served(&balancer);
}

#[cfg(target_os = "linux")]
#[test]
fn a_thousand_handshakes_that_stall_disturb_nobody_and_are_held_in_little_memory() {
    let backend = Backend::echoing();
    let balancer = Config::new(&[&backend]).tls().start();
    is_served(&balancer);
    let before = balancer.memory();
    let whole = hello([3, 3], &[]);
    let stalled: Vec<TcpStream> = (0..1000)
        .map(|_| {
            let mut stream = connect(&balancer);
            stream.write_all(&whole[..40]).unwrap();
            stream
        })
        .collect();
    for _ in 0..10 {
        is_served(&balancer);
    }
    let grown = balancer.memory().saturating_sub(before);
    assert!(grown < 1000 * 32 * 1024, "{grown} bytes for {} clients", stalled.len());
}

#[cfg(target_os = "linux")]
#[test]
fn a_thousand_idle_clients_over_tls_hold_no_buffers() {
    let backend = Backend::echoing();
    let balancer = Config::new(&[&backend]).tls().set("/limits/connections", json!(2000)).start();
    let config = balancer.trust().config();
    let client = || {
        let stream = connect(&balancer);
        let mut client = TlsClient::over(crate::support::https::handshake(&config, stream, "localhost").unwrap());
        assert_eq!(client.exchange(&request("GET", "/", &[])).status, 200);
        client
    };
    let warm: Vec<TlsClient> = (0..50).map(|_| client()).collect();
    let before = balancer.memory();
    let idle: Vec<TlsClient> = (0..1000).map(|_| client()).collect();
    let each = balancer.memory().saturating_sub(before) / 1000;
    assert!(each < 14 * 1024, "{each} bytes for each of {} clients", warm.len() + idle.len());
}

#[cfg(target_os = "linux")]
#[test]
fn what_a_client_over_tls_does_not_read_is_not_held_for_it() {
    const SENT: usize = 64 << 20;
    let backend = Backend::answering(response("200 OK", &[], &"x".repeat(SENT)));
    let balancer = Config::new(&[&backend]).tls().start();
    let mut client = balancer.tls_client();
    client.send(&request("GET", "/", &[]));
    assert_eq!(client.head().unwrap().unwrap().status, 200);
    client.wire.exactly_filled(SENT, b'x').unwrap();
    let before = balancer.memory();
    client.send(&request("GET", "/", &[]));
    backend.wait_for_requests(2);
    // Until nothing more moves.
    let (mut last, mut same) = (0, 0);
    until("it stalls", || {
        std::thread::sleep(Duration::from_millis(20));
        let now = balancer.memory();
        same = if now.abs_diff(last) < 64 * 1024 { same + 1 } else { 0 };
        last = now;
        same > 10
    });
    let grown = balancer.memory().saturating_sub(before);
    assert!(grown < 8 << 20, "grew by {grown} bytes");
    assert_eq!(client.head().unwrap().unwrap().status, 200);
    client.wire.exactly_filled(SENT, b'x').unwrap();
}
