//! Addresses of backends: names with one address family, literals, Unix sockets, and names whose addresses change.

use std::io::{BufRead as _, BufReader, Read, Write};
use std::net::{TcpListener, ToSocketAddrs as _, UdpSocket};

use serde_json::json;

use crate::silent::Silent;
use crate::support::program::free_port;
use crate::support::{Balancer, Config, until, until_some};

/// Answers one request with this name.
fn answer(stream: impl Read + Write, name: &str) {
    let mut stream = BufReader::new(stream);
    let mut line = String::new();
    while line != "\r\n" {
        line.clear();
        if stream.read_line(&mut line).unwrap_or(0) == 0 {
            return;
        }
    }
    let answer = format!("HTTP/1.1 200 OK\r\nContent-Length: {}\r\nConnection: close\r\n\r\n{name}", name.len());
    // The test judges a balancer that has gone.
    let _ = stream.get_mut().write_all(answer.as_bytes());
}

/// Serves until the test ends; `None` if this machine has no such address.
fn serve(address: &str, name: &'static str) -> Option<u16> {
    let listener = TcpListener::bind(address).ok()?;
    let port = listener.local_addr().unwrap().port();
    std::thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            std::thread::spawn(move || answer(stream, name));
        }
    });
    Some(port)
}

/// Leaves a test out if there is no IPv6. That its port is taken there can happen anywhere.
#[track_caller]
fn without_ipv6() {
    if TcpListener::bind("[::1]:0").is_err() {
        crate::support::left_out::left_out("this machine has no IPv6");
    }
}

fn over(url: &str) -> Balancer {
    Config::of_ports(&[9]).set("/backends/0/url", json!(url)).set("/health/interval", json!(200)).start()
}

#[test]
fn localhost_on_either_family_alone_works_checks_included() {
    for (address, family) in [("127.0.0.1:0", "four"), ("[::1]:0", "six")] {
        let Some(port) = serve(address, family) else {
            crate::support::left_out::left_out(&format!("this machine has no {address}"));
            continue;
        };
        let balancer = over(&format!("http://localhost:{port}"));
        assert_eq!(balancer.backend(0)["state"], "UP", "{address}");
        assert_eq!(balancer.get("/").text(), family);
    }
}

#[test]
fn an_ipv6_literal_works_checks_included() {
    let Some(port) = serve("[::1]:0", "six") else {
        without_ipv6();
        return;
    };
    let balancer = over(&format!("http://[::1]:{port}"));
    assert_eq!(balancer.backend(0)["state"], "UP");
    assert_eq!(balancer.get("/").text(), "six");
    assert_eq!(balancer.get("/").get("x-backend").unwrap(), format!("http://[::1]:{port}"));
}

#[cfg(unix)]
#[test]
fn a_unix_socket_works_checks_included() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("backend.sock");
    let listener = std::os::unix::net::UnixListener::bind(&path).unwrap();
    std::thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            std::thread::spawn(move || answer(stream, "socket"));
        }
    });
    let balancer = over(&format!("unix:{}", path.display()));
    assert_eq!(balancer.backend(0)["state"], "UP");
    assert_eq!(balancer.get("/").text(), "socket");
}

#[test]
fn a_name_is_resolved_anew_for_each_connection() {
    let four = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = four.local_addr().unwrap().port();
    let first = std::thread::spawn(move || {
        // Until a request says so; from then on, this address of the name is closed.
        for mut stream in four.incoming().flatten() {
            let mut head = [0; 4096];
            let read = stream.read(&mut head).unwrap_or(0);
            // The test judges a balancer that has gone.
            let _ = stream.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 4\r\nConnection: close\r\n\r\nfour");
            if head[..read].starts_with(b"GET /move") {
                return;
            }
        }
    });
    let balancer = over(&format!("http://localhost:{port}"));
    assert_eq!(balancer.get("/move").text(), "four");
    first.join().unwrap();
    if serve(&format!("[::1]:{port}"), "six").is_none() {
        without_ipv6();
        return;
    }
    until("the backend at its new address", || balancer.get("/").text() == "six");
}

#[test]
fn a_name_that_does_not_exist_is_down_with_the_reason_and_harms_nothing() {
    let port = serve("127.0.0.1:0", "here").unwrap();
    let balancer = Config::of_ports(&[9, port])
        .set("/backends/0/url", json!("http://no-such-name.invalid:80"))
        .set("/health/interval", json!(200))
        .start();
    assert_eq!(balancer.get("/").text(), "here");
    let why = until_some("the reason", || {
        let backend = balancer.backend(0);
        (backend["state"] == "DOWN").then(|| backend["lastError"].as_str().map(str::to_owned))?
    });
    assert!(why.contains("no-such-name.invalid"), "{why}");
}

#[test]
fn the_second_address_of_a_name_is_used_where_the_first_takes_nobody() {
    let mut silent = Silent::new();
    if serve(&format!("[::1]:{}", silent.port), "six").is_none() {
        without_ipv6();
        return;
    }
    silent.fall_silent();
    let balancer = over(&format!("http://localhost:{}", silent.port));
    assert_eq!(balancer.backend(0)["state"], "UP");
    assert_eq!(balancer.get("/").text(), "six");
}

/// This machine's name, if it resolves to the machine itself, and its network address.
fn own_names() -> Vec<String> {
    let is_own = |name: &String| {
        let found = (name.as_str(), 0).to_socket_addrs().into_iter().flatten();
        found.into_iter().any(|at| UdpSocket::bind(at).is_ok())
    };
    let name = std::fs::read_to_string("/proc/sys/kernel/hostname").ok().map(|name| name.trim().to_owned());
    // Nothing is sent: the system only reports the address it would send from.
    let address = UdpSocket::bind("0.0.0.0:0").and_then(|socket| {
        socket.connect("192.0.2.1:9")?;
        Ok(socket.local_addr()?.ip().to_string())
    });
    name.filter(is_own).into_iter().chain(address.ok()).collect()
}

#[test]
fn a_backend_that_is_the_balancer_by_the_machines_own_name_or_address_is_refused() {
    let names = own_names();
    if names.is_empty() {
        crate::support::left_out::left_out("this machine has no name and no address of its own");
    }
    let port = free_port();
    for name in names {
        let config = Config::of_ports(&[9]).set("/port", json!(port)).set("/host", json!("0.0.0.0"));
        let said = config.set("/backends/0/url", json!(format!("http://{name}:{port}"))).refused();
        assert!(said.contains("is this balancer itself"), "{name}: {said}");
    }
}
