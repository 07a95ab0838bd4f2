//! Faults on the screen: given by a key or a command, seen in the backend's row, the header, the log and `why`.

use crate::support::program::get;
use crate::terminal::Terminal;

/// The seconds that a countdown in the backend's row shows.
fn countdown(screen: &str, name: &str) -> Option<u64> {
    let row = screen.lines().skip(3).find(|line| line.contains(name))?;
    let (_, fault) = row.split_once("chaos ")?;
    fault.split_whitespace().next()?.strip_suffix('s')?.parse().ok()
}

#[test]
fn a_letter_gives_the_selected_backend_a_fault_that_counts_down_in_its_row() {
    let mut terminal = Terminal::demo();
    terminal.press("jc");
    terminal.shows("A fault for bravo");
    terminal.shows("chaos bravo latency 300ms for=30s");
    terminal.press("l");
    terminal.shows("faults on: 1");
    terminal.shows("chaos: bravo latency 300 ms ");
    let began = crate::support::program::until("it counts", || countdown(&terminal.screen(), "bravo"));
    terminal
        .wait("it counts down by itself", |screen| countdown(screen, "bravo").is_some_and(|left| left + 2 <= began));
    terminal.press("u");
    terminal.wait("undo ends it", |screen| !screen.contains("faults on") && countdown(screen, "bravo").is_none());
}

#[test]
fn a_fault_ends_with_its_fuse_and_no_key() {
    let mut terminal = Terminal::demo();
    terminal.press(":chaos bravo error 503 for=2s checks=spare\r");
    terminal.shows("faults on: 1");
    terminal.shows("chaos on bravo is over: its time is up");
    terminal.wait("the header says so", |screen| !screen.contains("faults on"));
    terminal.backend_is("bravo", "UP");
}

#[test]
fn a_request_that_a_fault_touched_says_so_in_its_line_and_in_why() {
    let mut terminal = Terminal::demo();
    let port = terminal.port();
    for name in ["alpha", "bravo", "charlie"] {
        terminal.press(&format!(":chaos {name} error 503 checks=spare\r"));
        terminal.shows(&format!("chaos on {name}: error 503"));
    }
    terminal.shows("faults on: 3");
    assert!(get(port, "/touched").starts_with("HTTP/1.1 503"));
    terminal.wait("its line tells it", |screen| {
        screen.lines().any(|line| line.contains("/touched") && line.contains("chaos: error 503"))
    });
    terminal.press("w");
    terminal.shows("error 503 touched it on ");
    terminal.shows("a fault that a person let it");
    terminal.press("\x1b");
    terminal.wait("it is closed", |screen| !screen.contains("touched it on"));
    terminal.press(":chaos off\r");
    terminal.wait("all are off", |screen| !screen.contains("faults on"));
    assert!(get(port, "/").starts_with("HTTP/1.1 200"));
}

#[test]
fn the_choice_opens_the_palette_with_its_command_to_be_changed() {
    let mut terminal = Terminal::demo();
    terminal.press("jcje");
    terminal.shows(":chaos bravo error 503 for=30s");
    terminal.press(" share=0% checks=spare\r");
    terminal.shows("faults on: 1");
    // It has another one at once.
    terminal.press("c");
    terminal.shows("It has error 503, ");
    terminal.resize(50, 8);
    terminal.shows("A fault for bravo");
    terminal.resize(80, 24);
    terminal.shows("o  off");
    terminal.press("o");
    terminal.wait("it is off", |screen| !screen.contains("faults on"));
}

#[test]
fn what_is_wrong_with_a_fault_is_said_and_nothing_is_done() {
    let mut terminal = Terminal::demo();
    for (line, said) in [
        ("zulu latency 300ms", "there is no backend 'zulu': there is alpha (1), bravo (2), charlie (3)"),
        ("bravo lag 3s", "'lag' is no kind of fault: there is latency 300ms"),
        ("bravo hang for=11m", "for=11m is not understood: a fault burns for 1ms to 10m"),
    ] {
        terminal.press(&format!(":chaos {line}\r"));
        terminal.shows(said);
        terminal.press("\x1b");
        terminal.wait("the palette is closed", |screen| !screen.contains("Tab completes"));
    }
    // Only the balancer knows what can be matched.
    terminal.press(":chaos bravo hang match=\"speed>3\"\r");
    terminal.shows("says nothing of a request");
    assert!(!terminal.screen().contains("faults on"));
    // A backend alone asks for the fault.
    terminal.press(":chaos charlie\r");
    terminal.shows(":chaos charlie ");
    terminal.shows("> latency 300ms");
}

#[test]
fn traffic_and_faults_are_in_the_report() {
    let mut terminal = Terminal::demo();
    terminal.press("L:chaos bravo latency 300ms checks=spare\r");
    terminal.shows("faults on: 1");
    terminal.shows("chaos: latency 300 ms");
    terminal.press(":export report\r");
    terminal.shows("stickylb-report-");
    let entries = std::fs::read_dir(terminal.folder()).unwrap();
    let mut files = entries.flatten().map(|entry| entry.path());
    let file = files.find(|path| path.to_string_lossy().contains("stickylb-report-")).unwrap();
    let report = std::fs::read_to_string(file).unwrap();
    assert!(report.contains("## Traffic\n\n- open rate=24 "), "{report}");
    assert!(report.contains("## Faults\n\n- bravo: latency 300ms for=30s checks=spare; "), "{report}");
}

#[test]
fn faults_are_seen_without_colours_and_in_ascii() {
    let mut terminal = Terminal::with(&["--demo=2", "-p", "0", "--glyphs", "ascii"], &[("NO_COLOR", "1")]);
    terminal.shows("2 up");
    terminal.press("Lch");
    terminal.shows("faults on: 1");
    terminal.shows("traffic 24/s");
    terminal.wait("the row counts down", |screen| countdown(screen, "alpha").is_some());
    assert!(terminal.screen().is_ascii(), "{}", terminal.screen());
}
