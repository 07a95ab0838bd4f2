//! The library: a balancer embedded in another program.

use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering::SeqCst};
use std::time::Duration;

use stickylb::api::{Command, Ending, EngineHandle as _, Event, Intent, State, StickyBy, WhatIfOptions};
use stickylb::config::{BackendConfig, ListenerConfig, PoolConfig, RouteConfig};
use stickylb::{Balancer, LocalHandle, StartError};

use crate::support::raw::echo;
use crate::support::{self, Backend, Client, Gate, PATIENCE, request};

pub(crate) async fn wait_for(what: &str, balancer: &Balancer, condition: impl Fn(&Balancer) -> bool) {
    let reached = async {
        while !condition(balancer) {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    };
    tokio::time::timeout(PATIENCE, reached).await.unwrap_or_else(|_| panic!("still not so: {what}"));
}

/// A client that blocks gets a thread of its own.
async fn get(port: u16, path: &'static str) -> (u16, Option<u32>, String) {
    let asked = move || {
        let answer = Client::connect(port).exchange(&request("GET", path, &[]));
        (answer.status, answer.backend(), answer.text())
    };
    tokio::task::spawn_blocking(asked).await.unwrap()
}

#[tokio::test]
async fn a_built_balancer_serves_is_commanded_tells_and_stops() {
    let (first, second) = (Backend::echoing(), Backend::echoing());
    let balancer = Balancer::builder()
        .backend(format!("{},name=first", first.port))
        .backend(format!("{},id=9", second.port))
        .check(|_| async { Ok("taken on trust".to_owned()) })
        .sticky(StickyBy::Off)
        .workers(1)
        .start()
        .await
        .unwrap();
    let port = balancer.address().port();
    let mut events = balancer.events();
    assert_eq!(get(port, "/a").await.1, Some(0));
    assert_eq!(get(port, "/b").await.1, Some(9));
    balancer.command(Command::SetIntent { id: 9.into(), intent: Intent::Maint }).await.unwrap();
    assert_eq!((get(port, "/c").await.1, get(port, "/d").await.1), (Some(0), Some(0)));
    let snapshot = balancer.snapshot();
    assert_eq!(snapshot.backends[1].state, State::Maint);
    assert_eq!(snapshot.backends[0].checks[0].reason, "taken on trust");

    let mut seen = Vec::new();
    let read = async {
        while seen.len() < 4 {
            events.wait().await;
            let mut batch = Vec::new();
            assert_eq!(events.take(&mut batch), 0);
            let paths = batch.iter().filter_map(|event| match &**event {
                Event::Request(request) => Some(request.path.to_string()),
                _ => None,
            });
            seen.extend(paths);
        }
    };
    tokio::time::timeout(PATIENCE, read).await.unwrap();
    assert_eq!(seen, ["/a", "/b", "/c", "/d"]);
    assert_eq!(balancer.stop().await, Ending::Finished);
    assert!(TcpStream::connect(("127.0.0.1", port)).is_err());
}

#[tokio::test]
async fn a_check_of_ones_own_decides_for_one_backend_or_for_all() {
    let (first, second) = (Backend::echoing(), Backend::echoing());
    let well = Arc::new(AtomicBool::new(false));
    let asked = Arc::clone(&well);
    let balancer = Balancer::builder()
        .backend(first.port.to_string())
        .backend(second.port.to_string())
        .check(|backend| async move { Ok(format!("{} is well", backend.name)) })
        .check_of(1, move |_| {
            let well = asked.load(SeqCst);
            async move { if well { Ok("well again".to_owned()) } else { Err("not ready yet".to_owned()) } }
        })
        .start()
        .await
        .unwrap();
    let state = |id: usize| move |balancer: &Balancer| balancer.snapshot().backends[id].state;
    wait_for("the first check of both", &balancer, |b| state(0)(b) == State::Up && state(1)(b) == State::Down).await;
    assert_eq!(balancer.snapshot().backends[1].checks[0].reason, "not ready yet");
    well.store(true, SeqCst);
    balancer.command(Command::CheckNow { id: 1.into() }).await.unwrap();
    wait_for("the second to be well", &balancer, |b| state(1)(b) == State::Up).await;
}

#[tokio::test]
async fn a_check_of_an_embedding_programs_own_may_say_anything_and_panic() {
    let balancer = Balancer::builder()
        .backend("1,name=well")
        .backend("2,name=ill")
        .backend("3,name=panics")
        .check(|backend| async move {
            match backend.name.raw() {
                "well" => Ok("feels well".to_owned()),
                "ill" => Err("feels \x1b[2Jill".to_owned()),
                name => panic!("{name}"),
            }
        })
        .start()
        .await
        .unwrap();
    balancer.serving().await;
    let found = balancer.snapshot().backends.into_iter().map(|b| (b.state.word(), b.checks[0].reason.to_string()));
    let reasons = ["feels well", "feels \\x1b[2Jill", "the check function panicked"].map(str::to_owned);
    assert!(found.eq(["UP", "DOWN", "DOWN"].into_iter().zip(reasons)), "{:?}", balancer.snapshot().backends);
    balancer.stop().await;
}

#[tokio::test]
async fn a_rule_of_ones_own_refuses_a_connection_with_its_reason() {
    let backend = Backend::echoing();
    let open = Arc::new(AtomicBool::new(false));
    let asked = Arc::clone(&open);
    let balancer = Balancer::builder()
        .backend(backend.port.to_string())
        .check(|_| async { Ok("well".to_owned()) })
        .admission(move |_| if asked.load(SeqCst) { Ok(()) } else { Err("closed for the night".to_owned()) })
        .start()
        .await
        .unwrap();
    let port = balancer.address().port();
    assert_eq!(get(port, "/").await.0, 403);
    assert!(backend.requests().is_empty());
    open.store(true, SeqCst);
    assert_eq!(get(port, "/").await.0, 200);
}

#[tokio::test]
async fn a_controller_is_a_function_in_a_program_of_ones_own() {
    let asked = std::sync::atomic::AtomicBool::new(false);
    let balancer = Balancer::builder()
        .backend(format!("tcp://127.0.0.1:{}", echo("a")))
        .check(|_| async { Ok("well".to_owned()) })
        // All requests but the first.
        .admission(move |peer| {
            let was_asked = asked.swap(true, std::sync::atomic::Ordering::SeqCst);
            if was_asked { Err(format!("Blocked connection from client with IP: {}", peer.ip())) } else { Ok(()) }
        })
        .start()
        .await
        .unwrap();
    let at = balancer.address();
    let ask = move || {
        let mut stream = TcpStream::connect(at).unwrap();
        stream.set_read_timeout(Some(PATIENCE)).unwrap();
        // The connection may be gone already.
        let _ = stream.write_all(b"x");
        let mut answer = [0; 2];
        stream.read_exact(&mut answer).is_ok()
    };
    let (first, second) = tokio::task::spawn_blocking(move || (ask(), ask())).await.unwrap();
    assert_eq!((first, second), (true, false));
}

#[tokio::test]
async fn listeners_pools_and_routes_are_built_as_well() {
    let (web, api) = (Backend::answering(support::response("200 OK", &[], "web")), Backend::echoing());
    let at = |port: u16| format!("http://localhost:{port}").parse().unwrap();
    let mut listener = ListenerConfig::new("web");
    listener.port = 0;
    let mut route = RouteConfig::new("api");
    route.path_prefix = Some("/api".to_owned());
    listener.routes.push(route);
    let balancer = Balancer::builder()
        .listener(listener)
        .pool(PoolConfig::new("web", vec![BackendConfig::new(1, "web".to_owned(), at(web.port))]))
        .pool(PoolConfig::new("api", vec![BackendConfig::new(2, "api".to_owned(), at(api.port))]))
        .check(|_| async { Ok("well".to_owned()) })
        .sticky(StickyBy::Off)
        .start()
        .await
        .unwrap();
    let port = balancer.address().port();
    assert_eq!(get(port, "/").await, (200, Some(1), "web".to_owned()));
    assert_eq!(get(port, "/api/x").await.1, Some(2));
}

#[tokio::test]
async fn everything_that_is_wrong_is_told_together_and_nothing_starts() {
    let error = Balancer::builder().backend("nonsense").backend("5000,weight=x").start().await.err().unwrap();
    let StartError::Config(problems) = error else { panic!("{error}") };
    assert_eq!(problems.len(), 2, "{problems:?}");
    assert!(problems[0].raw().contains("nonsense") && problems[1].raw().contains("weight"), "{problems:?}");
}

#[tokio::test]
async fn it_can_end_without_waiting_for_anyone() {
    let silent = Backend::start(|call| {
        call.wait_for_close();
        support::After::Close
    });
    let balancer = Balancer::builder()
        .backend(silent.port.to_string())
        .check(|_| async { Ok("well".to_owned()) })
        .start()
        .await
        .unwrap();
    let mut waiting = Client::connect(balancer.address().port());
    waiting.send(&request("GET", "/", &[]));
    wait_for("the request to be on its way", &balancer, |b| b.snapshot().totals.in_flight == 1).await;
    assert_eq!(balancer.end_now(), Ending::Cut { connections: 1 });
    tokio::task::spawn_blocking(move || waiting.rest()).await.unwrap();
}

#[tokio::test]
async fn a_key_of_ones_own_binds_requests_wherever_they_carry_it() {
    let backends: Vec<Backend> = (0..3).map(|_| Backend::echoing()).collect();
    let build = |backends: &[Backend]| {
        let builder = Balancer::builder().check(|_| async { Ok("well".to_owned()) }).sticky_key(|asking| {
            // A token, in a header or at the end of the path.
            let path = asking.target().rsplit(|byte| *byte == b'/').next().filter(|last| last.starts_with(b"t-"));
            asking.header("X-Token").next().or(path).map(<[u8]>::to_vec)
        });
        backends.iter().fold(builder, |builder, backend| builder.backend(backend.port.to_string())).start()
    };
    let balancer = build(&backends).await.unwrap();
    let port = balancer.address().port();
    let ask = |target: String, lines: Vec<String>| {
        move || {
            let lines: Vec<&str> = lines.iter().map(String::as_str).collect();
            let answer = Client::connect(port).exchange(&request("GET", &target, &lines));
            assert!(answer.all("set-cookie").is_empty());
            answer.backend().unwrap()
        }
    };
    let mut used = std::collections::BTreeSet::new();
    for n in 0..30 {
        let by_path = tokio::task::spawn_blocking(ask(format!("/a/t-{n}"), Vec::new())).await.unwrap();
        let by_header = tokio::task::spawn_blocking(ask("/b".to_owned(), vec![format!("x-token: t-{n}")]));
        assert_eq!(by_header.await.unwrap(), by_path, "t-{n}");
        used.insert(by_path);
    }
    assert_eq!(used.len(), 3, "keys spread over all");
}

#[cfg(target_os = "linux")] // which has every address of 127.0.0.0/8
#[tokio::test]
async fn a_key_of_ones_own_binds_raw_connections_by_their_peer() {
    let builder = ["a", "b", "c"].iter().fold(Balancer::builder(), |builder, name| {
        builder.backend(format!("tcp://127.0.0.1:{},name={name}", echo(name)))
    });
    let balancer = builder
        .check(|_| async { Ok("well".to_owned()) })
        // Twenty addresses make ten keys.
        .sticky_key(|asking| {
            assert!(asking.method().is_empty() && asking.header("Host").next().is_none());
            Some(asking.ip.to_string().rsplit('.').next()?.parse::<u8>().ok()?.div_ceil(2).to_string().into_bytes())
        })
        .start()
        .await
        .unwrap();
    let at = balancer.address();
    let from = move |last: u8| {
        let socket = socket2::Socket::new(socket2::Domain::IPV4, socket2::Type::STREAM, None).unwrap();
        socket.bind(&std::net::SocketAddr::from(([127, 0, 0, last], 0)).into()).unwrap();
        socket.connect(&at.into()).unwrap();
        let mut stream = TcpStream::from(socket);
        stream.write_all(b"x").unwrap();
        let mut name = [0; 2];
        stream.read_exact(&mut name).unwrap();
        name[0]
    };
    let names = tokio::task::spawn_blocking(move || (1..=20).map(from).collect::<Vec<u8>>()).await.unwrap();
    assert!(names.chunks(2).all(|pair| pair[0] == pair[1]), "{names:?}");
    assert!(names.iter().any(|name| *name != names[0]), "keys spread over targets: {names:?}");
}

#[tokio::test]
async fn what_is_in_flight_is_told_at_the_moment_it_is_asked_for() {
    let gate = Arc::new(Gate::default());
    let held = Arc::clone(&gate);
    let backend = Backend::start(move |call| {
        held.pass();
        support::backend::echo(call)
    });
    let balancer = Arc::new(
        Balancer::builder()
            .backend(backend.port.to_string())
            .check(|_| async { Ok("well".to_owned()) })
            .start()
            .await
            .unwrap(),
    );
    let handle = LocalHandle::new(&balancer);
    assert_eq!(handle.in_flight().await, Ok(0));
    let asking = tokio::spawn(get(balancer.address().port(), "/"));
    let _backend = tokio::task::spawn_blocking(move || {
        backend.wait_for_requests(1);
        backend
    })
    .await
    .unwrap();
    assert_eq!(handle.in_flight().await, Ok(1), "no second has to pass");
    gate.open();
    assert_eq!(asking.await.unwrap().0, 200);
    wait_for("nothing is in flight", &balancer, |balancer| balancer.snapshot().totals.in_flight == 0).await;
    assert_eq!(handle.in_flight().await, Ok(0));
}

#[tokio::test]
async fn what_if_is_asked_of_an_embedded_balancer_and_by_its_handle() {
    let (first, second) = (Backend::echoing(), Backend::echoing());
    let balancer = Balancer::builder()
        .backend(first.port.to_string())
        .backend(second.port.to_string())
        .check(|_| async { Ok("taken on trust".to_owned()) })
        .sticky(StickyBy::Off)
        .start()
        .await
        .unwrap();
    let balancer = Arc::new(balancer);
    let port = balancer.address().port();
    assert!(balancer.what_if(&WhatIfOptions::default()).unwrap().doubt.is_some(), "nobody has watched until now");
    for _ in 0..60 {
        get(port, "/").await;
    }
    let told = balancer.what_if(&WhatIfOptions::default()).unwrap();
    assert_eq!((told.requests, told.backends[0].real, told.doubt, told.rows.len()), (60, 30, None, 8));
    let handle = LocalHandle::new(&balancer);
    let mut options = WhatIfOptions::default();
    options.weight = Some((1.into(), 1001));
    let refused = handle.what_if(options.clone()).await.unwrap_err();
    assert_eq!(refused, "a weight is a whole number from 0 to 1000");
    options.weight = Some((1.into(), 2));
    let told = handle.what_if(options.clone()).await.unwrap();
    let current = told.rows.iter().find(|row| row.current).unwrap();
    assert_eq!(current.picks.iter().map(|picks| picks.median).collect::<Vec<_>>(), [20.0, 40.0]);
    options.without = Some(7.into());
    assert_eq!(handle.what_if(options.clone()).await.unwrap_err(), "there is no backend with the id 7");
    (options.without, options.pool) = (None, Some("web".to_owned()));
    assert_eq!(handle.what_if(options).await.unwrap_err(), "there is no pool with the name 'web'");
    balancer.stop().await;
}
