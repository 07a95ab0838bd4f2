//! Names that lead to pools.

use serde_json::{Value, json};

use crate::support::{Backend, Balancer, Config};

/// A pool with names over one backend.
fn pool(backend: &Backend, names: &[&str]) -> Value {
    json!({
        "names": names,
        "backends": [{"url": format!("http://localhost:{}", backend.port)}],
        "health": {"path": "/health", "interval": 60000},
    })
}

/// The pools `web` for app.localhost and shop.test, `api` for api.localhost, behind a listener like this.
fn config(web: &Backend, api: &Backend, listener: &Value) -> Config {
    let pools = json!({"web": pool(web, &["app", "Shop.Test."]), "api": pool(api, &["api.localhost"])});
    Config::of(json!({"listeners": [listener], "pools": pools}))
}

fn asked(balancer: &Balancer, host: &str) -> (u16, Option<u32>) {
    let answer = balancer.exchange(format!("GET /x HTTP/1.1\r\nHost: {host}\r\n\r\n").as_bytes());
    (answer.status, answer.backend())
}

#[test]
fn a_name_leads_to_its_pool_whatever_its_port_capitals_and_last_dot() {
    let (web, api) = (Backend::echoing(), Backend::echoing());
    let balancer = config(&web, &api, &json!({"port": 0})).start();
    for (host, backend) in [
        ("app.localhost", 0),
        ("APP.LocalHost:80", 0),
        ("app.localhost.:3001", 0),
        ("shop.test", 0),
        ("SHOP.TEST.", 0),
        ("api.localhost", 1),
    ] {
        assert_eq!(asked(&balancer, host), (200, Some(backend)), "{host}");
    }
    balancer.line("route api.localhost -> api");
    let absolute = balancer.exchange(b"GET http://api.localhost/x HTTP/1.1\r\nHost: app.localhost\r\n\r\n");
    assert_eq!(absolute.backend(), Some(1), "the target's authority comes first");
}

#[test]
fn a_name_that_nobody_has_is_404_and_lists_those_there_are() {
    let (web, api) = (Backend::echoing(), Backend::echoing());
    let balancer = config(&web, &api, &json!({"port": 0})).start();
    let mut client = balancer.client();
    let post = b"POST /x HTTP/1.1\r\nHost: App.example:1\r\nContent-Length: 5\r\n\r\nhello";
    let answer = client.exchange(post);
    assert_eq!((answer.status, answer.get("content-type").unwrap().as_str()), (404, "application/json"));
    let body: Value = serde_json::from_str(&answer.text()).unwrap();
    assert_eq!(body["names"], json!(["app.localhost", "shop.test", "api.localhost"]));
    assert!(body["error"].as_str().unwrap().starts_with("App.example:1 leads to no pool: the names here are "));
    let head = client.exchange(b"HEAD / HTTP/1.1\r\nHost: xapp.localhost\r\n\r\n");
    assert_eq!((head.status, head.body.bytes.len()), (404, 0));
    let page = client.exchange(b"GET / HTTP/1.1\r\nHost: a.app.localhost\r\nAccept: text/html\r\n\r\n");
    let url = format!("http://app.localhost:{}", balancer.port);
    assert!(page.text().contains(&format!("<a href=\"{url}\">{url}</a>")), "{}", page.text());
    // The connection is good for the next.
    let good = client.exchange(b"GET / HTTP/1.1\r\nHost: app.localhost\r\n\r\n");
    assert_eq!(good.backend(), Some(0));
    balancer.line("POST /x 404");
    balancer.line("refused: App.example:1 leads to no pool");
    let metrics = balancer.exchange(b"GET /_lb/metrics HTTP/1.1\r\nHost: app.localhost\r\n\r\n").text();
    assert!(metrics.contains("4xx"), "{metrics}");
}

#[test]
fn an_address_and_localhost_lead_to_the_listeners_own_pool_or_nowhere() {
    let (web, api) = (Backend::echoing(), Backend::echoing());
    let balancer = config(&web, &api, &json!({"port": 0, "pool": "api"})).start();
    for host in ["localhost", "LOCALHOST.:1", "127.0.0.1:3001", "[::1]:3001", "192.168.1.7"] {
        assert_eq!(asked(&balancer, host), (200, Some(1)), "{host}");
    }
    let unnamed = balancer.exchange(b"GET / HTTP/1.0\r\n\r\n");
    assert_eq!(unnamed.backend(), Some(1));
    assert_eq!(asked(&balancer, "other.localhost"), (404, None));
    let balancer = config(&web, &api, &json!({"port": 0})).start();
    for host in ["localhost", "127.0.0.1:3001", "[::1]", "other.localhost"] {
        assert_eq!(asked(&balancer, host), (404, None), "{host}");
    }
    assert_eq!(balancer.exchange(b"GET / HTTP/1.0\r\n\r\n").status, 404);
}

#[test]
fn without_names_every_host_leads_to_the_listeners_pool() {
    let backend = Backend::echoing();
    let balancer = Balancer::over(&[&backend]);
    assert_eq!(asked(&balancer, "any.example"), (200, Some(0)));
}

#[test]
fn routes_come_before_names_and_names_are_of_the_first_http_listener_alone() {
    let (web, api) = (Backend::echoing(), Backend::echoing());
    let route = json!({"match": {"pathPrefix": "/x"}, "pool": "api"});
    let mut value = json!({"web": pool(&web, &["app.localhost"]), "api": pool(&api, &[])});
    value["raw"] = json!({"backends": [{"url": format!("tcp://localhost:{}", web.port)}]});
    let listeners = json!([
        {"port": 0, "mode": "tcp", "pool": "raw"},
        {"port": 0, "routes": [route], "pool": "web"},
        {"port": 0, "pool": "api"},
    ]);
    let mut balancer = Config::of(json!({"listeners": listeners, "pools": value})).start();
    let ports = balancer.ports();
    balancer.port = ports[1];
    assert_eq!(asked(&balancer, "app.localhost"), (200, Some(1)), "the route");
    let other = balancer.exchange(b"GET /y HTTP/1.1\r\nHost: app.localhost\r\n\r\n");
    assert_eq!(other.backend(), Some(0));
    balancer.port = ports[2];
    assert_eq!(asked(&balancer, "app.localhost"), (200, Some(1)), "the second one knows no names");
    assert_eq!(asked(&balancer, "other.localhost"), (200, Some(1)));
}

#[test]
fn a_backend_sees_the_name_that_is_asked_for_where_both_are_of_this_machine() {
    let (web, api) = (Backend::echoing(), Backend::echoing());
    let balancer = config(&web, &api, &json!({"port": 0, "pool": "web"})).start();
    asked(&balancer, "Shop.test:3001");
    asked(&balancer, "192.168.1.7:3001");
    let seen: Vec<String> = web.requests().iter().filter(|r| r.target == "/x").filter_map(|r| r.get("host")).collect();
    assert_eq!(seen, ["Shop.test:3001".to_owned(), format!("localhost:{}", web.port)]);
    let own = config(&web, &api, &json!({"port": 0})).set("/hostHeader", json!("backend")).start();
    asked(&own, "shop.test");
    assert_eq!(web.requests().last().unwrap().get("host").unwrap(), format!("localhost:{}", web.port));
}

#[test]
fn the_balancers_pages_are_there_under_each_name_and_under_no_other() {
    let (web, api) = (Backend::echoing(), Backend::echoing());
    let balancer = config(&web, &api, &json!({"port": 0})).start();
    let page = |host: &str| balancer.exchange(format!("GET /_lb/health HTTP/1.1\r\nHost: {host}\r\n\r\n").as_bytes());
    for host in ["shop.test:3001", "SHOP.test.", "other.localhost", "localhost"] {
        assert_eq!(page(host).status, 200, "{host}");
    }
    assert_eq!(page("shop.example").status, 421);
    let health: Value = serde_json::from_str(&page("localhost").text()).unwrap();
    let url = |name: &str| format!("http://{name}:{}", balancer.port);
    assert_eq!(health["pools"][0]["urls"], json!([url("app.localhost"), url("shop.test")]));
    assert_eq!(health["pools"][1]["urls"], json!([url("api.localhost")]));
    let foreign = "GET /_lb/health HTTP/1.1\r\nHost: localhost\r\nOrigin: http://shop.example\r\n\r\n";
    assert_eq!(balancer.exchange(foreign.as_bytes()).status, 403);
}

#[test]
fn a_changed_file_changes_names_and_no_connection_notices() {
    let (web, api) = (Backend::echoing(), Backend::echoing());
    let balancer = config(&web, &api, &json!({"port": 0})).start();
    balancer.line("app.localhost leads to the pool web: http://app.localhost:");
    let mut kept = balancer.client();
    assert_eq!(kept.exchange(b"GET / HTTP/1.1\r\nHost: app.localhost\r\n\r\n").status, 200);
    let changed = config(&web, &api, &json!({"port": 0}))
        .set("/pools/web/names", json!(["new.localhost"]))
        .set("/pools/api/names", json!(["api.localhost", "app.localhost"]));
    balancer.rewrite(&changed);
    let told = balancer.line("configuration reloaded");
    for part in [
        "new.localhost leads to the pool web",
        "app.localhost leads to the pool api",
        "shop.test leads nowhere any more",
    ] {
        assert!(told.contains(part), "{told}");
    }
    assert!(!told.contains("api.localhost leads") && !told.contains("listening"), "{told}");
    assert_eq!(kept.exchange(b"GET / HTTP/1.1\r\nHost: app.localhost\r\n\r\n").backend(), Some(1));
    assert_eq!(kept.exchange(b"GET / HTTP/1.1\r\nHost: new.localhost\r\n\r\n").backend(), Some(0));
    assert_eq!(kept.exchange(b"GET / HTTP/1.1\r\nHost: shop.test\r\n\r\n").status, 404);
}

#[test]
fn each_name_has_sessions_of_its_own_pool() {
    let (web, api) = (Backend::echoing(), Backend::echoing());
    let balancer = config(&web, &api, &json!({"port": 0})).start();
    let first = balancer.exchange(b"GET / HTTP/1.1\r\nHost: app.localhost\r\n\r\n");
    let cookie = first.get("set-cookie").unwrap().split(';').next().unwrap().to_owned();
    assert!(cookie.starts_with("X-Backend-ID-web="), "{cookie}");
    let both = format!("GET /y HTTP/1.1\r\nHost: api.localhost\r\nCookie: {cookie}; a=1\r\n\r\n");
    assert_eq!(balancer.exchange(both.as_bytes()).backend(), Some(1));
    assert_eq!(
        api.requests().last().unwrap().get("cookie").as_deref(),
        Some("a=1"),
        "the other pool's goes no further"
    );
}
