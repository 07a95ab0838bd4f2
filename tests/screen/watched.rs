//! `attach --watch`: a screen for the class, which can change nothing.

use crate::support::home::Home;
use crate::support::program::get;
use crate::terminal::Terminal;

fn watching(home: &Home, words: &[&str]) -> Terminal {
    let variables = [("XDG_RUNTIME_DIR", home.path().to_str().unwrap())];
    let terminal = Terminal::with(&[&["attach", "--watch"], words].concat(), &variables);
    terminal.wait("two are up", |screen| screen.contains("2 up") && screen.contains("watching"));
    terminal
}

#[test]
fn every_key_that_would_change_something_says_that_this_screen_only_watches() {
    let home = Home::new();
    let (_lb, port) = home.demo(2, &[]);
    let mut terminal = watching(&home, &[]);
    let health = get(port, "/_lb/health");
    let settings = |health: &str| (health.matches("\"state\":\"UP\"").count(), health.contains("round-robin"));
    assert_eq!(settings(&health), (2, true));
    let keys = " d+-RXstaAuL[]cr=HYE";
    for key in keys.chars() {
        terminal.press(&key.to_string());
        terminal.shows("this screen only watches");
        // What does nothing but move takes the sentence away, so that the next key's is its own.
        terminal.press("j");
        terminal.wait("the sentence is gone", |screen| !screen.contains("only watches"));
    }
    for line in ["strategy random", "weight alpha 3", "bodies on", "restart-all", "demo", "export-config haproxy"] {
        terminal.press(&format!(":{line}\r"));
        terminal.shows("this screen only watches");
        terminal.press("\x1b");
        terminal.wait("it is closed", |screen| !screen.contains("only watches"));
        terminal.press("j");
    }
    assert_eq!(settings(&get(port, "/_lb/health")), (2, true));
}

#[test]
fn what_only_shows_goes_on_and_leaving_leaves_the_balancer() {
    let home = Home::new();
    let (_lb, port) = home.demo(2, &[]);
    let mut terminal = watching(&home, &[]);
    get(port, "/first");
    terminal.shows("/first");
    terminal.press("w");
    terminal.shows("Why");
    terminal.press("\x1b");
    terminal.wait("it is closed", |screen| !screen.contains("Why"));
    terminal.press("/backend:alpha\r");
    terminal.shows("backend:alpha");
    terminal.press("p");
    terminal.shows("FROZEN");
    terminal.press("p");
    terminal.shows("LIVE");
    terminal.press("?");
    terminal.shows("Keys and : commands");
    terminal.press("\x1b");
    terminal.wait("it is closed", |screen| !screen.contains("Keys and : commands"));
    terminal.press("q");
    terminal.is_given_back();
    assert!(!terminal.screen().contains("stickylb-tui stop"), "{}", terminal.screen());
    assert!(get(port, "/whoami").starts_with("HTTP/1.1 200 "));
}

#[test]
fn a_request_is_explained_to_the_class_without_its_heads() {
    let home = Home::new();
    let (_lb, port) = home.demo(2, &[]);
    // The balancer's own screen, for which heads are kept.
    let own = Terminal::with(&["attach"], &[("XDG_RUNTIME_DIR", home.path().to_str().unwrap())]);
    own.shows("2 up");
    let mut terminal = watching(&home, &[]);
    get(port, "/first");
    terminal.shows("/first");
    terminal.press("\t\r");
    terminal.shows("Request: GET /first");
    terminal.press("\x1b[6~\x1b[6~");
    terminal.shows("this one only watches");
}

#[test]
fn the_class_has_the_flow_and_what_if_and_puts_nothing_in_use() {
    let home = Home::new();
    let (_lb, port) = home.demo(2, &[]);
    let mut terminal = watching(&home, &[]);
    terminal.press("B");
    terminal.shows("in flight");
    get(port, "/first");
    terminal.wait("it is picked", |screen| ["picks     A", "picks     B"].iter().any(|strip| screen.contains(strip)));
    terminal.press("S");
    terminal.wait("its dialog has no key that changes something", |screen| {
        screen.contains("What if?") && screen.contains("asks again") && !screen.contains("puts it in use")
    });
    terminal.press("j\r");
    terminal.shows("this screen only watches");
    assert!(get(port, "/_lb/health").contains("round-robin"));
}
