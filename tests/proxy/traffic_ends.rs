//! How the balancer's own traffic begins, changes and ends.

use std::sync::Arc;

use serde_json::{Value, json};

use super::traffic::{begin, ended, traffic};
use crate::support::program::{Headless, free_port, run};
use crate::support::{After, Backend, Balancer, Config, Gate, response, until, until_some};

fn sent(view: &Value) -> u64 {
    view["sent"].as_u64().unwrap()
}

#[test]
fn it_ends_by_itself_and_says_what_it_came_to() {
    let backend = Backend::echoing();
    let balancer = Balancer::over(&[&backend]);
    let said = balancer.said(&["ctl", "traffic", "open", "for=1s"]);
    let begins = "traffic begins: open rate=24 spacing=even clients=12 cookies=keep mix=\"100% GET /\" seed=7 for=1s";
    assert!(said.contains(begins), "{said}");
    balancer.line(begins);
    let view = ended(&balancer);
    assert_eq!((sent(&view), &view["dropped"], &view["byStatus"][1]), (24, &json!(0), &json!(24)), "{view}");
    balancer.line("traffic ended: 24 sent, 24 answered (24 2xx), 0 failed");
    assert_eq!(backend.requests().len(), 24);
    let off = balancer.refused(&["ctl", "traffic", "off"]);
    assert!(off.contains("no traffic is sent: begin with traffic open rate=24"), "{off}");
}

#[test]
fn off_begins_nothing_more_and_waits_for_what_is_in_flight() {
    let gate = Arc::new(Gate::default());
    let opened = Arc::clone(&gate);
    let backend = Backend::start(move |call| {
        opened.pass();
        call.send(&response("200 OK", &[], ""));
        After::Keep
    });
    let balancer = Balancer::over(&[&backend]);
    begin(&balancer, &["open", "rate=50"]);
    backend.wait_for_requests(5);
    let said = balancer.said(&["ctl", "traffic", "off"]);
    assert!(said.contains("requests in flight have ended"), "{said}");
    let view = until_some("it is off", || Some(traffic(&balancer)).filter(|view| view["on"] == false));
    assert_eq!((&view["inFlight"], &view["secondsLeft"]), (&json!(sent(&view)), &json!(0)), "{view}");
    gate.open();
    let end = ended(&balancer);
    assert_eq!((sent(&end), &end["byStatus"][1]), (sent(&view), &json!(sent(&view))), "{end}");
    let all = sent(&end);
    balancer.line(&format!("traffic ended: {all} sent, {all} answered ({all} 2xx), 0 failed"));
    assert_eq!(backend.requests().len() as u64, sent(&end));
    assert_eq!(traffic(&balancer), end);
}

#[test]
fn another_rate_goes_on_with_what_was_counted_and_anything_else_begins_anew() {
    let backend = Backend::echoing();
    let balancer = Balancer::over(&[&backend]);
    begin(&balancer, &["open", "rate=50"]);
    backend.wait_for_requests(20);
    let said = balancer.said(&["ctl", "traffic", "open", "rate=1", "clients=3"]);
    assert!(said.contains("traffic goes on: open rate=1 spacing=even clients=3"), "{said}");
    let before = traffic(&balancer);
    assert!(sent(&before) >= 20, "{before}");
    assert_eq!((&before["options"]["rate"], &before["options"]["clients"]), (&json!(1), &json!(3)));
    until("those of before are answered", || traffic(&balancer)["inFlight"] == 0);
    let answered = backend.requests().len();
    begin(&balancer, &["open", "rate=400", "clients=3"]);
    let late = backend.wait_for_requests(answered + 50).split_off(answered);
    assert!(sent(&traffic(&balancer)) >= sent(&before) + 50);
    assert!(late.iter().all(|one| ["u1", "u2", "u3"].contains(&one.get("x-user").unwrap().as_str())));
    let said = balancer.said(&["ctl", "traffic", "closed", "clients=2", "think=10s", "for=30s"]);
    assert!(said.contains("traffic begins anew: closed clients=2"), "{said}");
    balancer.line("traffic ended: ");
    let view = traffic(&balancer);
    assert!(sent(&view) <= 2, "counted from zero: {view}");
    assert_eq!(view["options"]["model"], "closed");
}

#[test]
fn more_and_fewer_clients_of_closed_traffic_come_and_go() {
    let backend = Backend::echoing();
    let balancer = Balancer::over(&[&backend]);
    begin(&balancer, &["closed", "clients=2", "think=5ms"]);
    backend.wait_for_requests(10);
    begin(&balancer, &["closed", "clients=5", "think=5ms"]);
    let came = |user: &str| backend.requests().iter().filter(|one| one.get("x-user").unwrap() == user).count();
    until("the fifth asks", || came("u5") > 3);
    begin(&balancer, &["closed", "clients=1", "think=5ms"]);
    until("only the first is in flight", || traffic(&balancer)["inFlight"].as_u64() <= Some(1));
    let (before, first) = (came("u5"), came("u1"));
    until("the first goes on", || came("u1") > first + 10);
    assert!(came("u5") <= before + 1);
    begin(&balancer, &["closed", "clients=5", "think=5ms"]);
    until("the fifth asks again", || came("u5") > before + 3);
}

#[test]
fn it_does_not_hold_up_the_end_of_the_program() {
    let hung = Backend::start(|call| {
        call.wait_for_close();
        After::Close
    });
    // Much longer than a test waits for anything.
    let config = Config::new(&[&hung]).set("/timeouts", json!({"shutdown": 600_000, "response": 600_000}));
    let mut balancer = config.start();
    begin(&balancer, &["open", "rate=100"]);
    hung.wait_for_requests(20);
    balancer.terminate();
    until("the program has ended", || !balancer.is_running());
    let said = balancer.line("traffic ended: ");
    assert!(said.ends_with("failed: the balancer stops"), "{said}");
}

#[test]
fn a_balancer_of_raw_connections_cannot_have_traffic() {
    let backend = Backend::echoing();
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("raw.json");
    let config = json!({
        "listeners": [{"port": 0, "mode": "tcp", "pool": "raw"}],
        "pools": {"raw": {"backends": [{"url": format!("tcp://localhost:{}", backend.port)}]}},
    });
    std::fs::write(&file, config.to_string()).unwrap();
    let mut balancer = Headless::start(&["--headless", "--config", file.to_str().unwrap()]);
    balancer.line_with("listening on tcp://localhost:");
    let output = run(&["ctl", "traffic", "open"]);
    let said = String::from_utf8(output.stderr).unwrap();
    assert!(!output.status.success());
    assert!(said.contains("traffic needs a listener in HTTP mode, and this balancer has none"), "{said}");
    assert!(backend.requests().is_empty());
}

#[test]
fn it_moves_with_its_listener_and_ends_when_there_is_none() {
    let backend = Backend::echoing();
    let (first, second) = (free_port(), free_port());
    let on = |port: u16, mode: &str| {
        let scheme = if mode == "http" { "http" } else { "tcp" };
        let backends = json!([{"url": format!("{scheme}://localhost:{}", backend.port)}]);
        Config::of(json!({
            "listeners": [{"port": port, "mode": mode, "pool": "web"}],
            "pools": {"web": {"backends": backends, "health": {"path": "/health"}}},
        }))
    };
    let balancer = on(first, "http").start_without_health();
    balancer.ctl(&["traffic", "closed", "clients=3", "think=10ms"]);
    backend.wait_for_requests(10);
    balancer.rewrite(&on(second, "http"));
    balancer.line(&format!("traffic goes on to http://localhost:{second}: the listener that it went to is gone"));
    until("it comes to the new one", || {
        backend.requests().iter().any(|one| one.get("host").unwrap() == format!("localhost:{second}"))
    });
    balancer.rewrite(&on(second, "tcp"));
    let said = balancer.line("traffic ended: ");
    assert!(said.ends_with("failed: there is no HTTP listener any more"), "{said}");
    let status: Value = serde_json::from_str(&balancer.said(&["ctl", "status", "--json"])).unwrap();
    assert_eq!((&status["traffic"]["on"], &status["traffic"]["inFlight"]), (&json!(false), &json!(0)));
}

#[test]
fn what_cannot_be_sent_is_refused_in_one_sentence_and_nothing_begins() {
    let backend = Backend::echoing();
    let balancer = Balancer::over(&[&backend]);
    for (line, said) in [
        (&["open", "rate=0"][..], "a rate is from 1 to 500"),
        (&["open", "rate=1000000"], "a rate is from 1 to 500"),
        (&["open", "mix=GET /<b>"], "'/<b>' cannot be sent: write it percent-encoded"),
        (&["closed", "clients=251"], "there are from 1 to 250 clients"),
    ] {
        let refused = balancer.refused(&[&["ctl", "traffic"], line].concat());
        assert!(refused.contains(said), "{line:?}: {refused}");
    }
    assert_eq!(traffic(&balancer), Value::Null);
}
