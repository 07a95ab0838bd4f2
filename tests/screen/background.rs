//! `start`, `list`, `stop` and `attach`: a balancer without a terminal, and a screen attached to it.

use std::io::Write as _;
use std::net::TcpStream;
use std::process::Output;

use rustix::process::Signal;

use crate::support::home::Home;
use crate::support::program::{self, get, gone, is_running, port_in, signal};
use crate::terminal::Terminal;

impl Home {
    /// Starts one in the background; returns its port and its process id.
    fn start(&self, words: &[&str]) -> (u16, u32) {
        let said = self.good(&[&["start"], words].concat());
        let pid = said.split_once("(pid ").and_then(|(_, rest)| rest.split_once(')')).unwrap().0.parse().unwrap();
        assert!(said.contains("stickylb-tui attach") && said.contains("stickylb-tui stop"), "{said}");
        (port_in(&said).unwrap(), pid)
    }

    fn terminal(&self, words: &[&str]) -> Terminal {
        Terminal::with(words, &[("XDG_RUNTIME_DIR", self.path().to_str().unwrap())])
    }
}

#[test]
fn started_in_the_background_it_serves_is_listed_and_is_stopped() {
    let home = Home::new();
    let (port, pid) = home.start(&["--demo=2", "-p", "0"]);
    assert!(get(port, "/whoami").starts_with("HTTP/1.1 200 "), "it serves when start says so");
    let list = home.good(&["list"]);
    let line = list.lines().find(|line| line.contains(&pid.to_string())).unwrap();
    let words: Vec<&str> = line.split_whitespace().collect();
    assert_eq!(words[..5], [&port.to_string(), &pid.to_string(), "2", "0", "round-robin"]);
    let children = program::children(pid);
    assert!(home.good(&["stop"]).contains(&format!("stopped the balancer on port {port}")));
    gone(&[&[pid], &children[..]].concat());
    assert_eq!(home.run(&["stop"]).status.code(), Some(1));
}

#[test]
fn it_is_in_a_session_of_its_own() {
    let home = Home::new();
    let (_, pid) = home.start(&["--demo=1", "-p", "0"]);
    let session = |pid: u32| {
        let pid = rustix::process::Pid::from_raw(i32::try_from(pid).unwrap());
        rustix::process::getsid(pid).unwrap()
    };
    assert_eq!(u32::try_from(session(pid).as_raw_nonzero().get()).unwrap(), pid);
    signal(pid, Signal::HUP);
    assert!(home.good(&["list"]).contains(&pid.to_string()), "a terminal's end is not its end");
    assert!(is_running(pid));
}

#[test]
fn a_start_that_fails_says_what_the_foreground_would_say_and_leaves_nothing_behind() {
    let home = Home::new();
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let port = taken.local_addr().unwrap().port().to_string();
    for words in [&["--demo=1", "-p", &port][..], &["--prot"], &["--config", "no-such-file.json"], &["--strategy", "x"]]
    {
        let background = home.run(&[&["start"], words].concat());
        let foreground = home.run(&[&["--headless"], words].concat());
        assert_eq!(background.status.code(), Some(2), "{words:?}");
        assert_eq!(background.status.code(), foreground.status.code());
        let said =
            |output: &Output| String::from_utf8_lossy(&output.stderr).lines().next().unwrap_or_default().to_owned();
        assert_eq!(said(&background), said(&foreground));
        assert!(background.stdout.is_empty());
    }
    assert!(home.good_or_empty_list());
}

#[test]
fn a_prompt_in_the_background_is_refused() {
    let home = Home::new();
    for words in [&["start", "--plain", "--demo=1"][..], &["start", "run", "--plain", "--", "sleep", "9"]] {
        let output = home.run(words);
        let said = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(2), "{words:?}: {said}");
        assert!(said.contains("start shows no prompt: leave --plain out"), "{words:?}: {said}");
    }
    assert!(home.good_or_empty_list());
}

impl Home {
    fn good_or_empty_list(&self) -> bool {
        let output = self.run(&["list"]);
        output.status.success() && output.stdout.is_empty()
    }
}

#[test]
fn where_several_run_one_is_named_by_its_port_and_all_can_be_stopped() {
    let home = Home::new();
    let (first, _) = home.start(&["--demo=1", "-p", "0"]);
    let (second, other) = home.start(&["--demo=1", "-p", "0"]);
    let output = home.run(&["stop"]);
    let err = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(2), "{err}");
    assert!(err.contains(&first.to_string()) && err.contains(&second.to_string()), "{err}");
    home.good(&["stop", "--port", &first.to_string()]);
    assert!(is_running(other));
    let (third, _) = home.start(&["--demo=1", "-p", "0"]);
    let said = home.good(&["stop", "--all"]);
    assert!(said.contains(&second.to_string()) && said.contains(&third.to_string()), "{said}");
    assert!(home.good_or_empty_list());
}

#[test]
fn attached_the_screen_shows_and_changes_the_one_in_the_background() {
    let home = Home::new();
    let (port, pid) = home.start(&["--demo=2", "-p", "0"]);
    let mut terminal = home.terminal(&["attach"]);
    terminal.wait("two are up", |screen| screen.contains("2 up"));
    assert_eq!(terminal.port(), port);
    get(port, "/afar");
    terminal.shows("/afar");
    terminal.press(" ");
    terminal.backend_is("alpha", "MAINT");
    assert!(get(port, "/_lb/health").contains("MAINT"));
    terminal.press("vvvv");
    terminal.shows("INFO alpha is MAINT");
    terminal.press("q");
    terminal.is_given_back();
    terminal.shows("goes on; stickylb-tui stop ends it");
    assert!(is_running(pid) && get(port, "/whoami").starts_with("HTTP/1.1 200 "));
}

#[test]
fn the_end_of_the_one_attached_to_is_said_on_screen() {
    let home = Home::new();
    for (how, said) in [(Signal::TERM, "the balancer has ended"), (Signal::KILL, "the balancer is gone")] {
        let (_, pid) = home.start(&["--demo=1", "-p", "0"]);
        let children = program::children(pid);
        let mut terminal = home.terminal(&["attach"]);
        terminal.shows("1 up");
        signal(pid, how);
        terminal.shows(said);
        terminal.shows("ENDED");
        terminal.press("q");
        terminal.is_given_back();
        gone(&children);
    }
}

#[test]
fn attach_without_a_terminal_or_without_a_balancer_says_what_to_do() {
    let home = Home::new();
    let err = |output: Output| String::from_utf8(output.stderr).unwrap();
    assert!(err(home.run(&["attach"])).contains("no stickylb-tui is running"));
    home.start(&["--demo=1", "-p", "0"]);
    let output = home.run(&["attach"]);
    assert_eq!(output.status.code(), Some(2));
    assert!(err(output).contains("ctl status"));
}

#[test]
fn a_screen_that_is_detached_leaves_the_balancer_running_and_attach_brings_it_back() {
    let home = Home::new();
    let mut screen = home.terminal(&["--demo=1", "-p", "0"]);
    screen.shows("1 up");
    let port = screen.port();
    // A request in flight, so that leaving asks.
    let mut slow = TcpStream::connect(("127.0.0.1", port)).unwrap();
    slow.write_all(b"GET /slow?ms=30000 HTTP/1.1\r\nHost: localhost\r\n\r\n").unwrap();
    // The screen shows it.
    screen.wait("it is in flight", |screen| screen.contains("1 conn"));
    screen.press("q");
    screen.shows("d detach");
    screen.press("d");
    screen.shows("goes on without a screen");
    screen.still_runs();
    assert!(screen.is_cooked());
    let mut attached = home.terminal(&["attach"]);
    attached.shows("1 up");
    attached.press("q");
    attached.is_given_back();
    // Closing the terminal must not end it either.
    screen.signal(Signal::HUP);
    assert!(get(port, "/whoami").starts_with("HTTP/1.1 200 "));
    drop(slow);
    home.good(&["stop"]);
    assert!(screen.ended().success());
}
