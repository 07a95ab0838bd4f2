//! `--plain` on a terminal: a prompt, and no screen.

use std::io::Write as _;
use std::net::TcpStream;

use rustix::process::Signal;

use crate::support::program::{get, gone, until};
use crate::terminal::Terminal;

/// Two demo backends that are UP, and a prompt.
fn prompt() -> Terminal {
    let mut terminal = Terminal::start(&["--plain", "--demo=2", "-p", "0"]);
    let port = terminal.port();
    until("both are up", || get(port, "/_lb/health").contains("\"healthy\":2,").then_some(()));
    terminal.press("log off\r");
    terminal.shows("= no log lines are shown");
    terminal.wait("the prompt stands", |screen| screen.trim_end().ends_with("\n>"));
    terminal
}

/// Nothing but lines was written, and the terminal was never taken out of its cooked mode.
#[track_caller]
fn is_plain(terminal: &Terminal) {
    let written = terminal.written();
    let is_text = |byte: &u8| *byte >= b' ' || b"\r\n".contains(byte);
    assert!(written.iter().all(is_text), "{:?}", String::from_utf8_lossy(&written));
    assert!(terminal.is_cooked());
}

#[test]
fn a_conversation_has_answers_with_a_mark_and_log_lines_wait_for_the_line_to_be_entered() {
    let mut terminal = prompt();
    let port = terminal.port();
    terminal.press("log on\r");
    terminal.shows("= all log lines are shown");
    terminal.press("drain al");
    terminal.shows("> drain al");
    get(port, "/while-typing");
    until("it is booked", || get(port, "/_lb/health").contains("\"requests\":1,").then_some(()));
    terminal.press("pha\r");
    terminal.shows("= alpha is draining");
    let screen = terminal.screen();
    let at = |part: &str| screen.find(part).unwrap_or_else(|| panic!("no {part} in:\n{screen}"));
    assert!(at("> drain alpha\n") < at("/while-typing") && at("/while-typing") < at("= alpha is draining"), "{screen}");
    let line = terminal.line_with("GET /while-typing");
    let (_, number) = line.rsplit_once('#').unwrap();
    terminal.press(&format!("why {number}\r"));
    terminal.shows("= GET /while-typing 404");
    terminal.shows("= decided by round-robin, place");
    terminal.press("\r");
    terminal.shows("= following the log");
    get(port, "/followed");
    terminal.shows("/followed 404");
    terminal.press("\r");
    terminal.press("quit\r");
    assert!(terminal.ended().success());
    is_plain(&terminal);
}

#[test]
fn status_is_the_table_of_ctl_and_a_mistyped_word_is_answered_with_the_nearest() {
    let mut terminal = prompt();
    terminal.press("status\r");
    terminal.shows("= ID  NAME");
    terminal.press("wieght alpha 3\r");
    terminal.shows("= error: there is no command 'wieght', did you mean 'weight'?");
    terminal.press("kill alpha\r");
    terminal.shows("= alpha is killed");
    let port = terminal.port();
    until("it is gone", || get(port, "/_lb/health").contains("\"DOWN\"").then_some(()));
    terminal.press("restart alpha\r");
    terminal.shows("= alpha is started again");
    // Ctrl-D quits as well, and ends the prompt's line.
    terminal.press("\x04");
    terminal.is_given_back();
    assert!(terminal.written().ends_with(b"> \r\n"), "{:?}", String::from_utf8_lossy(&terminal.written()));
    is_plain(&terminal);
}

#[test]
fn quit_asks_while_a_request_is_in_flight() {
    let mut terminal = prompt();
    let port = terminal.port();
    let mut slow = TcpStream::connect(("127.0.0.1", port)).unwrap();
    slow.write_all(b"GET /slow?ms=30000 HTTP/1.1\r\nHost: localhost\r\n\r\n").unwrap();
    until("it is in flight", || get(port, "/_lb/health").contains("\"activeConnections\":1").then_some(()));
    terminal.press("quit\r");
    terminal.shows("= 1 request or connection is in flight. Quit when they have finished? y or n");
    terminal.press("n\r");
    terminal.shows("= it goes on");
    terminal.press("quit\ry\r");
    drop(slow);
    terminal.is_given_back();
    is_plain(&terminal);
}

#[test]
fn a_signal_ends_it_cleanly_also_while_the_terminal_takes_nothing() {
    for which in [Signal::TERM, Signal::INT, Signal::HUP] {
        let terminal = &mut prompt();
        let started = terminal.children();
        terminal.signal(which);
        terminal.is_given_back();
        is_plain(terminal);
        gone(&started);
    }
    let mut terminal = prompt();
    let port = terminal.port();
    terminal.press("log on\r\r");
    terminal.shows("= following the log");
    terminal.stands_still();
    let path = format!("/{}", "x".repeat(400));
    for _ in 0..400 {
        assert!(get(port, &path).contains("404"));
    }
    terminal.signal(Signal::TERM);
    assert!(terminal.ended().success());
    terminal.goes_on();
    assert!(terminal.is_cooked());
}
