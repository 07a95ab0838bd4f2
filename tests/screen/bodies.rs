//! Bodies on a real pseudo-terminal: asked for, shown with their secrets hidden, forgotten, and sent again.

use serde_json::json;

use crate::support::home::Home;
use crate::support::program::{exchange, port_in};
use crate::support::{After, Backend, response};
use crate::terminal::Terminal;

/// A file that configures this backend, in a folder.
pub(crate) fn configure(folder: &std::path::Path, backend: &Backend) -> String {
    let file = folder.join("bodies.json");
    let backend = json!({"name": "alpha", "url": format!("http://127.0.0.1:{}", backend.port)});
    let health = json!({"path": "/health", "interval": 60000});
    std::fs::write(&file, json!({"port": 0, "backends": [backend], "health": health}).to_string()).unwrap();
    file.to_str().unwrap().to_owned()
}

/// A screen with this backend and these variables, and its port.
pub(crate) fn screen(backend: &Backend, variables: &[(&str, &str)]) -> (Terminal, u16, tempfile::TempDir) {
    let folder = tempfile::tempdir().unwrap();
    let terminal = Terminal::with(&["--config", &configure(folder.path(), backend)], variables);
    terminal.resize(120, 60);
    terminal.wait("it is up", |screen| screen.contains("1 up"));
    let port = terminal.port();
    (terminal, port, folder)
}

/// `POST path` with this body.
pub(crate) fn post(port: u16, path: &str, body: &str) -> String {
    let head = format!("POST {path} HTTP/1.1\r\nHost: localhost:{port}\r\nContent-Type: application/json\r\n");
    let length = format!("Content-Length: {}\r\nConnection: close\r\n\r\n", body.len());
    exchange(port, format!("{head}{length}{body}").as_bytes())
}

/// Goes back from a request or a dialog. Waits for it: Esc and the next key in one are another key.
pub(crate) fn back(terminal: &mut Terminal, from: &str) {
    terminal.press("\x1b");
    terminal.wait("it is closed", |screen| !screen.contains(from));
}

/// Types a command into the palette and waits until it was carried out.
pub(crate) fn keep_bodies(terminal: &mut Terminal, on: bool) {
    terminal.press(if on { ":bodies on\r" } else { ":bodies off\r" });
    terminal.wait("the header tells", |screen| {
        screen.lines().next().is_some_and(|line| line.contains("bodies kept")) == on
    });
}

const LOGIN: &str = r#"{"user":"bob","password":"hunter2"}"#;

#[test]
fn a_body_is_shown_only_if_it_was_asked_for_with_its_secrets_hidden_and_then_forgotten() {
    let backend = Backend::echoing();
    let (mut terminal, port, _folder) = screen(&backend, &[]);
    post(port, "/before", LOGIN);
    terminal.shows("/before");
    terminal.press("\tG\r");
    terminal.shows("Bodies were not kept: `:bodies on` keeps those to come.");
    assert!(!terminal.screen().contains("\"user\""), "{}", terminal.screen());
    back(&mut terminal, "Request: POST");
    keep_bodies(&mut terminal, true);
    let answer = post(port, "/asked", LOGIN);
    assert!(answer.ends_with(LOGIN), "it passes as it is: {answer}");
    terminal.shows("/asked");
    terminal.press("G\r");
    terminal.shows(r#"{"user":"bob","password":"•••••• (7 bytes)"}"#);
    terminal.shows("Body, 35 bytes");
    assert_eq!(terminal.screen().matches("\"user\"").count(), 2, "the request's and the answer's");
    assert!(!terminal.screen().contains("hunter2"), "{}", terminal.screen());
    terminal.press("H");
    terminal.shows(LOGIN);
    keep_bodies(&mut terminal, false);
    terminal.wait("it is forgotten", |screen| !screen.contains("\"user\""));
    terminal.press("k");
    terminal.shows("the first 16 KB of each, while a screen is there");
    terminal.press("j");
    terminal.shows("Request: POST /asked");
    terminal.shows("Bodies were not kept");
    assert!(!terminal.screen().contains("\"user\""), "{}", terminal.screen());
}

#[test]
fn of_a_long_upload_the_beginning_is_kept_and_it_is_not_sent_again() {
    let backend = Backend::start(|call| {
        assert_eq!(call.body().bytes.len(), 2 << 20);
        call.send(&response("200 OK", &[], "taken"));
        After::Keep
    });
    let (mut terminal, port, _folder) = screen(&backend, &[]);
    keep_bodies(&mut terminal, true);
    // Lines that the screen has room for.
    let line = "x".repeat(63) + "\n";
    post(port, "/long", &line.repeat(2 << 14));
    terminal.shows("/long");
    terminal.press("\tG\r");
    terminal.shows("Body, first 16 KB of 2 MB");
    terminal.press("r\ry");
    terminal.shows("not sent again: its body is longer than 16 KB");
    assert_eq!(backend.requests().len(), 1);
}

#[test]
fn a_chunked_body_that_was_kept_is_sent_again_with_its_length_after_a_question() {
    let backend = Backend::echoing();
    let (mut terminal, port, _folder) = screen(&backend, &[]);
    keep_bodies(&mut terminal, true);
    let head = "POST /cart HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\nConnection: close\r\n\r\n";
    exchange(port, format!("{head}3\r\none\r\n4;x=y\r\n two\r\n0\r\nX-Sum: 1\r\n\r\n").as_bytes());
    terminal.shows("/cart");
    terminal.press("\tr\r");
    terminal.shows("POST may change something: send /cart again all the same?");
    assert_eq!(backend.requests().len(), 1, "not without a yes");
    terminal.press("y");
    terminal.shows("Sent again: POST /cart");
    terminal.shows("the same");
    let requests = backend.wait_for_requests(2);
    assert_eq!((requests[0].text(), requests[1].text()), ("one two".to_owned(), "one two".to_owned()));
    assert_eq!(requests[1].get("content-length").as_deref(), Some("7"));
    assert_eq!(requests[1].get("transfer-encoding"), None);
}

#[test]
fn compressed_and_binary_bodies_are_named_as_such() {
    let backend = Backend::start(|call| {
        call.body();
        let coded = call.target == "/coded";
        let field = if coded { "Content-Encoding: br\r\n" } else { "" };
        let head = format!("HTTP/1.1 200 OK\r\n{field}Content-Length: 1204\r\n\r\n");
        call.send(&[head.as_bytes(), &[0x1f, 0x8b].repeat(602)].concat());
        After::Keep
    });
    let (mut terminal, port, _folder) = screen(&backend, &[]);
    keep_bodies(&mut terminal, true);
    post(port, "/coded", "a\x1b[2Jb");
    terminal.shows("/coded");
    terminal.press("\tG\r");
    terminal.shows("Body, 1,204 bytes, br");
    terminal.shows(r"a\x1b[2Jb");
    back(&mut terminal, "Request: POST");
    post(port, "/binary", "");
    terminal.shows("/binary");
    terminal.press("G\r");
    terminal.shows("Body, 1,204 bytes, binary");
}

#[test]
fn an_attached_screen_asks_for_bodies_and_sends_one_again() {
    let backend = Backend::echoing();
    let home = Home::new();
    let folder = tempfile::tempdir().unwrap();
    let log = folder.path().join("lb.log");
    let config = configure(folder.path(), &backend);
    let said = home.good(&["start", "--config", &config, "--log-file", log.to_str().unwrap()]);
    let port = port_in(&said).unwrap();
    let mut terminal = Terminal::with(&["attach"], &[("XDG_RUNTIME_DIR", home.path().to_str().unwrap())]);
    terminal.resize(120, 60);
    terminal.wait("it is up", |screen| screen.contains("1 up"));
    keep_bodies(&mut terminal, true);
    post(port, "/afar", LOGIN);
    terminal.shows("/afar");
    terminal.press("\tG\r");
    terminal.shows(r#"{"user":"bob","password":"•••••• (7 bytes)"}"#);
    terminal.press("r\ry");
    terminal.shows("Sent again: POST /afar");
    assert_eq!(backend.wait_for_requests(2)[1].text(), LOGIN);
    back(&mut terminal, "Sent again");
    terminal.press(":export har\r");
    terminal.shows(".har is written in ");
    let har = crate::har::written(terminal.folder());
    assert_eq!(har["log"]["entries"].as_array().unwrap().len(), 2, "{har}");
    assert!(har.to_string().contains("bob") && !har.to_string().contains("hunter2"), "{har}");
    terminal.press("q");
    terminal.is_given_back();
    home.good(&["stop"]);
}
