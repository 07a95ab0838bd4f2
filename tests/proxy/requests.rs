//! Requests: their authority and their target (RFC 9112 3, RFC 9110 7.8 and 9).

use crate::support::{Backend, Balancer, request};

/// The status of the response to these bytes, on a new connection.
fn status(balancer: &Balancer, bytes: &[u8]) -> Option<u16> {
    let mut client = balancer.client();
    client.send(bytes);
    client.next_response("GET").map(|answer| answer.status)
}

#[test]
fn a_request_without_one_good_host_is_refused_and_the_connection_closes() {
    let backend = Backend::echoing();
    let balancer = Balancer::over(&[&backend]);
    let hosts = [
        "",
        "Host: localhost\r\nHost: localhost\r\n",
        "Host: localhost\r\nHost: other\r\n",
        "Host: \r\n",
        "Host: a b\r\n",
        "Host: a/b\r\n",
        "Host: user@localhost\r\n",
        "Host: localhost:port\r\n",
        "Host: localhost:1:2\r\n",
        "Host: [::1\r\n",
        "Host: a,b\"\r\n",
        "Host: a?b\r\n",
        "Host: a#b\r\n",
    ];
    for host in hosts {
        let mut client = balancer.client();
        client.send(format!("GET /bad HTTP/1.1\r\n{host}\r\nGET /hidden HTTP/1.1\r\nHost: a\r\n\r\n").as_bytes());
        assert_eq!(client.response().status, 400, "{host:?}");
        client.assert_closed();
    }
    assert_eq!(balancer.get("/after").status, 200);
    assert_eq!(backend.targets(), ["/after"]);
}

#[test]
fn http_1_0_without_host_is_served_without_chunks_and_closed() {
    let chunked = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n";
    let backend = Backend::answering(chunked);
    let balancer = Balancer::over(&[&backend]);
    let mut client = balancer.client();
    client.send(b"GET /old HTTP/1.0\r\n\r\n");
    let answer = client.response();
    assert_eq!((answer.status, answer.get("transfer-encoding"), answer.text().as_str()), (200, None, "hello"));
    client.assert_closed();
    let seen = &backend.requests()[0];
    assert_eq!((seen.version.as_str(), seen.all("host").len()), ("HTTP/1.1", 1));
}

#[test]
fn an_absolute_target_goes_on_in_origin_form_and_its_authority_is_the_host() {
    let backend = Backend::echoing();
    let balancer = Balancer::over(&[&backend]);
    let answer = balancer.exchange(b"GET http://localhost:1234/a/b?c=d HTTP/1.1\r\nHost: evil.example\r\n\r\n");
    assert_eq!(answer.status, 200);
    let seen = &backend.requests()[0];
    assert_eq!(seen.target, "/a/b?c=d");
    assert_eq!(
        (seen.all("host"), seen.all("x-forwarded-host")),
        (vec!["localhost:1234".to_owned()], vec!["localhost:1234".to_owned()])
    );
}

#[test]
fn an_absolute_target_without_a_path_asks_for_the_root() {
    let backend = Backend::echoing();
    let balancer = Balancer::over(&[&backend]);
    assert_eq!(status(&balancer, b"GET http://localhost HTTP/1.1\r\nHost: localhost\r\n\r\n"), Some(200));
    assert_eq!(status(&balancer, b"GET http://localhost?q HTTP/1.1\r\nHost: localhost\r\n\r\n"), Some(200));
    assert_eq!(backend.targets(), ["/", "/?q"]);
}

#[test]
fn user_information_in_a_target_never_becomes_a_host() {
    // RFC 9110 4.2.4
    let backend = Backend::echoing();
    let balancer = Balancer::over(&[&backend]);
    status(&balancer, b"GET http://user:pass@localhost/ HTTP/1.1\r\nHost: localhost\r\n\r\n");
    for seen in backend.requests() {
        let hosts = [seen.all("host"), seen.all("x-forwarded-host")].concat();
        assert!(hosts.iter().all(|host| !host.contains('@')), "{hosts:?}");
    }
}

#[test]
fn the_asterisk_of_options_stays() {
    let backend = Backend::echoing();
    let balancer = Balancer::over(&[&backend]);
    assert_eq!(balancer.exchange(&request("OPTIONS", "*", &[])).status, 200);
    assert_eq!((backend.targets(), backend.requests()[0].method.as_str()), (vec!["*".to_owned()], "OPTIONS"));
}

#[test]
fn options_of_a_whole_server_by_an_absolute_target_reaches_the_backend_as_the_asterisk() {
    // RFC 9112 3.2.4
    let backend = Backend::echoing();
    let balancer = Balancer::over(&[&backend]);
    assert_eq!(status(&balancer, b"OPTIONS http://localhost HTTP/1.1\r\nHost: localhost\r\n\r\n"), Some(200));
    assert_eq!(status(&balancer, b"OPTIONS http://localhost/ HTTP/1.1\r\nHost: localhost\r\n\r\n"), Some(200));
    assert_eq!(backend.targets(), ["*", "/"]);
}

#[test]
fn options_that_may_be_forwarded_no_further_is_answered_here() {
    // RFC 9110 7.6.2, 9.3.7
    let backend = Backend::echoing();
    let balancer = Balancer::over(&[&backend]);
    let mut client = balancer.client();
    for target in ["*", "/a"] {
        let answer = client.exchange(&request("OPTIONS", target, &["Max-Forwards: 0"]));
        assert_eq!((answer.status, answer.text().as_str(), answer.get("content-type")), (200, "", None), "{target}");
        assert_eq!(answer.get("allow").as_deref(), Some("GET, HEAD, POST, PUT, DELETE, OPTIONS, PATCH"), "{target}");
    }
    assert_eq!(backend.targets(), Vec::<String>::new());
}

#[test]
fn each_forwarding_of_options_is_counted_and_that_of_no_other_method() {
    // RFC 9110 7.6.2
    let backend = Backend::echoing();
    let balancer = Balancer::over(&[&backend]);
    for (method, sent, expected) in [
        ("OPTIONS", "1", "0"),
        ("OPTIONS", "010", "9"),
        ("OPTIONS", "many", "many"),
        ("GET", "0", "0"),
        ("POST", "7", "7"),
    ] {
        let lines = [&format!("Max-Forwards: {sent}"), "Content-Length: 0"];
        assert_eq!(balancer.exchange(&request(method, "/", &lines)).status, 200, "{method} {sent}");
        assert_eq!(backend.requests().pop().unwrap().all("max-forwards"), [expected], "{method} {sent}");
    }
}

#[test]
fn an_empty_line_before_a_request_is_read_over() {
    // RFC 9112 2.2
    let backend = Backend::echoing();
    let balancer = Balancer::over(&[&backend]);
    let mut client = balancer.client();
    for _ in 0..2 {
        client.send(b"\r\n\r\n");
        assert_eq!(client.exchange(&request("GET", "/", &[])).status, 200);
    }
}

#[test]
fn a_request_that_comes_byte_by_byte_is_the_same_request() {
    let backend = Backend::echoing();
    let balancer = Balancer::over(&[&backend]);
    let mut client = balancer.client();
    let sent = [&request("POST", "/slow", &["Transfer-Encoding: chunked"])[..], b"5\r\nhello\r\n0\r\n\r\n"].concat();
    for byte in sent {
        client.send(&[byte]);
    }
    assert_eq!(client.response().text(), "hello");
    assert_eq!(client.exchange(&request("GET", "/next", &[])).status, 200);
}

#[test]
fn the_asterisk_is_for_options_alone() {
    let backend = Backend::echoing();
    let balancer = Balancer::over(&[&backend]);
    assert_eq!(status(&balancer, &request("GET", "*", &[])), Some(400), "RFC 9112 3.2.4");
}

#[test]
fn connect_and_trace_are_not_allowed() {
    let backend = Backend::echoing();
    let balancer = Balancer::over(&[&backend]);
    for (method, target) in [("CONNECT", "localhost:80"), ("TRACE", "/"), ("CONNECT", "/")] {
        let answer = balancer.exchange(&request(method, target, &[]));
        // RFC 9110 15.5.6
        let allow = Some("GET, HEAD, POST, PUT, DELETE, OPTIONS, PATCH".to_owned());
        assert_eq!((answer.status, answer.get("allow")), (405, allow), "{method} {target}");
    }
    assert_eq!(backend.targets(), Vec::<String>::new());
}

#[test]
fn any_other_method_passes_with_its_case() {
    let backend = Backend::echoing();
    let balancer = Balancer::over(&[&backend]);
    for method in ["get", "PROPFIND", "M-SEARCH", "Purge", "QUERY", "X!#$%&'*+.^_`|~9"] {
        assert_eq!(balancer.exchange(&request(method, "/", &[])).status, 200, "{method}");
        assert_eq!(backend.requests().pop().unwrap().method, method);
    }
}

#[test]
fn what_http_1_0_expects_is_not_passed_on() {
    // RFC 9110 10.1.1
    let backend = Backend::echoing();
    let balancer = Balancer::over(&[&backend]);
    let head = "POST / HTTP/1.0\r\nHost: localhost\r\nExpect: 100-continue\r\nContent-Length: 5\r\n\r\nhello";
    let answer = balancer.exchange(head.as_bytes());
    assert_eq!((answer.text().as_str(), answer.interim.len()), ("hello", 0));
    assert_eq!(backend.requests()[0].all("expect"), Vec::<String>::new());
}

#[test]
fn path_and_query_pass_byte_for_byte() {
    let backend = Backend::echoing();
    let balancer = Balancer::over(&[&backend]);
    let targets: Vec<&[u8]> = vec![
        b"/a%2Fb%2f%00",
        b"//a//b/",
        b"/a/../b/./c",
        b"/..%2f..",
        b"/a;b=c;d",
        b"/a?",
        b"/?",
        b"/a??b=?&&=",
        b"/a%zz%",
        b"/~!$&'()*+,;=:@-._",
        b"/?a=[1]&b={x}|y\\z^",
        "/grüße/日本?q=ü".as_bytes(),
        b"/\"quoted\"",
        b"/{curly}",
        b"/?q=http://user@host:1/x?y",
        b"/_lbx",
        b"/a/_lb/health",
    ];
    let mut wrong = Vec::new();
    for target in targets {
        let sent = [b"GET ", target, b" HTTP/1.1\r\nHost: localhost\r\n\r\n"].concat();
        let shown = String::from_utf8_lossy(target).into_owned();
        match status(&balancer, &sent) {
            Some(200) => {
                let seen = backend.requests().pop().unwrap();
                let expected = [b"GET ", target, b" HTTP/1.1\r\n"].concat();
                let bytes = backend.bytes(seen.connection);
                if !bytes.windows(expected.len()).any(|w| w == expected) {
                    wrong.push(format!("{shown} became {}", seen.target));
                }
            }
            other => wrong.push(format!("{shown} was answered {other:?}")),
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[test]
fn a_raw_hash_in_a_target_is_refused() {
    let backend = Backend::echoing();
    let balancer = Balancer::over(&[&backend]);
    let statuses = ["/a#b", "/a?b#c", "/#"].map(|target| status(&balancer, &request("GET", target, &[])));
    assert_eq!((statuses, backend.targets()), ([Some(400); 3], Vec::new()), "RFC 9112 3.2: no fragment in a target");
}

#[test]
fn spaces_and_control_bytes_in_a_target_are_refused() {
    let backend = Backend::echoing();
    let balancer = Balancer::over(&[&backend]);
    for target in ["/a b", "/a\tb", "/a\x01b", "/a\x7fb", "/a\0b", "/a\x1b[31m", ""] {
        assert_eq!(status(&balancer, &request("GET", target, &[])), Some(400), "{target:?}");
    }
    assert_eq!(backend.targets(), Vec::<String>::new());
}

#[test]
fn what_the_http_library_does_not_take_is_refused_and_never_changed() {
    let backend = Backend::echoing();
    let balancer = Balancer::over(&[&backend]);
    for target in ["/a`b", "/a^b", "/a|b", "/?a=\"b\"", "/?<b>", "/<b>", "/?a`b"] {
        match status(&balancer, &request("GET", target, &[])) {
            Some(200) => assert_eq!(backend.targets().last().map(String::as_str), Some(target)),
            other => assert_eq!(other, Some(400), "{target}"),
        }
    }
}

#[test]
fn a_target_that_is_neither_a_path_nor_absolute_is_refused() {
    // RFC 9112 3.2.1 and 3.2.3: the authority form is only for CONNECT.
    let backend = Backend::echoing();
    let balancer = Balancer::over(&[&backend]);
    let targets = ["a", "a/b", "localhost:80", "?a", "ftp://localhost/a", "mailto:a"];
    let mut statuses = Vec::new();
    for target in targets {
        statuses.push((target, status(&balancer, &request("GET", target, &[]))));
    }
    let good = statuses.iter().all(|(_, status)| *status == Some(400));
    assert!(good && backend.targets().is_empty(), "{statuses:?}, at the backend: {:?}", backend.targets());
}

#[test]
fn versions_that_are_not_http_1_are_refused() {
    let backend = Backend::echoing();
    let balancer = Balancer::over(&[&backend]);
    for (version, expected) in [
        ("HTTP/2.0", 505),
        ("HTTP/0.9", 505),
        ("http/1.1", 400),
        ("HTTP/1.1x", 400),
        ("HTTP/1.1\r", 400),
        ("HTTP/1.10", 400),
        ("HTTP/01.1", 400),
        ("HTTP/ 1.1", 400),
    ] {
        let sent = format!("GET /bad {version}\r\nHost: localhost\r\n\r\n");
        assert_eq!(status(&balancer, sent.as_bytes()), Some(expected), "{version:?}");
    }
    assert_eq!(backend.targets(), Vec::<String>::new());
}

#[test]
fn a_later_minor_version_is_taken_for_http_1_1_in_both_directions() {
    // RFC 9110 6.2
    let backend = Backend::answering("HTTP/1.2 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\n\r\n");
    let balancer = Balancer::over(&[&backend]);
    for version in ["HTTP/1.2", "HTTP/1.9"] {
        let mut client = balancer.client();
        for _ in 0..2 {
            let answer = client.exchange(format!("GET / {version}\r\nHost: localhost\r\n\r\n").as_bytes());
            assert_eq!((answer.status, answer.version.as_str(), answer.text().as_str()), (200, "HTTP/1.1", "ok"));
        }
    }
    assert!(backend.requests().iter().all(|seen| seen.version == "HTTP/1.1"));
}

#[test]
fn what_the_http_library_refuses_is_logged_with_its_reason() {
    let backend = Backend::echoing();
    let balancer = Balancer::over(&[&backend]);
    assert_eq!(status(&balancer, b"GET /a b HTTP/1.1\r\nHost: localhost\r\n\r\n"), Some(400));
    assert_eq!(balancer.get("/after").status, 200);
    balancer.line(" /after 200 ");
    let lines = balancer.lines();
    assert!(lines.iter().any(|line| line.contains("400")), "nothing is said of it: {lines:#?}");
}
