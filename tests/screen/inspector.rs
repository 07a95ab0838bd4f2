//! The inspector on a real pseudo-terminal: heads, secrets, replaying a request, and copying a request.

use std::path::Path;
use std::process::Command;

use base64::Engine as _;
use serde_json::json;

use crate::support::backend::Recorded;
use crate::support::home::Home;
use crate::support::program::{self, exchange, is_hidden, port_in};
use crate::support::{After, Backend, Client, request, response};
use crate::terminal::Terminal;

/// Must not be shown unless asked for.
const SECRET: &str = "hunter2-of-the-client";
const COOKIE: &str = "opaque-session-value";

/// Two backends that answer differently.
fn backends() -> [Backend; 2] {
    ["alpha", "bravo"].map(|name| {
        Backend::start(move |call| {
            call.body();
            let lines = [format!("X-Served-By: {name}"), format!("Set-Cookie: login={COOKIE}-{name}; HttpOnly")];
            let lines: Vec<&str> = lines.iter().map(String::as_str).collect();
            let status = if name == "alpha" { "200 OK" } else { "404 Not Found" };
            call.send(&response(status, &lines, &format!("hello from {name}")));
            After::Keep
        })
    })
}

/// A configuration of them in a folder.
fn configure(folder: &Path, backends: &[Backend; 2]) -> String {
    let backend =
        |(name, backend): (&str, &Backend)| json!({"name": name, "url": format!("http://127.0.0.1:{}", backend.port)});
    let backends: Vec<_> = ["alpha", "bravo"].into_iter().zip(backends).map(backend).collect();
    let health = json!({"path": "/health", "interval": 60000});
    let file = folder.join("inspected.json");
    std::fs::write(&file, json!({"port": 0, "backends": backends, "health": health}).to_string()).unwrap();
    file.to_str().unwrap().to_owned()
}

/// A screen with these backends, and its port.
fn screen(backends: &[Backend; 2]) -> (Terminal, u16, tempfile::TempDir) {
    let folder = tempfile::tempdir().unwrap();
    let terminal = Terminal::start(&["--config", &configure(folder.path(), backends)]);
    terminal.resize(120, 50);
    terminal.wait("two are up", |screen| screen.contains("2 up"));
    let port = terminal.port();
    (terminal, port, folder)
}

/// A request with secrets, and with text that could harm a terminal or a shell.
fn ask(port: u16, path: &str) -> String {
    let mut request =
        format!("GET {path} HTTP/1.1\r\nHost: localhost:{port}\r\nAuthorization: Bearer {SECRET}\r\n").into_bytes();
    request.extend_from_slice(format!("Cookie: login={COOKIE}; theme=dark\r\nX-Api-Key: {SECRET}\r\n").as_bytes());
    request.extend_from_slice(b"X-Evil: \xc2\x9b31m\xe2\x80\xae\xff'; touch owned; '$(touch owned)`touch owned`\r\n");
    request.extend_from_slice(b"X-Empty:\r\nConnection: close, X-Hop\r\nX-Hop: no\r\n\r\n");
    exchange(port, &request)
}

/// What was last copied to the clipboard.
pub(crate) fn copied(terminal: &Terminal) -> String {
    let written = String::from_utf8_lossy(&terminal.written()).into_owned();
    let carried = written.rsplit_once("]52;c;").unwrap().1.split('\u{7}').next().unwrap();
    String::from_utf8(base64::engine::general_purpose::STANDARD.decode(carried).unwrap()).unwrap()
}

fn has_secrets(text: &str) -> bool {
    text.contains(SECRET) || text.contains(COOKIE)
}

#[test]
fn heads_are_shown_with_their_secrets_hidden_until_they_are_asked_for() {
    let backends = backends();
    let (mut terminal, port, _folder) = screen(&backends);
    ask(port, "/first");
    ask(port, "/second");
    terminal.press("\tg");
    terminal.press("G\r");
    terminal.shows("Request, as it came");
    for part in [
        "GET /second HTTP/1.1",
        &format!("Authorization: Bearer •••••• ({} bytes)", SECRET.len()),
        &format!("Cookie: login=•••••• ({} bytes); theme=•••••• (4 bytes)", COOKIE.len()),
        &format!("X-Api-Key: •••••• ({} bytes)", SECRET.len()),
        r"X-Evil: \x9b31m\u{202e}\xff'; touch owned",
        "bravo got it with",
        "first byte",
        "bytes      0 up, 16 down",
    ] {
        terminal.shows(part);
    }
    assert!(!has_secrets(&terminal.screen()), "{}", terminal.screen());
    terminal.press("y");
    terminal.shows("copied ");
    let text = copied(&terminal);
    assert!(
        text.contains("Authorization: Bearer ••••••") && !has_secrets(&text) && !text.contains(is_hidden),
        "{text}"
    );

    terminal.press("H");
    terminal.shows(&format!("Authorization: Bearer {SECRET}"));
    terminal.press("y");
    terminal.wait("it was copied again", |screen| screen.contains("copied "));
    assert!(!has_secrets(&copied(&terminal)), "what is copied as text hides them always");
    terminal.press("k");
    terminal.shows("Request: GET /first");
    terminal.wait("they are hidden again", |screen| screen.contains("Authorization: Bearer ••••••"));
    assert!(!has_secrets(&terminal.screen()), "{}", terminal.screen());
}

#[test]
fn the_sticky_cookie_is_shown_and_the_cookies_beside_it_are_not() {
    let backends = backends();
    let (mut terminal, port, _folder) = screen(&backends);
    let head = format!(
        "GET /bound HTTP/1.1\r\nHost: localhost\r\nCookie: X-Backend-ID=0; login={COOKIE}\r\nConnection: close\r\n\r\n"
    );
    exchange(port, head.as_bytes());
    terminal.shows("/bound");
    terminal.press("\tG\r");
    terminal.shows(&format!("Cookie: X-Backend-ID=0; login=•••••• ({} bytes)", COOKIE.len()));
    assert!(!has_secrets(&terminal.screen()), "{}", terminal.screen());
}

#[test]
fn a_request_is_sent_again_to_a_chosen_backend_and_the_answers_are_compared() {
    let backends = backends();
    let (mut terminal, port, _folder) = screen(&backends);
    ask(port, "/again");
    terminal.shows("/again");
    terminal.press("\tr");
    terminal.shows("Send it again: where?");
    // The choices: as it is balanced, alpha, bravo.
    terminal.press("jj\r");
    terminal.shows("Sent again: GET /again");
    for part in ["hello", "differs from byte 12 on", "- X-Served-By: alpha", "+ X-Served-By: bravo", "to bravo"] {
        let expected = part != "hello";
        terminal.wait(part, |screen| screen.contains(part) == expected);
    }
    let line = terminal.line_with("status ");
    assert!(line.contains("200") && line.contains("404") && line.contains("differs"), "{line}");
    assert!(!has_secrets(&terminal.screen()), "{}", terminal.screen());
    // The other backend received the same request as the first.
    let told = |request: &Recorded| (request.target.clone(), request.get("authorization"), request.all("x-api-key"));
    assert_eq!(told(&backends[1].wait_for_requests(1)[0]), told(&backends[0].requests()[0]));
    terminal.press("\x1b");
    terminal.wait("the log tells of it", |screen| screen.contains("replayed from #"));
}

#[test]
fn a_request_that_may_change_something_is_asked_about_and_one_with_a_body_is_not_sent_again() {
    let backends = backends();
    let (mut terminal, port, _folder) = screen(&backends);
    exchange(port, b"DELETE /thing HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n");
    terminal.shows("/thing");
    terminal.press("\tr\r");
    terminal.shows("DELETE may change something");
    terminal.press("n");
    exchange(port, b"POST /body HTTP/1.1\r\nHost: localhost\r\nContent-Length: 2\r\nConnection: close\r\n\r\nhi");
    terminal.shows("/body");
    terminal.press("Gr\ry");
    terminal.shows("not sent again: it had a body, which was not kept");
    let count = backends.iter().map(|backend| backend.requests().len()).sum::<usize>();
    assert_eq!(count, 2, "nothing was sent again");
}

#[test]
fn a_copied_command_line_is_the_same_client_and_breaks_out_of_no_quotes() {
    let backends = backends();
    let (mut terminal, port, folder) = screen(&backends);
    let answer = ask(port, "/copied?a=1&b='%20");
    let bound = answer.lines().find(|line| line.starts_with("set-cookie: X-Backend-ID=")).unwrap();
    let bound = bound.trim_start_matches("set-cookie: ").split(';').next().unwrap();
    terminal.shows("/copied");
    terminal.press("\tY");
    terminal.shows("a curl that is this client, with its cookies and secrets");
    let line = copied(&terminal);
    assert!(!line.contains(is_hidden), "{line:?}");
    let mut shell = Command::new("sh");
    shell.args(["-c", &line]).current_dir(folder.path());
    let output = program::run_to_end(shell);
    assert!(output.status.success(), "{line}: {}", String::from_utf8_lossy(&output.stderr));
    assert!(String::from_utf8_lossy(&output.stdout).ends_with("hello from alpha"), "{line}");
    assert!(!folder.path().join("owned").exists(), "{line}");
    let requests = backends[0].wait_for_requests(2);
    let fields = |request: &Recorded| {
        let kept = |(name, value): &(String, Vec<u8>)| (name.to_ascii_lowercase(), value.clone());
        let mut fields: Vec<_> = request.head.fields.iter().map(kept).filter(|(name, _)| name != "cookie").collect();
        fields.sort();
        (request.method.clone(), request.target.clone(), fields)
    };
    assert_eq!(fields(&requests[0]), fields(&requests[1]), "{line}");
    assert_eq!(requests[1].all("cookie"), requests[0].all("cookie"), "the balancer's own cookie ends there");
    assert!(line.contains(bound), "its cookie is that of the client: {line}");
}

#[test]
fn an_attached_screen_shows_heads_and_sends_a_request_again_and_none_are_kept_before_it_is_there() {
    let backends = backends();
    let home = Home::new();
    let folder = tempfile::tempdir().unwrap();
    let log = folder.path().join("lb.log");
    let said =
        home.good(&["start", "--config", &configure(folder.path(), &backends), "--log-file", log.to_str().unwrap()]);
    let port = port_in(&said).unwrap();
    ask(port, "/before");
    let mut terminal = Terminal::with(&["attach"], &[("XDG_RUNTIME_DIR", home.path().to_str().unwrap())]);
    terminal.resize(120, 50);
    terminal.wait("two are up", |screen| screen.contains("2 up"));
    ask(port, "/afar");
    terminal.shows("/afar");
    terminal.press("\t\r");
    terminal.shows("Authorization: Bearer ••••••");
    // The request went to the second backend; now send it to the first.
    terminal.press("rj\r");
    terminal.shows("differs from byte 12 on");
    terminal.press("\x1b\x1b");
    terminal.press("/path:before\r");
    terminal.press("\r");
    terminal.shows("its heads were not kept: no screen was there when it passed");
    terminal.press("q");
    terminal.is_given_back();
    home.good(&["stop"]);
}

#[test]
fn an_answer_without_end_that_is_asked_for_again_is_cut_after_the_usual_time_and_the_screen_says_so() {
    let endless = Backend::start(|call| {
        call.send(b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n\r\ndata: one\n\n");
        call.wait_for_close();
        After::Close
    });
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("endless.json");
    let backend = json!({"name": "alpha", "url": format!("http://127.0.0.1:{}", endless.port)});
    let (health, timeouts) = (json!({"path": "/health", "interval": 60000}), json!({"response": 600}));
    let config = json!({"port": 0, "backends": [backend], "health": health, "timeouts": timeouts});
    std::fs::write(&file, config.to_string()).unwrap();
    let mut terminal = Terminal::start(&["--config", file.to_str().unwrap()]);
    terminal.wait("it is up", |screen| screen.contains("1 up"));
    let mut client = Client::connect(terminal.port());
    client.send(&request("GET", "/endless", &[]));
    assert_eq!(client.head().unwrap().unwrap().status, 200);
    drop(client);
    terminal.shows("/endless");
    terminal.press("\tr\r");
    terminal.shows("cut here after");
    let line = terminal.line_with("status ");
    assert_eq!(line.matches("200").count(), 2, "{line}");
}
