//! A failing backend causes no client an error while another can answer, and no request is sent twice unless that is
//! safe (RFC 9110 9.2.2, RFC 9112 9.3.1).

use std::sync::Arc;
use std::time::Duration;

use serde_json::json;

use crate::silent::Silent;
use crate::support::backend::{answer_check, echo};
use crate::support::{self, After, Backend, Balancer, Config, Gate, request, response, until};

const COOKIE_1: &str = "X-Backend-ID=1; Path=/; HttpOnly; SameSite=Lax";

#[test]
fn a_refused_connection_moves_any_method_with_its_body_and_its_cookie() {
    let (mut dead, alive) = (Backend::echoing(), Backend::echoing());
    let balancer = Balancer::over(&[&dead, &alive]);
    dead.stop();
    for method in ["POST", "PATCH", "PUT", "DELETE"] {
        let lines = ["Cookie: X-Backend-ID=0", "Content-Length: 5"];
        let answer = balancer.exchange(&[&request(method, "/", &lines)[..], b"hello"].concat());
        assert_eq!((answer.status, answer.text().as_str(), answer.backend()), (200, "hello", Some(1)), "{method}");
        assert_eq!(answer.all("set-cookie"), [COOKIE_1], "{method}");
    }
    assert_eq!(alive.requests().len(), 4);
    let line = balancer.line(" POST / 200 ");
    assert!(line.contains("b0") && line.contains("cookie rewritten"), "{line}");
}

#[test]
fn a_pages_requests_at_once_move_together() {
    let (mut dead, b1, b2) = (Backend::echoing(), Backend::echoing(), Backend::echoing());
    let balancer = Balancer::over(&[&dead, &b1, &b2]);
    dead.stop();
    let cookie = request("GET", "/", &["Cookie: X-Backend-ID=0"]);
    let mut clients: Vec<_> = (0..6).map(|_| balancer.client()).collect();
    for client in &mut clients {
        client.send(&cookie);
    }
    let mut chosen: Vec<_> = clients.iter_mut().map(|client| client.response().backend().unwrap()).collect();
    chosen.sort_unstable();
    chosen.dedup();
    assert_eq!(chosen.len(), 1, "one client's requests went to {chosen:?}");
}

#[test]
fn a_request_in_flight_is_untouched_when_its_backend_stops_listening() {
    let gate = Arc::new(Gate::default());
    let held = Arc::clone(&gate);
    let mut backend = Backend::start(move |call| {
        held.pass();
        echo(call)
    });
    let balancer = Balancer::over(&[&backend]);
    let mut client = balancer.client();
    client.send(&request("GET", "/", &[]));
    backend.wait_for_requests(1);
    backend.stop_listening();
    assert!(balancer.get("/other").status >= 502);
    balancer.line("UP -> DOWN");
    gate.open();
    assert_eq!(client.response().status, 200);
}

/// 300 requests on one connection, to a backend that closes each of its connections at about the time of the next
/// request.
fn race_with_closing(method: &str, target: &str) {
    let backend = Backend::start(|call| {
        let after = echo(call);
        let moment: u64 = call.target.rsplit('/').next().unwrap().parse().unwrap();
        std::thread::sleep(Duration::from_micros(moment % 30 * 20));
        if after == After::Keep { After::Close } else { after }
    });
    let balancer = Balancer::over(&[&backend]);
    let mut client = balancer.client();
    for n in 0..300 {
        let path = format!("{target}/{n}");
        let lines: &[&str] = if method == "POST" { &["Content-Length: 2"] } else { &[] };
        let body: &[u8] = if method == "POST" { b"hi" } else { b"" };
        let answer = client.exchange(&[&request(method, &path, lines), body].concat());
        assert_eq!(answer.status, 200, "{method} {path}");
    }
    let expected: Vec<String> = (0..300).map(|n| format!("{target}/{n}")).collect();
    assert_eq!(backend.targets(), expected, "each once");
    assert_eq!(balancer.backend(0)["errors"], 0);
}

#[test]
fn a_get_is_not_lost_when_its_idle_connection_is_closed_just_then() {
    race_with_closing("GET", "/get");
}

#[test]
fn a_post_is_neither_lost_nor_doubled_when_an_idle_connection_is_closed_just_then() {
    race_with_closing("POST", "/post");
}

#[test]
fn a_reset_of_an_idle_connection_is_no_error() {
    let backend = Backend::start(|call| {
        echo(call);
        After::Reset
    });
    let balancer = Balancer::over(&[&backend]);
    let mut client = balancer.client();
    let mut statuses: Vec<u16> = (0..50).map(|_| client.exchange(&request("GET", "/", &[])).status).collect();
    statuses.dedup();
    // The reset may overtake the answer itself; then a GET is retried.
    assert_eq!(statuses, [200]);
}

#[test]
fn a_connection_that_the_backend_says_it_keeps_for_a_second_is_not_used_after_that() {
    let backend = Backend::answering(response("200 OK", &["Keep-Alive: timeout=1"], ""));
    let balancer = Balancer::over(&[&backend]);
    let mut client = balancer.client();
    client.exchange(&request("GET", "/", &[]));
    // Not a wait: the test is that this time passes.
    std::thread::sleep(Duration::from_millis(1200));
    client.exchange(&request("GET", "/", &[]));
    let used: Vec<usize> = backend.requests().iter().map(|r| r.connection).collect();
    assert_ne!(used[0], used[1]);
}

fn silent_then_close() -> Backend {
    Backend::start(|call| {
        call.body();
        After::Close
    })
}

#[test]
fn an_unanswered_request_is_tried_elsewhere_where_that_is_safe() {
    let (silent, alive) = (silent_then_close(), Backend::echoing());
    let balancer = Balancer::over(&[&silent, &alive]);
    for method in ["GET", "HEAD", "OPTIONS", "PUT", "DELETE"] {
        let answer = balancer.exchange(&request(method, "/", &["Cookie: X-Backend-ID=0"]));
        assert_eq!((answer.status, answer.backend()), (200, Some(1)), "{method}");
        assert_eq!(answer.all("set-cookie"), [COOKIE_1], "{method}");
    }
    assert!(balancer.line(" GET / 200 ").contains("b0 gave no answer"));
}

#[test]
fn an_unanswered_request_that_may_have_been_acted_on_is_not_sent_again() {
    let (silent, alive) = (silent_then_close(), Backend::echoing());
    let balancer = Balancer::over(&[&silent, &alive]);
    for method in ["POST", "PATCH", "LOCK"] {
        let lines = ["Cookie: X-Backend-ID=0", "Content-Length: 0"];
        let answer = balancer.exchange(&request(method, "/", &lines));
        assert_eq!(answer.status, 502, "{method}");
    }
    assert_eq!((silent.requests().len(), alive.requests().len()), (3, 0));
    assert!(balancer.line(" POST / 502 ").contains("b0 gave no answer"));
}

#[test]
fn no_backend_is_tried_twice_and_no_more_than_allowed() {
    let silent: Vec<Backend> = (0..4).map(|_| silent_then_close()).collect();
    let config = Config::new(&silent.iter().collect::<Vec<_>>());
    let tries = |balancer: &Balancer| {
        let before: Vec<usize> = silent.iter().map(|b| b.requests().len()).collect();
        assert_eq!(balancer.get("/").status, 502);
        let each: Vec<usize> = silent.iter().zip(before).map(|(b, before)| b.requests().len() - before).collect();
        assert!(each.iter().all(|n| *n <= 1), "{each:?}");
        each.iter().sum::<usize>()
    };
    assert_eq!(tries(&config.start()), 3);
    assert_eq!(tries(&config.set("/retry/attempts", json!(2)).start()), 2);
}

#[test]
fn where_time_ran_out_the_answer_is_504_and_the_backend_is_let_go() {
    let backend = Backend::start(|call| {
        call.wait_for_close();
        After::Close
    });
    let balancer = Config::new(&[&backend]).set("/timeouts/response", json!(200)).start();
    for method in ["GET", "POST"] {
        assert_eq!(balancer.exchange(&request(method, "/", &["Content-Length: 0"])).status, 504, "{method}");
    }
    for request in backend.requests() {
        backend.wait_for_end(request.connection);
    }
    assert_eq!(balancer.backend(0)["activeConnections"], 0);
}

#[test]
fn where_the_only_backend_does_not_connect_in_time_the_answer_is_504() {
    let mut backend = Silent::new();
    let config = json!({
        "port": 0, "backends": [{"url": format!("http://127.0.0.1:{}", backend.port)}],
        "health": {"interval": 600_000}, "timeouts": {"connect": 300},
    });
    let config = Config::of(config);
    let balancer = std::thread::scope(|scope| {
        scope.spawn(|| backend.answer_one());
        config.start()
    });
    balancer.line("STARTING -> UP");
    backend.fall_silent();
    assert_eq!(balancer.exchange(&request("POST", "/", &["Content-Length: 0"])).status, 504);
    balancer.line(" POST / 504 ");
}

#[test]
fn with_all_down_the_answer_is_503_at_once_and_recovery_needs_no_restart() {
    let mut backend = Backend::echoing();
    let port = backend.port;
    let balancer = Balancer::over(&[&backend]);
    backend.stop();
    assert_eq!(balancer.get("/").status, 502);
    balancer.line("UP -> DOWN");
    let answer = balancer.get("/");
    assert_eq!((answer.status, answer.text().as_str()), (503, r#"{"error":"No healthy backends available."}"#));
    let _again = Backend::echoing_again_on(port);
    balancer.line("DOWN -> UP");
    assert_eq!(balancer.get("/").status, 200);
}

#[test]
fn a_backend_that_is_down_at_the_start_is_taken_in_when_it_comes() {
    let mut backend = Backend::echoing();
    let port = backend.port;
    backend.stop();
    let balancer = Config::of_ports(&[port]).start();
    assert_eq!(balancer.get("/").status, 503);
    let _again = Backend::echoing_again_on(port);
    balancer.line("DOWN -> UP");
    assert_eq!(balancer.get("/").status, 200);
}

#[test]
fn rise_and_fall_damp_flapping_and_a_client_moves_once() {
    let (flapping, steady) = (Backend::echoing(), Backend::echoing());
    let balancer = Config::new(&[&flapping, &steady])
        .set("/health/interval", json!(100))
        .set("/health/fall", json!(2))
        .set("/health/rise", json!(2))
        .start();
    let checks = |count: usize| {
        let before = flapping.checks();
        until("more checks", || flapping.checks() >= before + count);
    };
    flapping.set_healthy(false);
    balancer.line("UP -> DOWN");
    let moved = balancer.exchange(&request("GET", "/", &["Cookie: X-Backend-ID=0"]));
    assert_eq!((moved.backend(), moved.all("set-cookie").len()), (Some(1), 1));
    flapping.set_healthy(true);
    balancer.line("DOWN -> UP");
    checks(2);
    let stays = balancer.exchange(&request("GET", "/", &["Cookie: X-Backend-ID=1"]));
    assert_eq!((stays.backend(), stays.all("set-cookie").len()), (Some(1), 0));
    let changes = balancer.lines().iter().filter(|line| line.contains(" -> ")).count();
    assert_eq!(changes, 4, "STARTING to UP twice, UP to DOWN, DOWN to UP: {:?}", balancer.lines());
}

#[test]
fn checks_do_not_follow_redirects() {
    let check = |call: &mut support::Call| {
        call.send(&response("302 Found", &["Location: /elsewhere"], ""));
        After::Keep
    };
    let backend = Backend::with_check(echo, check);
    let balancer = Balancer::over(&[&backend]);
    assert_eq!(balancer.get("/").status, 503);
    assert_eq!(backend.targets(), Vec::<String>::new());
    assert_eq!(balancer.backend(0)["lastError"], "GET /health 302");
}

#[test]
fn a_check_does_not_read_an_endless_body() {
    let check = |call: &mut support::Call| {
        call.send(b"HTTP/1.1 200 OK\r\n\r\n");
        let mut sent = 0;
        while call.wire.write(&[b'x'; 8192]).is_ok() && sent < 64 << 20 {
            sent += 8192;
        }
        assert!(sent < 64 << 20, "64 MB of a check's answer were read");
        After::Close
    };
    let backend = Backend::with_check(echo, check);
    let balancer = Balancer::over(&[&backend]);
    assert_eq!(balancer.get("/").status, 200);
}

#[test]
fn checks_come_on_connections_of_their_own_and_before_the_first_request() {
    let backend = Backend::echoing();
    let balancer = Balancer::over(&[&backend]);
    assert_eq!(balancer.get("/").status, 200);
    assert_eq!(backend.checks(), 1);
    let bytes = backend.bytes(backend.requests()[0].connection);
    assert!(!String::from_utf8_lossy(&bytes).contains("/health"));
}

#[test]
fn checks_of_one_backend_never_overlap_and_do_not_hold_up_anothers() {
    let running = Arc::new(std::sync::atomic::AtomicUsize::new(0));
    let seen = Arc::clone(&running);
    let check = move |call: &mut support::Call| {
        use std::sync::atomic::Ordering::SeqCst;
        assert_eq!(seen.fetch_add(1, SeqCst), 0, "two checks at once");
        call.wait_for_close();
        seen.fetch_sub(1, SeqCst);
        After::Close
    };
    let (stuck, good) = (Backend::with_check(echo, check), Backend::with_check(echo, answer_check));
    let balancer =
        Config::new(&[&stuck, &good]).set("/health/interval", json!(100)).set("/health/timeout", json!(300)).start();
    until("more checks of both", || stuck.checks() >= 3 && good.checks() >= 4);
    balancer.line("no answer within 300 ms");
    assert_eq!(balancer.get("/").backend(), Some(1));
    assert_eq!(balancer.backend(1)["healthy"], true);
}
