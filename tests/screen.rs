//! The screen on a real pseudo-terminal: what is shown, what the keys do.
#![cfg(unix)]
#![allow(clippy::unwrap_used, missing_docs)] // a test says what is wrong by panicking

mod program;
mod terminal;

use program::{exchange, get, gone, until};
use terminal::Terminal;

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
        // Any other key takes the words away again.
        terminal.press("g");
        terminal.wait("the keys are back", |screen| screen.contains("q quit"));
    }
}

#[test]
fn space_takes_a_backend_out_and_puts_it_back() {
    let mut terminal = Terminal::demo();
    terminal.press(" ");
    terminal.backend_is("alpha", "MAINT");
    terminal.shows("taken out by hand");
    terminal.shows("1 maint");
    // Every request goes elsewhere now.
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
fn requests_are_counted_in_the_table() {
    let terminal = Terminal::demo();
    let port = terminal.port();
    for _ in 0..7 {
        exchange(port, b"GET /n HTTP/1.1\r\nHost: localhost\r\nCookie: X-Backend-ID=2\r\nConnection: close\r\n\r\n");
    }
    terminal.backend_is("bravo", " 7 ");
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

/// What stands in the first backend's row under the title W.
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
    for (key, expected) in [("+", "2"), ("-", "1"), ("-", "0"), ("-", "0"), ("+", "1"), ("=", "2")] {
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
    // Nobody notices: the others serve.
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
    let selected = |screen: &str, name: &str| screen.lines().any(|line| line.contains("> ") && line.contains(name));
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
    // What is wrong is not taken.
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
    // What is out of sight is safe from keys.
    terminal.press("X");
    terminal.shows("Kill the process of bravo?");
    terminal.press("n");
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
    for part in ["Why: GET /bound", "X-Backend-ID=3, which names charlie", "stickiness", "1 charlie", "answered"] {
        terminal.shows(part);
    }
    terminal.press("\x1b");
    terminal.wait("it is closed", |screen| !screen.contains("Why: GET"));
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
