//! The screen on a real pseudo-terminal: what is shown, and navigation.

use crate::support::program::{exchange, get, until};
use crate::terminal::Terminal;

#[test]
fn demo_backends_come_up_and_the_address_is_shown() {
    let terminal = Terminal::demo();
    let port = terminal.port();
    for name in ["alpha", "bravo", "charlie"] {
        terminal.backend_is(name, "UP");
    }
    let screen = terminal.screen();
    for part in [&format!("http://localhost:{port}"), "round-robin", "sticky: cookie", "LIVE", "q quit", "? help"] {
        assert!(screen.contains(part), "no '{part}' in:\n{screen}");
    }
    assert!(get(port, "/health").starts_with("HTTP/1.1 200 "));
}

#[test]
fn the_empty_screen_names_three_ways_to_begin_and_a_starts_a_backend() {
    let mut terminal = Terminal::start(&["-p", "0"]);
    terminal.shows("Three ways to begin");
    for part in ["press a", "stickylb-tui 5000 5001", "stickylb-tui --config", "503"] {
        terminal.shows(part);
    }
    assert!(get(terminal.port(), "/").starts_with("HTTP/1.1 503 "));
    terminal.press("a");
    terminal.backend_is("alpha", "UP");
    until("it serves", || get(terminal.port(), "/health").starts_with("HTTP/1.1 200 ").then_some(()));
    terminal.press("a");
    terminal.backend_is("bravo", "UP");
}

#[test]
fn keys_without_a_backend_say_what_to_do_instead() {
    let mut terminal = Terminal::start(&["-p", "0"]);
    terminal.shows("Three ways to begin");
    for key in [" ", "d", "+", "R", "X"] {
        terminal.press(key);
        terminal.shows("press a to start a demo backend");
        // Any other key removes the message.
        terminal.press("g");
        terminal.wait("the keys are back", |screen| screen.contains("q quit"));
    }
}

#[test]
fn requests_are_counted_in_the_table() {
    let terminal = Terminal::demo();
    let port = terminal.port();
    for _ in 0..7 {
        exchange(port, b"GET /n HTTP/1.1\r\nHost: localhost\r\nCookie: X-Backend-ID=2\r\nConnection: close\r\n\r\n");
    }
    terminal.backend_is("bravo", " 7 ");
}

#[test]
fn help_opens_over_everything_and_escape_closes_it() {
    let mut terminal = Terminal::demo();
    terminal.press("?");
    terminal.shows("Esc closes");
    for part in ["select BACKEND", "space", "maint [BACKEND]"] {
        terminal.shows(part);
    }
    terminal.press("G");
    terminal.shows("Ctrl-C");
    terminal.press("\x1b");
    terminal.wait("help is closed", |screen| !screen.contains("Esc closes") && screen.contains("Routing log"));
}

#[test]
fn the_selection_moves_with_letters_arrows_and_digits() {
    let mut terminal = Terminal::demo();
    let selected = |screen: &str, name: &str| screen.lines().any(|line| line.contains("│>") && line.contains(name));
    for (keys, name) in [
        ("j", "bravo"),
        ("G", "charlie"),
        ("k", "bravo"),
        ("g", "alpha"),
        ("3", "charlie"),
        ("\x1b[A", "bravo"),
        ("1", "alpha"),
        ("\x1b[B", "bravo"),
    ] {
        terminal.press(keys);
        terminal.wait(&format!("{name} is selected after {keys:?}"), |screen| selected(screen, name));
    }
    terminal.press(" ");
    terminal.backend_is("bravo", "MAINT");
}

#[test]
fn the_table_is_sorted_by_a_chosen_column_and_filtered() {
    let mut terminal = Terminal::demo();
    let order = |screen: &str| {
        let at = |name: &str| screen.lines().skip(4).position(|line| line.contains(name));
        let mut names = ["alpha", "bravo", "charlie"].map(|name| (at(name), name));
        names.sort_unstable();
        names.map(|(_, name)| name)
    };
    terminal.press("oO");
    terminal.wait("the last name is the first", |screen| order(screen) == ["charlie", "bravo", "alpha"]);
    terminal.shows("NAME▼");
    terminal.press(" ");
    terminal.backend_is("alpha", "MAINT");
    terminal.press("1 ");
    terminal.backend_is("charlie", "MAINT");
    terminal.press("/state:up\r");
    terminal.shows("Backends 1 of 3");
    // Keys do not act on what is not visible.
    terminal.press("X");
    terminal.shows("Kill the process of bravo?");
    terminal.press("n");
}

#[test]
fn side_views_come_and_go_and_a_pane_is_zoomed() {
    let mut terminal = Terminal::demo();
    terminal.press("v");
    terminal.shows("got / due");
    terminal.press("v");
    terminal.shows("Backend: alpha");
    terminal.press("v");
    terminal.shows("Output of alpha");
    terminal.press("v");
    terminal.shows("Events");
    terminal.press("v");
    terminal.shows("Routing log");
    terminal.press("z");
    terminal.wait("the table has it all", |screen| !screen.contains("Routing log"));
    terminal.press("z");
    terminal.shows("Routing log");
    terminal.resize(120, 40);
    terminal.wait("the larger screen is drawn", |screen| screen.lines().count() == 40);
    terminal.press("v");
    terminal.wait("figures beside the log", |screen| screen.contains("got / due") && screen.contains("Routing log"));
}

#[test]
fn no_key_crashes_it() {
    let mut terminal = Terminal::demo();
    let keys: String = (' '..='~').filter(|key| !matches!(key, 'q' | 'a' | 'y' | 'Y' | ':')).collect();
    terminal.press(&keys);
    terminal.press("\x1b\x1b:");
    terminal.press(&keys);
    terminal.press("\t\r\x1b");
    for sequence in
        ["\x1b[A", "\x1b[5~", "\x1bOP", "\x1b[200~pasted\x1b[201~", "\x1b[M !!", "\x1b[<0;1;1M", "ü日", "\x1b"]
    {
        terminal.press(sequence);
    }
    terminal.press("\x1b");
    terminal.wait("the screen is whole", |screen| screen.contains("Routing log") && screen.contains("q quit"));
    terminal.still_runs();
}
