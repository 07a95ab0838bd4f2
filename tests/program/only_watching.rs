//! A control connection that only watches, as `attach --watch` has one: the balancer itself refuses it all that changes
//! anything, and tells it no secret.

use std::io::{BufRead as _, BufReader, Lines, Write as _};
use std::os::unix::net::UnixStream;
use std::process::Stdio;

use serde_json::Value;

use crate::support::home::Home;
use crate::support::program::{self, Headless, exchange, get, until};

/// One connection to the only balancer in this home, line by line.
struct Spoken {
    lines: Lines<BufReader<UnixStream>>,
    socket: UnixStream,
}

impl Spoken {
    fn with(home: &Home) -> Self {
        let folder = home.path().join("stickylb-tui");
        let path = std::fs::read_dir(folder).unwrap().flatten().next().unwrap().path();
        let socket = UnixStream::connect(path).unwrap();
        socket.set_read_timeout(Some(program::PATIENCE)).unwrap();
        let mut spoken = Spoken { lines: BufReader::new(socket.try_clone().unwrap()).lines(), socket };
        assert_eq!(spoken.next()["reply"], "hello");
        spoken
    }

    fn watching(home: &Home) -> Self {
        let mut spoken = Spoken::with(home);
        assert_eq!(spoken.ask(r#"{"ask":"watch"}"#)["reply"], "watching");
        spoken
    }

    fn next(&mut self) -> Value {
        serde_json::from_str(&self.lines.next().unwrap().unwrap()).unwrap()
    }

    fn say(&mut self, line: &str) {
        self.socket.write_all(format!("{line}\n").as_bytes()).unwrap();
    }

    fn ask(&mut self, line: &str) -> Value {
        self.say(line);
        self.next()
    }
}

const REFUSED: &str = "this screen only watches";

/// Everything that a screen could ask of a balancer that would change it.
const CHANGES: [&str; 12] = [
    r#"{"command":"setIntent","id":1,"intent":"maint"}"#,
    r#"{"command":"setWeight","id":1,"weight":7}"#,
    r#"{"command":"setStrategy","strategy":"random"}"#,
    r#"{"command":"setSticky","by":"off"}"#,
    r#"{"command":"baseline"}"#,
    r#"{"command":"kill","id":1}"#,
    r#"{"command":"keepBodies","on":true}"#,
    r#"{"command":"surviveStop"}"#,
    r#"{"command":"trafficOff"}"#,
    r#"{"command":"chaosOff"}"#,
    r#"{"command":"spawnDemo"}"#,
    r#"{"command":"undo"}"#,
];

#[test]
fn the_balancer_refuses_a_connection_that_only_watches_all_that_changes_anything() {
    let home = Home::new();
    let (lb, port) = home.demo(2, &[]);
    let before = program::children(lb.pid());
    get(port, "/whoami");
    let mut watching = Spoken::watching(&home);
    for command in CHANGES {
        let words: Value = serde_json::from_str(command).unwrap();
        let mut asked = words.as_object().unwrap().clone();
        asked.insert("ask".to_owned(), "do".into());
        let reply = watching.ask(&Value::Object(asked).to_string());
        assert_eq!(reply["reply"], "failed", "{command}: {reply}");
        assert_eq!(reply["error"], "onlyWatches", "{command}: {reply}");
    }
    let replay = watching.ask(r#"{"ask":"replay","number":1}"#);
    assert_eq!((&replay["reply"], &replay["why"]), (&"notReplayed".into(), &REFUSED.into()));
    // It still sees how things stand, and nothing has changed.
    let now = watching.ask(r#"{"ask":"snapshot"}"#);
    assert_eq!(now["backends"].as_array().unwrap().len(), 2);
    assert_eq!((&now["backends"][0]["state"], &now["backends"][0]["weight"]), (&"UP".into(), &1.into()));
    assert_eq!(now["pools"][0]["strategy"], "round-robin");
    assert_eq!(program::children(lb.pid()), before);
    assert_eq!(watching.ask(r#"{"ask":"stop"}"#)["why"], REFUSED);
    assert!(watching.lines.next().is_none(), "the connection ends with it");
    assert!(get(port, "/whoami").starts_with("HTTP/1.1 200 "));
}

#[test]
fn who_watches_is_told_no_heads_and_nothing_that_a_process_writes() {
    let home = Home::new();
    let script = r#"import http.server, sys
print("its secret is hunter2", flush=True)
http.server.ThreadingHTTPServer(("127.0.0.1", int(sys.argv[1])), http.server.SimpleHTTPRequestHandler).serve_forever()"#;
    let run = ["run", "-n", "1", "--headless", "-p", "0", "--", "python3", "-c", script, "{port}"];
    let mut lb = Headless::from(home.program(&run));
    let port = lb.ready(1);
    let mut own = Spoken::with(&home);
    own.say(r#"{"ask":"follow"}"#);
    let mut watching = Spoken::watching(&home);
    watching.say(r#"{"ask":"follow"}"#);
    let cookie = format!("GET /no-such HTTP/1.1\r\nHost: localhost:{port}\r\nCookie: secret=hunter2\r\n");
    until("the balancer's own screen has been told of it", || {
        exchange(port, format!("{cookie}Connection: close\r\n\r\n").as_bytes());
        let told = own.next();
        (told["reply"] == "happened" && told.to_string().contains("/no-such")).then_some(())
    });
    let mut seen = String::new();
    while !seen.contains("/no-such") {
        seen += &watching.next().to_string();
    }
    assert!(!seen.contains("hunter2"), "{seen}");
    let refused = Spoken::watching(&home).ask(r#"{"ask":"heads","number":1}"#);
    assert_eq!((&refused["reply"], &refused["why"]), (&"refused".into(), &REFUSED.into()));
}

#[test]
fn a_class_of_thirty_watches_at_once_and_who_steers_is_locked_out_by_none_of_them() {
    let home = Home::new();
    let (_lb, port) = home.demo(2, &[]);
    let mut class: Vec<Spoken> = (0..30).map(|_| Spoken::watching(&home)).collect();
    for one in &mut class {
        one.say(r#"{"ask":"follow"}"#);
        assert!(["happened", "snapshot"].contains(&one.next()["reply"].as_str().unwrap()));
    }
    assert_eq!(home.good(&["ctl", "strategy", "random"]), "the strategy is random\n");
    get(port, "/seen-by-all");
    for one in &mut class {
        let mut strategy = false;
        let mut request = false;
        while !(strategy && request) {
            let told = one.next();
            strategy |= told["reply"] == "snapshot" && told["pools"][0]["strategy"] == "random";
            request |= told["reply"] == "happened" && told.to_string().contains("/seen-by-all");
        }
    }
}

#[test]
fn a_prompt_that_only_watches_says_so_and_changes_nothing() {
    let home = Home::new();
    let (mut lb, port) = home.demo(2, &[]);
    get(port, "/before");
    let mut prompt = home.program(&["attach", "--watch", "--plain"]);
    prompt.stdin(Stdio::piped());
    let mut prompt = Headless::from(prompt);
    let lines = "strategy random\nmaint alpha\nreplay 1\nstatus\nfairness\n";
    prompt.child.stdin.as_mut().unwrap().write_all(lines.as_bytes()).unwrap();
    for _ in 0..3 {
        assert!(prompt.line_with("watches").ends_with(REFUSED));
    }
    prompt.line_with("round-robin");
    drop(prompt.child.stdin.take());
    assert_eq!(prompt.ended().code(), Some(0));
    assert!(get(port, "/_lb/health").contains("\"healthy\":2,"));
    assert!(!lb.seen.iter().any(|line| line.contains("by hand")));
    home.good(&["stop"]);
    lb.ended();
}
