//! Learned stickiness on a real pseudo-terminal: as a mode, by its command, and why a request went where it went.

use serde_json::json;
use std::path::Path;

use crate::support::program::exchange;
use crate::support::{After, Backend, response};
use crate::terminal::Terminal;

/// Must not be shown unless asked for.
const ID: &str = "5f0c-of-the-session-that-alpha-began";

/// Two backends that begin sessions, with the name of the backend behind the id.
fn backends() -> [Backend; 2] {
    ["alpha", "bravo"].map(|name| {
        Backend::start(move |call| {
            call.body();
            call.send(&response("200 OK", &[&format!("Mcp-Session-Id: {ID}-{name}")], "{}"));
            After::Keep
        })
    })
}

/// The screen over them with this stickiness.
fn screen(folder: &Path, backends: &[Backend; 2], sticky: &serde_json::Value) -> Terminal {
    let backend =
        |(name, backend): (&str, &Backend)| json!({"name": name, "url": format!("http://127.0.0.1:{}", backend.port)});
    let backends: Vec<_> = ["alpha", "bravo"].into_iter().zip(backends).map(backend).collect();
    let health = json!({"path": "/health", "interval": 60000});
    let file = folder.join("learned.json");
    let config = json!({"port": 0, "backends": backends, "health": health, "sticky": sticky});
    std::fs::write(&file, config.to_string()).unwrap();
    let terminal = Terminal::start(&["--config", file.to_str().unwrap()]);
    terminal.shows("2 up");
    terminal
}

fn ask(port: u16, path: &str, line: &str) {
    let head =
        format!("POST {path} HTTP/1.1\r\nHost: localhost\r\nContent-Length: 0\r\n{line}Connection: close\r\n\r\n");
    exchange(port, head.as_bytes());
}

#[test]
fn t_steps_to_what_is_learned_where_that_is_configured() {
    let (folder, backends) = (tempfile::tempdir().unwrap(), backends());
    let mut terminal = screen(folder.path(), &backends, &json!({"by": "learn", "from": "mcp"}));
    terminal.shows("sticky: learn:mcp");
    for mode in ["off", "cookie", "ip", "learn:mcp"] {
        terminal.press("t");
        terminal.shows(&format!("sticky: {mode}"));
    }
}

#[test]
fn a_command_has_ids_learned_and_why_names_the_request_and_not_the_id() {
    let (folder, backends) = (tempfile::tempdir().unwrap(), backends());
    let mut terminal = screen(folder.path(), &backends, &json!({"by": "cookie"}));
    terminal.press(":sticky learn:mcp\r");
    terminal.shows("sticky: learn:mcp");
    let port = terminal.port();
    ask(port, "/begins", "");
    terminal.shows("/begins");
    for path in ["/goes-on", "/goes-on-again"] {
        ask(port, path, &format!("Mcp-Session-Id: {ID}-alpha\r\n"));
        terminal.shows(path);
        assert!(terminal.line_with(path).contains("alpha"), "{}", terminal.screen());
    }
    terminal.press("\tGw");
    terminal.shows("Why #");
    terminal.shows("header Mcp-Session-Id learned from #");
    assert!(terminal.screen().contains("5f0c..."), "{}", terminal.screen());
    assert!(!terminal.screen().contains(ID), "{}", terminal.screen());
    terminal.press("\u{1b}");
    terminal.wait("the log is back", |screen| !screen.contains("Why #"));
    terminal.press("G\r");
    terminal.shows("Request: POST /goes-on-again");
    terminal.press("\u{1b}[6~");
    terminal.shows(&format!("Mcp-Session-Id: •••••• ({} bytes)", ID.len() + "-alpha".len()));
    assert!(!terminal.screen().contains(ID), "{}", terminal.screen());
}
