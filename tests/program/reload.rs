//! A changed configuration file is applied without dropping a connection; an invalid one changes nothing.

use serde_json::json;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};

use crate::mail_server::MailServer;
use crate::support::{self, After, Backend, Balancer, Client, Config, Gate, request, until};

fn ids(balancer: &Balancer) -> Vec<u64> {
    balancer.health()["backends"].as_array().unwrap().iter().map(|b| b["id"].as_u64().unwrap()).collect()
}

#[test]
fn a_backend_that_is_added_gets_clients_and_one_that_is_removed_gets_none() {
    let (first, second) = (Backend::echoing(), Backend::echoing());
    let both = Config::new(&[&first, &second]);
    let balancer = Config::new(&[&first]).start();
    assert_eq!(balancer.get("/").backend(), Some(0));
    balancer.rewrite(&both);
    balancer.line("configuration reloaded: b1 added");
    assert_eq!(balancer.backend(1)["state"], "UP", "checked before it is given clients");
    until("the new one to get its share", || balancer.get("/").backend() == Some(1));
    assert!(balancer.backend(0)["requests"].as_u64().unwrap() > 0, "the other's figures stay");

    balancer.rewrite(&Config::new(&[&first]));
    balancer.line("configuration reloaded: b1 removed");
    assert_eq!(ids(&balancer), [0]);
    let bound = balancer.exchange(&request("GET", "/", &["Cookie: X-Backend-ID=1"]));
    assert_eq!((bound.status, bound.backend()), (200, Some(0)), "its clients move");
}

#[test]
fn connections_requests_in_flight_and_tunnels_of_backends_that_stay_go_on() {
    let gate = Arc::new(Gate::default());
    let held = Arc::clone(&gate);
    let slow = Backend::start(move |call| {
        held.pass();
        support::backend::echo(call)
    });
    let talking = Backend::start(|call| {
        if call.head.get("upgrade").is_some() {
            call.send(b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n");
            let mut bytes = Vec::new();
            while call.wire.fill().unwrap_or(0) > 0 {
                bytes.append(&mut call.wire.take_buffer());
                call.send(&bytes.split_off(0));
            }
            return After::Close;
        }
        support::backend::echo(call)
    });
    let added = Backend::echoing();
    let before = Config::new(&[&slow, &talking]);
    let balancer = before.start();
    let mut waiting = balancer.client();
    waiting.send(&request("GET", "/", &["Cookie: X-Backend-ID=0"]));
    slow.wait_for_requests(1);
    let mut tunnel = balancer.client();
    tunnel.send(&request("GET", "/", &["Cookie: X-Backend-ID=1", "Connection: Upgrade", "Upgrade: websocket"]));
    assert_eq!(tunnel.head().unwrap().unwrap().status, 101);
    let mut kept = balancer.client();
    assert_eq!(kept.exchange(&request("GET", "/", &["Cookie: X-Backend-ID=1"])).status, 200);

    // The first is replaced, the second gets another weight and another check, a third is added.
    let after = Config::new(&[&added, &talking, &slow])
        .set("/backends/1/weight", json!(3))
        .set("/backends/1/healthPath", json!("/health"))
        .set("/strategy", json!("random"));
    balancer.rewrite(&after);
    let told = balancer.line("configuration reloaded:");
    for part in ["b0 changed", "b1 has the weight 3", "b2 added", "the strategy is random"] {
        assert!(told.contains(part), "{told}");
    }
    gate.open();
    assert_eq!(waiting.response().status, 200, "a request in flight ends well");
    tunnel.send(b"hello");
    let mut echoed = Vec::new();
    tunnel.wire.exactly(5, &mut echoed).unwrap();
    assert_eq!(echoed, b"hello", "the tunnel of a backend that stays");
    assert_eq!(kept.exchange(&request("GET", "/", &["Cookie: X-Backend-ID=1"])).backend(), Some(1));
    assert_eq!(kept.exchange(&request("GET", "/", &["Cookie: X-Backend-ID=0"])).backend(), Some(0));
    assert_eq!(added.requests().len(), 1, "the id leads to the new backend, over no old connection");
    assert_eq!(balancer.backend(1)["weight"], 3);
}

#[test]
fn a_bad_file_changes_nothing_and_says_why() {
    let backend = Backend::echoing();
    let balancer = Config::new(&[&backend]).start();
    balancer.rewrite_with("{ \"port\": 0, \"backends\": [{ \"url\": \"http://localhost:1\" ");
    let why = balancer.line("not reloaded, everything stays as it was");
    assert!(why.contains("config.json:1:"), "{why}");
    assert_eq!(balancer.get("/").status, 200);
    let free = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let taken = free.local_addr().unwrap().port();
    balancer.rewrite(&Config::new(&[&backend]).set("/port", json!(taken)).set("/strategy", json!("random")));
    balancer.line(&format!("port {taken} is in use"));
    assert_eq!(balancer.health()["strategy"], "round-robin", "nothing of it is applied");
    balancer.rewrite(&Config::new(&[&backend]).set("/strategy", json!("random")));
    balancer.line("configuration reloaded: the strategy is random");
}

#[test]
fn a_listener_moves_and_its_clients_stay() {
    let backend = Backend::echoing();
    let mut balancer = Config::new(&[&backend]).start();
    let mut kept = balancer.client();
    assert_eq!(kept.exchange(&request("GET", "/", &[])).status, 200);
    let port = crate::support::program::free_port();
    balancer.rewrite(&Config::new(&[&backend]).set("/port", json!(port)));
    balancer.line(&format!("listening on http://localhost:{port}"));
    assert_eq!(kept.exchange(&request("GET", "/", &[])).status, 200);
    until("the old port to be closed", || std::net::TcpStream::connect(("127.0.0.1", balancer.port)).is_err());
    balancer.port = port;
    assert_eq!(balancer.get("/").status, 200);
}

#[test]
fn a_listener_changes_its_address_on_the_same_port_and_no_client_is_turned_away() {
    let backend = Backend::echoing();
    let start = Config::new(&[&backend]).start();
    let port = start.port;
    drop(start);
    let at = |host: &str| Config::new(&[&backend]).set("/port", json!(port)).set("/host", json!(host));
    let balancer = at("127.0.0.1").start();
    let mut kept = balancer.client();
    let over = Arc::new(AtomicBool::new(false));
    let asking: Vec<_> = (0..2)
        .map(|_| {
            let over = Arc::clone(&over);
            std::thread::spawn(move || {
                let mut asked = 0;
                while !over.load(Relaxed) {
                    assert_eq!(Client::connect(port).exchange(&request("GET", "/", &[])).status, 200);
                    asked += 1;
                }
                asked
            })
        })
        .collect();
    for change in 0..10 {
        let (host, url) = if change % 2 == 0 { ("0.0.0.0", "0.0.0.0") } else { ("127.0.0.1", "127.0.0.1") };
        let reloaded = |balancer: &Balancer| {
            balancer
                .lines()
                .iter()
                .filter(|line| line.contains("configuration reloaded: ") && line.contains(" listens on "))
                .count()
        };
        let before = reloaded(&balancer);
        balancer.rewrite(&at(host));
        until(&format!("it listens on {url}"), || reloaded(&balancer) > before);
    }
    assert_eq!(kept.exchange(&request("GET", "/", &[])).status, 200);
    over.store(true, Relaxed);
    let asked: u32 = asking.into_iter().map(|thread| thread.join().unwrap()).sum();
    assert!(asked > 20, "{asked} were asked meanwhile");
}

#[cfg(target_os = "linux")] // which has every address of 127.0.0.0/8
#[test]
fn where_the_new_address_is_anothers_the_old_one_stays() {
    let backend = Backend::echoing();
    let balancer = Config::new(&[&backend]).start();
    let at = |host: &str| Config::new(&[&backend]).set("/port", json!(balancer.port)).set("/host", json!(host));
    balancer.rewrite(&at("127.0.0.1"));
    balancer.line("configuration reloaded: listening on");
    let _other = std::net::TcpListener::bind(("127.0.0.3", balancer.port)).unwrap();
    balancer.rewrite(&at("0.0.0.0"));
    balancer.line(&format!("port {} is in use", balancer.port));
    assert_eq!(balancer.get("/").status, 200);
    // Nobody can join it either.
    let other = socket2::Socket::new(socket2::Domain::IPV4, socket2::Type::STREAM, None).unwrap();
    other.set_reuse_port(true).unwrap();
    assert!(other.bind(&std::net::SocketAddr::from(([127, 0, 0, 1], balancer.port)).into()).is_err());
}

#[test]
fn mail_follows_the_file_and_owners_are_not_told_twice() {
    let (backend, first, second) = (Backend::echoing(), MailServer::good(), MailServer::good());
    let plain = Config::new(&[&backend]).set("/health/interval", json!(100));
    let plain = plain.set("/backends/0/owner", json!("owner@example.com"));
    let through = |server: &MailServer| {
        let auth = json!({"user": "lb@example.com", "pass": "hunter2"});
        let email =
            json!({"host": "localhost", "port": server.port, "encryption": "none", "auth": auth, "throttle": 0});
        plain.clone().set("/email", email)
    };
    let balancer = plain.start();
    backend.set_healthy(false);
    until("it is down", || balancer.backend(0)["state"] == "DOWN");
    balancer.rewrite(&through(&first));
    balancer.line("configuration reloaded: mail is sent as it says now");
    assert_eq!(first.wait_for_mails(1)[0].field("Subject"), "⚠️ Backend Down");
    balancer.rewrite(&through(&second));
    until("it goes another way", || {
        balancer.lines().iter().filter(|line| line.contains("mail is sent as it says now")).count() == 2
    });
    backend.set_healthy(true);
    assert_eq!(second.wait_for_mails(1)[0].field("Subject"), "✅ Backend Recovered");
    balancer.rewrite(&plain);
    balancer.line("configuration reloaded: mail is off");
    backend.set_healthy(false);
    until("it is down", || balancer.backend(0)["state"] == "DOWN");
    assert_eq!((first.wait_for_mails(1).len(), second.wait_for_mails(1).len()), (1, 1));
}

#[test]
fn the_limit_of_connections_follows_the_file_and_sends_nobody_away() {
    let backend = Backend::echoing();
    let limited = |limit: u32| Config::new(&[&backend]).set("/limits/connections", json!(limit));
    let balancer = limited(2).start();
    let served = |client: &mut Client| client.exchange(&request("GET", "/", &[])).status == 200;
    let (mut first, mut second) = (balancer.client(), balancer.client());
    assert!(served(&mut first) && served(&mut second));
    let mut third = balancer.client();
    third.send(&request("GET", "/third", &[]));
    balancer.rewrite(&limited(3));
    balancer.line("the limit of connections is 3");
    assert_eq!(third.response().status, 200, "it waited, and has a place now");
    balancer.rewrite(&limited(1));
    balancer.line("the limit of connections is 1");
    assert!(served(&mut first) && served(&mut second) && served(&mut third), "nobody is sent away");
    let mut fourth = balancer.client();
    fourth.send(&request("GET", "/fourth", &[]));
    drop((first, second));
    until("both have left", || {
        third.exchange(&request("GET", "/_lb/metrics", &[])).text().contains("\nstickylb_connections 1\n")
    });
    assert!(!backend.targets().contains(&"/fourth".to_owned()), "one is there, and no more may be");
    drop(third);
    assert_eq!(fourth.response().status, 200);
}

#[test]
fn in_tcp_mode_the_time_an_address_is_remembered_follows_the_file() {
    let ports = [support::raw::echo("a"), support::raw::echo("b")];
    let remembered =
        |expiry: u32| support::raw::config(&ports).set("/pools/raw/sticky", json!({"by": "ip", "expiry": expiry}));
    let balancer = remembered(60_000).start();
    let first = support::raw::ask(&balancer, "x");
    assert!((0..4).all(|_| support::raw::ask(&balancer, "x") == first));
    balancer.rewrite(&remembered(0));
    balancer.line("configuration reloaded: stickiness is by ip");
    until("it goes elsewhere", || support::raw::ask(&balancer, "x") != first);
}

#[test]
fn access_and_limits_follow_the_file() {
    let backend = Backend::echoing();
    let balancer = Config::new(&[&backend]).start();
    let body = [&request("POST", "/", &["Content-Length: 3"])[..], b"abc"].concat();
    assert_eq!(balancer.exchange(&body).status, 200);
    balancer.rewrite(&Config::new(&[&backend]).set("/limits/bodyBytes", json!(2)));
    balancer.line("configuration reloaded: settings for new connections");
    assert_eq!(balancer.exchange(&body).status, 413);
    balancer.rewrite(&Config::new(&[&backend]).set("/access/deny", json!(["127.0.0.1"])));
    until("the client to be refused", || balancer.exchange(&request("GET", "/", &[])).status == 403);
}

#[cfg(unix)]
#[test]
fn sighup_has_the_file_read_again_and_ends_nothing() {
    let backend = Backend::echoing();
    let mut balancer = Config::new(&[&backend]).start();
    balancer.hang_up();
    balancer.line("configuration reloaded: nothing changed");
    assert_eq!(balancer.get("/").status, 200);
    assert!(balancer.is_running());
}
