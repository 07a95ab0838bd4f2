//! The log's requests as an HTTP archive.

use std::path::Path;

use serde_json::Value;

use crate::bodies::{keep_bodies, post, screen};
use crate::support::Backend;
use crate::support::program::get;

/// The one archive in the folder.
pub(crate) fn written(folder: &Path) -> Value {
    let mut names = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    let file = names.find(|path| path.extension().is_some_and(|extension| extension == "har")).unwrap();
    serde_json::from_str(&std::fs::read_to_string(file).unwrap()).unwrap()
}

#[test]
fn the_held_requests_that_the_filter_shows_are_written_as_an_archive_without_secrets() {
    let backend = Backend::echoing();
    let (mut terminal, port, _folder) = screen(&backend, &[]);
    terminal.press("Eh");
    terminal.shows("nothing is written: of no request");
    keep_bodies(&mut terminal, true);
    get(port, "/other");
    post(port, "/login?token=hunter2&page=1", r#"{"user":"bob","password":"hunter2"}"#);
    terminal.shows("/login");
    terminal.press("/path~login\r");
    terminal.press("Eh");
    terminal.shows(".har is written in ");
    let har = written(terminal.folder());
    let entries = har["log"]["entries"].as_array().unwrap();
    assert_eq!(entries.len(), 1, "{har}");
    let (request, response) = (&entries[0]["request"], &entries[0]["response"]);
    assert_eq!(request["method"], "POST");
    assert_eq!(request["url"], format!("http://localhost:{port}/login?token=hidden&page=1"));
    assert_eq!(request["postData"]["text"], r#"{"user":"bob","password":"•••••• (7 bytes)"}"#);
    assert_eq!(request["postData"]["mimeType"], "application/json");
    assert_eq!(request["bodySize"], 35);
    assert_eq!(response["status"], 200);
    assert_eq!(response["content"]["size"], 35);
    assert_eq!(entries[0]["_backend"], "alpha");
    assert!(entries[0]["time"].as_f64().unwrap() > 0.0, "{har}");
    assert!(!har.to_string().contains("hunter2"), "{har}");
}
