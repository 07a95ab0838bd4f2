//! Text from outside on a real pseudo-terminal: in every pane and every output, whatever it contains, it is only text.

use base64::Engine as _;
use serde_json::json;

use crate::server::serve_anywhere;
use crate::support::program::{exchange, get, is_hidden};
use crate::terminal::Terminal;

/// Sets a title, clears the screen, sets colours by C1 controls, and has reversed and invisible text, combining marks
/// and wide characters.
const EVIL: &str =
    "\u{1b}]0;owned\u{7}\u{1b}[2J\u{9b}31m\u{9d}0;x\u{9c}\u{85}\u{202e}\u{2066}\u{200b}\u{feff}e\u{301}\u{301}日本👍🏽";

/// The part of it that may be sent in a field's value or a target.
const SENT: &str = "\u{9b}31m\u{9d}0;x\u{9c}\u{85}\u{202e}\u{2066}\u{200b}\u{feff}e\u{301}\u{301}日本👍🏽";

/// A backend of this test: every response has hostile text in its reason, fields and body.
fn evil_backend() -> u16 {
    let head = format!("HTTP/1.1 200 {SENT}\r\nX-Evil: {SENT}\r\nContent-Length: {}", EVIL.len());
    serve_anywhere(format!("{head}\r\nConnection: close\r\n\r\n{EVIL}"))
}

/// Sends requests with hostile text in everything a client chooses.
fn ask(port: u16, path: &str) {
    let long = "long".repeat(800);
    let head =
        format!("GET /{path}{SENT}{long} HTTP/1.1\r\nHost: localhost\r\nX-User: {SENT}{path}\r\nUser-Agent: {SENT}");
    let cookies = format!("Cookie: X-Backend-ID={SENT}; other={SENT}\r\nReferer: {SENT}\r\nConnection: close\r\n\r\n");
    exchange(port, format!("{head}\r\n{cookies}").as_bytes());
}

/// The text had no effect: no cell holds a control character, all borders are in place, and no such bytes were sent.
#[track_caller]
fn is_harmless(terminal: &Terminal, pane: &str) {
    let screen = terminal.screen();
    assert!(!screen.contains(is_hidden), "{pane}: {screen:?}");
    let broken: Vec<String> =
        terminal.lines().into_iter().filter(|line| line.starts_with('│') && !line.ends_with(['│', '┐', '┘'])).collect();
    assert!(broken.is_empty(), "{pane}: {broken:#?}\n{screen}");
    let written = String::from_utf8_lossy(&terminal.written()).into_owned();
    let evil = ["\u{1b}]0;", "\u{9b}", "\u{9d}", "\u{85}", "\u{202e}", "\u{2066}", "\u{200b}", "\u{feff}"];
    for bytes in evil {
        assert!(!written.contains(bytes), "{pane}: {bytes:?} reached the terminal");
    }
}

/// Escape. Tests wait for its effect, because read together with the next key it would be another key.
const CLOSE: &str = "\x1b";

#[test]
fn in_every_pane_hostile_text_is_text() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("lb.json");
    let config = json!({
        "port": 0,
        "sticky": { "by": "header:X-User" },
        "backends": [
            { "name": format!("one{EVIL}"), "url": format!("http://127.0.0.1:{}", evil_backend()), "healthAlgorithm": "tcp" },
            {
                "name": format!("two{EVIL}"),
                "url": format!("http://127.0.0.1:{}", evil_backend()),
                "healthExpect": { "body": EVIL.repeat(3) },
            },
            {
                "name": format!("three{EVIL}"),
                "url": format!("http://127.0.0.1:{}", evil_backend()),
                "healthAlgorithm": "command",
                "healthCommand": ["sh", "-c", "printf \"$1\"; printf \"$1\" >&2; exit 1", "sh", EVIL],
            },
        ],
    });
    std::fs::write(&file, config.to_string()).unwrap();
    let mut terminal = Terminal::start(&["--config", file.to_str().unwrap()]);
    terminal.shows("2 down");
    let port = terminal.port();
    (0..4).for_each(|n| ask(port, &format!("ask-{n}")));
    // Raw escapes, line ends and invalid text are refused; shown or not, they have no effect.
    for request in [
        &b"GET /\x1b[2J HTTP/1.1\r\nHost: localhost\r\n\r\n"[..],
        b"GET /\x9b2J HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n",
        b"G\x1bT / HTTP/1.1\r\nHost: localhost\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: \x1b[2J\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: localhost\r\nCookie: X-Backend-ID=\x1b[2J\r\nConnection: close\r\n\r\n",
    ] {
        exchange(port, request);
    }
    terminal.shows("/ask-3");
    for (columns, rows) in [(80, 24), (120, 40), (200, 60), (50, 10)] {
        terminal.resize(columns, rows);
        terminal.wait("it is drawn anew", |screen| {
            screen.lines().next().is_some_and(|line| line.contains("1 up"))
                && screen.contains("Routing log") == (columns > 60)
                && (columns < 60 || terminal.lines().iter().any(|line| line.ends_with('┘')))
        });
        is_harmless(&terminal, "table and log");
    }
    terminal.resize(120, 40);
    terminal.shows("Routing log");
    let panes = [
        ("the detail of a backend", "\r", "Backend: one"),
        ("that of the one with a text it lacks", "j", "Backend: two"),
        ("that of the one with a command", "j", "Backend: three"),
        ("table and log again", CLOSE, "Backend: three"),
        ("the detail of a request", "\tg/ask-2\r\r", "Request: "),
        ("its heads", "\x1b[6~\x1b[6~\x1b[6~\x1b[6~\x1b[6~", "X-Evil"),
        ("their secrets", "H", "other=\\x9b31m"),
        ("table and log again", CLOSE, "Request: "),
        ("why", "w", "Why #"),
        ("table and log again", CLOSE, "Why #"),
        ("inspector", "v", "Request: "),
        ("output", "v", "Output of"),
        ("events", "v", "Events"),
        ("filter", "/path:ask \x1b[200~\u{9b}31m\u{202e}\u{200b}\x1b[201~", "path:ask"),
        ("the keys again", CLOSE, "path:ask"),
        ("palette", ":select \x1b[200~\u{9b}31m\u{202e}\u{200b}\x1b[201~", "select \\x9b31m"),
        ("what a command says", "\r", "there is no backend"),
        ("the keys again", CLOSE, "there is no backend"),
    ];
    for (pane, keys, sign) in panes {
        terminal.press(keys);
        terminal.wait(pane, |screen| screen.contains(sign) != (keys == CLOSE));
        is_harmless(&terminal, pane);
    }
    // The screen's own escape sequence may follow from here on; what it carries is text.
    terminal.press("y");
    terminal.shows("copied ");
    let written = String::from_utf8_lossy(&terminal.written()).into_owned();
    let carried = written.rsplit_once("]52;c;").unwrap().1.split('\u{7}').next().unwrap();
    let copied = String::from_utf8(base64::engine::general_purpose::STANDARD.decode(carried).unwrap()).unwrap();
    assert!(copied.contains("\\x9b") && !copied.contains(is_hidden), "{copied:?}");
    terminal.press("q");
    terminal.is_given_back();
    assert!(!terminal.screen().contains(is_hidden), "after the end: {:?}", terminal.screen());
}

#[test]
fn what_a_process_writes_and_how_it_ends_is_text() {
    let script = format!(
        "printf '%s\\n' '{EVIL}first'; printf '\\377\\200\\233bytes\\n' >&2; sleep 1; echo '{EVIL}last'; exit 3"
    );
    let mut terminal = Terminal::start(&["run", "-n", "1", "-p", "0", "--", "sh", "-c", &script]);
    terminal.shows("sh-0");
    terminal.press("vvv");
    terminal.shows("bytes");
    is_harmless(&terminal, "output");
    terminal.shows("exited with status 3");
    is_harmless(&terminal, "the change");
    terminal.press("v");
    terminal.shows("WARN");
    is_harmless(&terminal, "events");
    terminal.press("q");
    terminal.is_given_back();
}

#[test]
fn a_mistake_in_a_file_of_hostile_names_is_told_in_plain_text() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join(format!("lb{SENT}.json"));
    let text =
        |key: &str| json!({ "port": 0, key: [{ "url": format!("http://127.0.0.1:{}", evil_backend()) }] }).to_string();
    std::fs::write(&file, text("backends")).unwrap();
    let terminal = Terminal::start(&["--config", file.to_str().unwrap()]);
    terminal.shows("1 up");
    std::fs::write(&file, text(EVIL)).unwrap();
    terminal.shows("The changed file is not applied");
    is_harmless(&terminal, "warning");
}

#[test]
fn text_of_any_width_leaves_every_border_in_its_place() {
    let terminal = Terminal::demo();
    let port = terminal.port();
    let long = format!("/{}", "long".repeat(1000));
    for path in ["/日本語日本語日本語日本語", "/👍🏽👨‍👩‍👧‍👦flags🇩🇪", "/e\u{301}e\u{301}e\u{301}combining", &long, "/ﷺ"]
    {
        exchange(port, format!("GET {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n").as_bytes());
    }
    get(port, "/plain");
    terminal.shows("/plain");
    let broken: Vec<String> =
        terminal.lines().into_iter().filter(|line| line.starts_with('│') && !line.ends_with(['│', '┐', '┘'])).collect();
    assert!(broken.is_empty(), "{broken:#?}\n{}", terminal.screen());
}
