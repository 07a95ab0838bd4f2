//! Which upgrades are passed on, and to what a backend may change (RFC 9110 7.8).

use crate::support::{After, Backend, Balancer, request};

#[test]
fn an_upgrade_in_http_1_0_is_ignored() {
    let backend = Backend::echoing();
    let balancer = Balancer::over(&[&backend]);
    let sent = b"GET / HTTP/1.0\r\nHost: localhost\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n";
    assert_eq!(balancer.exchange(sent).status, 200);
    assert_eq!(backend.requests()[0].all("upgrade"), Vec::<String>::new());
}

#[test]
fn an_upgrade_to_h2c_is_not_passed_on() {
    let backend = Backend::echoing();
    let balancer = Balancer::over(&[&backend]);
    let lines = ["Connection: Upgrade, HTTP2-Settings", "Upgrade: h2c", "HTTP2-Settings: AAMAAABkAAQAoAAAAAIAAAAA"];
    assert_eq!(balancer.exchange(&request("GET", "/", &lines)).status, 200);
    for name in ["upgrade", "http2-settings", "connection"] {
        assert_eq!(backend.requests()[0].all(name), Vec::<String>::new(), "{name}");
    }
}

#[test]
fn an_upgrade_loses_h2c_alone_and_passes_over_all_its_lines() {
    // RFC 9110 7.8
    let backend = Backend::echoing();
    let balancer = Balancer::over(&[&backend]);
    for (upgrade, expected) in [
        (&["Upgrade: websocket, h2c"][..], &["websocket"][..]),
        (&["Upgrade: h2c", "Upgrade: , websocket", "Upgrade: my/2, H2C"], &["websocket, my/2"]),
        (&["Upgrade: h2", "Upgrade: h2c"], &[]),
        (&["Upgrade:"], &[]),
        (&["Upgrade: ,"], &[]),
    ] {
        let lines = [upgrade, &["Connection: Upgrade"]].concat();
        assert_eq!(balancer.exchange(&request("GET", "/", &lines)).status, 200, "{upgrade:?}");
        let seen = backend.requests().pop().unwrap();
        assert_eq!(seen.all("upgrade"), expected, "{upgrade:?}");
        assert_eq!(seen.all("connection").len(), expected.len(), "{upgrade:?}");
    }
}

#[test]
fn a_backend_may_change_to_what_it_was_asked_for_and_to_nothing_else() {
    // RFC 9110 7.8
    for (asked, lines, expected) in [
        ("websocket", "Upgrade: WebSocket", 101),
        ("my/2, websocket", "Upgrade: websocket", 101),
        ("my/2, tls/1", "Upgrade: my/2\r\nUpgrade: TLS/1", 101),
        ("websocket", "Upgrade: my/2", 502),
        ("websocket", "Upgrade: websocket, my/2", 502),
        ("my/2", "Upgrade: my/3", 502),
        ("websocket, h2c", "Upgrade: h2c", 502),
        ("websocket", "Upgrade:", 502),
        ("websocket", "X-Other: websocket", 502),
    ] {
        let backend = Backend::start(move |call| {
            call.send(format!("HTTP/1.1 101 Switching Protocols\r\nConnection: upgrade\r\n{lines}\r\n\r\n").as_bytes());
            call.wait_for_close();
            After::Close
        });
        let balancer = Balancer::over(&[&backend]);
        let mut client = balancer.client();
        client.send(&request("GET", "/", &["Connection: Upgrade", &format!("Upgrade: {asked}")]));
        let answer = client.response();
        assert_eq!(answer.status, expected, "{asked:?} {lines:?}");
    }
}
