//! Learned stickiness: an id that a backend gives out leads its client back, wherever it stands.

use flate2::Compression;
use flate2::write::GzEncoder;
use serde_json::{Value, json};
use std::collections::HashSet;
use std::fmt::Write as _;
use std::io::Write as _;
use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};
use std::sync::{Arc, Mutex};

use crate::support::{After, Backend, Balancer, Call, Client, Config, Gate, Response, request, response, until};

/// Three copies of one program.
fn three(copy: impl Fn(usize) -> Backend) -> [Backend; 3] {
    [copy(0), copy(1), copy(2)]
}

fn over(copies: &[Backend; 3], sticky: Value) -> Balancer {
    Config::new(&copies.each_ref()).set("/sticky", sticky).start()
}

fn learn(from: &Value) -> Value {
    json!({"by": "learn", "from": from})
}

/// A copy that answers each request with this head and body; `ID` in them is a new id of its own.
fn giving(copy: usize, lines: &'static [&'static str], body: &'static str) -> Backend {
    let given = AtomicUsize::new(0);
    Backend::start(move |call| {
        call.body();
        let id = format!("copy{copy}-{}", given.fetch_add(1, SeqCst));
        let lines: Vec<String> = lines.iter().map(|line| line.replace("ID", &id)).collect();
        let lines: Vec<&str> = lines.iter().map(String::as_str).collect();
        call.send(&response("200 OK", &lines, &body.replace("ID", &id)));
        After::Keep
    })
}

/// The backend that a request goes to, three times over.
fn goes(client: &mut Client, request: &[u8]) -> u32 {
    let backends: HashSet<u32> = (0..3).map(|_| client.exchange(request).backend().unwrap()).collect();
    assert_eq!(backends.len(), 1, "{}", String::from_utf8_lossy(request));
    backends.into_iter().next().unwrap()
}

/// That a request goes wherever the strategy sends it.
fn is_balanced(client: &mut Client, request: &[u8]) {
    let backends: HashSet<u32> = (0..3).map(|_| client.exchange(request).backend().unwrap()).collect();
    assert_eq!(backends.len(), 3, "{}", String::from_utf8_lossy(request));
}

/// Where a client brings an id, as a request.
type Brings = fn(&str) -> Vec<u8>;

#[test]
fn each_source_leads_back_to_the_backend_that_gave_out_the_id() {
    let by_header: Brings = |id| request("GET", "/", &[&format!("x-session: {id}")]);
    let by_cookie: Brings = |id| request("GET", "/", &[&format!("Cookie: a=b; sid={id}; c=d")]);
    let by_query: Brings = |id| request("GET", &format!("/?a=b&id={id}"), &[]);
    let by_sid: Brings = |id| request("GET", &format!("/socket.io/?EIO=4&transport=polling&sid={id}"), &[]);
    let by_mcp: Brings = |id| request("POST", "/mcp", &["Content-Length: 0", &format!("Mcp-Session-Id: {id}")]);
    let by_xsrf: Brings = |id| request("GET", "/_stcore/stream", &[&format!("Cookie: _streamlit_xsrf={id}")]);
    let pair = json!({"response": "json:/session/id", "request": "query:id"});
    let by_message: Brings = |id| request("POST", &format!("/messages?sessionId={id}"), &["Content-Length: 0"]);
    let events = "event: endpoint\ndata: /messages?sessionId=ID\n\n";
    let cases: [(Value, &'static [&'static str], &'static str, Brings); 10] = [
        (json!("header:X-Session"), &["X-Session: ID"], "", by_header),
        (json!("cookie:sid"), &["Set-Cookie: x=y", "Set-Cookie: sid=ID; Path=/; HttpOnly"], "", by_cookie),
        (pair, &[], r#"{"session": {"name": "x", "id": "ID"}}"#, by_query),
        (json!("json:/0=header:X-Session"), &[], r#"["ID"]"#, by_header),
        (json!("mcp"), &["mcp-session-id: ID"], "", by_mcp),
        (json!("mcp"), &["Content-Type: text/event-stream"], events, by_message),
        (json!("socket.io"), &[], r#"0{"sid":"ID","upgrades":["websocket"],"pingInterval":25000}"#, by_sid),
        (json!("signalr"), &[], r#"{"negotiateVersion":1,"connectionId":"x","connectionToken":"ID"}"#, by_query),
        (json!("signalr"), &[], r#"{"connectionId":"ID","availableTransports":[]}"#, by_query),
        (json!("streamlit"), &["Set-Cookie: _streamlit_xsrf=ID"], "", by_xsrf),
    ];
    for (from, lines, body, brings) in cases {
        let copies = three(|copy| giving(copy, lines, body));
        let balancer = over(&copies, learn(&from));
        let mut client = balancer.client();
        let begun: Vec<u32> = (0..3).map(|_| client.exchange(&request("GET", "/", &[])).backend().unwrap()).collect();
        assert_eq!(begun.iter().collect::<HashSet<_>>().len(), 3, "{from}: new sessions are balanced");
        for copy in begun {
            assert_eq!(goes(&mut client, &brings(&format!("copy{copy}-0"))), copy, "{from}");
        }
    }
}

#[test]
fn gradios_session_is_where_its_page_first_brought_it() {
    let copies = three(|_| Backend::echoing());
    let balancer = over(&copies, learn(&json!("gradio")));
    let mut client = balancer.client();
    for session in ["abc", "def", "ghi"] {
        let first = client.exchange(&request("GET", &format!("/gradio_api/heartbeat/{session}"), &[])).backend();
        let data = request("GET", &format!("/gradio_api/queue/data?session_hash={session}"), &[]);
        assert_eq!(Some(goes(&mut client, &data)), first);
    }
}

#[test]
fn gradios_session_is_found_in_what_its_page_sends() {
    let copies = three(|_| Backend::echoing());
    let balancer = over(&copies, learn(&json!("gradio")));
    for session in ["abc", "def", "ghi"] {
        let mut client = balancer.client();
        let body = json!({"data": ["x".repeat(20_000)], "fn_index": 0, "session_hash": session}).to_string();
        let head = ["Content-Type: application/json", &format!("Content-Length: {}", body.len())];
        let join = request("POST", "/gradio_api/queue/join", &head);
        client.send(&join);
        client.send(&body.as_bytes()[..10_000]);
        client.send(&body.as_bytes()[10_000..]);
        let first = client.response();
        assert_eq!((first.status, first.text()), (200, body.clone()));
        let data = request("GET", &format!("/gradio_api/queue/data?session_hash={session}"), &[]);
        assert_eq!(Some(goes(&mut client, &data)), first.backend());
        assert_eq!(Some(goes(&mut client, &[&join, body.as_bytes()].concat())), first.backend());
        let chunks = ["Content-Type: application/json", "Transfer-Encoding: chunked"];
        let chunked = format!("{:x}\r\n{body}\r\n0\r\n\r\n", body.len());
        let join = [request("POST", "/gradio_api/queue/join", &chunks), chunked.into_bytes()].concat();
        assert_eq!(Some(goes(&mut client, &join)), first.backend());
    }
}

/// Reads until this has come, which may be in the middle of a body.
fn has_come(client: &mut Client, text: &str) {
    while !String::from_utf8_lossy(&client.received()).contains(text) {
        assert_ne!(client.wire.fill().unwrap(), 0, "the connection ended before '{text}'");
    }
}

#[test]
fn an_id_split_over_chunks_is_known_before_the_client_has_it_and_nothing_is_held_back() {
    let gate = Arc::new(Gate::default());
    let last = Arc::new(Gate::default());
    let copies = three(|copy| {
        let (gate, last) = (Arc::clone(&gate), Arc::clone(&last));
        Backend::start(move |call| {
            if call.target != "/begin" {
                call.send(&response("200 OK", &[], ""));
                return After::Keep;
            }
            call.send(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n7\r\n{\"sid\":\r\n3\r\n\"co\r\n");
            gate.pass();
            call.send(format!("4\r\npy{copy}\"\r\n").as_bytes());
            last.pass();
            call.send(b"1\r\n}\r\n0\r\n\r\n");
            After::Keep
        })
    });
    let balancer = over(&copies, learn(&json!("json:/sid=query:sid")));
    let mut client = balancer.client();
    client.send(&request("GET", "/begin", &[]));
    let copy = client.head().unwrap().unwrap().backend().unwrap();
    has_come(&mut client, "\"co\r\n");
    gate.open();
    has_come(&mut client, &format!("py{copy}\""));
    assert_eq!(goes(&mut balancer.client(), &request("GET", &format!("/?sid=copy{copy}"), &[])), copy);
    last.open();
}

#[test]
fn a_packed_body_passes_as_it_is_and_is_learned_from() {
    let copies = three(|copy| {
        Backend::start(move |call| {
            let mut gzip = GzEncoder::new(Vec::new(), Compression::default());
            gzip.write_all(format!(r#"{{"sid":"copy{copy}"}}"#).as_bytes()).unwrap();
            let packed = gzip.finish().unwrap();
            let head = format!("HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: {}\r\n\r\n", packed.len());
            call.send(&[head.as_bytes(), &packed].concat());
            After::Keep
        })
    });
    let balancer = over(&copies, learn(&json!("json:/sid=query:sid")));
    let mut client = balancer.client();
    let first = client.exchange(&request("GET", "/", &["Accept-Encoding: gzip"]));
    assert_eq!(first.get("content-encoding").as_deref(), Some("gzip"));
    assert!(first.body.bytes.starts_with(&[0x1f, 0x8b]), "it is passed as it came");
    let copy = first.backend().unwrap();
    assert_eq!(goes(&mut client, &request("GET", &format!("/?sid=copy{copy}"), &[])), copy);
}

#[test]
fn of_a_long_body_the_first_four_kilobytes_are_learned_from() {
    let copies = three(|copy| {
        Backend::start(move |call| {
            let rest = "x".repeat(1 << 20);
            let body = format!(r#"{{"early":"early{copy}","rest":"{rest}","late":"late{copy}"}}"#);
            call.send(&response("200 OK", &[], &body));
            After::Keep
        })
    });
    let balancer = over(&copies, learn(&json!(["json:/early=query:early", "json:/late=query:late"])));
    let mut client = balancer.client();
    let copy = client.exchange(&request("GET", "/", &[])).backend().unwrap();
    assert_eq!(goes(&mut client, &request("GET", &format!("/?early=early{copy}"), &[])), copy);
    is_balanced(&mut client, &request("GET", &format!("/?late=late{copy}"), &[]));
}

#[test]
fn hostile_bodies_pass_and_teach_nothing() {
    for body in [
        "[".repeat(4096),
        r#"{"sid":"#.repeat(600),
        format!(r#"{{"sid":{}"#, "{".repeat(4000)),
        format!(r#"{{"{}"#, "\\".repeat(4000)),
        "\u{0}\u{1}\u{2}".repeat(1000),
        format!(r#"{{"sid":"{}"}}"#, "x".repeat(257)),
        r#"{"sid":""}"#.to_owned(),
    ] {
        let sent = body.clone();
        let copies = three(|_| Backend::answering(response("200 OK", &[], &sent)));
        let balancer = over(&copies, learn(&json!("json:/sid=query:sid")));
        let mut client = balancer.client();
        assert_eq!(client.exchange(&request("GET", "/", &[])).text(), body);
        is_balanced(&mut client, &request("GET", &format!("/?sid={}", "x".repeat(257)), &[]));
    }
}

#[test]
fn an_id_is_found_among_200_cookies_and_of_two_ids_the_first_known_one_counts() {
    let copies = three(|copy| giving(copy, &["Set-Cookie: sid=ID", "X-Session: head-ID"], ""));
    let balancer = over(&copies, learn(&json!(["header:X-Session", "cookie:sid"])));
    let mut client = balancer.client();
    let begun: Vec<u32> = (0..3).map(|_| client.exchange(&request("GET", "/", &[])).backend().unwrap()).collect();
    let mut many = "Cookie: ".to_owned();
    for n in 0..199 {
        write!(many, "cookie{n}=copy{n}-0; ").unwrap();
    }
    write!(many, "sid=copy{}-0", begun[1]).unwrap();
    assert_eq!(goes(&mut client, &request("GET", "/", &[&many])), begun[1]);
    let header = format!("X-Session: head-copy{}-0", begun[2]);
    assert_eq!(goes(&mut client, &request("GET", "/", &[&many, &header])), begun[2]);
    assert_eq!(goes(&mut client, &request("GET", "/", &[&many, "X-Session: made-up"])), begun[1]);
    is_balanced(&mut client, &request("GET", "/", &["Cookie: sid=made-up", "X-Session: made-up"]));
}

#[test]
fn an_id_of_257_bytes_is_none_and_one_of_256_is() {
    for (length, is_known) in [(256, true), (257, false)] {
        let copies = three(|copy| {
            let id = copy.to_string().repeat(length);
            Backend::answering(response("200 OK", &[&format!("X-Session: {id}")], ""))
        });
        let balancer = over(&copies, learn(&json!("header:X-Session")));
        let mut client = balancer.client();
        let copy = client.exchange(&request("GET", "/", &[])).backend().unwrap();
        let back = request("GET", "/", &[&format!("X-Session: {}", copy.to_string().repeat(length))]);
        if is_known { assert_eq!(goes(&mut client, &back), copy) } else { is_balanced(&mut client, &back) }
    }
}

#[test]
fn what_was_learned_stays_over_a_reload_and_while_another_mode_is_tried() {
    let copies = three(|copy| giving(copy, &["X-Session: ID"], ""));
    let config = Config::new(&copies.each_ref()).set("/sticky", learn(&json!("header:X-Session")));
    let balancer = config.start();
    let mut client = balancer.client();
    let copy = client.exchange(&request("GET", "/", &[])).backend().unwrap();
    let back = request("GET", "/", &[&format!("X-Session: copy{copy}-0")]);
    balancer.rewrite(&config.clone().set("/strategy", json!("random")).set("/sticky/onFailure", json!("fail")));
    balancer.ctl(&["reload"]);
    assert_eq!(goes(&mut client, &back), copy);
    balancer.ctl(&["sticky", "cookie"]);
    balancer.ctl(&["sticky", "learn:header:X-Session"]);
    assert_eq!(goes(&mut client, &back), copy);
}

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

fn status(balancer: &Balancer) -> Value {
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
