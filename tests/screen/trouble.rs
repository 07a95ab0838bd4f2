//! What the screen says of problems on a real pseudo-terminal, and what it advises.

use std::net::TcpListener;
use std::path::Path;

use crate::server::{OK, serve};
use crate::support::program::{free_port, get};
use crate::terminal::Terminal;

/// The screen's text without its line breaks.
fn flowing(screen: &str) -> String {
    screen.split_whitespace().collect::<Vec<_>>().join(" ")
}

fn says(terminal: &Terminal, words: &str) {
    terminal.wait(words, |screen| flowing(screen).contains(words));
}

#[test]
fn with_all_backends_down_it_says_which_why_and_what_to_do_until_one_is_back() {
    let port = free_port();
    let terminal = Terminal::start(&["-p", "0", &format!("{port},name=api")]);
    says(&terminal, "No backend takes clients: clients get 503. api is DOWN (Connection refused): start it,");
    says(&terminal, "R asks now, Enter tells more.");
    assert!(get(terminal.port(), "/").starts_with("HTTP/1.1 503 "));
    serve(TcpListener::bind(("127.0.0.1", port)).unwrap(), OK);
    terminal.backend_is("api", "UP");
    terminal.wait("nothing is wrong any more", |screen| !screen.contains("No backend takes"));
}

#[test]
fn what_was_taken_out_or_killed_by_hand_says_the_key_that_brings_it_back() {
    let mut terminal = Terminal::start(&["--demo=2", "-p", "0"]);
    terminal.shows("2 up");
    terminal.press(" ");
    terminal.backend_is("alpha", "MAINT");
    assert!(!terminal.screen().contains("No backend takes"), "bravo does:\n{}", terminal.screen());
    terminal.press("jXy");
    says(&terminal, "bravo was killed: a starts it again. alpha: taken out by hand, space puts back.");
    terminal.press("a");
    terminal.backend_is("bravo", "UP");
    terminal.wait("nothing is wrong any more", |screen| !screen.contains("No backend takes"));
}

fn write(file: &Path, port: &str, more: &str) {
    let url = free_port();
    let text = format!(
        "{{\n  {port}: 0,\n  \"backends\": [{{ \"name\": \"api\", \"url\": \"http://localhost:{url}\", \
         \"owner\": \"me@example.com\" }}]{more}\n}}"
    );
    std::fs::write(file, text).unwrap();
}

#[test]
fn a_changed_file_that_is_bad_says_where_and_that_nothing_changed_until_it_is_mended() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("lb.json");
    write(&file, "\"port\"", "");
    let terminal = Terminal::start(&["--config", file.to_str().unwrap()]);
    terminal.backend_is("api", "DOWN");
    let port = terminal.port();
    write(&file, "\"porr\"", "");
    says(&terminal, "The changed file is not applied, the previous configuration stays; mend and save it:");
    terminal.shows("lb.json:2:3");
    assert!(get(port, "/").starts_with("HTTP/1.1 503 "), "it goes on");
    write(&file, "\"port\"", "");
    terminal.shows("configuration reloaded");
    terminal.wait("the warning is gone", |screen| !screen.contains("The changed file"));
}

#[test]
fn a_changed_file_that_wants_a_port_in_use_says_who_has_it() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("lb.json");
    write(&file, "\"port\"", "");
    let mut terminal = Terminal::start(&["--config", file.to_str().unwrap()]);
    terminal.backend_is("api", "DOWN");
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = taken.local_addr().unwrap().port();
    let text = std::fs::read_to_string(&file).unwrap().replace("\"port\": 0", &format!("\"port\": {port}"));
    std::fs::write(&file, text).unwrap();
    says(&terminal, &format!("mend and save it: port {port} is in use"));
    if cfg!(target_os = "linux") {
        terminal.resize(120, 40);
        says(&terminal, &format!("(pid {})", std::process::id()));
    }
    terminal.still_runs();
}

#[test]
fn mail_that_fails_says_so_what_follows_and_what_to_check() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("lb.json");
    let (nobody, from) = (free_port(), "lb@example.com");
    let email = format!(
        ",\n  \"email\": {{ \"host\": \"localhost\", \"port\": {nobody}, \"encryption\": \"none\", \"from\": \"{from}\" }}"
    );
    write(&file, "\"port\"", &email);
    let terminal = Terminal::start(&["--config", file.to_str().unwrap()]);
    terminal.resize(120, 40);
    says(&terminal, "Mail fails; it is tried again with the next change of a state: mail to the owner of api");
    says(&terminal, &format!("localhost:{nobody}: the connection failed: "));
    terminal.shows("email.host");
    assert!(!terminal.screen().contains("example.com"), "{}", terminal.screen());
}

#[test]
fn a_filter_that_leaves_nothing_says_how_to_leave_it() {
    let mut terminal = Terminal::demo();
    terminal.press("/state:ejected\r");
    terminal.shows("No backend matches the filter. Esc takes it away, / changes it.");
    terminal.shows("Esc no filter");
    terminal.press("\x1b");
    terminal.backend_is("alpha", "UP");
}

#[test]
fn a_check_that_hangs_or_floods_is_named_and_the_other_backends_serve() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("lb.json");
    let port = free_port();
    serve(TcpListener::bind(("127.0.0.1", port)).unwrap(), OK);
    let text = format!(
        r#"{{ "port": 0, "health": {{ "timeout": 300 }}, "backends": [
            {{ "name": "good", "url": "http://127.0.0.1:{port}" }},
            {{ "name": "hung", "url": "http://localhost:{port}", "healthCommand": ["sleep", "1000"] }},
            {{ "name": "loud", "url": "http://127.0.0.1:{port}/", "healthTimeout": 20000,
               "healthCommand": ["sh", "-c", "while :; do echo flood >&2; done"] }} ] }}"#
    );
    std::fs::write(&file, text).unwrap();
    let mut terminal = Terminal::start(&["--config", file.to_str().unwrap()]);
    terminal.backend_is("good", "UP");
    terminal.backend_is("hung", "DOWN");
    terminal.backend_is("loud", "DOWN");
    for _ in 0..4 {
        assert!(get(terminal.port(), "/").contains("x-backend-id: 0\r\n"));
    }
    terminal.press("2\r");
    says(&terminal, "sleep did not end within 300 ms");
    terminal.press("\x1b");
    terminal.press("3\r");
    says(&terminal, "sh wrote more than 65536 bytes to stderr");
}
