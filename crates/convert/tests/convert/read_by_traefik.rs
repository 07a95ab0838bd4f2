//! What is written is read by the real Traefik.
//!
//! It has no command that checks a file: it is started by the flags in the file's head, on ports that are free, and asked what
//! became of each router, service and middleware. Fields that it does not know are errors on its log.

use std::io::{Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::thread::sleep;
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use stickylb_convert::{Engine, Target};

use crate::corpus::{Case, cases, exported, parsed};
use crate::engines::{Home, or_left_out};
use crate::installed::of_environment;

/// A Traefik that runs; it ends with this value.
struct Running(Child);

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

#[test]
fn traefik_reads_what_is_written_for_it() {
    let wrong: Vec<String> = read(cases()).into_iter().flat_map(|(_, problems)| problems).collect();
    assert!(wrong.is_empty(), "{wrong:#?}");
}

/// Its file is a Go template before it is YAML, and its rules have quotes of their own.
#[test]
fn no_text_of_ours_is_run_or_ends_early_in_traefik() {
    let web = json!({
        "health": {"path": "/{{env\"HOME\"}}\"\\{{", "headers": {"X-A": "{{ .None }}"}},
        "backends": [{"name": "{{ fail \"run\" }}{{{", "url": "http://localhost:5000"}, {"url": "http://localhost:5001", "backup": true}],
    });
    let live = json!({"health": {"algorithm": "websocket"}, "strategy": "first", "backends": [
        {"url": "http://localhost:6000"}, {"url": "http://example.com:6001", "maxConnections": 2}, {"name": "}}", "url": "unix:/run/a.sock"},
    ]});
    let tcp = json!({"backends": [{"url": "tcp://localhost:7000", "proxyProtocol": "v2"}, {"url": "tcp://localhost:7001", "weight": 0}]});
    let routes = json!([
        {"match": {"pathPrefix": "/{{"}, "pool": "live"},
        {"match": {"pathPrefix": "/{{env(HOME)}}'*", "host": "*.a.test"}, "pool": "live"},
    ]);
    let config = json!({
        "listeners": [
            {"port": 3001, "pool": "web", "routes": routes},
            {"port": 3002, "mode": "tcp", "pool": "tcp"},
            {"port": 3001, "host": "127.0.0.2", "pool": "live"},
        ],
        "pools": {"web": web, "live": live, "tcp": tcp},
        "access": {"allow": ["127.0.0.0/8", "::1"], "deny": ["127.0.0.9"], "connectionsPerIp": 9, "requestsPerSecondPerIp": 9},
    });
    for (text, problems) in read(vec![parsed("hostile", &config.to_string())]) {
        assert!(problems.is_empty(), "{problems:#?}");
        assert!(!text.lines().any(|line| line.trim_start().starts_with('#') && line.contains("{{")), "{text}");
    }
}

/// Each of these as it is written, and what Traefik finds wrong with it.
fn read(cases: Vec<Case>) -> Vec<(String, Vec<String>)> {
    let Some(program) = or_left_out(of_environment("traefik"), "Traefik") else { return Vec::new() };
    let home = Home::new();
    let one = |case: Case| {
        let text = exported(&case, Target::new(Engine::Traefik)).text;
        home.write("dynamic.yaml", &text);
        let problems = problems(&program, home.path(), &text);
        (text, problems.into_iter().map(|problem| format!("{}: {problem}", case.name)).collect())
    };
    cases.into_iter().map(one).collect()
}

/// The flags of the head, with any free port for each entry point.
fn flags(text: &str) -> Vec<String> {
    let lines = text.lines().filter_map(|line| line.strip_prefix("#: "));
    let words =
        lines.flat_map(|line| line.trim_end_matches('\\').split_whitespace().map(|word| word.replace('\'', "")));
    let free = |word: String| match word.rsplit_once(':') {
        Some((address, _)) if word.contains(".address=") => format!("{address}:0"),
        _ => word,
    };
    words.skip(1).map(free).collect()
}

/// What Traefik finds wrong with the file there.
fn problems(program: &Path, home: &Path, text: &str) -> Vec<String> {
    let api = TcpListener::bind(("127.0.0.1", 0)).unwrap().local_addr().unwrap();
    let log = home.join("log");
    let output = std::fs::File::create(&log).unwrap();
    let child = Command::new(program)
        .args(flags(text))
        .args(["--api.insecure=true", "--global.checkNewVersion=false", "--log.format=json"])
        .arg(format!("--entryPoints.traefik.address={api}"))
        .current_dir(home)
        .stdin(Stdio::null())
        .stdout(output.try_clone().unwrap())
        .stderr(output)
        .spawn();
    let mut running = Running(child.unwrap());
    let started = Instant::now();
    let state = loop {
        let state = state(api);
        let is_over = state.is_some() || running.0.try_wait().unwrap().is_some();
        if is_over || started.elapsed() > Duration::from_secs(20) {
            break state;
        }
        sleep(Duration::from_millis(20));
    };
    drop(running);
    let log = std::fs::read_to_string(log).unwrap();
    let mut problems: Vec<String> =
        log.lines().filter(|line| line.contains("\"level\":\"error\"")).map(str::to_owned).collect();
    match state {
        Some(state) => problems.extend(not_enabled(&state)),
        None => problems.push(format!("it serves nothing of the file: {log}")),
    }
    problems
}

/// Everything that Traefik made of its configuration, once it has some.
fn state(api: std::net::SocketAddr) -> Option<Value> {
    let mut stream = TcpStream::connect(api).ok()?;
    stream.write_all(b"GET /api/rawdata HTTP/1.0\r\nHost: localhost\r\n\r\n").ok()?;
    let mut answer = String::new();
    stream.read_to_string(&mut answer).ok()?;
    let state: Value = serde_json::from_str(answer.split_once("\r\n\r\n")?.1).ok()?;
    let is_of_file =
        |kind: &str| state[kind].as_object().is_some_and(|all| all.keys().any(|name| name.ends_with("@file")));
    (is_of_file("services") || is_of_file("tcpServices")).then_some(state)
}

/// What is there and not in use as it is written.
fn not_enabled(state: &Value) -> Vec<String> {
    let kinds = ["routers", "services", "middlewares", "tcpRouters", "tcpServices", "tcpMiddlewares"];
    let all = kinds.iter().filter_map(|kind| state[*kind].as_object()).flatten();
    all.filter(|(_, it)| it["status"] != "enabled" && it.get("status").is_some() || it.get("error").is_some())
        .map(|(name, it)| format!("{name}: {it}"))
        .collect()
}
