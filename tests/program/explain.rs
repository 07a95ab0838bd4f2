//! `explain`: which backend would get a request, and why, without sending it.

use serde_json::Value;

use crate::support::home::Home;
use crate::support::program::{self, Headless, exchange, get};

struct Running {
    lb: Headless,
    port: u16,
    home: Home,
}

impl Running {
    fn new(words: &[&str]) -> Self {
        let home = Home::new();
        let (lb, port) = home.demo(3, words);
        Running { lb, port, home }
    }

    #[track_caller]
    fn json(&self, words: &[&str]) -> Value {
        serde_json::from_str(&self.home.good(&[&["explain"], words, &["--json"]].concat())).unwrap()
    }
}

#[test]
fn what_is_explained_is_what_happens_next_and_asking_takes_no_turn() {
    let running = Running::new(&[]);
    for _ in 0..4 {
        let first = running.json(&["GET", "/whoami"]);
        let again = running.json(&["GET", "/whoami"]);
        assert_eq!(first, again, "nothing changes by asking");
        let id = first["backend"]["id"].as_u64().unwrap();
        assert!(get(running.port, "/whoami").contains(&format!("x-backend-id: {id}\r\n")), "{first}");
    }
    let health = get(running.port, "/_lb/health");
    let requests: u64 =
        health.split("\"requests\":").skip(1).map(|rest| rest.split(',').next().unwrap().parse::<u64>().unwrap()).sum();
    assert_eq!(requests, 4, "what was explained is not counted");
}

#[test]
fn for_people_it_names_the_backend_the_key_the_scores_and_who_was_left_out() {
    let running = Running::new(&[]);
    running.home.good(&["ctl", "down", "charlie"]);
    let text = running.home.good(&["explain", "GET", "/cart", "-H", "Cookie: a=1; X-Backend-ID=2"]);
    for part in
        ["GET /cart would go to bravo", "sticky X-Backend-ID=2", "key:", "weight 1", "is MAINT", "nothing was sent"]
    {
        assert!(text.contains(part), "no '{part}' in:\n{text}");
    }
    let text = running.home.good(&["explain", "GET", "/cart"]);
    for part in ["round-robin 1 of 2", "new cookie", "next in turn"] {
        assert!(text.contains(part), "no '{part}' in:\n{text}");
    }
}

#[test]
fn a_client_whose_backend_is_out_is_told_where_it_would_move() {
    let running = Running::new(&[]);
    running.home.good(&["ctl", "down", "alpha"]);
    let told = running.json(&["GET", "/", "-H", "Cookie: X-Backend-ID=1"]);
    assert!(told["reason"].as_str().unwrap().starts_with("alpha is MAINT, moved"), "{told}");
    assert_eq!(told["decision"]["cookie"], "rewritten");
    let id = told["backend"]["id"].as_u64().unwrap();
    let sent = b"GET /whoami HTTP/1.1\r\nHost: localhost\r\nCookie: X-Backend-ID=1\r\nConnection: close\r\n\r\n";
    assert!(exchange(running.port, sent).contains(&format!("x-backend-id: {id}\r\n")));
}

#[test]
fn chance_is_called_chance() {
    let running = Running::new(&["--strategy", "random"]);
    assert!(running.home.good(&["explain", "POST", "/"]).contains("by chance"));
}

#[test]
fn the_balancers_own_pages_and_what_it_would_refuse_are_explained_too() {
    let running = Running::new(&[]);
    assert!(running.home.good(&["explain", "GET", "/_lb/health"]).contains("answered by the balancer"));
    assert!(running.home.good(&["explain", "TRACE", "/"]).contains("refused:"));
    let url = format!("http://localhost:{}/x", running.port);
    assert!(running.home.good(&["explain", "GET", &url]).contains("would go to"));
}

#[test]
fn what_cannot_be_explained_is_one_sentence() {
    let running = Running::new(&[]);
    for (words, part) in [
        (&["explain", "GET", "http://localhost:1/"][..], "port 1"),
        (&["explain", "G T", "/"], "no method"),
        (&["explain", "GET", "/", "-H", "no colon"], "Name: value"),
        (&["explain", "GET", "/", "-H", "a b: c"], "Name: value"),
    ] {
        let output = running.home.run(words);
        let err = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(2), "{err}");
        assert!(err.contains(part) && err.lines().count() == 1, "no '{part}' in: {err}");
    }
    assert!(is_alive(&running));
}

fn is_alive(running: &Running) -> bool {
    program::is_running(running.lb.pid())
}
