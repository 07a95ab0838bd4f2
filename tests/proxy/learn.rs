//! Learned stickiness: an id that a backend gives out leads its client back, wherever it stands.

use flate2::Compression;
use flate2::write::GzEncoder;
use serde_json::{Value, json};
use std::collections::HashSet;
use std::fmt::Write as _;
use std::io::Write as _;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};

use crate::support::{After, Backend, Balancer, Client, Config, Gate, request, response};

/// Three copies of one program.
pub(crate) fn three(copy: impl Fn(usize) -> Backend) -> [Backend; 3] {
    [copy(0), copy(1), copy(2)]
}

pub(crate) fn over(copies: &[Backend; 3], sticky: Value) -> Balancer {
    Config::new(&copies.each_ref()).set("/sticky", sticky).start()
}

pub(crate) fn learn(from: &Value) -> Value {
    json!({"by": "learn", "from": from})
}

/// A copy that answers each request with this head and body; `ID` in them is a new id of its own.
pub(crate) fn giving(copy: usize, lines: &'static [&'static str], body: &'static str) -> Backend {
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
pub(crate) fn goes(client: &mut Client, request: &[u8]) -> u32 {
    let backends: HashSet<u32> = (0..3).map(|_| client.exchange(request).backend().unwrap()).collect();
    assert_eq!(backends.len(), 1, "{}", String::from_utf8_lossy(request));
    backends.into_iter().next().unwrap()
}

/// That a request goes wherever the strategy sends it.
pub(crate) fn is_balanced(client: &mut Client, request: &[u8]) {
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
