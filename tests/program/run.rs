//! `run`: copies of a program are balanced, restarted when they end or in turn, and never left behind.

use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
use std::sync::{Arc, Mutex};

use rustix::process::Signal;

use crate::support::program::{self, Headless, children, exchange, get, gone, run, signal, until};

/// This program's demo backend, in the place of a user's server.
const SERVER: [&str; 4] = [env!("CARGO_BIN_EXE_stickylb-tui"), "demo-backend", "--port", "{port}"];

fn start(options: &[&str], command: &[&str]) -> Headless {
    Headless::start(&[&["run", "-p", "0", "--headless"], options, &["--"], command].concat())
}

/// The value of a response header.
fn header(answer: &str, name: &str) -> String {
    let line = answer.lines().find_map(|line| line.strip_prefix(&format!("{name}: ")));
    line.unwrap_or_else(|| panic!("no {name} in {answer}")).to_owned()
}

fn with_cookie(port: u16, id: &str) -> String {
    let request =
        format!("GET /health HTTP/1.1\r\nHost: localhost\r\nCookie: X-Backend-ID={id}\r\nConnection: close\r\n\r\n");
    exchange(port, request.as_bytes())
}

/// All processes below the program: supervisors, their programs, and the children of those.
fn descendants(of: u32) -> Vec<u32> {
    children(of).into_iter().flat_map(|child| [vec![child], descendants(child)].concat()).collect()
}

#[test]
fn every_copy_answers_on_a_port_of_its_own_under_the_program_s_name() {
    let mut balancer = start(&["-n", "3"], &SERVER);
    let port = balancer.ready(3);
    let mut ids: Vec<String> = (0..3).map(|_| header(&get(port, "/health"), "x-backend-id")).collect();
    ids.sort();
    assert_eq!(ids, ["0", "1", "2"]);
    let health = get(port, "/_lb/health");
    for name in ["stickylb-tui-0", "stickylb-tui-1", "stickylb-tui-2"] {
        assert!(health.contains(name), "{health}");
    }
}

#[test]
fn port_and_number_are_in_the_environment_and_output_is_told_line_by_line_and_harmless() {
    let script = r#"printf '\033[31mlistening\033[0m on %s as %s\n' "$PORT" "$STICKYLB_INSTANCE"; printf '\033]0;title\007\n' >&2; sleep 100"#;
    let mut balancer = start(&["-n", "2"], &["sh", "-c", script]);
    for number in 0..2 {
        let line = balancer.line_with(&format!("as {number}"));
        let (before, rest) = line.split_once(" | listening on ").unwrap();
        assert_eq!(before, format!("sh-{number}"));
        assert!(rest.split(' ').next().unwrap().parse::<u16>().unwrap() > 1023, "{line}");
    }
    balancer.line_with("sh-0 | \\x1b]0;title\\x07");
    assert!(!balancer.seen.iter().any(|line| line.contains('\x1b')), "{:?}", balancer.seen);
    // For programs that do not read PORT.
    balancer.line_with("it does not listen on $PORT=");
}

#[test]
fn in_json_each_line_is_an_object() {
    let mut balancer = start(&["-n", "1", "--log-format", "json"], &["sh", "-c", "echo hello; sleep 100"]);
    let line = balancer.line_with("hello");
    let event: serde_json::Value = serde_json::from_str(&line).unwrap();
    assert_eq!((&event["event"], &event["line"]), (&"output".into(), &"hello".into()), "{line}");
    assert_eq!(event["backend"]["name"], "sh-0");
}

#[test]
fn a_copy_that_dies_is_started_again_on_its_port_and_its_clients_stay_with_it() {
    let mut balancer = start(&["-n", "2"], &SERVER);
    let port = balancer.ready(2);
    let before = header(&with_cookie(port, "1"), "x-backend");
    let victim = descendants(balancer.pid()).into_iter().find(|pid| is_copy(*pid, &before)).unwrap();
    signal(victim, Signal::KILL);
    balancer.line_with("stickylb-tui-1: UP -> DOWN: its process was ended by signal: 9");
    // Clients notice nothing meanwhile.
    assert!(with_cookie(port, "0").starts_with("HTTP/1.1 200 "));
    balancer.line_with("stickylb-tui-1: DOWN -> STARTING");
    until("it is up again", || get(port, "/_lb/health").contains("\"healthy\":2,").then_some(()));
    let answer = with_cookie(port, "1");
    assert_eq!((header(&answer, "x-backend-id"), header(&answer, "x-backend")), ("1".to_owned(), before));
    assert!(with_cookie(port, "0").contains("x-backend-id: 0\r\n"));
}

/// Whether the process is the server itself (not its supervisor) behind this address.
fn is_copy(pid: u32, address: &str) -> bool {
    let words = std::process::Command::new("ps").args(["-o", "args=", "-p", &pid.to_string()]).output().unwrap();
    let words = String::from_utf8_lossy(&words.stdout).into_owned();
    words.trim_end().ends_with(address.rsplit(':').next().unwrap().trim_end_matches('/'))
        && !words.contains("supervise")
}

#[test]
fn a_program_that_dies_at_once_is_shown_with_its_last_words_and_nothing_else_suffers() {
    let script = r#"if [ "$STICKYLB_INSTANCE" = 0 ]; then echo "Error: no database" >&2; echo "(a trailer)" >&2; exit 7; fi; exec "$0" demo-backend --port "$PORT""#;
    let mut balancer = start(&["-n", "2"], &["sh", "-c", script, SERVER[0]]);
    balancer.line_with("sh-0: STARTING -> DOWN: its process exited with status 7 after ");
    assert!(balancer.seen.last().unwrap().contains(": Error: no database; "), "{:?}", balancer.seen.last());
    balancer.line_with("2 times in a row");
    let port = balancer.ready(1);
    for _ in 0..4 {
        assert!(get(port, "/health").contains("x-backend-id: 1\r\n"));
    }
}

#[test]
fn a_program_that_does_not_exist_is_named_and_nothing_starts() {
    for (program, words) in [("no-such-program", "in PATH"), ("./no-such-program", "check the path")] {
        let output = run(&["run", "-p", "0", "--headless", "-n", "2", "--", program]);
        let err = String::from_utf8_lossy(&output.stderr).into_owned();
        assert_eq!(output.status.code(), Some(2), "{err}");
        assert_eq!(err.lines().count(), 1, "{err}");
        assert!(err.contains(&format!("there is no program '{program}'")) || err.contains(program), "{err}");
        assert!(err.contains(words), "{err}");
    }
    let output = run(&["-p", "4000", "run", "--", "true"]);
    assert_eq!(output.status.code(), Some(2));
    assert!(String::from_utf8_lossy(&output.stderr).contains("write what belongs to 'run' behind it"));
}

#[test]
fn however_it_ends_nobody_is_left_not_even_grandchildren() {
    // The program and its child ignore SIGTERM.
    let script = "trap '' TERM; sh -c 'trap \"\" TERM; echo both; sleep 100' & sleep 100; sleep 100";
    let ended = [Signal::TERM, Signal::INT, Signal::HUP, Signal::KILL].map(|way| {
        let mut balancer = start(&["-n", "2"], &["sh", "-c", script]);
        balancer.line_with("sh-0 | both");
        balancer.line_with("sh-1 | both");
        // Two supervisors, two programs, and what each of those started.
        let all = until("all have started", || Some(descendants(balancer.pid())).filter(|all| all.len() >= 8));
        balancer.signal(way);
        (balancer, all)
    });
    for (_, all) in &ended {
        gone(all);
    }
}

#[test]
fn a_rolling_restart_under_load_loses_no_request() {
    let folder = tempfile::tempdir().unwrap();
    let environment = |mut command: std::process::Command| {
        command.env("XDG_RUNTIME_DIR", folder.path()).env("TMPDIR", folder.path());
        command
    };
    let words = [&["run", "-n", "3", "-p", "0", "--headless", "--"][..], &SERVER].concat();
    let mut balancer = Headless::from(environment(program::program(&words)));
    let port = balancer.ready(3);
    let before = descendants(balancer.pid());
    let stop = Arc::new(AtomicBool::new(false));
    let lost = Arc::new(Mutex::new(Vec::new()));
    let clients: Vec<_> = (0..4)
        .map(|client| {
            let (stop, lost) = (Arc::clone(&stop), Arc::clone(&lost));
            std::thread::spawn(move || {
                let mut served = 0;
                while !stop.load(Relaxed) {
                    // Sticky and not, idempotent and not; slow enough to be in flight when the restart comes.
                    let cookie = if client < 2 { "Cookie: X-Backend-ID=1\r\n" } else { "" };
                    let (method, path) = if client % 2 == 0 { ("GET", "/slow?ms=20") } else { ("POST", "/echo") };
                    let request = format!(
                        "{method} {path} HTTP/1.1\r\nHost: localhost\r\n{cookie}Content-Length: 0\r\nConnection: close\r\n\r\n"
                    );
                    let answer = exchange(port, request.as_bytes());
                    if answer.starts_with("HTTP/1.1 200 ") {
                        served += 1;
                    } else {
                        lost.lock().unwrap().push(answer);
                    }
                }
                served
            })
        })
        .collect();
    let asked = program::run_to_end(environment(program::program(&["ctl", "--port", &port.to_string(), "restart"])));
    assert!(asked.status.success(), "{}", String::from_utf8_lossy(&asked.stderr));
    balancer.line_with("the rolling restart is done: 3 processes");
    stop.store(true, Relaxed);
    for client in clients {
        assert!(client.join().unwrap() > 0);
    }
    assert_eq!(*lost.lock().unwrap(), Vec::<String>::new());
    gone(&before);
    assert_eq!(descendants(balancer.pid()).len(), 6, "a supervisor and a server for each");
}

#[test]
fn a_file_s_settings_hold_for_the_copies_which_join_its_backends_and_it_is_followed() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("lb.json");
    let settings = |rest: &str| {
        let text = format!(
            r#"{{ "port": 0, "sticky": {{ "cookie": {{ "name": "lb" }} }}, "health": {{ "path": "/health", "interval": 100 }}{rest} }}"#
        );
        std::fs::write(&file, text).unwrap();
    };
    let other = start(&["-n", "1"], &SERVER).ready(1);
    let backend =
        |id: u32| format!(r#", "backends": [{{ "id": {id}, "name": "other", "url": "http://127.0.0.1:{other}" }}]"#);
    settings("");
    let mut balancer = start(&["-n", "2", "--config", file.to_str().unwrap()], &SERVER);
    let port = balancer.ready(2);
    assert!(get(port, "/").contains("set-cookie: lb="), "the file's cookie");
    settings(&backend(1));
    balancer.line_with("stickylb-tui-1, which was started here, has the id 1");
    settings(&backend(2));
    balancer.line_with("configuration reloaded: other added");
    let health = get(port, "/_lb/health");
    assert!(health.contains("\"total\":3,") && health.contains("\"name\":\"other\""), "{health}");
}

#[test]
fn copies_take_the_ids_that_the_file_s_backends_leave_and_what_cannot_be_is_said() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("lb.json");
    let config = ["--config", file.to_str().unwrap(), "-n", "2"];
    std::fs::write(&file, r#"{ "port": 0, "backends": [{ "url": "http://127.0.0.1:1" }] }"#).unwrap();
    let mut balancer = start(&config, &SERVER);
    let port = balancer.ready(2);
    for id in ["1", "2"] {
        assert_eq!(header(&with_cookie(port, id), "x-backend-id"), id);
    }
    for (text, words) in [
        (r#"{ "port": 0, "backends": [{ "url": "tcp://127.0.0.1:1" }] }"#, "every pool is behind a tcp listener"),
        (r#"{ "port": 0, "backends": [{ "url": "http://127.0.0.1:1", "name": "stickylb-tui-1" }] }"#, "has this name"),
        (r#"{ "port": 0, "stratgey": "random" }"#, "did you mean 'strategy'"),
    ] {
        std::fs::write(&file, text).unwrap();
        let output = run(&[&["run", "--headless"], &config[..], &["--"], &SERVER].concat());
        let err = String::from_utf8_lossy(&output.stderr).into_owned();
        assert_eq!(output.status.code(), Some(2), "{err}");
        assert!(err.contains(words), "{err}");
    }
}

#[test]
fn programs_have_the_descriptor_limit_that_the_balancer_was_started_with() {
    let mut command = std::process::Command::new("sh");
    let run = r#"ulimit -S -n 256; exec "$0" run -p 0 --headless -n 1 -- sh -c 'echo "limit $(ulimit -S -n) of $(ulimit -H -n)"; sleep 100'"#;
    command.args(["-c", run, SERVER[0]]).env("XDG_RUNTIME_DIR", env!("CARGO_TARGET_TMPDIR"));
    let mut balancer = Headless::from(command);
    let line = balancer.line_with("limit ");
    assert!(line.contains("limit 256 of ") && !line.ends_with(" 256"), "{line}");
}

#[test]
fn without_a_number_there_is_a_copy_for_each_processor() {
    let mut balancer = start(&[], &SERVER);
    let port = balancer.ready(std::thread::available_parallelism().unwrap().get());
    assert_eq!(get(port, "/").split_once("\r\n").unwrap().0, "HTTP/1.1 200 OK");
}

#[test]
fn a_copy_that_takes_its_time_to_exit_has_it() {
    let script = "trap 'sleep 1; echo said goodbye; exit 0' TERM; echo ready; while :; do sleep 0.05; done";
    let mut balancer = start(&["-n", "1"], &["sh", "-c", script]);
    // From here on the program handles the signal itself.
    balancer.line_with("sh-0 | ready");
    balancer.signal(Signal::TERM);
    balancer.ended();
    assert!(balancer.seen.iter().any(|line| line.contains("said goodbye")), "{:#?}", balancer.seen);
}

#[test]
fn a_check_by_a_program_has_the_descriptor_limit_that_the_balancer_was_started_with() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("lb.json");
    let check = r#"{ "port": 0, "backends": [{ "name": "own", "url": "http://localhost:9" }],
        "health": { "command": ["sh", "-c", "echo limit $(ulimit -S -n) >&2; exit 1"] } }"#;
    std::fs::write(&file, check).unwrap();
    let mut command = std::process::Command::new("sh");
    let limited = r#"ulimit -S -n 256; exec "$0" --headless --config "$1""#;
    command.args(["-c", limited, SERVER[0], file.to_str().unwrap()]);
    command.env("XDG_RUNTIME_DIR", env!("CARGO_TARGET_TMPDIR"));
    let line = Headless::from(command).line_with("own: STARTING -> DOWN");
    assert!(line.ends_with("exit 1: limit 256"), "{line}");
}
