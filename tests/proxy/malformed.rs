//! What is malformed, or no HTTP at all, is told as what it is: in the log, with who sent it, and on the page.

use std::io::Write as _;
use std::net::TcpStream;

use serde_json::json;

use crate::support::{Backend, Balancer, Config, request};

/// Sends bytes on a connection that stays open, and gives the log line that says what they are.
fn logged(balancer: &Balancer, bytes: &[u8], said: &str) -> String {
    let mut stream = TcpStream::connect(("127.0.0.1", balancer.port)).unwrap();
    stream.write_all(bytes).unwrap();
    balancer.line(said)
}

#[test]
fn what_is_no_http_is_named_in_the_log_with_its_client_also_without_a_line_end() {
    let backend = Backend::echoing();
    let balancer = Config::new(&[&backend]).set("/timeouts/requestHeaders", json!(300)).start();
    for (bytes, said) in [
        (&b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03"[..], "The client speaks TLS"),
        (b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", "The client speaks HTTP/2"),
        (b"SSH-2.0-OpenSSH_9.9\r\n", "What came is no HTTP."),
        (b"\x00\x01\x02", "What came is no HTTP."),
        // Neither a line end nor anything else that tells it from HTTP: known once its time is over.
        (
            b"SSH-2.0-Silent",
            "did not arrive within timeouts.requestHeaders: the 14 bytes that came have no line end: SSH-2.0-Silent",
        ),
        (b"GET / HTTP/1.1\r\nHost: loc", "the request's head did not arrive within timeouts.requestHeaders"),
    ] {
        let line = logged(&balancer, bytes, said);
        assert!(line.contains(" 127.0.0.1 ") && line.contains("refused: "), "{line}");
    }
    assert_eq!(backend.requests().len(), 0);
    assert_eq!(balancer.get("/").status, 200);
}

#[test]
fn a_malformed_header_field_is_named_by_log_and_page() {
    let backend = Backend::answering("HTTP/1.1 200 OK\r\nX-Broken: a\x01b\r\nContent-Length: 0\r\n\r\n");
    let balancer = Balancer::over(&[&backend]);
    let page = balancer.exchange(&request("GET", "/page", &["Accept: text/html"]));
    assert_eq!(page.status, 502);
    assert!(page.text().contains("the backend&#39;s response is malformed"), "{}", page.text());
    assert!(page.text().contains("a header field is malformed: &#39;X-Broken&#39;"), "{}", page.text());
    assert!(
        balancer.line("GET /page 502").contains("sent a malformed response: a header field is malformed: 'X-Broken'")
    );
    let json = balancer.get("/json");
    assert_eq!(json.text(), "{\"error\":\"Bad gateway — backend did not respond.\"}", "as in smart-stick-loadbalancer");

    let mut client = balancer.client();
    client.send(b"GET / HTTP/1.1\r\nHost: a\r\nX-Client: a\x02\r\n\r\n");
    assert_eq!(client.response().status, 400);
    balancer.line("A header field's value is malformed. It is 'X-Client'.");
}

#[test]
fn a_blank_before_a_colon_is_removed_from_a_response() {
    let backend =
        Backend::answering("HTTP/1.1 200 OK\r\nX-XSS-Protection : 1; mode=block\r\nContent-Length \t: 5\r\n\r\nhello");
    let balancer = Balancer::over(&[&backend]);
    let mut client = balancer.client();
    for _ in 0..2 {
        let answer = client.exchange(&request("GET", "/", &[]));
        assert_eq!((answer.status, answer.text().as_str()), (200, "hello"), "RFC 9112 5.1");
        assert_eq!(answer.get("x-xss-protection").as_deref(), Some("1; mode=block"));
    }
    assert_eq!(backend.connections(), 2, "one for checks and one for both requests");
    let trailing = Backend::answering(
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nTrailer: X-Sum\r\n\r\n2\r\nok\r\n0\r\nX-Sum : 7\r\n\r\n",
    );
    let balancer = Balancer::over(&[&trailing]);
    let mut client = balancer.client();
    client.send(&request("GET", "/", &[]));
    assert!(client.response().body.complete);
    assert!(client.received().ends_with(b"\r\nX-Sum: 7\r\n\r\n"));
}

#[test]
fn an_upgrade_that_is_not_passed_on_says_so_in_its_log_line() {
    let backend = Backend::echoing();
    let balancer = Balancer::over(&[&backend]);
    for (path, head, said) in [
        (
            "/h2c",
            "HTTP/1.1\r\nConnection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c",
            "upgrade to h2c not passed on (no HTTP/2",
        ),
        (
            "/old",
            "HTTP/1.0\r\nConnection: Upgrade\r\nUpgrade: websocket",
            "upgrade to websocket not passed on (HTTP/1.0",
        ),
        ("/lost", "HTTP/1.1\r\nUpgrade: websocket", "upgrade to websocket not passed on (Connection does not"),
    ] {
        let answer = balancer.exchange(format!("GET {path} {head}\r\nHost: localhost\r\n\r\n").as_bytes());
        assert_eq!(answer.status, 200, "{path}");
        assert!(balancer.line(&format!(" {path} 200 ")).contains(said), "{path}");
    }
    assert_eq!(balancer.get("/plain").status, 200);
    assert!(!balancer.line(" /plain 200 ").contains("upgrade"));
}

#[test]
fn the_log_says_what_a_response_lacks_that_its_backend_cut_short() {
    for (answer, lacks) in [
        (&b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhello"[..], "its Content-Length promised more"),
        (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n", "its last chunk did not come"),
        (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\nzz\r\n", "a chunk is malformed"),
    ] {
        let backend = Backend::start(move |call| {
            call.body();
            call.send(answer);
            crate::support::After::Close
        });
        let balancer = Balancer::over(&[&backend]);
        let mut client = balancer.client();
        client.send(&request("GET", "/cut", &[]));
        assert!(!client.response().body.complete, "{lacks}");
        let line = balancer.line(" /cut 200 ");
        assert!(line.ends_with(&format!("cut short by the backend: {lacks}")), "{line}");
    }
}
