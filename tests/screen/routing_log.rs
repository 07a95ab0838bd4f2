//! The routing log on a real pseudo-terminal: its content, and how to read it.

use crate::support::program::{exchange, get, until};
use crate::terminal::Terminal;

#[test]
fn a_request_appears_in_the_log_with_its_path_and_the_words_why() {
    let terminal = Terminal::demo();
    let port = terminal.port();
    get(port, "/first");
    terminal.wait("the request is in the log", |screen| screen.contains("/first"));
    let line = terminal.line_with("/first");
    for part in ["GET", "404", "ms", "alpha", "round-robin 1 of 3"] {
        assert!(line.contains(part), "no '{part}' in: {line}");
    }
    exchange(port, b"GET /bound HTTP/1.1\r\nHost: localhost\r\nCookie: X-Backend-ID=3\r\nConnection: close\r\n\r\n");
    terminal.shows("/bound");
    let line = terminal.line_with("/bound");
    assert!(line.contains("charlie") && line.contains("sticky X-Backend-ID=3"), "{line}");
}

#[test]
fn at_80_columns_the_usual_reasons_are_shown_whole() {
    let terminal = Terminal::demo();
    get(terminal.port(), "/new");
    terminal.shows("/new");
    let line = terminal.line_with("/new");
    assert!(line.contains("round-robin 1 of 3; new cookie"), "{line}");
}

#[test]
fn the_log_file_is_written_beside_the_screen() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("lb.log");
    let mut terminal = Terminal::start(&["--demo=1", "-p", "0", "--log-file", file.to_str().unwrap()]);
    terminal.shows("1 up");
    get(terminal.port(), "/in-the-file");
    terminal.press("q");
    terminal.ended();
    let text = std::fs::read_to_string(&file).unwrap();
    assert!(text.contains("GET /in-the-file 404"), "{text}");
}

#[test]
fn the_log_can_be_held_and_followed_again() {
    let mut terminal = Terminal::demo();
    let port = terminal.port();
    (0..30).for_each(|n| drop(get(port, &format!("/line-{n}"))));
    terminal.shows("/line-29");
    terminal.press("\tg");
    terminal.shows("held");
    get(port, "/unseen");
    terminal.wait("what is new is counted", |screen| screen.contains("below"));
    assert!(!terminal.screen().contains("/unseen"), "{}", terminal.screen());
    terminal.press("f");
    terminal.shows("/unseen");
    terminal.shows("following");
}

#[test]
fn a_filter_narrows_the_log_as_it_is_typed_and_its_mistakes_are_shown_where_they_are() {
    let mut terminal = Terminal::demo();
    let port = terminal.port();
    for path in ["/status/404", "/health", "/status/503", "/whoami"] {
        get(port, path);
    }
    terminal.shows("/whoami");
    terminal.press("/status>=400");
    terminal.wait("only errors are shown", |screen| screen.contains("/status/503") && !screen.contains("/whoami"));
    terminal.press(" stattus:1");
    terminal.shows("^ there is no field 'stattus'; did you mean 'status'?");
    let lines = terminal.lines();
    let caret = lines.iter().find_map(|line| line.find("^ there is")).unwrap();
    assert_eq!(lines.iter().find_map(|line| line.find("stattus:1")), Some(caret), "{}", terminal.screen());
    // An invalid filter is not accepted.
    terminal.press("\r");
    terminal.shows("^ there is no field");
    terminal.press("\x17\r");
    terminal.shows("/status>=400");
    terminal.shows("2 of ");
    terminal.press("F");
    terminal.shows("/whoami");
    terminal.press("\x1b");
    terminal.wait("the filter is gone", |screen| !screen.contains("/status>=400"));
}

#[test]
fn changes_of_states_stay_in_sight_when_the_log_runs_on() {
    let mut terminal = Terminal::demo();
    let port = terminal.port();
    terminal.press("Xy");
    terminal.backend_is("alpha", "DOWN");
    (0..60).for_each(|n| drop(get(port, &format!("/line-{n}"))));
    terminal.shows("/line-59");
    let line = terminal.line_with("alpha is DOWN");
    assert!(line.contains("its process was killed by hand"), "{}", terminal.screen());
}

#[test]
fn why_tells_the_whole_decision_and_enter_all_of_a_backend() {
    let mut terminal = Terminal::demo();
    let port = terminal.port();
    exchange(port, b"GET /bound HTTP/1.1\r\nHost: localhost\r\nCookie: X-Backend-ID=3\r\nConnection: close\r\n\r\n");
    terminal.shows("/bound");
    terminal.press("w");
    for part in ["Why #", "X-Backend-ID=3, which names charlie", "stickiness", "1 charlie", "answered"] {
        terminal.shows(part);
    }
    terminal.press("\x1b");
    terminal.wait("it is closed", |screen| !screen.contains("Why #"));
    terminal.press("3\r");
    for part in ["Backend: charlie", "GET /health (http-status)", "Last checks", "Clients seen lately", "1 sticky"] {
        terminal.shows(part);
    }
    terminal.press("k");
    terminal.shows("Backend: bravo");
    terminal.press("\x1b");
    terminal.shows("Routing log");
}

#[test]
fn marked_lines_are_found_again() {
    let mut terminal = Terminal::demo();
    let port = terminal.port();
    get(port, "/marked-one");
    terminal.shows("/marked-one");
    terminal.press("m");
    terminal.shows("◆");
    terminal.press("f");
    (0..40).for_each(|n| drop(get(port, &format!("/line-{n}"))));
    terminal.shows("/line-39");
    assert!(!terminal.screen().contains("◆"), "{}", terminal.screen());
    terminal.press("N");
    terminal.shows("/marked-one");
    terminal.shows("◆");
}

#[test]
fn lines_are_in_the_order_of_the_ends_and_have_the_times_of_the_ends() {
    let terminal = Terminal::demo();
    terminal.resize(120, 40);
    let port = terminal.port();
    let slow = std::thread::spawn(move || get(port, "/slow?ms=700"));
    until("it is in flight", || get(port, "/_lb/health").contains("\"activeConnections\":1").then_some(()));
    get(port, "/quick");
    slow.join().unwrap();
    terminal.shows("/slow?ms=700");
    terminal.shows("by end");
    let times: Vec<String> = ["/quick", "/slow?ms=700"]
        .map(|path| terminal.line_with(path).trim_start_matches('│').split(' ').next().unwrap().to_owned())
        .into();
    let screen = terminal.screen();
    assert!(screen.find("/quick") < screen.find("/slow?ms=700"), "{screen}");
    assert!(times[0] < times[1], "{times:?}");
}

#[test]
fn at_120_columns_a_path_and_its_reason_are_shown_whole() {
    let terminal = Terminal::demo();
    terminal.resize(120, 40);
    let path = "/api/v1/customers/4711/orders?page=2";
    get(terminal.port(), path);
    terminal.wait("both are whole", |screen| {
        screen.lines().any(|line| line.contains(path) && line.contains("round-robin 1 of 3; new cookie"))
    });
}
