//! What must say https where the client came by it: what backends and clients are told, and the balancer's own clients.

use serde_json::{Value, json};

use crate::support::https::TlsClient;
use crate::support::program::free_port;
use crate::support::{After, Backend, Balancer, Client, Config, Response, request, response, until};

/// A backend that leads to the place that its path names; OWN is its own host and port.
fn leading() -> Backend {
    Backend::start(|call| {
        let port = call.wire.stream.local_addr().unwrap().port();
        let place = call.target.trim_start_matches('/').replace("OWN", &format!("localhost:{port}"));
        let lines = [
            format!("Location: {place}"),
            format!("Content-Location: {place}"),
            format!("Link: <{place}>; rel=\"next\""),
            format!("Refresh: 1; url={place}"),
        ];
        call.send(&response("302 Found", &lines.each_ref().map(String::as_str), ""));
        After::Keep
    })
}

/// A backend that wants to be asked by https alone.
fn strict() -> Backend {
    Backend::answering(response("200 OK", &["Strict-Transport-Security: max-age=31536000"], "pinned"))
}

/// Two listeners that lead to one pool, and what each says of TLS.
fn two_listeners(backend: &Backend, first: bool, second: bool) -> Config {
    let listener = |tls: bool| json!({"port": 0, "pool": "web", "tls": tls});
    let backends = json!([{"url": format!("http://localhost:{}", backend.port)}]);
    let pool = json!({"backends": backends, "health": {"path": "/health", "interval": 60000}});
    Config::of(json!({"listeners": [listener(first), listener(second)], "pools": {"web": pool}}))
}

/// The answer to a request for this host over a connection of its own.
fn ask(balancer: &Balancer, path: &str, host: &str) -> Response {
    let asked = format!("GET {path} HTTP/1.1\r\nHost: {host}\r\n\r\n");
    balancer.tls_client().exchange(asked.as_bytes())
}

fn is_secure(answer: &Response) -> bool {
    let cookie = answer.get("set-cookie").expect("a sticky cookie");
    assert!(cookie.starts_with("X-Backend-ID"), "{cookie}");
    cookie.split("; ").any(|attribute| attribute == "Secure")
}

#[test]
fn a_backend_is_told_https_by_each_clients_own_connection() {
    let backend = Backend::echoing();
    let balancer = two_listeners(&backend, true, false).start();
    let plain = balancer.ports()[1];
    balancer.tls_client().exchange(&request("GET", "/secure", &["X-Forwarded-Proto: http"]));
    Client::connect(plain).exchange(&request("GET", "/plain", &["X-Forwarded-Proto: https"]));
    for (seen, scheme) in backend.wait_for_requests(2).iter().zip(["https", "http"]) {
        assert_eq!(seen.all("x-forwarded-proto"), [scheme]);
        assert!(seen.get("forwarded").unwrap().ends_with(&format!(";proto={scheme}")), "{:?}", seen.get("forwarded"));
    }
}

#[test]
fn what_a_trusted_proxy_says_of_the_scheme_is_kept_and_its_own_hop_is_added() {
    let backend = Backend::echoing();
    let balancer = Config::new(&[&backend]).tls().set("/trustedProxies", json!(["127.0.0.1"])).start();
    let mut client = balancer.tls_client();
    for lines in [
        &["X-Forwarded-For: 203.0.113.9", "X-Forwarded-Proto: http"][..],
        &["Forwarded: for=203.0.113.9;proto=http"],
        &["X-Forwarded-For: 203.0.113.9"],
    ] {
        client.exchange(&request("GET", "/", lines));
    }
    let told = |at: usize| {
        let seen = &backend.requests()[at];
        (seen.get("x-forwarded-proto").unwrap(), seen.get("forwarded").unwrap())
    };
    for at in [0, 1] {
        let (proto, forwarded) = told(at);
        assert_eq!(proto, "http");
        assert_eq!(forwarded, "for=203.0.113.9;proto=http, for=127.0.0.1;proto=https");
    }
    let (proto, forwarded) = told(2);
    assert_eq!(proto, "https", "a proxy that comes by https and says nothing else");
    assert_eq!(forwarded, "for=203.0.113.9;proto=https, for=127.0.0.1;proto=https");
}

#[test]
fn a_redirect_leads_an_https_client_to_https_and_none_leads_it_round_in_a_circle() {
    let backend = leading();
    let balancer = Config::new(&[&backend]).tls().start();
    let here = format!("localhost:{}", balancer.port);
    for (place, wanted) in [
        ("http://OWN/a", format!("https://{here}/a")),
        (&*format!("http://{here}/a"), format!("https://{here}/a")),
        (&*format!("https://{here}/a"), format!("https://{here}/a")),
        ("https://OWN/a", format!("https://{here}/a")),
        ("relative", "relative".to_owned()),
        ("http://elsewhere/a", "http://elsewhere/a".to_owned()),
        ("https://localhost/a", "https://localhost/a".to_owned()),
    ] {
        let answer = ask(&balancer, &format!("/{place}"), &here);
        assert_eq!(answer.get("location").as_deref(), Some(&*wanted), "{place}");
        assert_eq!(answer.get("content-location").as_deref(), Some(&*wanted), "{place}");
        assert_eq!(answer.get("link"), Some(format!("<{wanted}>; rel=\"next\"")), "{place}");
        assert_eq!(answer.get("refresh"), Some(format!("1; url={wanted}")), "{place}");
    }
    // A name of which the backend hears only beside its own.
    let answer = ask(&balancer, "/http://lb.example:8443/a", "lb.example:8443");
    assert_eq!(answer.get("location").as_deref(), Some("https://lb.example:8443/a"));
}

#[test]
fn the_cookie_is_secure_where_every_listener_of_its_pool_speaks_tls_and_only_there() {
    let backend = Backend::echoing();
    for (first, second, wanted) in [(true, true, true), (true, false, false)] {
        let balancer = two_listeners(&backend, first, second).start();
        assert_eq!(is_secure(&balancer.tls_client().exchange(&request("GET", "/", &[]))), wanted, "{first} {second}");
    }
    assert!(!is_secure(&Balancer::over(&[&backend]).get("/")));
    let written = two_listeners(&backend, true, true).set("/pools/web/sticky", json!({"cookie": {"secure": false}}));
    assert!(!is_secure(&written.start().tls_client().exchange(&request("GET", "/", &[]))), "what is written is done");
}

#[test]
fn a_reload_decides_anew_whether_the_cookie_is_secure_and_keeps_what_a_person_chose() {
    let backend = Backend::echoing();
    let ports = [free_port(), free_port()];
    let config = |second: bool| {
        let config = two_listeners(&backend, true, second);
        config.set("/listeners/0/port", json!(ports[0])).set("/listeners/1/port", json!(ports[1]))
    };
    let balancer = config(true).start();
    let secure = || is_secure(&balancer.tls_client().exchange(&request("GET", "/", &[])));
    assert!(secure());
    balancer.ctl(&["strategy", "random"]);
    balancer.rewrite(&config(false));
    balancer.line(&format!("http://localhost:{0} in place of https://localhost:{0}", ports[1]));
    assert!(!secure());
    assert_eq!(balancer.health()["strategy"], "random");
    balancer.rewrite(&config(true));
    until("the cookie is secure again", secure);
}

#[test]
fn hsts_of_a_backend_is_kept_from_local_names_over_https_and_told_once() {
    let backend = strict();
    let balancer = two_listeners(&backend, true, false).start();
    let pins = |answer: &Response| answer.get("strict-transport-security").is_some();
    for local in
        ["localhost", "localhost:1", "app.localhost", "shop.test", "printer.local", "127.0.0.1:3001", "10.0.0.7"]
    {
        assert!(!pins(&ask(&balancer, "/", local)), "{local}");
    }
    assert!(pins(&ask(&balancer, "/", "example.com")), "a public name is its owner's");
    let plain = Client::connect(balancer.ports()[1]).exchange(&request("GET", "/", &[]));
    assert!(pins(&plain), "browsers ignore it there");
    balancer.line("sends Strict-Transport-Security, which is not passed on for local names");
    let told = balancer.lines().iter().filter(|line| line.contains("Strict-Transport-Security")).count();
    assert_eq!(told, 1);
}

#[test]
fn the_balancers_own_pages_are_for_pages_of_its_own_that_came_by_https() {
    let backend = Backend::echoing();
    let balancer = Config::new(&[&backend]).tls().start();
    let asked = |path: &str, origin: &str| {
        let origin = format!("Origin: {origin}");
        balancer.tls_client().exchange(&request("GET", path, &[&origin])).status
    };
    assert_eq!(asked("/_lb/health", &format!("https://localhost:{}", balancer.port)), 200);
    assert_eq!(asked("/_lb/health", "https://evil.example"), 403);
    assert_eq!(balancer.health()["listeners"][0]["url"], format!("https://localhost:{}", balancer.port));
    let page = balancer.tls_client().exchange(&request("GET", "/_lb/", &["Accept: text/html"])).text();
    let plain = page.replace("http://www.w3.org/", "").replace(&format!("http://localhost:{}", backend.port), "");
    assert!(!plain.contains("http://") && !plain.contains("ws://"), "nothing on it is mixed content: {plain}");
}

#[test]
fn live_events_come_over_wss() {
    let backend = Backend::echoing();
    let balancer = Config::new(&[&backend]).tls().start();
    let origin = format!("Origin: https://localhost:{}", balancer.port);
    let lines = [
        "Connection: Upgrade",
        "Upgrade: websocket",
        "Sec-WebSocket-Version: 13",
        "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==",
        &origin,
    ];
    let mut live: TlsClient = balancer.tls_client();
    live.send(&request("GET", "/_lb/events", &lines));
    assert_eq!(live.head().unwrap().unwrap().status, 101);
    balancer.tls_client().exchange(&request("GET", "/seen", &[]));
    until("the request is told", || {
        live.wire.fill().unwrap();
        String::from_utf8_lossy(&live.received()).contains("/seen")
    });
}

#[test]
fn traffic_comes_to_a_tls_listener_over_tls_from_addresses_of_its_own_and_is_sticky() {
    let backends = [Backend::echoing(), Backend::echoing()];
    let balancer = Config::new(&[&backends[0], &backends[1]]).tls().start();
    balancer.ctl(&["traffic", "closed", "clients=3", "think=1ms", "for=1s"]);
    let view = crate::traffic::ended(&balancer);
    let sent = view["sent"].as_u64().unwrap();
    assert!(sent > 0 && view["byStatus"][1] == sent && view["failed"] == 0, "{view}");
    let seen: Vec<_> = backends.iter().flat_map(Backend::requests).collect();
    assert_eq!(seen.len() as u64, sent);
    for request in &seen {
        assert_eq!(request.all("x-forwarded-proto"), ["https"]);
        assert_eq!(request.all("host"), [format!("localhost:{}", balancer.port)]);
        if cfg!(target_os = "linux") {
            let number = request.get("x-user").unwrap().trim_start_matches('u').to_owned();
            assert_eq!(request.all("x-forwarded-for"), [format!("127.0.1.{number}")]);
        }
    }
    // A client that got its Secure cookie stays where that leads.
    for client in ["u1", "u2", "u3"] {
        let of = |backend: &Backend| backend.requests().iter().any(|one| one.get("x-user").as_deref() == Some(client));
        assert!(!backends.iter().all(of), "{client} went to both");
    }
}

#[test]
fn a_backend_that_is_the_balancer_itself_over_https_is_refused() {
    let port = free_port();
    let said = Config::of_ports(&[1])
        .set("/port", json!(port))
        .tls()
        .set("/backends/0/url", json!(format!("https://127.0.0.1:{port}")))
        .refused();
    assert!(said.contains(&format!("https://127.0.0.1:{port} is this balancer itself")), "{said}");
}

#[test]
fn explain_reads_the_scheme_of_a_url() {
    let backend = Backend::echoing();
    let balancer = Config::new(&[&backend]).tls().start();
    let port = balancer.port;
    let url = |scheme: &str| format!("{scheme}://localhost:{port}/a");
    let explained: Value = serde_json::from_str(&balancer.said(&["explain", "--json", "GET", &url("https")])).unwrap();
    assert_eq!(explained["backend"]["id"], 0);
    let refused = balancer.refused(&["explain", "GET", &url("http")]);
    assert!(refused.contains(&format!("speaks TLS: write https://localhost:{port}/a")), "{refused}");
    let refused = balancer.refused(&["explain", "GET", "https://localhost/a"]);
    assert!(refused.contains("no HTTP listener on port 443"), "{refused}");
}

#[test]
fn survive_behind_tls_tells_the_copies_https_and_leads_the_requests_of_a_file_there() {
    let backends = [Backend::echoing(), Backend::echoing()];
    let balancer = Config::new(&[&backends[0], &backends[1]]).tls().start();
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("app.har");
    let fields = json!([{"name": "Origin", "value": "http://localhost:3000"}]);
    let entry = json!({
        "startedDateTime": "2026-01-01T00:00:01Z",
        "time": 5,
        "request": {"method": "GET", "url": "http://localhost:3000/app", "headers": fields},
        "response": {"status": 200, "headers": [], "content": {"mimeType": "text/html", "text": "hi"}},
    });
    std::fs::write(&file, json!({"log": {"entries": [entry]}}).to_string()).unwrap();
    let report = balancer.said(&["ctl", "survive", "--har", file.to_str().unwrap()]);
    assert!(report.contains("no findings on 2 copies"), "{report}");
    let here = format!("localhost:{}", balancer.port);
    for backend in &backends {
        let asked: Vec<_> = backend.requests().into_iter().filter(|one| one.target == "/app").collect();
        assert!(!asked.is_empty());
        for one in asked {
            assert_eq!(one.all("x-forwarded-proto"), ["https"]);
            assert_eq!(one.get("x-forwarded-host").as_ref(), Some(&here));
            assert_eq!(one.all("origin"), [format!("https://{here}")]);
        }
    }
}
