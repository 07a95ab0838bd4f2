//! The screen and its terminal: every size, hostile text, idle periods, and restoring the terminal however the program
//! ends.

use std::io::Write as _;
use std::net::TcpListener;
use std::time::Duration;

use rustix::process::Signal;

use crate::server::{OK, serve_anywhere};
use crate::support::program::{self, get, gone};
use crate::terminal::Terminal;

#[test]
fn every_way_of_quitting_gives_the_terminal_back_and_ends_the_children() {
    type End = fn(&mut Terminal);
    let ways: [(&str, End); 5] = [
        ("q", |terminal| terminal.press("q")),
        ("Ctrl-C", |terminal| terminal.press("\x03")),
        ("SIGTERM", |terminal| terminal.signal(Signal::TERM)),
        ("SIGHUP", |terminal| terminal.signal(Signal::HUP)),
        ("SIGINT", |terminal| terminal.signal(Signal::INT)),
    ];
    for (name, end) in ways {
        let mut terminal = Terminal::demo();
        assert!(terminal.look(vt100::Screen::alternate_screen), "{name}");
        assert!(!terminal.is_cooked(), "{name}");
        let started = terminal.children();
        assert_eq!(started.len(), 3, "{name}");
        end(&mut terminal);
        terminal.is_given_back();
        gone(&started);
    }
}

#[test]
fn on_a_terminal_that_does_not_know_its_size_the_screen_is_drawn_at_80_by_24() {
    let mut terminal = Terminal::with(&["--demo", "-p", "0"], &[("COLUMNS", ""), ("LINES", "")]);
    terminal.shows("3 up");
    // A frame that ends in this column.
    let is_drawn_at = |screen: &str, columns| {
        screen.lines().map(str::trim_end).any(|line| line.ends_with('┐') && line.chars().count() == columns)
    };
    terminal.resize(60, 20);
    terminal.wait("the screen is drawn narrow", |screen| is_drawn_at(screen, 60));
    terminal.loses_its_size();
    terminal.wait("the screen is drawn wide", |screen| is_drawn_at(screen, 80));
    terminal.press("?");
    terminal.shows("Keys");
    assert!(terminal.lines().iter().any(|line| line.trim_end().len() > 60), "{}", terminal.screen());
    terminal.press("q");
    terminal.press("q");
    terminal.is_given_back();
}

#[test]
fn a_dumb_terminal_gets_log_lines_and_no_control_sequence() {
    let mut terminal = Terminal::with(&["--demo=1", "-p", "0"], &[("TERM", "dumb")]);
    terminal.shows("listening on http://localhost:");
    terminal.shows("alpha: STARTING -> UP");
    terminal.signal(Signal::INT);
    terminal.ended();
    assert!(!terminal.written().contains(&0x1b));
}

#[test]
fn every_signal_that_can_be_caught_leaves_a_whole_terminal() {
    let portable = [
        Signal::QUIT,
        Signal::USR1,
        Signal::USR2,
        Signal::ALARM,
        Signal::VTALARM,
        Signal::PROF,
        Signal::XCPU,
        Signal::ABORT,
        Signal::TRAP,
        Signal::SYS,
    ];
    #[cfg(target_os = "linux")]
    let more = [Signal::IO, Signal::POWER, Signal::STKFLT];
    #[cfg(not(target_os = "linux"))]
    let more = [];
    for signal in portable.into_iter().chain(more) {
        let mut terminal = Terminal::start(&["-p", "0"]);
        terminal.shows("Three ways to begin");
        terminal.signal(signal);
        terminal.is_given_back();
    }
}

#[cfg(debug_assertions)]
#[test]
fn a_panic_gives_the_terminal_back_says_where_it_was_and_ends_the_children() {
    let mut terminal = Terminal::with(&["--demo", "-p", "0"], &[("STICKYLB_PANIC_KEY", "1"), ("RUST_BACKTRACE", "0")]);
    terminal.backend_is("charlie", "UP");
    let started = terminal.children();
    terminal.press("\x1b[24~");
    assert!(!terminal.ended().success());
    terminal.wait("the report is on the ordinary screen", |screen| {
        screen.starts_with("$ stickylb-tui")
            && screen.contains("panicked at")
            && screen.contains("met a bug of its own")
    });
    terminal.look(|screen| assert!(!screen.alternate_screen() && !screen.hide_cursor()));
    assert!(terminal.is_cooked(), "the terminal is still raw");
    gone(&started);
}

#[test]
fn it_can_be_quit_from_help_and_from_the_empty_screen() {
    let mut terminal = Terminal::start(&["-p", "0"]);
    terminal.shows("Three ways to begin");
    terminal.press("q");
    terminal.is_given_back();
    let mut terminal = Terminal::start(&["-p", "0"]);
    terminal.shows("Three ways to begin");
    terminal.press("?");
    terminal.shows("Esc closes");
    terminal.press("q");
    terminal.is_given_back();
}

#[test]
fn quitting_asks_while_a_request_is_in_flight_and_lets_it_finish() {
    let mut terminal = Terminal::demo();
    let port = terminal.port();
    let slow = std::thread::spawn(move || get(port, "/slow?ms=4000"));
    terminal.shows("1 conn");
    terminal.press("q");
    terminal.shows("Sure?");
    terminal.press("n");
    terminal.wait("the question is gone", |screen| !screen.contains("Sure?"));
    terminal.still_runs();
    terminal.press("q");
    terminal.shows("Sure?");
    terminal.press("y");
    let answer = slow.join().unwrap();
    assert!(answer.starts_with("HTTP/1.1 200 "), "{answer}");
    terminal.is_given_back();
}

#[test]
fn ctrl_c_ends_the_wait_for_the_last_request() {
    let mut terminal = Terminal::demo();
    let port = terminal.port();
    let slow = std::thread::spawn(move || {
        let mut stream = std::net::TcpStream::connect(("127.0.0.1", port)).unwrap();
        stream.write_all(b"GET /slow?ms=30000 HTTP/1.1\r\nHost: localhost\r\n\r\n").unwrap();
        // Truncated, in one way or another.
        let _ = program::read_to_end(&mut stream, &mut Vec::new());
    });
    terminal.shows("1 conn");
    terminal.press("q");
    terminal.shows("Sure?");
    terminal.press("y");
    terminal.shows("waiting for 1 connection");
    assert!(terminal.is_cooked());
    terminal.press("\x03");
    terminal.is_given_back();
    slow.join().unwrap();
}

#[test]
fn a_closed_window_ends_it_and_its_children() {
    let mut terminal = Terminal::demo();
    let started = terminal.children();
    assert_eq!(started.len(), 3);
    terminal.close_window();
    terminal.ended();
    gone(&started);
}

#[test]
fn a_kill_that_cannot_be_caught_leaves_no_child() {
    let mut terminal = Terminal::demo();
    let started = terminal.children();
    terminal.signal(Signal::KILL);
    terminal.ended();
    gone(&started);
}

#[test]
fn an_error_at_the_start_leaves_the_terminal_alone() {
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = taken.local_addr().unwrap().port().to_string();
    let mut terminal = Terminal::start(&["--demo", "-p", &port]);
    assert_eq!(terminal.ended().exit_code(), 2);
    terminal.shows("is in use");
    assert!(!terminal.written().contains(&0x1b), "{}", terminal.screen());
    assert!(terminal.is_cooked());
}

#[test]
fn no_size_crashes_it_and_the_screen_is_drawn_again() {
    let mut terminal = Terminal::demo();
    let whole = |terminal: &Terminal| {
        terminal.wait("the screen is whole", |screen| {
            let lines: Vec<&str> = screen.lines().collect();
            lines.len() == 24
                && lines[0].contains("http://localhost")
                && lines[2].starts_with("┌ Backends")
                && ["alpha", "bravo", "charlie"].iter().all(|name| screen.contains(name))
                && screen.contains("Routing log")
                && lines[23].contains("q quit")
        });
    };
    whole(&terminal);
    for (columns, rows, part) in [
        (40, 10, Some("alpha")),
        (200, 60, Some("Routing log")),
        (120, 40, Some("Routing log")),
        (20, 3, Some("alpha")),
        (1, 1, None),
        (2, 2, None),
        (500, 1, None),
        (1, 200, None),
        (60, 14, Some("Routing log")),
        (59, 13, Some("alpha")),
    ] {
        terminal.resize(columns, rows);
        if let Some(part) = part {
            terminal.wait(&format!("it is drawn at {columns}×{rows}"), |screen| screen.contains(part));
        }
        // Every dialog at every size.
        terminal.press("?jj");
        terminal.press("\x1b");
        std::thread::sleep(Duration::from_millis(60));
        terminal.press("X");
        terminal.press("n");
        // The last key's message is replaced by the footer's usual text.
        terminal.press("g");
        get(terminal_port(&terminal), "/at-a-size");
        terminal.still_runs();
        terminal.resize(80, 24);
        whole(&terminal);
    }
}

/// The port, from an earlier state if the screen is too small to show it.
fn terminal_port(terminal: &Terminal) -> u16 {
    let written = String::from_utf8_lossy(&terminal.written()).into_owned();
    program::port_in(&written).unwrap()
}

#[test]
fn a_small_screen_has_one_line_for_each_backend_and_never_says_too_small() {
    let terminal = Terminal::demo();
    terminal.resize(40, 10);
    terminal.wait("it is drawn small", |screen| screen.lines().count() <= 10 && screen.contains("charlie"));
    for name in ["alpha", "bravo", "charlie"] {
        assert!(terminal.line_with(name).contains("UP"), "{}", terminal.screen());
    }
    assert!(!terminal.screen().to_lowercase().contains("too small"));
}

/// A configuration with one backend that is checked once, and then not for a day.
fn quiet_config(folder: &std::path::Path, name: &str) -> String {
    let file = folder.join("lb.json");
    let text = format!(
        r#"{{ "port": 0, "backends": [{{ "name": {}, "url": "http://127.0.0.1:{}" }}], "health": {{ "interval": 86400000 }} }}"#,
        serde_json::Value::from(name),
        serve_anywhere(OK)
    );
    std::fs::write(&file, text).unwrap();
    file.to_str().unwrap().to_owned()
}

#[test]
fn at_rest_nothing_is_written() {
    let folder = tempfile::tempdir().unwrap();
    let config = quiet_config(folder.path(), "quiet");
    let terminal = Terminal::start(&["--config", &config]);
    terminal.backend_is("quiet", "UP");
    falls_silent(&terminal, program::PATIENCE);
}

#[test]
fn between_checks_nothing_is_written() {
    falls_silent(&Terminal::demo(), program::PATIENCE);
}

#[test]
fn once_the_last_request_has_left_the_shown_figures_nothing_is_written() {
    let folder = tempfile::tempdir().unwrap();
    let config = quiet_config(folder.path(), "quiet");
    let terminal = Terminal::start(&["--config", &config]);
    terminal.backend_is("quiet", "UP");
    get(terminal.port(), "/last");
    terminal.shows("/last");
    // Percentiles cover the last ten seconds, and the blocks in the header the last twelve.
    falls_silent(&terminal, Duration::from_secs(30));
}

/// Asserts that no byte is written for three seconds.
pub(crate) fn falls_silent(terminal: &Terminal, limit: Duration) {
    let start = std::time::Instant::now();
    loop {
        let before = terminal.written().len();
        std::thread::sleep(Duration::from_secs(3));
        let written = terminal.written();
        if written.len() == before {
            return;
        }
        let rest = String::from_utf8_lossy(&written[before..]);
        assert!(start.elapsed() < limit, "it still writes: {rest:?}");
    }
}

#[test]
fn every_frame_is_marked_so_that_a_terminal_shows_it_whole() {
    let terminal = Terminal::demo();
    get(terminal.port(), "/seen");
    terminal.shows("/seen");
    let written = String::from_utf8_lossy(&terminal.written()).into_owned();
    let frames: Vec<&str> = written.split("\x1b[?2026h").skip(1).collect();
    let (last, whole) = frames.split_last().unwrap();
    assert!(!whole.is_empty());
    for frame in whole {
        assert!(frame.ends_with("\x1b[?2026l"), "{frame:?}");
    }
    // The last byte may be on its way.
    assert!(last.matches("\x1b[?2026l").count() <= 1, "{last:?}");
}

#[test]
fn ascii_glyphs_and_a_plain_locale_draw_with_ascii_alone() {
    for terminal in [
        Terminal::start(&["--demo", "-p", "0", "--glyphs", "ascii"]),
        Terminal::with(&["--demo", "-p", "0"], &[("LC_ALL", "C")]),
    ] {
        terminal.shows("3 up");
        get(terminal.port(), "/seen");
        terminal.shows("/seen");
        assert!(terminal.screen().is_ascii(), "{}", terminal.screen());
    }
}

#[test]
fn without_colours_every_state_is_still_told() {
    let mut terminal = Terminal::with(&["--demo", "-p", "0"], &[("NO_COLOR", "1")]);
    terminal.shows("3 up");
    terminal.press(" ");
    terminal.backend_is("alpha", "MAINT");
    terminal.look(|screen| {
        let cells = (0..24).flat_map(|row| (0..80).filter_map(move |column| screen.cell(row, column)));
        let colored =
            cells.filter(|cell| (cell.fgcolor(), cell.bgcolor()) != (vt100::Color::Default, vt100::Color::Default));
        assert_eq!(colored.count(), 0);
    });
}

#[test]
fn only_the_16_palette_colours_are_used() {
    let mut terminal = Terminal::demo();
    terminal.press("d");
    terminal.backend_is("alpha", "DRAIN");
    get(terminal.port(), "/status/500");
    terminal.shows("/status/500");
    terminal.look(|screen| {
        for cell in (0..24).flat_map(|row| (0..80).filter_map(move |column| screen.cell(row, column))) {
            for color in [cell.fgcolor(), cell.bgcolor()] {
                assert!(matches!(color, vt100::Color::Default | vt100::Color::Idx(0..16)), "{color:?}");
            }
        }
    });
}
