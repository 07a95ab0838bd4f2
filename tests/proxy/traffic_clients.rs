//! The clients of the balancer's own traffic: addresses, names and cookies of their own, and a mark that nobody else gets.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value, json};
use socket2::{Domain, Socket, Type};

use super::events::Stream;
use super::traffic::{begin, by_user, ended, traffic};
use crate::support::backend::Recorded;
use crate::support::{After, Backend, Balancer, Config, request, response, until, until_some};

/// The backends that each client was seen at.
fn homes(backends: &[Backend]) -> BTreeMap<String, BTreeSet<usize>> {
    let mut homes = BTreeMap::<String, BTreeSet<usize>>::new();
    for (number, backend) in backends.iter().enumerate() {
        for request in backend.requests() {
            homes.entry(request.get("x-user").unwrap()).or_default().insert(number);
        }
    }
    homes
}

/// Lets so many clients ask, each at least twenty times, and says where each was. Two backends, drawn at random.
fn homes_with(cookies: &str, clients: usize) -> BTreeMap<String, BTreeSet<usize>> {
    let backends = [Backend::echoing(), Backend::echoing()];
    let config = Config::new(&backends.each_ref()).set("/strategy", json!("random"));
    let balancer = config.start();
    let count = format!("clients={clients}");
    begin(&balancer, &["closed", &count, "think=5ms", cookies]);
    until("each client has asked often", || {
        let all: Vec<Recorded> = backends.iter().flat_map(Backend::requests).collect();
        let users = by_user(&all);
        users.len() == clients && users.values().all(|count| *count >= 20)
    });
    begin(&balancer, &["off"]);
    ended(&balancer);
    homes(&backends)
}

#[test]
fn each_client_has_an_address_and_a_name_of_its_own_and_says_who_it_is() {
    let backend = Backend::echoing();
    let balancer = Balancer::over(&[&backend]);
    begin(&balancer, &["open", "rate=100", "clients=5", "for=1s"]);
    ended(&balancer);
    let requests = backend.requests();
    assert_eq!(by_user(&requests).len(), 5);
    for request in &requests {
        let user = request.get("x-user").unwrap();
        let number: u32 = user.strip_prefix('u').unwrap().parse().unwrap();
        assert_eq!(request.get("x-forwarded-for").unwrap(), format!("127.0.1.{number}"));
        assert_eq!(request.get("user-agent").unwrap(), format!("stickylb-tui traffic/1 ({user})"));
        assert!(request.get("host").unwrap().starts_with("localhost:"), "{request:?}");
    }
}

#[test]
fn clients_that_keep_cookies_stay_and_those_without_are_balanced() {
    for (user, homes) in homes_with("cookies=keep", 4) {
        assert_eq!(homes.len(), 1, "{user}");
    }
    for (user, homes) in homes_with("cookies=none", 4) {
        assert_eq!(homes.len(), 2, "{user}");
    }
}

#[test]
fn half_of_the_clients_keep_cookies_where_that_was_asked_for() {
    let homes = homes_with("cookies=50%", 8);
    assert_eq!(homes.values().filter(|homes| homes.len() == 1).count(), 4, "{homes:?}");
}

#[test]
fn an_apps_cookies_come_back_with_its_client_alone_and_are_forgotten_when_it_says_so() {
    let backend = Backend::start(|call| {
        let user = call.head.get("x-user").unwrap();
        let set = match call.target.as_str() {
            "/out" => "Set-Cookie: who=; Max-Age=0; Path=/".to_owned(),
            _ => format!("Set-Cookie: who={user}; Path=/"),
        };
        call.send(&response("200 OK", &[&set], ""));
        After::Keep
    });
    let balancer = Balancer::over(&[&backend]);
    begin(&balancer, &["closed", "clients=3", "think=5ms", "mix=60% GET /in, 40% GET /out"]);
    backend.wait_for_requests(60);
    begin(&balancer, &["off"]);
    ended(&balancer);
    let mut last = BTreeMap::<String, String>::new();
    for request in backend.requests() {
        let user = request.get("x-user").unwrap();
        let logged_in = last.get(&user).is_some_and(|target| target == "/in");
        assert_eq!(request.get("cookie"), logged_in.then(|| format!("who={user}")), "{request:?}");
        last.insert(user, request.target);
    }
}

#[test]
fn its_requests_are_marked_in_events_and_log_and_nobody_elses_are() {
    let backend = Backend::echoing();
    let balancer = Balancer::over(&[&backend]);
    let mut events = Stream::open(&balancer);
    begin(&balancer, &["closed", "clients=9", "think=20ms"]);
    let seventh = events.event("request", |event| event["decision"]["traffic"] == 7);
    assert_eq!(seventh["ip"], "127.0.1.7");
    assert!(seventh["reason"].as_str().unwrap().ends_with("; traffic 7"), "{seventh}");
    // Who comes from a client's address, with its name, is not taken for it.
    let forged = Socket::new(Domain::IPV4, Type::STREAM, None).unwrap();
    let mine = if cfg!(target_os = "linux") { "127.0.1.7:0" } else { "127.0.0.1:0" };
    forged.bind(&mine.parse::<std::net::SocketAddr>().unwrap().into()).unwrap();
    let to = std::net::SocketAddr::from(([127, 0, 0, 1], balancer.port));
    forged.connect(&to.into()).unwrap();
    let mut forged: std::net::TcpStream = forged.into();
    std::io::Write::write_all(&mut forged, &request("GET", "/forged", &["X-User: u7"])).unwrap();
    let event = events.request("/forged");
    assert_eq!(event["decision"].get("traffic"), None, "{event}");
    until_some("a line of the log", || balancer.lines().into_iter().find(|line| line.contains("; traffic 3")));
    assert!(!balancer.line("/forged").contains("traffic"));
}

#[test]
fn a_listener_that_wants_proxy_protocol_headers_gets_them() {
    let backend = Backend::echoing();
    let balancer = Config::of(json!({
        "listeners": [{"port": 0, "pool": "web", "proxyProtocol": true}],
        "pools": {"web": {
            "backends": [{"url": format!("http://localhost:{}", backend.port)}],
            "health": {"path": "/health"},
        }},
    }))
    .start_without_health();
    balancer.ctl(&["traffic", "open", "rate=50", "for=1s", "clients=3"]);
    for request in backend.wait_for_requests(50) {
        let user = request.get("x-user").unwrap();
        assert_eq!(request.get("x-forwarded-for").unwrap(), user.replace('u', "127.0.1."));
    }
    balancer.line("traffic ended: 50 sent, 50 answered (50 2xx), 0 failed");
    balancer.line("; traffic 2");
}

#[test]
fn a_listener_that_no_address_of_theirs_reaches_is_sent_to_from_inside() {
    if std::net::TcpListener::bind("[::1]:0").is_err() {
        return;
    }
    let backends = [Backend::echoing(), Backend::echoing()];
    let balancer = Config::new(&backends.each_ref()).set("/host", json!("::1")).start_without_health();
    balancer.ctl(&["traffic", "closed", "think=10ms", "for=2s", "clients=4"]);
    let said = balancer.line("traffic ended: ");
    assert!(said.contains("2xx), 0 failed") && !said.contains("dropped"), "{said}");
    balancer.line("; traffic 4");
    let homes = homes(&backends);
    assert_eq!(homes.keys().map(String::as_str).collect::<Vec<_>>(), ["u1", "u2", "u3", "u4"]);
    assert!(homes.values().all(|homes| homes.len() == 1), "their cookies are kept: {homes:?}");
    for request in backends.iter().flat_map(Backend::requests) {
        assert_eq!(request.get("x-forwarded-for").unwrap(), request.get("x-user").unwrap().replace('u', "127.0.1."));
    }
    let status: Value = serde_json::from_str(&balancer.said(&["ctl", "status", "--json"])).unwrap();
    assert_eq!((&status["traffic"]["on"], &status["traffic"]["failed"]), (&json!(false), &json!(0)));
}

#[test]
fn a_limit_on_requests_holds_for_them_as_for_anyone() {
    let backend = Backend::echoing();
    let balancer = Config::new(&[&backend]).set("/access", json!({"requestsPerSecondPerIp": 2})).start_without_health();
    balancer.ctl(&["traffic", "open", "rate=50", "clients=1", "for=1s"]);
    let said = balancer.line("traffic ended: 50 sent, 50 answered (");
    assert!(said.contains(" 4xx), 0 failed"), "{said}");
    let status: Value = serde_json::from_str(&balancer.said(&["ctl", "status", "--json"])).unwrap();
    let refused = status["traffic"]["byStatus"][3].as_u64().unwrap();
    assert!(refused > 20, "{status}");
    assert_eq!(backend.requests().len() as u64, 50 - refused);
}

#[test]
fn without_traffic_nothing_is_told_of_it() {
    let backend = Backend::echoing();
    let balancer = Balancer::over(&[&backend]);
    assert_eq!(traffic(&balancer), Value::Null);
}
