//! `survive` with a screen, on the screen of another run, attached, and at the prompt.

use std::process::Command;

use crate::support::home::Home;
use crate::support::patience::{OF_A_RUN, run_to_end, until_within};
use crate::support::program::{get, until};
use crate::support::survive::{APP, TRAFFIC, has_python};
use crate::terminal::Terminal;

/// Waits until there is something to compare.
fn both_serve(port: u16) {
    until("both copies serve", || get(port, "/_lb/health").contains("\"healthy\":2,").then_some(()));
}

/// What a client does with the app.
fn traffic(port: u16) {
    let mut client = Command::new("sh");
    client.args(["-c", TRAFFIC]).env("STICKYLB_URL", format!("http://localhost:{port}"));
    assert!(run_to_end(client).status.success());
}

/// Waits until a run has come to its end.
#[track_caller]
fn reports(terminal: &Terminal, words: &str) {
    until_within(OF_A_RUN, words, || terminal.screen().contains(words).then_some(()));
}

#[test]
fn q_ends_the_watch_and_the_report_is_printed_when_the_screen_has_gone() {
    if !has_python() {
        return;
    }
    let mut terminal = Terminal::start(&[&["survive", "-p", "0", "--"], &APP[..]].concat());
    terminal.wait("both are up", |screen| screen.contains("2 up"));
    terminal.shows("survive: watching");
    terminal.shows("q reports");
    let port = terminal.port();
    traffic(port);
    terminal.press("q");
    reports(&terminal, "on 2 copies");
    let status = terminal.ended();
    assert_eq!(status.exit_code(), 1);
    let screen = terminal.screen();
    let at = |part: &str| screen.find(part).unwrap_or_else(|| panic!("no {part} in:\n{screen}"));
    assert!(at("survive: trying what was seen") < at("needs stickiness"), "{screen}");
    assert!(screen.contains("on 2 copies") && terminal.is_cooked(), "{screen}");
}

#[test]
fn the_palette_begins_one_whose_report_opens_on_an_attached_screen() {
    if !has_python() {
        return;
    }
    let home = Home::new();
    home.good(&[&["start", "run", "-n", "2", "-p", "0", "--"], &APP[..]].concat());
    let mut terminal = Terminal::with(&["attach"], &[("XDG_RUNTIME_DIR", home.path().to_str().unwrap())]);
    terminal.wait("both are up", |screen| screen.contains("2 up"));
    let port = terminal.port();
    terminal.press(":survive\r");
    terminal.shows("survive: watching");
    traffic(port);
    terminal.press(":survive report\r");
    reports(&terminal, "on 2 copies");
    terminal.shows("needs stickiness");
    terminal.press("\x1b");
    terminal.wait("the dialog is closed", |screen| !screen.contains("on 2 copies"));
    terminal.press("q");
    assert!(terminal.ended().success());
}

#[test]
fn at_the_prompt_the_report_waits_as_log_lines_do() {
    if !has_python() {
        return;
    }
    let mut terminal = Terminal::start(&[&["run", "-n", "2", "-p", "0", "--plain", "--"], &APP[..]].concat());
    let port = terminal.port();
    terminal.press("log off\r");
    terminal.shows("= no log lines are shown");
    both_serve(port);
    terminal.press("survive report\r");
    terminal.shows("= error: ");
    terminal.press("survive\r");
    terminal.wait("it has begun", |screen| screen.contains("> survive\n=") && screen.trim_end().ends_with("\n>"));
    traffic(port);
    terminal.press("survive report\r");
    terminal.press("\r");
    reports(&terminal, "= needs stickiness");
    terminal.press("\r");
    terminal.press("quit\r");
    assert!(terminal.ended().success());
}
