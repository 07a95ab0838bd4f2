//! `P`: the screen for a room, on a real pseudo-terminal.

use std::time::Duration;

use crate::bodies::screen;
use crate::support::Backend;
use crate::support::program::{exchange, get};
use crate::terminal::Terminal;

/// The top of the letter A, as large as the room sees it.
const LARGE: &str = "▄▀▄";

#[test]
fn a_room_sees_large_figures_the_keys_and_what_a_change_did_and_no_log() {
    let mut terminal = Terminal::demo();
    let port = terminal.port();
    get(port, "/before");
    terminal.shows("/before");
    terminal.press("P");
    terminal
        .wait("the log is hidden and names are large", |screen| !screen.contains("/before") && screen.contains(LARGE));
    // A change so soon after the start is a part of it, and has nothing before it to compare with.
    std::thread::sleep(Duration::from_millis(2_500));
    (0..6).for_each(|_| drop(get(port, "/again")));
    terminal.press("s");
    terminal.shows(" s  strategy → smooth-round-robin");
    terminal.wait("its figures are held up", |screen| {
        screen.contains("strategy round-robin → smooth-round-robin") && screen.contains("before │ after")
    });
    terminal.press("Xy");
    terminal.shows(" y  kill alpha → alpha is killed");
    terminal.press("u");
    terminal.shows(" u  undo → undone: ");
    for (columns, rows) in [(200, 60), (40, 10), (20, 3), (80, 24)] {
        terminal.resize(columns, rows);
        terminal.wait("it is drawn anew", |screen| screen.contains(if rows < 14 { "DOWN" } else { LARGE }));
    }
    terminal.press("\x1b");
    terminal.shows("Routing log");
    terminal.press("P");
    terminal.wait("it is back", |screen| !screen.contains("Routing log"));
    terminal.press("P");
    terminal.shows("Routing log");
}

#[test]
fn secrets_that_were_shown_are_gone_at_once_and_cannot_be_shown_or_copied() {
    let backend = Backend::echoing();
    let (mut terminal, port, _folder) = screen(&backend, &[]);
    let head = format!("GET /mine HTTP/1.1\r\nHost: localhost:{port}\r\nCookie: secret=hunter2\r\n");
    exchange(port, format!("{head}Connection: close\r\n\r\n").as_bytes());
    terminal.shows("/mine");
    terminal.press("\tG\r");
    terminal.shows("Cookie");
    terminal.press("H");
    terminal.shows("hunter2");
    terminal.press("P");
    terminal.wait("no secret is on the screen", |screen| !screen.contains("hunter2") && screen.contains(LARGE));
    for key in ["H", "Y"] {
        terminal.press(key);
        terminal.shows("secrets are locked in the presenter");
        terminal.press("g");
        terminal.wait("the sentence is gone", |screen| !screen.contains("locked"));
    }
    // The text of a request that is edited would have them all.
    terminal.press("r");
    terminal.shows("as it is balanced");
    terminal.press("e");
    terminal.shows("secrets are locked in the presenter");
    assert!(!terminal.screen().contains("hunter2"), "{}", terminal.screen());
}

#[test]
fn a_file_of_ones_own_begins_with_it() {
    let home = tempfile::tempdir().unwrap();
    let folder = home.path().join("stickylb-tui");
    std::fs::create_dir(&folder).unwrap();
    std::fs::write(folder.join("config.json"), r#"{ "presenter": true, "glyphs": "ascii" }"#).unwrap();
    let variables = [("XDG_CONFIG_HOME", home.path().to_str().unwrap()), ("NO_COLOR", "1")];
    let terminal = Terminal::with(&["--demo=2", "-p", "0"], &variables);
    terminal.wait("letters are made of ASCII", |screen| screen.contains("_\"_") && screen.contains("2 up"));
    assert!(!terminal.screen().contains("Routing log") && terminal.screen().is_ascii(), "{}", terminal.screen());
}
