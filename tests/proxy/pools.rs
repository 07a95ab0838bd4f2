//! Several listeners and pools: which pool gets a request, and what pools share.

use serde_json::{Value, json};

use crate::support::{Backend, Balancer, Client, Config, request};

/// Two backends for pages, one for an API, one for WebSockets.
struct Servers {
    web: [Backend; 2],
    api: Backend,
    live: Backend,
}

impl Servers {
    fn start() -> Self {
        Servers { web: [Backend::echoing(), Backend::echoing()], api: Backend::echoing(), live: Backend::echoing() }
    }

    fn pools(&self) -> Value {
        let pool = |backends: &[&Backend]| {
            let urls = backends.iter().map(|b| json!({"url": format!("http://localhost:{}", b.port)}));
            json!({"backends": urls.collect::<Vec<_>>(), "health": {"path": "/health", "interval": 60000}})
        };
        json!({
            "web": pool(&[&self.web[0], &self.web[1]]),
            "api": pool(&[&self.api]),
            "live": pool(&[&self.live]),
        })
    }

    fn balancer(&self) -> Balancer {
        let routes = json!([
            {"match": {"upgrade": "websocket"}, "pool": "live"},
            {"match": {"pathPrefix": "/api"}, "pool": "api"},
            {"match": {"host": "api.localhost"}, "pool": "api"},
        ]);
        Config::of(json!({
            "listeners": [{"port": 0, "pool": "web", "routes": routes}, {"port": 0, "pool": "api"}],
            "pools": self.pools(),
        }))
        .start()
    }
}

fn backend_of(balancer: &Balancer, target: &str, lines: &[&str]) -> u32 {
    balancer.exchange(&request("GET", target, lines)).backend().unwrap()
}

#[test]
fn the_first_route_that_matches_gives_the_pool_and_the_listeners_own_takes_the_rest() {
    let servers = Servers::start();
    let balancer = servers.balancer();
    assert_eq!(backend_of(&balancer, "/api/cart?x=1", &[]), 2);
    assert_eq!(backend_of(&balancer, "/api", &[]), 2);
    assert!(backend_of(&balancer, "/apiary", &[]) < 2);
    assert!(backend_of(&balancer, "/", &[]) < 2);
    let by_host = balancer.exchange(b"GET / HTTP/1.1\r\nHost: API.localhost:80\r\n\r\n");
    assert_eq!(by_host.backend(), Some(2));
    let upgrade = ["Connection: Upgrade", "Upgrade: websocket", "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ=="];
    assert_eq!(backend_of(&balancer, "/api", &upgrade), 3, "the upgrade's route comes first");
    balancer.line("route /api -> api");
    balancer.line("route websocket -> live");
    balancer.line(" api/localhost:");
}

#[test]
fn one_pool_behind_two_listeners_is_one_pool() {
    let servers = Servers::start();
    let balancer = servers.balancer();
    let mut second = Client::connect(balancer.ports()[1]);
    assert_eq!(second.exchange(&request("GET", "/anything", &[])).backend(), Some(2));
    backend_of(&balancer, "/api", &[]);
    let api = balancer.backend(2);
    assert_eq!((api["requests"].as_u64(), api["pool"].as_str()), (Some(2), Some("api")));
}

#[test]
fn each_pool_has_a_cookie_of_its_own_and_no_backend_sees_anothers() {
    let servers = Servers::start();
    let balancer = servers.balancer();
    let cookie = |target| {
        let set = balancer.get(target).all("set-cookie");
        assert_eq!(set.len(), 1, "{set:?}");
        set[0].split(';').next().unwrap().to_owned()
    };
    let (web, api) = (cookie("/"), cookie("/api"));
    assert!(web.starts_with("X-Backend-ID-web="), "{web}");
    assert_eq!(api, "X-Backend-ID-api=2");
    let both = format!("Cookie: a=1; {web}; b=2; {api}");
    for _ in 0..4 {
        let answer = balancer.exchange(&request("GET", "/page", &[&both]));
        assert_eq!(answer.backend().unwrap().to_string(), web.split('=').nth(1).unwrap());
        assert!(answer.all("set-cookie").is_empty());
    }
    assert!(balancer.exchange(&request("GET", "/api", &[&both])).all("set-cookie").is_empty());
    let seen = servers.web.iter().chain([&servers.api]).flat_map(Backend::requests);
    let seen: Vec<String> = seen.filter_map(|r| r.get("cookie")).collect();
    assert!(seen.len() >= 5 && seen.iter().all(|cookie| cookie == "a=1; b=2"), "{seen:?}");
}

#[test]
fn the_health_page_names_the_pools_where_there_are_several_and_keeps_its_shape_where_there_is_one() {
    let servers = Servers::start();
    let several = servers.balancer().health();
    let names: Vec<&str> = several["pools"].as_array().unwrap().iter().map(|p| p["name"].as_str().unwrap()).collect();
    assert_eq!(names, ["web", "api", "live"]);
    assert_eq!(several["total"], 4);
    let one = Balancer::over(&[&servers.api]).health();
    assert!(one.get("pools").is_none() && one["backends"][0].get("pool").is_none());
}

#[test]
fn a_pool_without_a_backend_answers_503_and_the_others_go_on() {
    let servers = Servers::start();
    servers.api.set_healthy(false);
    let balancer = servers.balancer();
    assert_eq!(balancer.get("/api").status, 503);
    assert_eq!(balancer.get("/").status, 200);
}

#[test]
fn one_port_in_use_and_nothing_starts() {
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let port = taken.local_addr().unwrap().port();
    let held = crate::support::raw::HeldPort::new();
    let free = held.port;
    let servers = Servers::start();
    let config = json!({
        "listeners": [{"port": free, "pool": "web"}, {"port": port, "pool": "api"}, {"port": 0, "pool": "live"}],
        "pools": servers.pools(),
    });
    let output = Config::of(config).refused();
    assert!(output.contains(&format!("port {port} is in use")), "{output}");
    assert!(std::net::TcpStream::connect(("127.0.0.1", free)).is_err());
}
