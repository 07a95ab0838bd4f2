//! Which requests go over a connection that is open already, and what becomes of them if the backend closes it just then.

use std::collections::HashMap;
use std::io::{Read as _, Write as _};
use std::net::TcpListener;
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::Duration;

use serde_json::json;
use tokio_rustls::rustls::{ServerConnection, StreamOwned};

use crate::support::backend::echo;
use crate::support::tls::self_signed;
use crate::support::{After, Backend, Call, Client, Config, request, response, until};

/// A request with a body and its length, and these further header lines.
pub(crate) fn with_body(method: &str, target: &str, lines: &[&str], body: &str) -> Vec<u8> {
    let length = format!("Content-Length: {}", body.len());
    [&request(method, target, &[lines, &[&length]].concat()), body.as_bytes()].concat()
}

fn post(target: &str) -> Vec<u8> {
    with_body("POST", target, &[], "hello")
}

/// How many connections the requests came on.
fn connections(backend: &Backend) -> usize {
    let mut connections: Vec<usize> = backend.requests().iter().map(|request| request.connection).collect();
    connections.sort_unstable();
    connections.dedup();
    connections.len()
}

#[cfg(target_os = "linux")]
#[test]
fn a_request_with_a_body_goes_over_the_connection_of_the_one_before() {
    let backend = Backend::echoing();
    let balancer = Config::new(&[&backend]).start();
    let mut client = balancer.client();
    let large = "x".repeat(300_000);
    for _ in 0..20 {
        assert_eq!(client.exchange(&request("GET", "/", &[])).status, 200);
        for (method, body) in [("POST", "hello"), ("PATCH", ""), ("PUT", "x"), ("POST", &large)] {
            let answer = client.exchange(&with_body(method, "/", &[], body));
            assert_eq!((answer.status, answer.text().as_str()), (200, body), "{method}");
        }
        let chunked = request("POST", "/", &["Transfer-Encoding: chunked"]);
        assert_eq!(client.exchange(&[&chunked[..], b"5\r\nhello\r\n0\r\n\r\n"].concat()).text(), "hello");
    }
    // On a busy machine one may have been idle for too long.
    let connections = connections(&backend);
    assert!(connections < 12, "120 requests in turn came on {connections} connections");
}

#[test]
fn a_post_does_not_use_a_connection_that_the_backend_may_be_about_to_close() {
    let backend = Backend::start(|call| {
        call.body();
        call.send(&response("200 OK", &["Keep-Alive: timeout=4"], "ok"));
        After::Keep
    });
    let balancer = Config::new(&[&backend]).start();
    let mut client = balancer.client();
    client.exchange(&post("/one"));
    // More than half of what the backend says it keeps a connection for.
    thread::sleep(Duration::from_millis(2200));
    assert_eq!(client.exchange(&post("/two")).status, 200);
    assert_eq!(connections(&backend), 2);
}

/// A backend that serves one connection until its end, and then the next; answers with the number of the connection.
#[cfg(target_os = "linux")]
fn one_at_a_time() -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    thread::spawn(move || {
        for (number, stream) in listener.incoming().enumerate() {
            let mut stream = stream.unwrap();
            let mut head = [0; 4096];
            // Each test request fits into one segment.
            while stream.read(&mut head).is_ok_and(|n| n > 0) {
                if stream.write_all(&response("200 OK", &[], &number.to_string())).is_err() {
                    break;
                }
            }
        }
    });
    port
}

#[cfg(target_os = "linux")]
#[test]
fn a_backend_that_serves_one_connection_at_a_time_answers_a_post_at_once() {
    let config = Config::of_ports(&[one_at_a_time()]).set("/health/algorithm", json!("tcp"));
    // Nothing but the balancer's own decision ends an idle connection.
    let balancer = config.set("/backends/0/idleTimeout", json!(600_000)).start();
    let mut client = balancer.client();
    for request in [request("GET", "/", &[]), post("/")] {
        assert_eq!(client.exchange(&request).status, 200);
    }
    // The connection is too old now for what may not be repeated: closed, it keeps nobody waiting.
    thread::sleep(Duration::from_millis(1200));
    assert_eq!(client.exchange(&post("/")).status, 200);
}

/// A backend that asks for a login and then knows the connection's user, as NTLM does: says who is asking.
fn knows_connections() -> Backend {
    let users: Mutex<HashMap<usize, String>> = Mutex::default();
    Backend::start(move |call: &mut Call| {
        call.body();
        let mut users = users.lock().unwrap();
        let credentials = call.head.get("authorization").unwrap_or_default();
        if let Some(name) = credentials.strip_prefix("NTLM log-in-") {
            users.insert(call.connection, name.to_owned());
        }
        call.send(&match users.get(&call.connection) {
            Some(user) => response("200 OK", &[], user),
            None => response("401 Unauthorized", &["WWW-Authenticate: NTLM"], "nobody"),
        });
        After::Keep
    })
}

#[test]
fn a_login_on_a_connection_is_its_clients_alone_post_included() {
    let backend = knows_connections();
    let balancer = Config::new(&[&backend]).start();
    let mut alice = balancer.client();
    assert_eq!(alice.exchange(&request("GET", "/", &[])).status, 401);
    let login = ["Authorization: NTLM log-in-alice"];
    assert_eq!(alice.exchange(&request("GET", "/", &login)).text(), "alice");
    for _ in 0..8 {
        assert_eq!(balancer.get("/").text(), "nobody");
        assert_eq!(alice.exchange(&post("/")).text(), "alice");
        assert_eq!(alice.exchange(&request("GET", "/", &[])).text(), "alice");
    }
    drop(alice);
    for _ in 0..8 {
        assert_eq!(balancer.get("/").text(), "nobody");
    }
}

#[test]
fn two_logins_over_one_trusted_proxy_are_told_apart_by_address() {
    let backend = knows_connections();
    let balancer = Config::new(&[&backend]).set("/trustedProxies", json!(["127.0.0.1"])).start();
    let mut proxy = balancer.client();
    let alice = "X-Forwarded-For: 192.0.2.1";
    assert_eq!(proxy.exchange(&request("GET", "/", &[alice, "Authorization: NTLM log-in-alice"])).text(), "alice");
    assert_eq!(proxy.exchange(&request("GET", "/", &[alice])).text(), "alice");
    assert_eq!(proxy.exchange(&request("GET", "/", &["X-Forwarded-For: 192.0.2.2"])).text(), "nobody");
}

/// How often each request was carried out.
fn times_served(backend: &Backend) -> HashMap<String, usize> {
    let mut served = HashMap::new();
    for request in backend.requests() {
        *served.entry(format!("{} {}", request.method, request.target)).or_default() += 1;
    }
    served
}

#[test]
fn twenty_thousand_requests_lose_and_double_nothing_where_connections_close_as_they_are_used() {
    const CLIENTS: usize = 8;
    const EACH: usize = 2500;
    // Each connection is closed within a few milliseconds after its answer, so that reuse always races with the close, and
    // is often first. Nothing is read meanwhile: what arrives is either lost or refused.
    let backend = Backend::start(|call| {
        echo(call);
        let moment = call.target.len() as u64 * 37 + call.connection as u64 * 53;
        thread::sleep(Duration::from_micros(moment % if call.connection % 2 == 0 { 400 } else { 3000 }));
        // A reset may overtake the answer itself, and only a GET may be retried.
        if call.head.start.starts_with("GET") && moment.is_multiple_of(3) { After::Reset } else { After::Close }
    });
    let balancer = Config::new(&[&backend]).start();
    let port = balancer.port;
    let clients = (0..CLIENTS).map(|client| {
        thread::spawn(move || {
            let mut connection = Client::connect(port);
            let mut answered = Vec::new();
            for n in 0..EACH {
                let (method, target) = (["GET", "POST", "POST", "PUT"][n % 4], format!("/{client}/{n}"));
                let request =
                    if method == "GET" { request(method, &target, &[]) } else { with_body(method, &target, &[], "x") };
                let status = connection.exchange(&request).status;
                assert!(status == 200 || status == 502 && method == "POST", "{method} {target}: {status}");
                if status == 200 {
                    answered.push(format!("{method} {target}"));
                }
            }
            answered
        })
    });
    let clients: Vec<_> = clients.collect();
    let answered: Vec<String> = clients.into_iter().flat_map(|client| client.join().unwrap()).collect();
    let served = times_served(&backend);
    assert!(answered.iter().all(|request| served.contains_key(request)), "answered, but never served");
    let twice = served.iter().filter(|(request, times)| **times > 1 && request.starts_with("POST"));
    assert_eq!(twice.count(), 0, "a POST was carried out twice");
    // Those that a backend had taken from the network and not read when it closed: nobody can know that it did not.
    let lost = CLIENTS * EACH - answered.len();
    assert!(lost <= CLIENTS * EACH / 1000, "{lost} were lost");
}

/// A backend over TLS that closes each connection in good order within three milliseconds after an answer, and what it has
/// served.
fn closing_over_tls() -> (u16, Arc<Mutex<Vec<String>>>) {
    let (_, config) = self_signed();
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    let served: Arc<Mutex<Vec<String>>> = Arc::default();
    let record = Arc::clone(&served);
    thread::spawn(move || {
        for (number, stream) in listener.incoming().enumerate() {
            let (stream, config, record) = (stream.unwrap(), Arc::clone(&config), Arc::clone(&record));
            thread::spawn(move || {
                let moment = Duration::from_micros(number as u64 * 53 % 3000);
                let mut tls = StreamOwned::new(ServerConnection::new(config).unwrap(), stream);
                let mut read = [0; 4096];
                // Each request comes in one record. One that does not come in time is none.
                while let Ok(length @ 1..) = tls.read(&mut read) {
                    record.lock().unwrap().push(String::from_utf8_lossy(&read[..length]).into_owned());
                    let answered = tls.write_all(&response("200 OK", &[], "ok"));
                    if answered.is_err()
                        || tls.sock.set_read_timeout(Some(moment.max(Duration::from_micros(1)))).is_err()
                    {
                        return;
                    }
                }
                tls.conn.send_close_notify();
                // The other side may have left.
                let _ = tls.flush();
            });
        }
    });
    (port, served)
}

#[test]
fn over_tls_too_nothing_is_doubled_or_lost_where_connections_close_as_they_are_used() {
    const CLIENTS: usize = 4;
    const EACH: usize = 500;
    let (backend, served) = closing_over_tls();
    let backends = json!([{"url": format!("https://localhost:{backend}"), "tls": {"verify": false}}]);
    let balancer = Config::of_ports(&[]).set("/backends", backends).set("/health/algorithm", json!("tcp")).start();
    let port = balancer.port;
    let clients: Vec<_> = (0..CLIENTS)
        .map(|client| {
            thread::spawn(move || {
                let mut connection = Client::connect(port);
                let numbered = |n| with_body("POST", &format!("/{client}/{n}"), &[], "x");
                (0..EACH).filter(|n| connection.exchange(&numbered(*n)).status == 200).count()
            })
        })
        .collect();
    let answered: usize = clients.into_iter().map(|client| client.join().unwrap()).sum();
    let mut served = served.lock().unwrap().clone();
    served.retain(|request| request.starts_with("POST"));
    let all = served.len();
    served.sort_unstable();
    served.dedup();
    assert_eq!(served.len(), all, "a POST was carried out twice");
    assert!(answered <= all && CLIENTS * EACH - answered <= 2, "{answered} answered, {all} served");
}

#[cfg(target_os = "linux")]
#[test]
fn a_post_that_was_carried_out_without_an_answer_is_not_repeated() {
    let backend = Backend::start(|call| {
        call.body();
        if call.target == "/first" {
            call.send(&response("200 OK", &[], "ok"));
            return After::Keep;
        }
        After::Reset
    });
    let other = Backend::echoing();
    let balancer = Config::new(&[&backend, &other]).set("/strategy", json!("round-robin")).start();
    let mut client = balancer.client();
    let bound = ["Cookie: X-Backend-ID=0"];
    for target in ["/first", "/second"] {
        client.send(&with_body("POST", target, &bound, "hello"));
        let answer = client.response();
        assert_eq!(answer.status, if target == "/first" { 200 } else { 502 });
    }
    assert_eq!(backend.targets(), ["/first", "/second"]);
    assert_eq!(other.requests().len(), 0);
    assert!(balancer.line(" POST /second 502 ").contains("it may have been acted on"));
}

#[test]
fn five_thousand_posts_are_carried_out_once_each_while_backends_are_killed_and_restarted() {
    const CLIENTS: usize = 8;
    const EACH: usize = 625;
    // The processes that are killed are balancers themselves; what they pass on is recorded behind them.
    let recording = Backend::echoing();
    let start =
        |port: u16| Config::new(&[&recording]).set("/sticky/by", json!("off")).set("/port", json!(port)).start();
    // Below the ports that the system gives out, so that nobody takes one while its process is restarted.
    let first = 20_000 + u16::try_from(std::process::id() % 9_000).unwrap();
    let mut free = (first..first + 1_000).filter(|port| TcpListener::bind(("127.0.0.1", *port)).is_ok());
    let ports = [(); 3].map(|()| free.next().unwrap());
    let mut backends = ports.map(|port| Some(start(port)));
    let config = Config::of_ports(&ports).set("/health/algorithm", json!("tcp")).set("/health/interval", json!(100));
    let balancer = config.set("/sticky/by", json!("off")).start();
    let port = balancer.port;
    let clients: Vec<_> = (0..CLIENTS)
        .map(|client| {
            thread::spawn(move || {
                let mut connection = Client::connect(port);
                let target = |n| format!("/n{client}-{n}");
                let answered = (0..EACH).map(target).filter(|target| {
                    thread::sleep(Duration::from_micros(500));
                    connection.exchange(&with_body("POST", target, &[], "hello")).status == 200
                });
                answered.collect::<Vec<String>>()
            })
        })
        .collect();
    let mut kills = 0;
    while clients.iter().any(|client| !client.is_finished()) {
        let turn = kills % ports.len();
        // Killed (SIGKILL), and then started again.
        backends[turn] = None;
        kills += 1;
        backends[turn] = Some(start(ports[turn]));
        thread::sleep(Duration::from_millis(50));
        // Where they are killed faster than checks find them UP again, there is a time with nobody to ask.
        let others = (0..ports.len()).filter(|one| *one != kills % ports.len());
        until("another is UP", || others.clone().any(|one| balancer.backend(one)["state"] == "UP"));
    }
    let served = times_served(&recording);
    let answered: Vec<String> = clients.into_iter().flat_map(|client| client.join().unwrap()).collect();
    let once = |target: &String| served.get(&format!("POST {target}")) == Some(&1);
    assert!(answered.iter().all(once), "answered, but not carried out once");
    assert!(served.values().all(|times| *times == 1), "carried out twice");
    // What a backend had in hand when it was killed may have been carried out.
    let lost = CLIENTS * EACH - answered.len();
    assert!(lost <= kills * CLIENTS, "{lost} were lost by {kills} kills");
}
