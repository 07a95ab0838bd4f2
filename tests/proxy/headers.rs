//! Which header fields change on the way, and which must not (RFC 9110 7.6, RFC 9112 9.6).

use serde_json::json;

use crate::support::backend::Recorded;
use crate::support::{self, Backend, Balancer, Config, request, response};

/// Sends a GET with these header lines; returns what reached the backend.
fn forwarded(lines: &[&str]) -> Recorded {
    let backend = Backend::echoing();
    let balancer = Balancer::over(&[&backend]);
    assert_eq!(balancer.exchange(&request("GET", "/", lines)).status, 200);
    backend.requests().remove(0)
}

#[test]
fn what_connection_names_ends_at_the_balancer() {
    let seen = forwarded(&[
        "Connection: close, X-One",
        "X-One: 1",
        "X-Two: 2",
        "X-Three: 3",
        "X-Four: 4",
        "Connection: x-two ,, X-THREE",
        "Keep-Alive: timeout=5",
        "Proxy-Connection: keep-alive",
        "TE: gzip",
        "Upgrade: websocket",
    ]);
    for name in ["connection", "x-one", "x-two", "x-three", "keep-alive", "proxy-connection", "te", "upgrade"] {
        assert_eq!(seen.all(name), Vec::<String>::new(), "{name}");
    }
    assert_eq!(seen.all("x-four"), ["4"]);
}

#[test]
fn connection_cannot_take_away_what_the_message_needs() {
    let backend = Backend::echoing();
    let balancer = Balancer::over(&[&backend]);
    let lines = [
        "Connection: Host, Content-Length, Cookie, Authorization, Content-Type, X-Forwarded-For, Via, Forwarded",
        "Cookie: a=b",
        "Authorization: Basic eA==",
        "Content-Type: text/plain",
        "Content-Length: 5",
    ];
    let answer = balancer.exchange(&[&request("POST", "/", &lines)[..], b"hello"].concat());
    assert_eq!(answer.text(), "hello");
    let seen = &backend.requests()[0];
    for name in ["host", "content-length", "cookie", "authorization", "content-type", "x-forwarded-for", "via"] {
        assert_eq!(seen.all(name).len(), 1, "{name}");
    }
}

#[test]
fn te_passes_trailers_alone() {
    let seen = forwarded(&["Connection: TE", "TE: gzip;q=0.5, trailers"]);
    assert_eq!(seen.all("te"), ["trailers"]);
    assert!(seen.all("connection").iter().any(|v| v.eq_ignore_ascii_case("te")), "RFC 9110 10.1.4");
}

#[test]
fn a_responses_connection_fields_end_at_the_balancer() {
    let lines = [
        "Connection: close, X-One",
        "X-One: 1",
        "Connection: x-two",
        "X-Two: 2",
        "Keep-Alive: timeout=5",
        "Proxy-Connection: close",
        "Upgrade: h2c",
        "X-Three: 3",
    ];
    let backend = Backend::answering(response("200 OK", &lines, "body"));
    let balancer = Balancer::over(&[&backend]);
    let mut client = balancer.client();
    for _ in 0..2 {
        let answer = client.exchange(&request("GET", "/", &[]));
        for name in ["connection", "x-one", "x-two", "keep-alive", "proxy-connection", "upgrade"] {
            assert_eq!(answer.all(name), Vec::<String>::new(), "{name}");
        }
        assert_eq!((answer.get("x-three").as_deref(), answer.text().as_str()), (Some("3"), "body"));
    }
}

#[test]
fn what_a_client_says_of_itself_is_replaced() {
    let seen = forwarded(&[
        "X-Forwarded-For: 6.6.6.6",
        "X-Forwarded-For: 7.7.7.7",
        "X-Forwarded-Proto: https",
        "X-Forwarded-Host: evil",
        "Forwarded: for=6.6.6.6",
        "X-Real-IP: 6.6.6.6",
    ]);
    assert_eq!(seen.all("x-forwarded-for"), ["127.0.0.1"]);
    assert_eq!(seen.all("x-real-ip"), ["127.0.0.1"]);
    assert_eq!(seen.all("x-forwarded-proto"), ["http"]);
    assert_eq!(seen.all("x-forwarded-host"), ["localhost"]);
    let forwarded = seen.all("forwarded");
    assert!(forwarded.len() == 1 && forwarded[0].contains("for=127.0.0.1"), "{forwarded:?}");
}

#[test]
fn no_forwarding_field_of_an_unknown_peer_reaches_a_backend_whatever_its_name() {
    let names = [
        "X-Forwarded-Port",
        "X-Forwarded-Prefix",
        "X-Forwarded-Server",
        "X-Forwarded-Ssl",
        "X-Forwarded-Scheme",
        "x-forwarded-anything",
        // CGI, WSGI and PHP do not distinguish these from the names with dashes.
        "X_Forwarded_For",
        "X-Forwarded_Host",
        "X_FORWARDED_PROTO",
        "X_Real_IP",
        "X-Real_IP",
    ];
    let lines: Vec<String> = names.iter().map(|name| format!("{name}: evil")).chain(["X-Other: good".into()]).collect();
    let seen = forwarded(&lines.iter().map(String::as_str).collect::<Vec<_>>());
    assert!(!seen.head.fields.iter().any(|(_, value)| value == b"evil"), "{:?}", seen.head.fields);
    assert_eq!(seen.all("x-other"), ["good"]);
}

#[test]
fn what_a_trusted_proxy_says_of_its_client_passes_whatever_its_connection_names() {
    let backend = Backend::echoing();
    let balancer = Config::new(&[&backend]).set("/trustedProxies", json!(["127.0.0.0/8"])).start();
    let lines = [
        "Connection: X-Forwarded-For, X-Forwarded-Proto, X-Forwarded-Host, X-Forwarded-Port, Forwarded",
        "X-Forwarded-For: 203.0.113.9",
        "X-Forwarded-Proto: https",
        "X-Forwarded-Host: app.example",
        "X-Forwarded-Port: 443",
        "Forwarded: for=203.0.113.9",
        "X_Real_IP: 6.6.6.6",
    ];
    assert_eq!(balancer.exchange(&request("GET", "/", &lines)).status, 200);
    let seen = &backend.requests()[0];
    let all = |name: &str| seen.all(name).join(", ");
    assert_eq!(all("x-forwarded-for"), "203.0.113.9, 127.0.0.1");
    assert_eq!((all("x-forwarded-proto"), all("x-forwarded-host")), ("https".into(), "app.example".into()));
    assert_eq!((all("x-forwarded-port"), all("x-real-ip")), ("443".into(), "203.0.113.9".into()));
    let told = "for=203.0.113.9;host=\"app.example\";proto=https, for=127.0.0.1;proto=http";
    assert_eq!(all("forwarded"), told, "scheme and host are in either kind");
    assert_eq!(all("x_real_ip"), "");
}

#[test]
fn garbage_in_forwarding_fields_harms_nothing() {
    let long = format!("X-Forwarded-For: {}", "1,".repeat(5000));
    let lines = ["Forwarded: ;;,=\"", "X-Real-IP: \u{fc}\u{202e}", "X-Forwarded-Proto: ,", long.as_str()];
    assert_eq!(forwarded(&lines).all("x-forwarded-for"), ["127.0.0.1"]);
}

#[test]
fn via_names_the_balancer_in_both_directions() {
    // RFC 9110 7.6.3
    let backend = Backend::answering(response("200 OK", &["Via: 1.1 inner"], ""));
    let balancer = Balancer::over(&[&backend]);
    let answer = balancer.exchange(&request("GET", "/", &["Via: 1.0 outer"]));
    let chain = |values: Vec<String>| values.join(", ");
    // Each balancer has its own pseudonym, so that a loop is detected and a chain of two is not mistaken for one.
    assert!(chain(answer.all("via")).starts_with("1.1 inner, 1.1 stickylb-tui-"));
    assert!(chain(backend.requests()[0].all("via")).starts_with("1.0 outer, 1.1 stickylb-tui-"));
}

#[test]
fn via_names_the_version_the_request_came_in() {
    let backend = Backend::echoing();
    let balancer = Balancer::over(&[&backend]);
    balancer.exchange(b"GET / HTTP/1.0\r\nHost: localhost\r\n\r\n");
    let via = backend.requests()[0].all("via");
    assert!(via[0].starts_with("1.0 stickylb-tui"), "RFC 9110 7.6.3: received-protocol: {via:?}");
}

#[test]
fn a_date_is_added_where_there_is_none_and_kept_where_there_is_one() {
    // RFC 9110 6.6.1
    let without = Backend::answering(response("200 OK", &[], ""));
    assert_eq!(Balancer::over(&[&without]).get("/").all("date").len(), 1);
    let date = "Thu, 01 Jan 1998 00:00:00 GMT";
    let with = Backend::answering(response("200 OK", &[&format!("Date: {date}")], ""));
    assert_eq!(Balancer::over(&[&with]).get("/").all("date"), [date]);
}

#[test]
fn equal_names_keep_their_number_and_order() {
    let mut lines: Vec<String> = (0..20).map(|n| format!("X-Many: {n}")).collect();
    lines.insert(7, "Connection: X-Gone".to_owned());
    lines.insert(9, "X-Gone: 1".to_owned());
    lines.insert(11, "X-Gone: 2".to_owned());
    let lines: Vec<&str> = lines.iter().map(String::as_str).collect();
    let backend = Backend::answering(response("200 OK", &lines, ""));
    let balancer = Balancer::over(&[&backend]);
    let answer = balancer.exchange(&request("GET", "/", &lines));
    let expected: Vec<String> = (0..20).map(|n| n.to_string()).collect();
    assert_eq!(backend.requests()[0].all("x-many"), expected);
    assert_eq!(answer.all("x-many"), expected);
}

#[test]
fn several_set_cookies_stay_several() {
    // RFC 6265 3: they must not be merged.
    let lines = ["Set-Cookie: a=1; Expires=Thu, 01 Jan 1998 00:00:00 GMT", "X-One: 1", "Set-Cookie: b=2"];
    let backend = Backend::answering(response("200 OK", &lines, ""));
    let answer = Balancer::over(&[&backend]).get("/");
    let own = "X-Backend-ID=0; Path=/; HttpOnly; SameSite=Lax";
    assert_eq!(answer.all("set-cookie"), ["a=1; Expires=Thu, 01 Jan 1998 00:00:00 GMT", "b=2", own]);
}

#[test]
fn bytes_beyond_ascii_pass_unchanged() {
    let value: Vec<u8> = (0x80..=0xff).collect();
    let mut answer = b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\nX-Bytes: ".to_vec();
    answer.extend(&value);
    answer.extend(b"\r\n\r\n");
    let backend = Backend::answering(answer);
    let balancer = Balancer::over(&[&backend]);
    let mut head = b"GET / HTTP/1.1\r\nHost: localhost\r\nX-Bytes: ".to_vec();
    head.extend(&value);
    head.extend(b"\r\nCookie: X-Backend-ID=0; n=");
    head.extend(&value);
    head.extend(b"\r\n\r\n");
    let answer = balancer.exchange(&head);
    let of = |fields: &[(String, Vec<u8>)], name: &str| fields.iter().find(|(n, _)| n == name).unwrap().1.clone();
    assert_eq!(of(&answer.head.fields, "x-bytes"), value);
    let seen = &backend.requests()[0].head.fields;
    assert_eq!(of(seen, "x-bytes"), value);
    assert_eq!(of(seen, "cookie"), [b"n=", &value[..]].concat());
}

#[test]
fn announced_trailers_pass_both_ways() {
    let answer =
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nTrailer: X-Sum\r\n\r\n2\r\nok\r\n0\r\nX-Sum: 7\r\n\r\n";
    let backend = Backend::answering(answer);
    let balancer = Balancer::over(&[&backend]);
    let lines = ["Transfer-Encoding: chunked", "Trailer: X-Sum", "TE: trailers", "Connection: TE"];
    let mut client = balancer.client();
    for _ in 0..2 {
        let sent = [&request("POST", "/", &lines)[..], b"5\r\nhello\r\n0\r\nX-Sum: 5\r\n\r\n"].concat();
        let answer = client.exchange(&sent);
        assert_eq!((answer.text().as_str(), answer.body.complete), ("ok", true));
        assert_eq!(answer.get("trailer").as_deref(), Some("X-Sum"));
        assert_eq!(answer.body.trailers, [("x-sum".to_owned(), b"7".to_vec())]);
        let seen = backend.requests().pop().unwrap();
        assert_eq!(seen.get("trailer").as_deref(), Some("X-Sum"));
        assert_eq!(seen.body.unwrap().trailers, [("x-sum".to_owned(), b"5".to_vec())]);
    }
}

#[test]
fn up_to_128_fields_pass_and_one_more_is_431() {
    let backend = Backend::echoing();
    let balancer = Balancer::over(&[&backend]);
    let of = |count: usize| {
        let lines: Vec<String> = (1..count).map(|n| format!("X-{n}: a")).collect();
        request("GET", "/", &lines.iter().map(String::as_str).collect::<Vec<_>>())
    };
    assert_eq!(balancer.exchange(&of(128)).status, 200);
    let mut client = balancer.client();
    assert_eq!(client.exchange(&of(129)).status, 431);
    client.assert_closed();
    assert_eq!(backend.requests().len(), 1);
}

#[test]
fn up_to_64_kb_of_fields_pass_and_more_is_431() {
    let backend = Backend::echoing();
    let balancer = Balancer::over(&[&backend]);
    let of = |bytes: usize| request("GET", "/", &[&format!("X-Long: {}", "x".repeat(bytes))]);
    assert_eq!(balancer.exchange(&of(60_000)).status, 200);
    for bytes in [66_000, 70_000, 200_000, 1_000_000] {
        let mut client = balancer.client();
        // It may be refused, and the connection closed, before everything is sent.
        let _ = client.wire.write(&of(bytes));
        let status = client.next_response("GET").map(|answer| answer.status);
        assert_eq!(status, Some(431), "{bytes} bytes");
    }
    assert_eq!(backend.requests().len(), 1);
}

#[test]
fn a_target_beyond_64_kb_is_414() {
    let backend = Backend::echoing();
    let balancer = Balancer::over(&[&backend]);
    let of = |bytes: usize| request("GET", &format!("/{}", "x".repeat(bytes)), &[]);
    assert_eq!(balancer.exchange(&of(60_000)).status, 200);
    for bytes in [66_000, 200_000, 1_000_000] {
        let mut client = balancer.client();
        // It may be refused before everything is sent.
        let _ = client.wire.write(&of(bytes));
        assert_eq!(client.next_response("GET").map(|answer| answer.status), Some(414), "{bytes} bytes");
    }
    assert_eq!(backend.requests().len(), 1);
}

#[test]
fn responses_with_too_large_heads_are_502() {
    let many: Vec<String> = (0..140).map(|n| format!("X-{n}: a")).collect();
    let many: Vec<&str> = many.iter().map(String::as_str).collect();
    let long = format!("X-Long: {}", "x".repeat(70_000));
    for lines in [&many[..], &[long.as_str()]] {
        let backend = Backend::answering(response("200 OK", lines, ""));
        let balancer = Balancer::over(&[&backend]);
        assert_eq!(balancer.get("/big").status, 502);
        assert!(balancer.line(" /big 502 ").contains("b0 sent a malformed response"));
    }
}

#[test]
fn the_host_a_backend_sees_is_the_clients_where_both_are_local() {
    let backend = Backend::echoing();
    let own = format!("localhost:{}", backend.port);
    for (rule, sent, expected) in [
        ("auto", "localhost:3001", "localhost:3001"),
        ("auto", "app.example", own.as_str()),
        ("client", "app.example", "app.example"),
        ("backend", "localhost:3001", own.as_str()),
    ] {
        let balancer = Config::new(&[&backend]).set("/hostHeader", json!(rule)).start();
        balancer.exchange(format!("GET / HTTP/1.1\r\nHost: {sent}\r\n\r\n").as_bytes());
        let seen = backend.requests().pop().unwrap();
        assert_eq!(seen.all("host"), [expected], "{rule} {sent}");
        assert_eq!(seen.all("x-forwarded-host"), [sent], "{rule} {sent}");
    }
}

#[test]
fn redirects_to_the_backends_own_origin_lead_to_the_clients() {
    let backend = Backend::start(|call| {
        let port = call.wire.stream.local_addr().unwrap().port();
        let place = call.target.trim_start_matches('/').replace("OWN", &format!("localhost:{port}"));
        call.send(&response("302 Found", &[&format!("Location: {place}")], ""));
        support::After::Keep
    });
    let balancer = Balancer::over(&[&backend]);
    for (sent, expected) in [
        ("http://OWN/a?b", "http://localhost/a?b"),
        ("http://OWN", "http://localhost"),
        ("http://OWN0/a", "http://OWN0/a"),
        ("https://OWN/a", "https://OWN/a"),
        ("http://elsewhere/a", "http://elsewhere/a"),
        ("relative", "relative"),
    ] {
        let expected = expected.replace("OWN", &format!("localhost:{}", backend.port));
        let answer = balancer.get(&format!("/{sent}"));
        assert_eq!(answer.get("location"), Some(expected), "{sent}");
    }
}
