//! Learned stickiness with the clients that people use: socket.io, SignalR, and both SDKs of the Model Context Protocol.
//! None keeps a cookie, and each session is in the memory of one of three copies.

use std::process::{Command, Stdio};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use serde_json::Value;

use crate::ground::{folder, missing, python};
use crate::support::left_out::left_out;
use crate::support::program::{Headless, get, program};

/// How many sessions there are where all are to go well: of the clients whose sessions are the quickest, and of others.
const MANY: u32 = 1000;
const SOME: u32 = 100;
/// How many there are where two of three break.
const FEW: u32 = 60;
/// How long a crowd may take before a test gives up: many times what a busy machine needs.
const PATIENCE: Duration = Duration::from_mins(3);

/// One crowd at a time: each is five processes that keep both cores busy.
static ALONE: Mutex<()> = Mutex::new(());

/// What a crowd's clients are written in.
#[derive(Clone, Copy)]
enum Clients {
    Node,
    Python,
}

/// What became of a crowd.
#[derive(Debug)]
struct Outcome {
    /// Sessions that went otherwise than they should.
    failed: u64,
    /// Why the first did.
    why: String,
    /// How many requests each copy answered.
    requests: Vec<u64>,
}

/// Lets so many clients of an app use three copies of it; `None` where this machine cannot.
fn crowd(app: &str, clients: Clients, sticky: &str, sessions: u32) -> Option<Outcome> {
    if let Some(why) = missing() {
        left_out(&format!("real clients of {app}: {why}"));
        return None;
    }
    let _alone = ALONE.lock().unwrap_or_else(PoisonError::into_inner);
    let mut command = program(&["run", "-n", "3", "-p", "0", "--headless", "--sticky", sticky, "--", "node"]);
    command.arg(folder().join(app).join("app.mjs")).envs([("BROKEN", "1"), ("SEED", "1")]);
    let mut balancer = Headless::from(command);
    let port = balancer.ready(3);

    let (mut command, script) = match clients {
        Clients::Node => (Command::new("node"), "crowd.mjs"),
        Clients::Python => (Command::new(python()), "crowd.py"),
    };
    command.arg(folder().join(app).join(script)).env("SESSIONS", sessions.to_string());
    command.env("STICKYLB_URL", format!("http://localhost:{port}"));
    let told = json_of(command);
    let health = get(port, "/_lb/health");
    let health: Value = serde_json::from_str(health.split_once("\r\n\r\n").unwrap().1).unwrap();
    assert_eq!(told["sessions"], sessions, "{told}");
    Some(Outcome {
        failed: told["failed"].as_u64().unwrap(),
        why: told["why"].as_str().unwrap().to_owned(),
        requests: health["backends"].as_array().unwrap().iter().map(|of| of["requests"].as_u64().unwrap()).collect(),
    })
}

/// The JSON that a program prints; it is killed if it does not end.
fn json_of(mut command: Command) -> Value {
    let mut child = command.stdin(Stdio::null()).stdout(Stdio::piped()).spawn().unwrap();
    let began = Instant::now();
    while child.try_wait().unwrap().is_none() {
        if began.elapsed() > PATIENCE {
            // It may be ending at this moment.
            let _ = child.kill();
            let _ = child.wait();
            panic!("waited in vain: the end of {command:?}");
        }
        std::thread::sleep(Duration::from_millis(20));
    }
    let output = child.wait_with_output().unwrap();
    serde_json::from_slice(&output.stdout).unwrap_or_else(|error| panic!("{error}: {output:?}"))
}

/// Each session goes well, and each copy has a good part of them.
fn all_go_well(app: &str, clients: Clients, sticky: &str, sessions: u32) {
    let Some(outcome) = crowd(app, clients, sticky, sessions) else { return };
    assert_eq!(outcome.failed, 0, "{outcome:?}");
    let all: u64 = outcome.requests.iter().sum();
    assert!(outcome.requests.iter().all(|one| one * 6 > all), "not spread over the copies: {outcome:?}");
}

/// Sessions break: the id is a backend's, so that a client's first request has none, and those that have one go where its
/// hash is, which is another copy for two of three.
fn some_break(app: &str, sticky: &str, because: &str) {
    let Some(outcome) = crowd(app, Clients::Node, sticky, FEW) else { return };
    assert!(outcome.failed > 0, "{outcome:?}");
    assert!(outcome.why.contains(because), "{outcome:?}");
}

#[test]
fn a_thousand_socket_io_sessions_on_polling_without_cookies_stay_with_their_copies() {
    all_go_well("socketio", Clients::Node, "learn:socket.io", MANY);
}

#[test]
fn the_same_socket_io_sessions_break_where_the_sid_is_hashed() {
    some_break("socketio", "query:sid", "Session ID unknown");
}

#[test]
fn a_thousand_mcp_sessions_of_the_typescript_sdk_stay_with_their_copies() {
    all_go_well("mcp", Clients::Node, "learn:mcp", MANY);
}

#[test]
fn the_same_mcp_sessions_break_where_the_header_is_hashed() {
    some_break("mcp", "header:Mcp-Session-Id", "Session not found");
}

#[test]
fn mcp_sessions_of_the_python_sdk_stay_with_their_copies() {
    all_go_well("mcp", Clients::Python, "learn:mcp", SOME);
}

#[test]
fn signalr_connections_on_polling_without_cookies_stay_with_their_copies() {
    all_go_well("signalr", Clients::Node, "learn:signalr", SOME);
}

#[test]
fn the_same_signalr_connections_break_where_the_id_is_hashed() {
    some_break("signalr", "query:id", "No Connection with that ID");
}
