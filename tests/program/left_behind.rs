//! `run` on Linux: what a program starts is ended and reaped wherever it goes, and a copy is itself and nobody else.

use std::net::TcpListener;
use std::process::{Command, Stdio};

use rustix::process::Signal;

use crate::support::left_out::left_out;
use crate::support::program::{Headless, children, get, is_running, program, run_to_end, signal, until};

/// This program's demo backend, in the place of a user's server.
const SERVER: &str = env!("CARGO_BIN_EXE_stickylb-tui");

fn start(command: &[&str]) -> Headless {
    Headless::start(&[&["run", "-p", "0", "--headless", "-n", "1", "--"], command].concat())
}

/// The process id that a copy has written in a line `pid N`.
fn pid_told(balancer: &mut Headless) -> u32 {
    let line = balancer.line_with("| pid ");
    line.split_once("| pid ").unwrap().1.trim().parse().unwrap()
}

/// How many processes below this one have ended and were not waited for.
fn zombies(of: u32) -> usize {
    let is_zombie = |pid: &u32| std::path::Path::new(&format!("/proc/{pid}")).exists() && !is_running(*pid);
    let below = children(of);
    below.iter().filter(|pid| is_zombie(pid)).count() + below.iter().map(|pid| zombies(*pid)).sum::<usize>()
}

/// Answers every request on this port with `foreign`.
fn answers_foreign(listener: TcpListener) {
    use std::io::{Read as _, Write as _};
    std::thread::spawn(move || {
        for mut client in listener.incoming().flatten() {
            std::thread::spawn(move || {
                let _ = client.read(&mut [0; 4096]);
                let _ = client.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 7\r\nConnection: close\r\n\r\nforeign");
            });
        }
    });
}

#[test]
fn what_leaves_its_session_or_its_group_is_ended_with_the_balancer_however_that_ends() {
    let ways = [
        "setsid sleep 100 & echo pid $!; wait",
        "set -m; sleep 100 & echo pid $!; wait",
        "(setsid sleep 100 & echo pid $!) & sleep 100",
    ];
    for way in ways {
        for end in [Signal::TERM, Signal::KILL] {
            let mut balancer = start(&["sh", "-c", way]);
            let left = pid_told(&mut balancer);
            assert!(is_running(left), "{way}");
            balancer.signal(end);
            until("what it started has ended", || (!is_running(left)).then_some(()));
        }
    }
}

#[test]
fn what_a_copy_leaves_behind_as_it_ends_is_ended_before_it_is_started_again_and_said() {
    let mut balancer = start(&["sh", "-c", "setsid sleep 100 & echo pid $!; exit 3"]);
    let left = pid_told(&mut balancer);
    balancer.line_with("sh-0: STARTING -> DOWN: its process exited with status 3 after");
    balancer.line_with("sh-0 left behind 1 process, which was ended with it");
    assert!(!is_running(left));
}

#[test]
fn each_process_is_asked_to_end_once() {
    let script = r#"on() { echo "$1 asked"; }; trap 'on outer; sleep 0.3; exit' TERM; \
        setsid sh -c "trap 'echo inner asked; sleep 0.3; exit' TERM; echo inner ready; while :; do sleep 0.05; done" & \
        echo outer ready; while :; do sleep 0.05; done"#;
    let mut balancer = start(&["sh", "-c", script]);
    balancer.line_with("| inner ready");
    balancer.line_with("| outer ready");
    balancer.signal(Signal::TERM);
    balancer.ended();
    for who in ["outer asked", "inner asked"] {
        assert_eq!(balancer.seen.iter().filter(|line| line.contains(who)).count(), 1, "{:#?}", balancer.seen);
    }
}

#[test]
fn orphans_that_have_ended_are_reaped_while_the_copy_runs() {
    let mut balancer =
        start(&["sh", "-c", "for i in 1 2 3 4 5; do (true &); (sh -c true &); done; echo all; sleep 100"]);
    balancer.line_with("sh-0 | all");
    until("none is a zombie", || (zombies(balancer.pid()) == 0).then_some(()));
}

/// What runs a command as the first process of a PID namespace; `None` where that is left out.
fn in_a_container() -> Option<Command> {
    let namespace = ["--user", "--map-root-user", "--pid", "--mount-proc", "--kill-child", "--fork"];
    let possible = Command::new("unshare").args(namespace).arg("true").stderr(Stdio::null()).status();
    if !possible.is_ok_and(|status| status.success()) {
        left_out("the first process of a container: this system has no unprivileged PID namespaces (unshare)");
        return None;
    }
    let mut command = Command::new("unshare");
    command.args(namespace);
    Some(command)
}

#[test]
fn as_the_first_process_of_a_container_it_reaps_what_checks_leave_behind_and_obeys_signals() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("lb.json");
    let check = r#"{ "port": 0, "backends": [{ "name": "own", "url": "http://localhost:9" }],
        "health": { "interval": 100, "command": ["sh", "-c", "(setsid sleep 0.5 &); sleep 0.1; exit 1"] } }"#;
    std::fs::write(&file, check).unwrap();
    let Some(mut command) = in_a_container() else { return };
    command.args([SERVER, "--headless", "--config", file.to_str().unwrap()]);
    command.env("XDG_RUNTIME_DIR", folder.path());
    let mut balancer = Headless::from(command);
    balancer.line_with("own: STARTING -> DOWN: check failed: exit 1");
    let [first] = children(balancer.pid())[..] else { panic!("one process below unshare") };
    // Each check leaves one behind: what is in its group ends with the check, what has left it a little later.
    let name = |pid: u32| std::fs::read_to_string(format!("/proc/{pid}/comm")).unwrap_or_default();
    let orphan =
        until("an orphan has come to it", || children(first).into_iter().find(|pid| name(*pid).trim() == "sleep"));
    until("it has ended and is reaped", || (!std::path::Path::new(&format!("/proc/{orphan}")).exists()).then_some(()));
    signal(first, Signal::TERM);
    assert!(balancer.ended().success());
}

#[test]
fn as_the_first_process_of_a_container_without_proc_it_serves() {
    let folder = tempfile::tempdir().unwrap();
    let Some(mut command) = in_a_container() else { return };
    let script = r#"mount -t tmpfs none /proc && exec "$0" --headless --port 0 9"#;
    command.args(["sh", "-c", script, SERVER]).env("XDG_RUNTIME_DIR", folder.path());
    Headless::from(command).line_with("listening on");
}

#[test]
fn the_last_words_of_a_copy_survive_a_flood_of_output_and_what_was_left_out_is_counted() {
    let script = "i=0; while [ $i -lt 3000 ]; do echo trace $i; i=$((i+1)); done; echo 'Error: no database'; exit 1";
    let mut balancer = start(&["sh", "-c", script]);
    let line = balancer.line_with("its process exited with status 1");
    assert!(line.contains(": Error: no database; "), "{line}");
    balancer.line_with("sh-0 | Error: no database");
    let told = balancer.seen.iter().filter(|line| line.contains("| trace ")).count();
    let left_out = balancer
        .seen
        .iter()
        .find_map(|line| line.split_once("| (")?.1.split_once(" lines left out)")?.0.parse::<usize>().ok());
    assert!(told < 3000 && left_out.is_some_and(|n| n <= 3000), "{told} told, {left_out:?} left out");
}

#[test]
fn a_program_that_takes_the_port_of_a_dead_copy_gets_no_client_and_the_copy_another_port() {
    // Takes its time to listen, as many runtimes do.
    let mut balancer =
        start(&["sh", "-c", r#"echo "pid $$ port $PORT"; sleep 0.3; exec "$0" demo-backend --port "$PORT""#, SERVER]);
    let port = balancer.ready(1);
    let line = balancer.line_with("| pid ");
    let words: Vec<&str> = line.split_whitespace().collect();
    let (pid, taken): (u32, u16) = (words[words.len() - 3].parse().unwrap(), words[words.len() - 1].parse().unwrap());
    signal(pid, Signal::KILL);
    answers_foreign(until("its port is free", || TcpListener::bind(("127.0.0.1", taken)).ok()));
    balancer.line_with("UP -> DOWN: its process was ended by signal: 9");
    until("it is up again", || {
        let answer = get(port, "/health");
        assert!(!answer.contains("foreign"), "{answer}");
        answer.starts_with("HTTP/1.1 200 ").then_some(())
    });
    let said = balancer.line_with(&format!("sh-0: its port {taken} was taken by "));
    assert!(said.contains(&format!("(pid {})", std::process::id())), "{said}");
}

#[test]
fn a_program_that_answers_in_the_place_of_a_copy_that_does_not_run_is_not_taken_for_it() {
    let folder = tempfile::tempdir().unwrap();
    let mut command =
        program(&["run", "-p", "0", "--headless", "-n", "1", "--", SERVER, "demo-backend", "--port", "{port}"]);
    command.env("XDG_RUNTIME_DIR", folder.path());
    let mut balancer = Headless::from(command);
    let port = balancer.ready(1);
    let supervisor = children(balancer.pid())[0];
    let copy = children(supervisor)[0];
    let words = std::fs::read_to_string(format!("/proc/{copy}/cmdline")).unwrap();
    let taken: u16 = words.split('\0').rfind(|word| !word.is_empty()).unwrap().parse().unwrap();
    let kill = |pid| signal(pid, Signal::KILL);
    // Killed again and again, it is started again ever later.
    for _ in 0..4 {
        let copy = until("the copy runs", || children(*children(balancer.pid()).first()?).first().copied());
        kill(copy);
        until("it has ended", || (!is_running(copy)).then_some(()));
    }
    let foreign = until("its port is free", || TcpListener::bind(("127.0.0.1", taken)).ok());
    answers_foreign(foreign);
    let mut was_away = false;
    until("it is up again, on another port", || {
        let answer = get(port, "/health");
        assert!(!answer.contains("foreign"), "{answer}");
        was_away |= answer.starts_with("HTTP/1.1 503 ");
        (was_away && answer.starts_with("HTTP/1.1 200 ")).then_some(())
    });
}

#[test]
fn a_program_that_takes_the_port_of_a_copy_that_still_runs_is_not_taken_for_it() {
    // The copy itself never listens.
    let mut balancer = start(&["sh", "-c", r#"echo "port $PORT"; sleep 100"#]);
    let line = balancer.line_with("| port ");
    let port: u16 = line.split_whitespace().last().unwrap().parse().unwrap();
    let foreign = TcpListener::bind(("127.0.0.1", port)).unwrap();
    std::thread::spawn(move || {
        for mut client in foreign.incoming().flatten() {
            use std::io::Write as _;
            let _ = client.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\nConnection: close\r\n\r\n");
        }
    });
    let said = balancer.line_with("listens on its $PORT=");
    assert!(said.contains(&format!("(pid {})", std::process::id())), "{said}");
    assert!(!balancer.seen.iter().any(|line| line.contains("-> UP")), "{:#?}", balancer.seen);
}

#[test]
fn a_hangup_to_all_processes_of_this_name_ends_no_copy() {
    let mut balancer = start(&[SERVER, "demo-backend", "--port", "{port}"]);
    let port = balancer.ready(1);
    let [supervisor] = children(balancer.pid())[..] else { panic!("one supervisor") };
    signal(supervisor, Signal::HUP);
    let status = run_to_end(program(&["ctl", "--port", &port.to_string(), "status"]));
    assert!(status.status.success());
    assert!(is_running(supervisor));
    signal(supervisor, Signal::TERM);
    balancer.line_with("UP -> DOWN: its process exited with status 0");
}
