//! The duration of each phase of a request, and its sizes, as the log reports them.

use std::thread::sleep;
use std::time::Duration;

use serde_json::{Value, json};

use crate::support::program::{self, Headless, get, program, until};
use crate::support::{self, After, Backend, Client, request, response};

/// A balancer of these backends that logs each request as JSON, and its port.
fn balancer(backends: &[Value]) -> (Headless, u16, tempfile::TempDir) {
    let folder = tempfile::tempdir().unwrap();
    let health = json!({"path": "/health", "interval": 60000});
    let config = json!({"port": 0, "backends": backends, "health": health, "sticky": {"by": "off"}});
    std::fs::write(folder.path().join("stickylb.json"), config.to_string()).unwrap();
    let mut command = program(&["--headless", "--config", "stickylb.json", "--log-format", "json"]);
    command.current_dir(folder.path());
    let mut lb = Headless::from(command);
    let port = program::port_in(&lb.line_with("listening on")).unwrap();
    (lb, port, folder)
}

fn backend(port: u16) -> Value {
    json!({"url": format!("http://127.0.0.1:{port}")})
}

/// The event of the request for this path.
fn event(lb: &mut Headless, path: &str) -> Value {
    serde_json::from_str(&lb.line_with(&format!("\"path\":\"{path}\""))).unwrap()
}

/// A phase's time, in microseconds.
fn micros(event: &Value, phase: &str) -> u64 {
    event["phases"][phase].as_u64().unwrap_or_else(|| panic!("no phase '{phase}' in {event}"))
}

#[test]
fn the_phases_of_a_slow_answer_are_told_apart_and_add_up_to_the_whole() {
    // Much longer than asserted below: on a busy machine the balancer notices the begin of a phase late.
    const PAUSE: Duration = Duration::from_millis(1200);
    let slow = Backend::start(|call| {
        call.body();
        sleep(PAUSE);
        call.send(b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n");
        for piece in [b"one", b"two", b"six"] {
            sleep(PAUSE / 3);
            call.send(piece);
        }
        After::Keep
    });
    let (mut lb, port, _folder) = balancer(&[backend(slow.port)]);
    let mut client = Client::connect(port);
    client.send(b"POST /slow HTTP/1.1\r\nHost: localhost\r\n");
    // The head itself takes time too.
    sleep(PAUSE);
    client.send(b"Transfer-Encoding: chunked\r\n\r\n4\r\nbody\r\n3\r\n, 3\r\n0\r\n\r\n");
    assert_eq!(client.response().text(), "onetwosix");

    let event = event(&mut lb, "/slow");
    assert!(micros(&event, "head") >= 40_000, "{event}");
    assert!(micros(&event, "firstByte") >= 300_000, "{event}");
    assert!(micros(&event, "lastByte") >= 300_000, "{event}");
    assert_eq!(micros(&event, "queue"), 0, "{event}");
    let phases = ["head", "queue", "connect", "firstByte", "lastByte"];
    let sum: u64 = phases.iter().map(|phase| micros(&event, phase)).sum();
    let whole = Duration::from_secs_f64(event["seconds"].as_f64().unwrap()).as_micros();
    // Each phase is rounded down to whole microseconds.
    assert!(u128::from(sum) <= whole + 1, "{sum} of {whole}: {event}");
    assert_eq!((&event["up"], &event["bytes"]), (&json!(7), &json!(9)), "data is counted, and not the frame around it");
}

#[test]
fn a_kept_connection_is_told_from_one_that_was_made() {
    let backend_one = Backend::answering(response("200 OK", &[], "hello"));
    let (mut lb, port, _folder) = balancer(&[backend(backend_one.port)]);
    let mut client = Client::connect(port);
    for path in ["/first", "/second"] {
        assert_eq!(client.exchange(&request("GET", path, &[])).text(), "hello");
    }
    let first = event(&mut lb, "/first");
    assert!(micros(&first, "connect") > 0, "{first}");
    let second = event(&mut lb, "/second");
    assert_eq!(second["phases"]["connect"], Value::Null, "{second}");
    assert!(micros(&second, "firstByte") > 0, "{second}");
}

#[test]
fn the_wait_for_a_place_is_a_phase_of_its_own() {
    let gate = std::sync::Arc::new(support::Gate::default());
    let opened = std::sync::Arc::clone(&gate);
    let slow = Backend::start(move |call| {
        if call.target == "/holds" {
            opened.pass();
        }
        call.send(&response("200 OK", &[], "done"));
        After::Keep
    });
    let mut narrow = backend(slow.port);
    narrow["maxConnections"] = json!(1);
    narrow["maxQueue"] = json!(1);
    narrow["queueTimeout"] = json!(20000);
    let (mut lb, port, _folder) = balancer(&[narrow]);
    let holds = std::thread::spawn(move || get(port, "/holds"));
    slow.wait_for_requests(1);
    let waits = std::thread::spawn(move || get(port, "/waits"));
    until("the second waits", || get(port, "/_lb/health").contains("\"queued\":1").then_some(()));
    sleep(Duration::from_millis(200));
    gate.open();
    holds.join().unwrap();
    waits.join().unwrap();
    let event = event(&mut lb, "/waits");
    assert!(micros(&event, "queue") >= 100_000, "{event}");
}

#[test]
fn what_was_spent_on_a_backend_that_failed_is_no_phase_of_the_one_that_answered() {
    let mute = Backend::start(|call| {
        sleep(Duration::from_millis(200));
        let _ = call;
        After::Close
    });
    let good = Backend::answering(response("200 OK", &[], "hello"));
    let (mut lb, port, _folder) = balancer(&[backend(mute.port), backend(good.port)]);
    get(port, "/retried");
    let event = event(&mut lb, "/retried");
    assert_eq!((&event["status"], &event["backendId"]), (&json!(200), &json!(1)), "{event}");
    let phases = ["head", "queue", "connect", "firstByte", "lastByte"];
    let sum: u64 = phases.iter().map(|phase| micros(&event, phase)).sum();
    let whole = Duration::from_secs_f64(event["seconds"].as_f64().unwrap()).as_micros();
    assert!(whole - u128::from(sum) >= 200_000, "{sum} of {whole}: {event}");
}
