//! The program without a screen: it serves, reports in lines, and ends with its children when told to.

use std::io::{BufRead as _, BufReader};
use std::process::Stdio;
use std::sync::mpsc::channel;

use rustix::process::Signal;
use serde_json::Value;

use crate::support::program::{self, Headless, children, exchange, get, gone, is_hidden, program, run, until};

#[test]
fn it_serves_says_where_and_ends_with_0_and_its_children_on_each_signal() {
    for which in [Signal::TERM, Signal::INT, Signal::HUP] {
        let mut lb = Headless::start(&["--headless", "--demo=2", "-p", "0"]);
        let port = lb.ready(2);
        assert!(get(port, "/health").starts_with("HTTP/1.1 200 "), "{which:?}");
        let started = children(lb.pid());
        assert_eq!(started.len(), 2, "{which:?}");
        lb.signal(which);
        assert_eq!(lb.ended().code(), Some(0), "{which:?}");
        gone(&started);
        assert!(std::net::TcpStream::connect(("127.0.0.1", port)).is_err(), "{which:?}: it still listens");
    }
}

#[test]
fn no_child_is_left_after_a_kill_that_cannot_be_caught() {
    let mut lb = Headless::start(&["--headless", "--demo=3", "-p", "0"]);
    lb.ready(3);
    let started = children(lb.pid());
    assert_eq!(started.len(), 3);
    lb.signal(Signal::KILL);
    lb.ended();
    gone(&started);
}

#[test]
fn a_signal_while_it_starts_ends_it_too() {
    let mut lb = Headless::start(&["--headless", "--demo=8", "-p", "0"]);
    let started = until("a demo backend is started", || Some(children(lb.pid())).filter(|pids| !pids.is_empty()));
    lb.signal(Signal::TERM);
    assert_eq!(lb.ended().code(), Some(0));
    gone(&started);
}

#[cfg(target_os = "linux")] // which tells in a file what is ignored
#[test]
fn what_is_ignored_at_the_start_stays_ignored_as_under_nohup() {
    for (trapped, ignored) in [("HUP", Signal::HUP), ("INT", Signal::INT), ("QUIT", Signal::QUIT)] {
        let folder = tempfile::tempdir().unwrap();
        let script = format!(r#"trap "" {trapped}; exec "$0" --headless --demo -p 0"#);
        let mut command = std::process::Command::new("sh");
        command.args(["-c", &script, env!("CARGO_BIN_EXE_stickylb-tui")]).env("XDG_RUNTIME_DIR", folder.path());
        let mut balancer = Headless::from(command);
        let port = balancer.ready(3);
        balancer.signal(ignored);
        assert!(get(port, "/").starts_with("HTTP/1.1 200 "), "{trapped}");
        balancer.signal(Signal::TERM);
        // Had the ignored one been heeded, this second one would have cut short what it began.
        assert!(balancer.ended().success(), "{trapped}");
        assert!(!balancer.seen.iter().any(|line| line.contains("reloaded")), "{trapped}: {:#?}", balancer.seen);
    }
}

#[test]
fn a_request_in_flight_is_finished_before_it_ends() {
    let mut lb = Headless::start(&["--headless", "--demo=1", "-p", "0"]);
    let port = lb.ready(1);
    let slow = std::thread::spawn(move || get(port, "/slow?ms=1500"));
    until("the request is in flight", || get(port, "/_lb/health").contains("\"activeConnections\":1").then_some(()));
    lb.signal(Signal::TERM);
    let answer = slow.join().unwrap();
    assert!(answer.starts_with("HTTP/1.1 200 "), "{answer}");
    assert_eq!(lb.ended().code(), Some(0));
}

#[test]
fn a_second_signal_waits_for_nobody() {
    let mut lb = Headless::start(&["--headless", "--demo=1", "-p", "0"]);
    let port = lb.ready(1);
    // Longer than this test waits, so that only the second signal can end it in time.
    let slow = std::thread::spawn(move || {
        let config = format!("GET /slow?ms=30000 HTTP/1.1\r\nHost: localhost:{port}\r\nConnection: close\r\n\r\n");
        exchange_loosely(port, config.as_bytes());
    });
    until("the request is in flight", || get(port, "/_lb/health").contains("\"activeConnections\":1").then_some(()));
    let started = children(lb.pid());
    let begun = std::time::Instant::now();
    lb.signal(Signal::TERM);
    // It stops listening at the first signal.
    until("the first signal was seen", || std::net::TcpStream::connect(("127.0.0.1", port)).is_err().then_some(()));
    lb.signal(Signal::TERM);
    assert_eq!(lb.ended().code(), Some(0));
    // Requests in flight have ten seconds by default.
    assert!(begun.elapsed() < std::time::Duration::from_secs(9), "{:?}", begun.elapsed());
    gone(&started);
    slow.join().unwrap();
}

/// An exchange whose end or reset does not matter.
fn exchange_loosely(port: u16, request: &[u8]) {
    use std::io::Write as _;
    let mut stream = std::net::TcpStream::connect(("127.0.0.1", port)).unwrap();
    stream.write_all(request).unwrap();
    let _ = program::read_to_end(&mut stream, &mut Vec::new());
}

#[test]
fn without_a_terminal_on_stdout_it_is_headless_by_itself() {
    let mut lb = Headless::start(&["--demo=1", "-p", "0"]);
    lb.ready(1);
    lb.signal(Signal::TERM);
    assert_eq!(lb.ended().code(), Some(0));
    assert!(!lb.seen.concat().contains('\x1b'), "{:#?}", lb.seen);
}

#[test]
fn a_request_is_one_line_with_path_status_backend_and_why() {
    let mut lb = Headless::start(&["--headless", "--demo=1", "-p", "0"]);
    let port = lb.ready(1);
    get(port, "/some/path?x=1");
    let line = lb.line_with("/some/path?x=1");
    assert!(line.contains(" 127.0.0.1 GET /some/path?x=1 "), "{line}");
    assert!(line.ends_with(" alpha round-robin 1 of 1; new cookie"), "{line}");
    exchange(port, b"GET /again HTTP/1.1\r\nHost: localhost\r\nCookie: X-Backend-ID=1\r\nConnection: close\r\n\r\n");
    let line = lb.line_with("/again");
    assert!(line.ends_with(" alpha sticky X-Backend-ID=1"), "{line}");
}

/// Every field has the right type, and none is missing.
fn check_request(event: &Value) {
    assert!(event["time"].as_str().is_some_and(|time| time.ends_with('Z') && time.len() == 24), "{event}");
    assert!(event["seconds"].as_f64().is_some_and(|seconds| (0.0..20.0).contains(&seconds)), "{event}");
    assert_eq!(event["ip"], "127.0.0.1");
    assert_eq!(event["method"], "GET");
    assert_eq!(event["status"], 200);
    assert_eq!((&event["backendId"], &event["backend"]), (&serde_json::json!(1), &serde_json::json!("alpha")));
    assert!(event["to"].as_str().is_some_and(|url| url.starts_with("http://localhost:")), "{event}");
    assert_eq!(event["reason"], "round-robin 1 of 1; new cookie");
    assert!(event["bytes"].as_u64().is_some(), "{event}");
    assert_eq!(event["ended"], "complete");
    assert_eq!(event["strategy"], "round-robin");
    assert_eq!(event["decision"]["rule"]["by"], "strategy");
    assert_eq!(event["decision"]["cookie"], "new");
}

#[test]
fn json_lines_are_objects_and_nothing_else_and_every_field_can_be_read() {
    let mut lb = Headless::start(&["--headless", "--demo=1", "-p", "0", "--log-format", "json"]);
    let port = lb.ready(1);
    get(port, "/bytes/1000?first");
    lb.line_with("/bytes/1000?first");
    lb.signal(Signal::TERM);
    assert_eq!(lb.ended().code(), Some(0));
    let events: Vec<Value> = lb.seen.iter().map(|line| serde_json::from_str(line).expect(line)).collect();
    assert!(events.iter().all(|event| event.is_object() && event["event"].is_string()), "{:#?}", lb.seen);
    let request = events.iter().find(|event| event["path"] == "/bytes/1000?first").unwrap();
    assert_eq!(request["event"], "request");
    assert_eq!(request["bytes"], 1000);
    check_request(request);
    let update = events.iter().find(|event| event["event"] == "update").expect("a state change");
    assert_eq!((update["from"].as_str(), update["to"].as_str()), (Some("STARTING"), Some("UP")), "{update}");
    assert_eq!(update["backend"]["name"], "alpha");
    assert!(update["reason"].as_str().is_some_and(|reason| !reason.is_empty()), "{update}");
    let notice = events.iter().find(|event| event["event"] == "notice").expect("a notice");
    assert!(notice["text"].as_str().is_some_and(|text| text.contains("listening on")), "{notice}");
}

#[test]
fn every_request_gets_its_line_even_when_it_ends_at_once() {
    let mut lb = Headless::start(&["--headless", "--demo=1", "-p", "0", "--log-format", "json"]);
    let port = lb.ready(1);
    for n in 0..50 {
        get(port, &format!("/status/204?n={n}"));
    }
    lb.signal(Signal::TERM);
    assert_eq!(lb.ended().code(), Some(0));
    let lines = lb.seen.iter().filter(|line| line.contains("/status/204?n=")).count();
    assert_eq!(lines, 50);
}

#[test]
fn hostile_names_and_paths_move_no_terminal_in_either_format() {
    let name = format!("{},name=\u{1b}[2J\u{9b}31m\u{202e}gnp\u{200b}", program::free_port());
    for format in ["text", "json"] {
        let mut lb = Headless::start(&["--headless", "-p", "0", "--demo=1", "--log-format", format, &name]);
        let port = program::port_in(&lb.line_with("listening on")).unwrap();
        lb.line_with("DOWN");
        let request = b"GET /hostile/\xc2\x9b2J\xe2\x80\xaex HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n";
        exchange(port, request);
        exchange(port, b"GET /after HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n");
        lb.line_with("/after");
        lb.signal(Signal::TERM);
        lb.ended();
        let hostile: Vec<&String> = lb.seen.iter().filter(|line| line.contains(is_hidden)).collect();
        assert!(hostile.is_empty(), "{format}: {hostile:#?}");
    }
}

#[test]
fn a_hostile_name_moves_no_terminal_among_the_words_why_either() {
    // Accepts connections, which is all its check needs, and never answers.
    let mute = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://127.0.0.1:{}", mute.local_addr().unwrap().port());
    std::thread::spawn(move || mute.incoming().for_each(drop));
    let folder = tempfile::tempdir().unwrap();
    let backend = serde_json::json!({ "name": "\u{1b}[2J\u{9b}31m\nforged", "url": url, "healthAlgorithm": "tcp" });
    let config = serde_json::json!({ "port": 0, "backends": [backend] }).to_string();
    std::fs::write(folder.path().join("stickylb.json"), config).unwrap();
    let mut command = program(&["--headless", "--config", "stickylb.json"]);
    command.current_dir(folder.path());
    let mut lb = Headless::from(command);
    let port = program::port_in(&lb.line_with("listening on")).unwrap();
    lb.line_with("UP");
    get(port, "/mute");
    lb.line_with("/mute");
    lb.signal(Signal::TERM);
    lb.ended();
    let hostile: Vec<&String> =
        lb.seen.iter().filter(|line| line.contains(is_hidden) || line.starts_with("forged")).collect();
    assert!(hostile.is_empty(), "{hostile:#?}");
}

#[test]
fn the_log_file_gets_the_lines_beside_stdout_and_is_appended_to() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("lb.log");
    std::fs::write(&file, "a line of the last run\n").unwrap();
    for round in ["first", "second"] {
        let mut lb = Headless::start(&["--headless", "--demo=1", "-p", "0", "--log-file", file.to_str().unwrap()]);
        let port = lb.ready(1);
        get(port, &format!("/{round}"));
        lb.line_with(&format!("/{round}"));
        lb.signal(Signal::TERM);
        assert_eq!(lb.ended().code(), Some(0));
    }
    let text = std::fs::read_to_string(&file).unwrap();
    assert!(text.starts_with("a line of the last run\n"), "{text}");
    assert_eq!(text.matches("listening on").count(), 2, "{text}");
    let (first, second) = (text.find("GET /first").unwrap(), text.find("GET /second").unwrap());
    assert!(first < second && text.ends_with('\n'), "{text}");
}

#[test]
fn a_log_file_that_cannot_be_written_is_named_and_nothing_is_left_running() {
    let output = run(&["--headless", "--demo=1", "-p", "0", "--log-file", "no-such-folder/lb.log"]);
    let err = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(1), "{err}");
    assert!(err.contains("no-such-folder/lb.log") && err.contains("No such file"), "{err}");
    assert_eq!(err.lines().count(), 1, "{err}");
    assert!(output.stdout.is_empty());
}

#[test]
fn a_reader_that_has_seen_enough_ends_it_cleanly() {
    let port = program::free_port();
    let mut command = program(&["--headless", "--demo=1", "-p", &port.to_string()]);
    let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    let mut output = BufReader::new(child.stdout.take().unwrap());
    let (tell, told) = channel();
    std::thread::spawn(move || {
        let mut first = String::new();
        output.read_line(&mut first).unwrap();
        // The reader ends after the first line, like `head -1`; a later line notices that.
        drop(output);
        tell.send(first).unwrap();
    });
    let first = told.recv_timeout(program::PATIENCE).unwrap();
    assert!(first.ends_with('\n'), "{first:?}");
    let started = children(child.id());
    assert_eq!(started.len(), 1);
    let status = until("it has ended", || {
        // Connections are refused once it ends.
        let _ = std::net::TcpStream::connect(("127.0.0.1", port)).map(|mut stream| {
            use std::io::Write as _;
            let _ = stream.write_all(b"GET / HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n");
        });
        child.try_wait().unwrap()
    });
    let err = std::io::read_to_string(child.stderr.take().unwrap()).unwrap();
    assert_eq!((status.code(), err.as_str()), (Some(0), ""));
    gone(&started);
}

#[test]
fn a_flag_wins_over_the_file_and_the_file_over_the_default() {
    let folder = tempfile::tempdir().unwrap();
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let port = taken.local_addr().unwrap().port();
    let config =
        format!(r#"{{ "port": {port}, "strategy": "random", "backends": [{{ "url": "http://localhost:1" }}] }}"#);
    std::fs::write(folder.path().join("stickylb.json"), config).unwrap();
    let mut command = program(&["--headless", "-p", "0"]);
    command.current_dir(folder.path());
    let mut lb = Headless::from(command);
    let port = program::port_in(&lb.line_with("listening on")).unwrap();
    let health = get(port, "/_lb/health");
    assert!(health.contains(r#""strategy":"random""#) && health.contains("http://localhost:1"), "{health}");
    drop(lb);
    let mut command = program(&["--headless", "-p", "0", "--strategy", "least-connections"]);
    command.current_dir(folder.path());
    let mut lb = Headless::from(command);
    let port = program::port_in(&lb.line_with("listening on")).unwrap();
    assert!(get(port, "/_lb/health").contains(r#""strategy":"least-connections""#));
}

#[test]
fn listening_for_the_whole_network_is_warned_of() {
    let mut lb = Headless::start(&["--headless", "--demo=1", "-p", "0", "--host", "0.0.0.0"]);
    let line = lb.line_with("warning:");
    assert!(line.contains("0.0.0.0") && line.contains("network"), "{line}");
}
