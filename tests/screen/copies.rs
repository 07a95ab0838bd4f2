//! `run` with a screen and in the background: the copies' output, and restarts by hand.

use crate::support::home::Home;
use crate::support::program::{self, get, gone, port_in, until};
use crate::terminal::Terminal;

/// Prints its number, then serves as a demo backend on its port.
const GREETING: [&str; 4] = [
    "sh",
    "-c",
    r#"echo "hello from $STICKYLB_INSTANCE in $$"; exec "$0" demo-backend --port "$PORT""#,
    env!("CARGO_BIN_EXE_stickylb-tui"),
];

fn two_copies() -> Terminal {
    let words = [&["run", "-n", "2", "-p", "0", "--"], &GREETING[..]].concat();
    let terminal = Terminal::start(&words);
    terminal.wait("both are up", |screen| screen.contains("2 up"));
    terminal
}

/// The output pane of the selected copy.
fn open_output(terminal: &mut Terminal) {
    for title in ["got / due", "Backend: sh-", "Output of sh-"] {
        terminal.press("v");
        terminal.shows(title);
    }
}

/// The process that the pane mentions last.
fn told(terminal: &Terminal) -> Option<u32> {
    let screen = terminal.screen();
    let line = screen.lines().rfind(|line| line.contains("hello from"))?;
    line.split(" in ").nth(1)?.split_whitespace().next()?.parse().ok()
}

#[test]
fn the_output_of_each_copy_is_shown_when_it_is_selected() {
    let mut terminal = two_copies();
    open_output(&mut terminal);
    terminal.shows("hello from 0 in ");
    terminal.press("j");
    terminal.shows("Output of sh-1");
    terminal.shows("hello from 1 in ");
    assert!(!terminal.screen().contains("hello from 0"), "{}", terminal.screen());
}

#[test]
fn restart_all_replaces_each_copy_and_the_screen_tells_of_it() {
    let mut terminal = two_copies();
    open_output(&mut terminal);
    let before = until("it is told", || told(&terminal));
    let port = terminal.port();
    terminal.press("A");
    until("another process is told of", || told(&terminal).filter(|now| *now != before));
    gone(&[before]);
    terminal.wait("both are up again", |screen| screen.contains("2 up"));
    assert!(get(port, "/health").starts_with("HTTP/1.1 200 "));
}

#[test]
fn x_kills_a_copy_for_good_and_a_starts_it_again() {
    let mut terminal = two_copies();
    open_output(&mut terminal);
    let before = until("it is told", || told(&terminal));
    terminal.press("X");
    terminal.shows("Kill the process of sh-0?");
    terminal.press("y");
    terminal.backend_is("sh-0", "DOWN");
    gone(&[before]);
    assert!(get(terminal.port(), "/health").contains("x-backend-id: 1"), "the other one serves");
    terminal.press("a");
    terminal.backend_is("sh-0", "UP");
    assert_ne!(until("it is told", || told(&terminal)), before);
}

#[test]
fn started_in_the_background_copies_serve_are_listed_and_end_with_it() {
    let home = Home::new();
    let words = [&["start", "run", "-n", "2", "-p", "0", "--"], &GREETING[..]].concat();
    let said = home.good(&words);
    let port = port_in(&said).unwrap();
    let pid: u32 = said.split_once("(pid ").unwrap().1.split_once(')').unwrap().0.parse().unwrap();
    assert!(get(port, "/health").starts_with("HTTP/1.1 200 "), "it serves when start says so");
    let list = home.good(&["list"]);
    let words: Vec<&str> = list.lines().nth(1).unwrap().split_whitespace().collect();
    assert_eq!(words[..4], [&port.to_string(), &pid.to_string(), "2", "0"]);
    let copies = program::children(pid);
    assert_eq!(copies.len(), 2);
    home.good(&["ctl", "restart"]);
    until("both have been replaced", || {
        let now = program::children(pid);
        (now.len() == 2 && now.iter().all(|child| !copies.contains(child))).then_some(())
    });
    let copies = program::children(pid);
    home.good(&["stop"]);
    gone(&[&[pid], &copies[..]].concat());
}

#[test]
fn a_program_that_dies_at_once_is_named_with_its_last_words_and_the_other_copy_serves() {
    let script = r#"if [ "$STICKYLB_INSTANCE" = 0 ]; then echo "Error: no database" >&2; exit 7; fi
        exec "$0" demo-backend --port "$PORT""#;
    let terminal = Terminal::start(&["run", "-n", "2", "-p", "0", "--", "sh", "-c", script, GREETING[3]]);
    terminal.backend_is("sh-0", "DOWN");
    terminal.backend_is("sh-1", "UP");
    terminal.shows("its process exited with status 7");
    for _ in 0..4 {
        assert!(get(terminal.port(), "/health").contains("x-backend-id: 1\r\n"));
    }
    assert!(!terminal.screen().contains("sh-1 is DOWN"), "{}", terminal.screen());
}
