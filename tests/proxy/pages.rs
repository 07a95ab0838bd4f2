//! Local replies of the balancer: `/_lb/health`, and errors.

use serde_json::{Value, json};

use crate::support::{After, Backend, Balancer, Config, Response, request};

const UNAVAILABLE: &str = r#"{"error":"No healthy backends available."}"#;
const BAD_GATEWAY: &str = r#"{"error":"Bad gateway — backend did not respond."}"#;

/// Requests the health page with this Host.
fn health_of(balancer: &Balancer, host: &str) -> Response {
    balancer.exchange(format!("GET /_lb/health HTTP/1.1\r\nHost: {host}\r\n\r\n").as_bytes())
}

/// A balancer whose one backend is down.
fn all_down(name: &str) -> Balancer {
    let mut backend = Backend::echoing();
    backend.stop();
    Config::new(&[&backend]).set("/backends/0/name", json!(name)).start()
}

fn keys(value: &Value) -> Vec<&str> {
    value.as_object().unwrap().keys().map(String::as_str).collect()
}

#[test]
fn the_health_page_has_every_field_it_promises() {
    let (b0, b1) = (Backend::echoing(), Backend::echoing());
    b1.set_healthy(false);
    let balancer = Config::new(&[&b0, &b1]).set("/backends/0/weight", json!(3)).start();
    balancer.get("/");
    let answer = balancer.get("/_lb/health");
    assert_eq!((answer.status, answer.get("content-type").as_deref()), (200, Some("application/json")));
    assert_eq!(answer.get("access-control-allow-origin"), None);
    let page: Value = serde_json::from_slice(&answer.body.bytes).unwrap();
    for key in ["timestamp", "strategy", "total", "healthy", "unhealthy", "backends"] {
        assert!(keys(&page).contains(&key), "{key}");
    }
    assert_eq!((&page["strategy"], &page["total"]), (&json!("round-robin"), &json!(2)));
    assert_eq!((&page["healthy"], &page["unhealthy"]), (&json!(1), &json!(1)));
    assert!(page["timestamp"].as_str().unwrap().ends_with('Z'));
    let [up, down] = [&page["backends"][0], &page["backends"][1]];
    for key in ["id", "url", "healthy", "weight", "requests", "activeConnections", "lastChecked", "healthCheck", "name"]
        .into_iter()
        .chain(["state", "latency", "sticky", "lastError"])
    {
        assert!(keys(up).contains(&key) && keys(down).contains(&key), "{key}");
    }
    let url = format!("http://localhost:{}", b0.port);
    assert_eq!((&up["id"], &up["url"], &up["name"]), (&json!(0), &json!(url), &json!("b0")));
    assert_eq!((&up["healthy"], &up["state"], &up["weight"]), (&json!(true), &json!("UP"), &json!(3)));
    assert_eq!((&up["requests"], &up["activeConnections"]), (&json!(1), &json!(0)));
    assert_eq!((&down["healthy"], &down["state"]), (&json!(false), &json!("DOWN")));
    assert_eq!((&up["lastError"], &down["lastError"]), (&Value::Null, &json!("GET /health 503")));
    let check = json!({
        "path": "/health", "method": "GET", "algorithm": "http-status", "timeout": 20000,
        "hasCustomHeaders": false, "hasCustomFunction": false,
    });
    assert_eq!(up["healthCheck"], check);
    assert!(up["lastChecked"].is_string());
}

#[test]
fn the_health_page_keeps_its_fields_in_their_order() {
    let backend = Backend::echoing();
    let balancer = Balancer::over(&[&backend]);
    let text = String::from_utf8(balancer.get("/_lb/health").body.bytes).unwrap();
    let pieces: Vec<&str> = text.split('"').collect();
    let keys = pieces.windows(2).filter(|pair| pair[1].starts_with(':')).map(|pair| pair[0]);
    let expected = "timestamp strategy total healthy unhealthy backends id url healthy weight requests activeConnections \
                    queued lastChecked healthCheck path method algorithm timeout hasCustomHeaders hasCustomFunction name \
                    state latency p50 p95 p99 sticky errors lastError checkInterval rate mark letter color sticky listeners url mode pool \
                    totals rate inFlight latency p50 p95 p99 errorShare connections tunnels alerts";
    assert_eq!(keys.collect::<Vec<_>>().join(" "), expected, "{text}");
}

#[test]
fn the_health_page_is_for_this_machines_names_alone() {
    let backend = Backend::echoing();
    let balancer = Balancer::over(&[&backend]);
    for host in ["localhost", "localhost:1", "127.0.0.1", "127.0.0.1:3001", "[::1]", "[::1]:3001", "LOCALHOST"] {
        assert_eq!(health_of(&balancer, host).status, 200, "{host}");
    }
    for host in [
        "evil.example",
        "localhost.evil.example",
        "localhost2024",
        "localhost3001:80",
        "127.0.0.1.evil.example",
        "evil.localhost.example:3001",
        "10.0.0.1",
        "0x7f000001",
        "[::2]",
        "notlocalhost",
    ] {
        let answer = health_of(&balancer, host);
        assert_eq!(answer.status, 421, "{host}");
        assert!(!answer.text().contains("backends"), "{host}");
    }
    assert_eq!(backend.targets(), Vec::<String>::new());
}

#[test]
fn an_absolute_targets_foreign_name_counts_before_the_host() {
    let backend = Backend::echoing();
    let balancer = Balancer::over(&[&backend]);
    let sent = b"GET http://evil.example/_lb/health HTTP/1.1\r\nHost: localhost\r\n\r\n";
    assert_eq!(balancer.exchange(sent).status, 421);
    let sent = b"GET http://localhost:1@evil.example/_lb/health HTTP/1.1\r\nHost: localhost\r\n\r\n";
    assert!(matches!(balancer.exchange(sent).status, 400 | 421));
    let mut client = balancer.client();
    client.send(b"GET /_lb/health HTTP/1.0\r\n\r\n");
    assert_eq!(client.response().status, 421);
}

#[test]
fn a_foreign_origin_gets_no_health_page() {
    let backend = Backend::echoing();
    let balancer = Balancer::over(&[&backend]);
    let status =
        |origin: &str| balancer.exchange(&request("GET", "/_lb/health", &[&format!("Origin: {origin}")])).status;
    assert_eq!(status("http://evil.example"), 403);
    assert_eq!(status("null"), 403);
    assert_eq!(status(&format!("http://localhost:{}", balancer.port)), 200);
}

#[test]
fn the_health_page_can_only_be_read() {
    let backend = Backend::echoing();
    let balancer = Balancer::over(&[&backend]);
    for method in ["POST", "PUT", "DELETE", "PATCH", "OPTIONS"] {
        let answer = balancer.exchange(&request(method, "/_lb/health", &["Content-Length: 0"]));
        assert_eq!((answer.status, answer.all("allow")), (405, vec!["GET, HEAD".to_owned()]), "{method}");
    }
    assert_eq!(balancer.exchange(&request("HEAD", "/_lb/health", &[])).status, 200);
    assert_eq!(balancer.get("/_lb/other").status, 404);
    assert_eq!(backend.targets(), Vec::<String>::new());
}

#[test]
fn a_websocket_of_another_version_is_told_what_to_upgrade_to() {
    // RFC 9110 15.5.22, RFC 6455 4.4
    let backend = Backend::echoing();
    let balancer = Balancer::over(&[&backend]);
    let lines = ["Connection: Upgrade", "Upgrade: websocket", "Sec-WebSocket-Version: 8", "Sec-WebSocket-Key: x"];
    let answer = balancer.exchange(&request("GET", "/_lb/events", &lines));
    assert_eq!((answer.status, answer.all("upgrade")), (426, vec!["websocket".to_owned()]));
    assert_eq!(answer.all("sec-websocket-version"), ["13"]);
    assert!(answer.all("connection").iter().any(|value| value == "upgrade"), "RFC 9110 7.8: {answer:?}");
}

#[test]
fn no_header_value_owner_or_password_is_on_any_page_or_line() {
    let backend = Backend::echoing();
    let balancer = Config::new(&[&backend])
        .set("/backends/0/owner", json!("owner@secret.example"))
        .set("/backends/0/healthHeaders", json!({"Authorization": "Bearer secret-token"}))
        .set("/email", json!({"host": "localhost", "auth": {"user": "secret-user", "pass": "secret-pass"}, "from": "secret@a.example"}))
        .start();
    let lines = ["Cookie: secret-cookie=1", "Authorization: Basic secret", "X-Other: secret"];
    assert_eq!(balancer.exchange(&request("GET", "/page", &lines)).status, 200);
    balancer.line(" /page 200 ");
    let page = balancer.get("/_lb/health").text();
    assert!(page.contains("\"hasCustomHeaders\":true"));
    for text in balancer.lines().iter().chain([&page]) {
        assert!(!text.contains("secret"), "{text}");
    }
}

#[test]
fn with_nobody_up_scripts_get_json() {
    let balancer = all_down("down");
    let answer = balancer.get("/");
    assert_eq!((answer.status, answer.text().as_str()), (503, UNAVAILABLE));
    assert_eq!(answer.get("content-type").as_deref(), Some("application/json"));
    for accept in ["*/*", "application/json", "text/plain"] {
        let answer = balancer.exchange(&request("GET", "/", &[&format!("Accept: {accept}")]));
        assert_eq!(answer.text(), UNAVAILABLE, "{accept}");
    }
    assert_eq!(balancer.exchange(&request("HEAD", "/", &[])).status, 503);
}

#[test]
fn a_backend_without_an_answer_is_502_in_json() {
    let backend = Backend::start(|_| After::Close);
    let answer = Balancer::over(&[&backend]).get("/");
    assert_eq!((answer.status, answer.text().as_str()), (502, BAD_GATEWAY));
    assert_eq!(answer.get("content-type").as_deref(), Some("application/json"));
}

#[test]
fn browsers_get_a_page_that_says_the_same_and_why() {
    let accept = ["Accept: text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"];
    let answer = all_down("down").exchange(&request("GET", "/", &accept));
    assert_eq!((answer.status, answer.get("content-type").as_deref()), (503, Some("text/html; charset=utf-8")));
    assert!(answer.text().contains("No healthy backends available."));
    let backend = Backend::start(|_| After::Close);
    let answer = Balancer::over(&[&backend]).exchange(&request("GET", "/", &accept));
    assert_eq!((answer.status, answer.get("content-type").as_deref()), (502, Some("text/html; charset=utf-8")));
    let page = answer.text();
    assert!(page.contains("Bad gateway — backend did not respond.") && page.contains("b0 gave no answer"), "{page}");
}

#[test]
fn a_page_escapes_what_it_echoes() {
    let backend = Backend::start(|_| After::Close);
    let name = "<script>\"'&\u{1b}[31m\u{202e}";
    let balancer = Config::new(&[&backend]).set("/backends/0/name", json!(name)).start();
    let page = balancer.exchange(&request("GET", "/<script>alert(1)</script>", &["Accept: text/html"]));
    let text = page.text();
    assert!(!text.contains("<script>") && !text.contains('\u{1b}') && !text.contains('\u{202e}'), "{text}");
    if page.status == 502 {
        assert!(text.contains("&lt;script&gt;&quot;&#39;&amp;\\x1b[31m\\u{202e} gave no answer"), "{text}");
    }
    let page = balancer.exchange(&request("GET", "/", &["Accept: text/html"]));
    assert!(page.text().contains("&lt;script&gt;&quot;&#39;&amp;\\x1b[31m\\u{202e} gave no answer"), "{}", page.text());
}

#[test]
fn a_request_is_one_log_line_whatever_is_in_it() {
    let backend = Backend::echoing();
    let balancer = Balancer::over(&[&backend]);
    let sent = b"GET /a\xc2\x9b31m\xe2\x80\xae HTTP/1.1\r\nHost: localhost\r\n\r\n";
    balancer.exchange(sent);
    balancer.get("/after");
    balancer.line(" /after 200 ");
    let lines = balancer.lines();
    assert_eq!(lines.iter().filter(|line| line.contains("GET /a")).count(), 2, "{lines:#?}");
    assert!(lines.iter().all(|line| !line.contains(['\u{9b}', '\u{1b}', '\u{202e}'])), "{lines:#?}");
}

#[test]
fn a_page_of_the_balancer_leaves_the_connection_usable() {
    let backend = Backend::echoing();
    let balancer = Balancer::over(&[&backend]);
    let mut client = balancer.client();
    for _ in 0..3 {
        assert_eq!(client.exchange(&request("GET", "/_lb/health", &[])).status, 200);
        assert_eq!(client.exchange(&request("HEAD", "/_lb/health", &[])).status, 200);
        assert_eq!(client.exchange(&request("GET", "/", &[])).status, 200);
    }
}
