//! Sessions that are in one copy's memory, with learned stickiness: they begin anywhere, stay, end, and lose their copy.

use serde_json::{Value, json};
use std::collections::HashSet;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};

use crate::learn::{learn, over, three};
use crate::support::{After, Backend, Balancer, Call, Client, Response, request, response, until};

/// A server in the manner of the Model Context Protocol: `initialize` begins a session in its memory, which alone knows it.
fn mcp(copy: usize) -> Backend {
    let sessions: Mutex<HashSet<String>> = Mutex::default();
    let given = AtomicUsize::new(0);
    Backend::start(move |call| {
        call.body();
        let mut sessions = sessions.lock().unwrap();
        let answer = match call.head.get("mcp-session-id") {
            None => {
                let id = format!("{copy}f7a-{:016x}", given.fetch_add(1, SeqCst));
                sessions.insert(id.clone());
                response("200 OK", &[&format!("Mcp-Session-Id: {id}")], r#"{"jsonrpc":"2.0","id":1,"result":{}}"#)
            }
            Some(id) if !sessions.contains(&id) => response("404 Not Found", &[], "Session not found"),
            Some(id) if call.head.start.starts_with("DELETE") => {
                sessions.remove(&id);
                response("200 OK", &[&format!("Mcp-Session-Id: {id}")], "")
            }
            Some(id) => response("200 OK", &[&format!("Mcp-Session-Id: {id}")], r#"{"jsonrpc":"2.0","id":2}"#),
        };
        call.send(&answer);
        After::Keep
    })
}

fn initialize(client: &mut Client) -> (String, Response) {
    let answer = client.exchange(&request("POST", "/mcp", &["Content-Length: 0"]));
    (answer.get("mcp-session-id").expect("a session"), answer)
}

fn in_session(client: &mut Client, method: &str, id: &str) -> Response {
    client.exchange(&request(method, "/mcp", &["Content-Length: 0", &format!("Mcp-Session-Id: {id}")]))
}

/// How many requests of 1,000 sessions fail.
fn mcp_failures(balancer: &Balancer) -> usize {
    let mut client = balancer.client();
    let sessions: Vec<String> = (0..1000).map(|_| initialize(&mut client).0).collect();
    let mut failures = 0;
    for method in ["POST", "GET", "DELETE"] {
        for id in &sessions {
            failures += usize::from(in_session(&mut client, method, id).status != 200);
        }
    }
    failures
}

#[test]
fn a_thousand_sessions_in_the_manner_of_mcp_go_without_an_error_and_fail_where_the_id_is_hashed() {
    let copies = three(mcp);
    let balancer = over(&copies, learn(&json!("mcp")));
    assert_eq!(mcp_failures(&balancer), 0);
    assert!(copies.iter().all(|copy| copy.requests().len() > 1000), "all copies have their share");
    balancer.ctl(&["sticky", "header:Mcp-Session-Id"]);
    assert!(mcp_failures(&balancer) > 1000);
}

/// A server in the manner of Engine.IO by polling.
fn polling(copy: usize) -> Backend {
    let sessions: Mutex<HashSet<String>> = Mutex::default();
    let given = AtomicUsize::new(0);
    let answer = move |call: &mut Call| {
        call.body();
        let mut sessions = sessions.lock().unwrap();
        match call.target.split_once("sid=").map(|(_, id)| id.to_owned()) {
            None => {
                let id = format!("{copy}Zx-{:016}", given.fetch_add(1, SeqCst));
                sessions.insert(id.clone());
                let packet = format!(r#"0{{"sid":"{id}","upgrades":["websocket"],"pingTimeout":20000}}"#);
                response("200 OK", &["Content-Type: text/plain; charset=UTF-8"], &packet)
            }
            Some(id) if sessions.contains(&id) => response("200 OK", &[], "6"),
            Some(_) => response("400 Bad Request", &[], r#"{"code":1,"message":"Session ID unknown"}"#),
        }
    };
    Backend::start(move |call| {
        let answer = answer(call);
        call.send(&answer);
        After::Keep
    })
}

/// How many requests of 1,000 sessions fail.
fn polling_failures(balancer: &Balancer) -> usize {
    let mut client = balancer.client();
    let poll = "/socket.io/?EIO=4&transport=polling";
    let sessions: Vec<String> = (0..1000)
        .map(|_| {
            let opened = client.exchange(&request("GET", poll, &[])).text();
            let packet: Value = serde_json::from_str(opened.strip_prefix('0').expect("a packet")).unwrap();
            packet["sid"].as_str().unwrap().to_owned()
        })
        .collect();
    let mut failures = 0;
    for method in ["POST", "GET"] {
        for id in &sessions {
            let asked = request(method, &format!("{poll}&sid={id}"), &["Content-Length: 0"]);
            failures += usize::from(client.exchange(&asked).status != 200);
        }
    }
    failures
}

#[test]
fn a_thousand_polling_sessions_go_without_an_error_and_fail_where_the_id_is_hashed() {
    let copies = three(polling);
    let balancer = over(&copies, learn(&json!("socket.io")));
    assert_eq!(polling_failures(&balancer), 0);
    assert!(copies.iter().all(|copy| copy.requests().len() > 700), "all copies have their share");
    balancer.ctl(&["sticky", "query:sid"]);
    assert!(polling_failures(&balancer) > 700);
}

#[test]
fn a_delete_that_succeeds_ends_the_id() {
    let copies = three(mcp);
    let balancer = over(&copies, learn(&json!("mcp")));
    let mut client = balancer.client();
    let (id, began) = initialize(&mut client);
    assert_eq!(in_session(&mut client, "GET", &id).backend(), began.backend());
    assert_eq!(sessions(&balancer), 1);
    assert_eq!(in_session(&mut client, "DELETE", &id).status, 200);
    assert_eq!(sessions(&balancer), 0);
    let backends: HashSet<_> = (0..3).map(|_| in_session(&mut client, "GET", &id).backend()).collect();
    assert_eq!(backends.len(), 3);
}

pub(crate) fn status(balancer: &Balancer) -> Value {
    serde_json::from_str(&balancer.said(&["ctl", "status", "--json"])).unwrap()
}

/// How many clients are bound to the backends, as told.
fn sessions(balancer: &Balancer) -> u64 {
    let status = status(balancer);
    status["backends"].as_array().unwrap().iter().map(|backend| backend["sessions"].as_u64().unwrap()).sum()
}

#[test]
fn ids_of_a_backend_that_dies_go_to_another_whose_404_lets_the_client_begin_anew() {
    let mut copies = three(mcp);
    let balancer = over(&copies, learn(&json!("mcp")));
    let mut client = balancer.client();
    let (id, began) = initialize(&mut client);
    let copy = began.backend().unwrap();
    copies[copy as usize].stop();
    // One that may be sent twice: a POST on a connection that ends in this moment is not.
    let answer = in_session(&mut client, "GET", &id);
    assert_eq!(answer.status, 404);
    assert_ne!(answer.backend(), Some(copy));
    let (new, began) = initialize(&mut client);
    assert_eq!(in_session(&mut client, "POST", &new).backend(), began.backend());
}

#[test]
fn on_failure_fail_holds_for_ids_too() {
    let mut copies = three(mcp);
    let sticky = json!({"by": "learn", "from": "mcp", "onFailure": "fail"});
    let balancer = over(&copies, sticky);
    let mut client = balancer.client();
    let (id, began) = initialize(&mut client);
    let copy = began.backend().unwrap();
    copies[copy as usize].stop();
    balancer.ctl(&["check", &format!("b{copy}")]);
    until("it is DOWN", || status(&balancer)["backends"][copy as usize]["state"] == "DOWN");
    assert_eq!(in_session(&mut client, "POST", &id).status, 503);
    assert_eq!(initialize(&mut client).1.status, 200, "new sessions begin elsewhere");
}

#[test]
fn a_draining_backend_keeps_the_ids_it_gave_out_and_begins_no_session() {
    let copies = three(mcp);
    let balancer = over(&copies, learn(&json!("mcp")));
    let mut client = balancer.client();
    let (id, began) = initialize(&mut client);
    let copy = began.backend().unwrap();
    balancer.ctl(&["drain", &format!("b{copy}")]);
    let answer = in_session(&mut client, "POST", &id);
    assert_eq!((answer.status, answer.backend()), (200, Some(copy)));
    for _ in 0..4 {
        assert_ne!(initialize(&mut client).1.backend(), Some(copy));
    }
}

#[test]
fn the_mode_the_count_and_the_reason_are_told_and_the_id_is_not() {
    let copies = three(mcp);
    let balancer = over(&copies, learn(&json!("mcp")));
    let mut client = balancer.client();
    let (id, _) = initialize(&mut client);
    in_session(&mut client, "POST", &id);
    let line = balancer.line("sticky header Mcp-Session-Id learned");
    assert!(!line.contains(&id), "{line}");
    assert_eq!(status(&balancer)["pools"][0]["sticky"], "learn:mcp");
    assert_eq!(status(&balancer)["pools"][0]["stickyModes"], json!(["cookie", "ip", "learn:mcp", "off"]));
    assert_eq!(sessions(&balancer), 1);
    let explained = balancer.said(&["explain", "POST", "/mcp", "-H", &format!("Mcp-Session-Id: {id}")]);
    assert!(explained.contains("header Mcp-Session-Id learned"), "{explained}");
    assert!(!explained.contains(&id), "{explained}");
}

#[test]
fn where_a_hashed_id_was_seen_to_come_from_a_backend_a_warning_says_what_to_use_until_it_is_used() {
    let warned = |balancer: &Balancer| {
        let warnings = status(balancer)["warnings"].clone();
        let texts = warnings.as_array().unwrap().iter().filter(|warning| warning["about"] == "sticky");
        texts.map(|warning| warning["text"].as_str().unwrap().to_owned()).collect::<Vec<_>>()
    };
    let copies = three(mcp);
    let balancer = over(&copies, json!({"by": "header:Mcp-Session-Id"}));
    let mut client = balancer.client();
    in_session(&mut client, "POST", "an-id-that-no-copy-made");
    let (id, _) = initialize(&mut client);
    assert!(warned(&balancer).is_empty());
    in_session(&mut client, "POST", &id);
    assert!(warned(&balancer)[0].contains("this id comes from the backend: use learn, --sticky learn:mcp"));
    balancer.ctl(&["sticky", "learn:mcp"]);
    assert!(warned(&balancer).is_empty());

    let copies = three(polling);
    let balancer = over(&copies, json!({"by": "query:sid"}));
    let mut client = balancer.client();
    let opened = client.exchange(&request("GET", "/socket.io/?EIO=4&transport=polling", &[])).text();
    let id = opened.split('"').nth(3).unwrap();
    client.exchange(&request("GET", &format!("/socket.io/?EIO=4&transport=polling&sid={id}"), &[]));
    assert!(warned(&balancer)[0].contains("--sticky learn:socket.io"));
}
