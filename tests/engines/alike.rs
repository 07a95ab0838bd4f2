//! Requests that must fare with an engine as they do with our balancer.

use rustix::process::Signal;
use serde_json::{Value, json};

use crate::moved::{Engine, Site, one_pool_each};
use crate::support::{Client, Response};

const WEBSOCKET: &str = "Connection: keep-alive, Upgrade\r\nUpgrade: WebSocket\r\n\
    Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n";

const HTTP2: &str =
    "Connection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAMAAABkAARAAAAAAAIAAAAA\r\n";

/// Routes to a pool for each backend.
fn routed(config: &mut Value) {
    let routes = json!([
        {"match": {"upgrade": true}, "pool": "charlie"},
        {"match": {"pathPrefix": "/api"}, "pool": "bravo"},
        {"match": {"pathPrefix": "/caf%C3%A9/"}, "pool": "bravo"},
        {"match": {"host": "*.bravo.localhost"}, "pool": "bravo"},
    ]);
    one_pool_each(config, &routes);
}

/// What is asked: host, target and further lines.
const ASKED: [(&str, &str, &str); 18] = [
    ("localhost", "/", ""),
    ("APP.localhost.:80", "/", ""),
    ("localhost", "/api", ""),
    ("localhost", "/api?x=1", ""),
    ("localhost", "/api/cart", ""),
    ("localhost", "/apiary", ""),
    ("localhost", "/API", ""),
    ("localhost", "/%61pi", ""),
    ("localhost", "/api%2Fcart", ""),
    ("localhost", "//api", ""),
    ("localhost", "/x/../api", ""),
    ("localhost", "/x?/api", ""),
    ("localhost", "/caf%C3%A9/", ""),
    ("localhost", "/caf%c3%a9/", ""),
    ("x.y.bravo.localhost.", "/", ""),
    ("other.localhost", "/", ""),
    ("localhost", "/", WEBSOCKET),
    ("localhost", "/", HTTP2),
];

/// A request goes to the pool that our routes lead to, however it is written.
pub(crate) fn routes_lead_where_ours_do(engine: &Engine) {
    compared(engine, routed, |site| {
        let who = |(host, target, lines)| {
            let answer = send(site, host, target, lines);
            let name = if answer.status == 200 { answer.text() } else { String::new() };
            format!("{host} {target} {lines}: {} {name}", answer.status)
        };
        ASKED.map(who).to_vec()
    });
}

/// A client that came to a backup goes back when others are up.
pub(crate) fn clients_of_a_backup_go_back(engine: &Engine) {
    let backup = |config: &mut Value| config["backends"][2]["backup"] = json!(true);
    compared(engine, backup, |site| {
        let answer = site.ask(Some("X-Backend-ID=12"));
        assert_ne!(answer.text(), "charlie");
        vec![format!("{} {}", answer.status, answer.get("set-cookie").is_some())]
    });
}

/// What a client says that only proxies are asked for.
const CLAIMS: &str = "X-Forwarded-For: 192.0.2.1\r\nX-Forwarded-Host: other.test\r\nX-Forwarded-Proto: https\r\n\
    X-Forwarded-Port: 1\r\nX-Forwarded-Prefix: /x\r\nX-Forwarded-Server: x\r\nX-Forwarded-User: root\r\n\
    X_Forwarded_For: 192.0.2.1\r\nX-Real-IP: 192.0.2.1\r\n";

/// What backends are told in, and what they are asked for.
const FIELDS: [&str; 11] = [
    "Host",
    "X-Forwarded-For",
    "X-Forwarded-Host",
    "X-Forwarded-Proto",
    "X-Forwarded-Port",
    "X-Forwarded-Prefix",
    "X-Forwarded-Server",
    "X-Forwarded-User",
    "X_Forwarded_For",
    "X-Real-IP",
    "Upgrade",
];

/// Backends are told the same of a client, whatever it says itself.
pub(crate) fn backends_are_told_what_ours_tells(engine: &Engine) {
    compared(
        engine,
        |_| {},
        |site| {
            let told = |lines: &str| {
                let name = send(site, "localhost", "/told", &format!("{lines}Forwarded: for=192.0.2.1\r\n")).text();
                let requests = site.backend(&name).requests();
                let request = requests.iter().rfind(|request| request.target == "/told").unwrap();
                let forwarded = request.get("Forwarded").unwrap_or_default();
                assert!(!forwarded.contains("192.0.2.1"), "{lines}: {forwarded}");
                FIELDS.map(|field| format!("{field}: {:?}", request.all(field))).join("\n")
            };
            [CLAIMS, HTTP2].map(told).to_vec()
        },
    );
}

/// An upgrade to HTTP/2 reaches no backend, alone or in a list: one that takes it could be sent requests behind our back.
pub(crate) fn no_backend_is_asked_for_http_2(engine: &Engine) {
    let site = Site::new();
    let _serving = site.taken_over(engine, |_| {});
    for upgrade in ["h2c", "H2C", "h2c, websocket", "websocket,h2c", "foo , h2 ,bar"] {
        let lines = WEBSOCKET.replace("Upgrade: WebSocket", &format!("Upgrade: {upgrade}"));
        let answer = send(&site, "localhost", "/upgrade", &lines);
        assert_eq!(answer.status, 200, "{upgrade}: {}", answer.text());
        let name = answer.text();
        let requests = site.backend(&name).requests();
        let reached = requests.iter().rfind(|request| request.target == "/upgrade").unwrap().all("Upgrade").join(",");
        let is_http_2 = |protocol: &str| ["h2", "h2c"].contains(&protocol.trim().to_ascii_lowercase().as_str());
        assert!(!reached.split(',').any(is_http_2), "{upgrade}: {reached}");
    }
}

fn send(site: &Site, host: &str, target: &str, lines: &str) -> Response {
    let request = format!("GET {target} HTTP/1.1\r\nHost: {host}\r\n{lines}\r\n");
    Client::connect(site.port).exchange(request.as_bytes())
}

/// Holds what is seen of the engine against what is seen of ours.
fn compared(engine: &Engine, change: impl FnOnce(&mut Value), seen: impl Fn(&Site) -> Vec<String>) {
    let site = Site::new();
    let mut lb = site.balanced(change);
    let of_ours = seen(&site);
    let file = site.exported(engine);
    lb.signal(Signal::TERM);
    lb.ended();
    let _serving = site.serve(engine, &file);
    assert_eq!(seen(&site), of_ours);
}
