//! Chunked request bodies: sizes, extensions and trailers (RFC 9112 7.1, RFC 9110 6.5).

use crate::support::{After, Backend, Balancer, request};

#[test]
fn a_bad_chunk_never_ends_cleanly_at_the_backend() {
    let backend = Backend::echoing();
    let balancer = Balancer::over(&[&backend]);
    let bad = [
        "0x5\r\nhello\r\n0\r\n\r\n",
        "+5\r\nhello\r\n0\r\n\r\n",
        "-1\r\nhello\r\n0\r\n\r\n",
        "5_0\r\nhello\r\n0\r\n\r\n",
        "\r\nhello\r\n0\r\n\r\n",
        "10000000000000005\r\nhello\r\n0\r\n\r\n",
        "fffffffffffffffff\r\nhello\r\n0\r\n\r\n",
        "8000000000000000\r\nhello",
        "ffffffffffffffff\r\nhello",
        "5 junk\r\nhello\r\n0\r\n\r\n",
        "5\r\nhelloXX0\r\n\r\n",
        "5\r\nhello0\r\n\r\n",
        "5\nhello\n0\n\n",
        "5\rhello\r\n0\r\n\r\n",
    ];
    for body in bad {
        let mut client = balancer.client();
        let head = request("POST", "/bad", &["Transfer-Encoding: chunked"]);
        client.send(&[&head, body.as_bytes(), &request("GET", "/hidden", &[])].concat());
        if let Some(answer) = client.next_response("POST") {
            assert!(answer.status >= 400, "{body:?} was answered {}", answer.status);
        }
        client.assert_closed();
    }
    assert_eq!(balancer.get("/after").status, 200);
    for (number, seen) in backend.requests().iter().enumerate().filter(|(_, r)| r.target != "/after") {
        assert_eq!(seen.target, "/bad");
        assert!(!backend.wait_for_body(number).complete, "{seen:?}");
    }
}

#[test]
fn a_bad_chunk_is_the_clients_fault_and_not_the_backends() {
    let backend = Backend::echoing();
    let balancer = Balancer::over(&[&backend]);
    let head = request("POST", "/bad", &["Transfer-Encoding: chunked"]);
    let mut client = balancer.client();
    client.send(&[&head, "5\r\nhello\r\nxyz\r\n".as_bytes()].concat());
    let status = client.next_response("POST").map(|answer| answer.status);
    client.assert_closed();
    assert!(status.is_none_or(|status| status == 400), "{status:?}");
    let line = balancer.line(" POST /bad ");
    assert_eq!(balancer.backend(0)["errors"], 0, "{line}");
}

#[test]
fn chunk_extensions_are_dropped() {
    let backend = Backend::echoing();
    let balancer = Balancer::over(&[&backend]);
    let head = request("POST", "/", &["Transfer-Encoding: chunked"]);
    let body = "5;a=b\r\nhello\r\n3 ; c=\"d;e\"\r\nyou\r\n0;last\r\n\r\n";
    let answer = balancer.exchange(&[&head, body.as_bytes()].concat());
    assert_eq!(answer.text(), "helloyou");
    let sent = backend.bytes(backend.requests()[0].connection);
    let sent = String::from_utf8_lossy(&sent);
    assert!(!sent.contains("a=b") && !sent.contains("last") && !sent.contains("c="), "{sent}");
}

#[test]
fn chunks_of_padded_sizes_pass_however_many_there_are() {
    // Some servers pad the chunk size with spaces.
    const CHUNKS: usize = 8_000;
    let backend = Backend::start(|call| {
        call.send(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n");
        let chunk = format!("400   \r\n{}\r\n", "x".repeat(0x400));
        for _ in 0..CHUNKS / 100 {
            call.send(chunk.repeat(100).as_bytes());
        }
        call.send(b"0     \r\n\r\n");
        After::Keep
    });
    let balancer = Balancer::over(&[&backend]);
    let answer = balancer.get("/padded");
    assert_eq!((answer.body.complete, answer.body.bytes.len()), (true, CHUNKS * 0x400));
}

#[test]
fn chunk_extensions_are_bounded() {
    let backend = Backend::echoing();
    let balancer = Balancer::over(&[&backend]);
    let mut client = balancer.client();
    client.send(&request("POST", "/", &["Transfer-Encoding: chunked"]));
    let mut body = String::new();
    for _ in 0..100 {
        body.push_str("1;");
        body.push_str(&"x".repeat(1000));
        body.push_str("\r\na\r\n");
    }
    body.push_str("0\r\n\r\n");
    // The balancer may close before all of it is sent.
    let _ = client.wire.write(body.as_bytes());
    let status = client.next_response("POST").map(|answer| answer.status);
    assert!(status.is_none_or(|status| status >= 400), "{status:?}");
}

/// Bare line feeds, which end a trailer section for some servers and not for others.
const BARE_LF: [&str; 6] =
    ["0\r\n\n", "0\r\nX: 1\n\r\n", "0\r\nX: 1\r\n\n", "0\r\nX: 1\n\n", "0\r\nX: 1\nY: 2\r\n\r\n", "0\n\r\n"];

#[test]
fn a_bare_lf_in_trailers_ends_the_connection_and_hides_no_request() {
    // RFC 9112 2.2, 7.1.2
    let backend = Backend::echoing();
    let balancer = Balancer::over(&[&backend]);
    for end in BARE_LF {
        let mut client = balancer.client();
        let head = request("POST", "/bad", &["Transfer-Encoding: chunked"]);
        let body = format!("5\r\nhello\r\n{end}");
        client.send(&[&head, body.as_bytes(), &request("GET", "/hidden", &[])].concat());
        if let Some(answer) = client.next_response("POST") {
            assert_eq!(answer.status, 400, "{end:?}");
        }
        client.assert_closed();
    }
    assert_eq!(balancer.get("/after").status, 200);
    assert!(!backend.targets().iter().any(|target| target == "/hidden"), "{:?}", backend.targets());
}

#[test]
fn a_response_whose_trailers_have_a_bare_lf_is_seen_as_cut_short_at_once() {
    for end in BARE_LF {
        let backend = Backend::start(move |call| {
            let head = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n";
            call.send(format!("{head}5\r\nhello\r\n{end}").as_bytes());
            call.wait_for_close();
            After::Close
        });
        let balancer = Balancer::over(&[&backend]);
        let mut client = balancer.client();
        client.send(&request("GET", "/cut", &[]));
        if let Some(answer) = client.next_response("GET") {
            assert!(!answer.body.complete, "{end:?}");
        }
        // The balancer has ended the exchange: it does not wait for the rest.
        client.rest();
    }
}

#[test]
fn trailers_do_not_become_headers() {
    let backend = Backend::echoing();
    let balancer = Balancer::over(&[&backend]);
    let lines = ["Transfer-Encoding: chunked", "Trailer: X-Sum, Content-Length, Host, Authorization, Content-Type"];
    let body = "5\r\nhello\r\n0\r\nX-Sum: 1\r\nContent-Length: 500\r\nTransfer-Encoding: gzip\r\nHost: evil\r\n\
                Authorization: Basic eA==\r\nContent-Type: evil/x\r\n\r\n";
    let answer = balancer.exchange(&[&request("POST", "/", &lines), body.as_bytes()].concat());
    assert_eq!(answer.text(), "hello");
    let seen = &backend.requests()[0];
    for name in ["x-sum", "authorization", "content-length", "content-type"] {
        assert_eq!(seen.get(name), None, "{name}");
    }
    assert_eq!((seen.all("host").len(), seen.all("transfer-encoding")), (1, vec!["chunked".to_owned()]));
    let trailers: Vec<String> = seen.body.as_ref().unwrap().trailers.iter().map(|(name, _)| name.clone()).collect();
    assert!(trailers.iter().all(|name| name == "x-sum"), "RFC 9110 6.5.1: {trailers:?}");
}

#[test]
fn what_would_change_the_message_is_dropped_from_trailers_in_both_directions() {
    let asked = ["If-Match", "If-None-Match", "Date", "Origin", "Accept-Encoding", "Via"];
    let answered = ["Vary", "Age", "Expires", "Retry-After", "WWW-Authenticate", "Location", "Set-Cookie", "X-Backend"];
    let section = |names: &[&str]| names.iter().map(|name| format!("{name}: evil\r\n")).collect::<Vec<_>>().concat();
    let head = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n";
    let backend = Backend::answering(format!("{head}0\r\n{}ETag: good\r\n\r\n", section(&answered)));
    let balancer = Balancer::over(&[&backend]);
    let sent = format!("0\r\n{}Content-MD5: good\r\n\r\n", section(&asked));
    let answer = balancer.exchange(&[&request("POST", "/", &["Transfer-Encoding: chunked"]), sent.as_bytes()].concat());
    assert_eq!(answer.body.trailers, [("etag".to_owned(), b"good".to_vec())]);
    let trailers = backend.requests()[0].body.clone().unwrap().trailers;
    assert_eq!(trailers, [("content-md5".to_owned(), b"good".to_vec())]);
}

#[test]
fn what_connection_names_ends_here_in_the_trailers_too() {
    // RFC 9110 7.6.1
    let trailers = "0\r\nX-Hop: 1\r\nX-Two: 2\r\nX-Sum: 7\r\n\r\n";
    let head = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nConnection: x-hop\r\nConnection: close, X-TWO\r\n\r\n";
    let backend = Backend::answering(format!("{head}{trailers}"));
    let balancer = Balancer::over(&[&backend]);
    let lines = ["Transfer-Encoding: chunked", "Connection: X-Two, TE", "TE: trailers", "Connection: x-hop"];
    let answer = balancer.exchange(&[&request("POST", "/", &lines), trailers.as_bytes()].concat());
    let sum = [("x-sum".to_owned(), b"7".to_vec())];
    assert_eq!((answer.body.complete, answer.body.trailers.as_slice()), (true, &sum[..]));
    assert_eq!(backend.requests()[0].body.clone().unwrap().trailers, sum);
}

#[test]
fn credentials_and_connection_fields_in_trailers_are_dropped() {
    let backend = Backend::echoing();
    let balancer = Balancer::over(&[&backend]);
    let names =
        ["Cookie", "Proxy-Authorization", "Connection", "Keep-Alive", "Upgrade", "Forwarded", "X-Forwarded-For"];
    let announced = format!("Trailer: {}", names.join(", "));
    let mut body = "5\r\nhello\r\n0\r\n".to_owned();
    for name in names {
        body.push_str(name);
        body.push_str(": evil\r\n");
    }
    body.push_str("\r\n");
    let head = request("POST", "/", &["Transfer-Encoding: chunked", &announced]);
    assert_eq!(balancer.exchange(&[&head, body.as_bytes()].concat()).text(), "hello");
    let trailers = backend.requests()[0].body.clone().unwrap().trailers;
    assert!(trailers.is_empty(), "RFC 9110 6.5.1: {trailers:?}");
}
