//! A TLS listener on the screen: its URL, a request that is copied, and one that is sent again.

use serde_json::json;

use crate::inspector::copied;
use crate::support::https::Trust;
use crate::support::patience::run_to_end;
use crate::support::{Backend, request};
use crate::terminal::Terminal;

#[test]
fn the_screen_shows_https_and_a_copied_curl_trusts_the_authority_and_a_replay_says_https() {
    let backend = Backend::echoing();
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("https.json");
    let config = json!({
        "port": 0, "tls": true, "health": {"path": "/health", "interval": 60000},
        "backends": [{"name": "alpha", "url": format!("http://127.0.0.1:{}", backend.port)}],
    });
    std::fs::write(&file, config.to_string()).unwrap();
    let data = folder.path().to_str().unwrap();
    let mut terminal = Terminal::with(&["--config", file.to_str().unwrap()], &[("XDG_DATA_HOME", data)]);
    terminal.resize(120, 50);
    terminal.shows("https://localhost:");
    terminal.shows("1 up");
    let line = terminal.line_with("https://localhost:");
    let (_, rest) = line.split_once("https://localhost:").unwrap();
    let port: u16 = rest.chars().take_while(char::is_ascii_digit).collect::<String>().parse().unwrap();

    Trust::of(folder.path()).connect(port, "localhost").exchange(&request("GET", "/copied", &[]));
    terminal.shows("/copied");
    terminal.press("\tY");
    terminal.shows("a curl that is this client, with its cookies and secrets");
    let line = copied(&terminal);
    assert!(line.contains(&format!("'https://localhost:{port}/copied'")), "{line}");
    let authority = folder.path().join("stickylb-tui/ca/ca.pem");
    assert!(line.contains(&format!("--cacert '{}'", authority.display())), "{line}");
    let mut shell = std::process::Command::new("sh");
    shell.args(["-c", &line]);
    let output = run_to_end(shell);
    assert!(output.status.success(), "{line}: {}", String::from_utf8_lossy(&output.stderr));

    terminal.press("r\r");
    let seen = backend.wait_for_requests(3);
    for request in &seen {
        assert_eq!((request.target.as_str(), request.all("x-forwarded-proto")), ("/copied", vec!["https".to_owned()]));
    }
}
