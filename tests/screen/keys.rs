//! Keys that change what the balancer does, on a real pseudo-terminal.

use crate::support::program::{self, exchange, get, gone, until};
use crate::terminal::Terminal;

#[test]
fn space_takes_a_backend_out_and_puts_it_back() {
    let mut terminal = Terminal::demo();
    terminal.press(" ");
    terminal.backend_is("alpha", "MAINT");
    terminal.shows("taken out by hand");
    terminal.shows("1 maint");
    // Every request now goes to another backend.
    for _ in 0..4 {
        assert!(!get(terminal.port(), "/health").contains("x-backend-id: 1\r\n"));
    }
    terminal.press(" ");
    terminal.backend_is("alpha", "UP");
    terminal.shows("3 up");
}

#[test]
fn d_drains_so_that_only_bound_clients_stay() {
    let mut terminal = Terminal::demo();
    terminal.press("d");
    terminal.backend_is("alpha", "DRAIN");
    let port = terminal.port();
    for _ in 0..4 {
        assert!(!get(port, "/health").contains("x-backend-id: 1\r\n"));
    }
    let bound = b"GET /health HTTP/1.1\r\nHost: localhost\r\nCookie: X-Backend-ID=1\r\nConnection: close\r\n\r\n";
    assert!(exchange(port, bound).contains("x-backend-id: 1\r\n"));
    terminal.press("d");
    terminal.backend_is("alpha", "UP");
}

#[test]
fn s_steps_through_the_strategies_and_t_through_stickiness() {
    let mut terminal = Terminal::demo();
    for strategy in [
        "smooth-round-robin",
        "least-connections",
        "random",
        "power-of-two",
        "least-latency",
        "hash",
        "first",
        "  round-robin",
    ] {
        terminal.press("s");
        terminal.wait(strategy, |screen| screen.lines().next().unwrap_or_default().contains(strategy));
    }
    terminal.press("t");
    terminal.shows("sticky: ip");
    terminal.press("t");
    terminal.shows("sticky: off");
    assert!(!get(terminal.port(), "/health").to_lowercase().contains("set-cookie"));
    terminal.press("t");
    terminal.shows("sticky: cookie");
}

/// The cell of the first backend in column W.
fn weight(screen: &str) -> String {
    let mut lines = screen.lines();
    let titles = lines.by_ref().find(|line| line.contains("NAME")).unwrap_or_default();
    let row: Vec<char> = lines.next().unwrap_or_default().chars().collect();
    let end = titles.chars().position(|c| c == 'W').unwrap_or(0);
    row.get(end.saturating_sub(2)..=end).unwrap_or_default().iter().collect::<String>().trim().to_owned()
}

#[test]
fn plus_and_minus_change_the_weight() {
    let mut terminal = Terminal::demo();
    for (key, expected) in [("+", "2"), ("-", "1"), ("-", "0"), ("-", "0"), ("+", "1"), ("+", "2")] {
        terminal.press(key);
        terminal.wait(&format!("the weight is {expected}"), |screen| weight(screen) == expected);
    }
    assert!(get(terminal.port(), "/_lb/health").contains("\"weight\":2,"));
}

#[test]
fn keys_pressed_fast_all_count() {
    let mut terminal = Terminal::demo();
    terminal.press("+++++");
    terminal.wait("five times + is five more weight", |screen| weight(screen) == "6");
}

#[test]
fn the_same_switch_twice_is_as_before_however_fast() {
    let mut terminal = Terminal::demo();
    terminal.press("  ");
    terminal.shows("taken out by hand");
    terminal.backend_is("alpha", "UP");
}

#[test]
fn two_steps_of_the_strategy_are_two_however_fast() {
    let mut terminal = Terminal::demo();
    terminal.press("ss");
    terminal
        .wait("two strategies on", |screen| screen.lines().next().unwrap_or_default().contains("least-connections"));
}

#[test]
fn x_asks_before_it_kills_and_a_starts_the_same_backend_again() {
    let mut terminal = Terminal::demo();
    let before = terminal.children();
    assert_eq!(before.len(), 3);
    terminal.press("X");
    terminal.shows("Kill the process of alpha?");
    terminal.press("n");
    terminal.wait("the question is gone", |screen| !screen.contains("Kill the process"));
    assert_eq!(terminal.children().len(), 3);
    terminal.backend_is("alpha", "UP");
    terminal.press("X");
    terminal.shows("Kill the process of alpha?");
    terminal.press("y");
    terminal.backend_is("alpha", "DOWN");
    until("its process is gone", || (terminal.children().len() == 2).then_some(()));
    // Clients notice nothing: the other backends serve.
    for _ in 0..6 {
        assert!(get(terminal.port(), "/health").starts_with("HTTP/1.1 200 "));
    }
    terminal.press("X");
    terminal.shows("alpha is not running: press a to start it again");
    terminal.press("a");
    terminal.backend_is("alpha", "UP");
    assert_eq!(terminal.children().len(), 3);
    assert!(!terminal.screen().contains("delta"), "{}", terminal.screen());
}

#[test]
fn a_backend_that_dies_by_itself_is_down_at_once_and_says_how() {
    let terminal = Terminal::demo();
    let victim = terminal.children()[0];
    program::signal(victim, rustix::process::Signal::KILL);
    terminal.shows("its process ended with its supervisor");
    terminal.shows("1 down");
    gone(&[victim]);
}

#[test]
fn q_asks_for_a_request_that_began_since_the_last_figures() {
    let mut terminal = Terminal::demo();
    let port = terminal.port();
    let mut slow = std::net::TcpStream::connect(("127.0.0.1", port)).unwrap();
    std::io::Write::write_all(&mut slow, b"GET /slow?ms=20000 HTTP/1.1\r\nHost: localhost\r\n\r\n").unwrap();
    until("it is in flight", || get(port, "/_lb/health").contains("\"activeConnections\":1").then_some(()));
    terminal.press("q");
    terminal.shows("1 request or connection is in flight. Quit when it has finished?");
    terminal.press("n");
    terminal.still_runs();
    drop(slow);
    until("it is gone", || (!get(port, "/_lb/health").contains("\"activeConnections\":1")).then_some(()));
    terminal.press("q");
    terminal.is_given_back();
}

#[test]
fn a_key_that_does_nothing_says_what_may_be_meant_and_where_help_is() {
    let mut terminal = Terminal::demo();
    terminal.press("D");
    terminal.shows("D does nothing here; d is: drain: ");
    terminal.press("#");
    terminal.shows("# does nothing here; ? shows all keys, : finds a command");
    terminal.press("j");
    terminal.wait("the footer has its keys again", |screen| !screen.contains("does nothing here"));
}

#[test]
fn what_is_typed_behind_q_is_for_its_question() {
    let mut terminal = Terminal::demo();
    let port = terminal.port();
    let mut slow = std::net::TcpStream::connect(("127.0.0.1", port)).unwrap();
    std::io::Write::write_all(&mut slow, b"GET /slow?ms=20000 HTTP/1.1\r\nHost: localhost\r\n\r\n").unwrap();
    until("it is in flight", || get(port, "/_lb/health").contains("\"activeConnections\":1").then_some(()));
    terminal.press("qn");
    terminal.press("s");
    terminal.shows("strategy round-robin → smooth-round-robin");
    assert!(!terminal.screen().contains("Sure?"), "{}", terminal.screen());
    terminal.press("qq");
    drop(slow);
    terminal.is_given_back();
}
