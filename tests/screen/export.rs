//! Exports of the screen to files.

use std::fs;

use crate::support::program::{exchange, get, is_hidden, until};
use crate::terminal::Terminal;

/// The one file in the terminal's folder whose name begins with this.
fn exported(terminal: &Terminal, begin: &str) -> String {
    let find = || {
        let mut names = fs::read_dir(terminal.folder()).unwrap().map(|entry| entry.unwrap().file_name());
        names.find_map(|name| name.to_str().filter(|name| name.starts_with(begin)).map(str::to_owned))
    };
    let name = until("the file is there", find);
    terminal.shows(&format!("{name} is written in "));
    fs::read_to_string(terminal.folder().join(name)).unwrap()
}

#[test]
fn each_export_holds_what_is_shown_and_nothing_that_moves_a_terminal() {
    let mut terminal = Terminal::demo();
    let port = terminal.port();
    exchange(
        port,
        "GET /\u{9b}2J&x HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer secret-1\r\n\
         Cookie: session=secret-2\r\nConnection: close\r\n\r\n"
            .as_bytes(),
    );
    terminal.shows("\\x9b2J&x");
    terminal.press("E");
    terminal.shows("Export into a file here: which?");
    terminal.press("t");
    let text = exported(&terminal, "stickylb-text-");
    assert!(text.contains("alpha") && text.contains("● UP") && text.contains("\\x9b2J"), "{text}");
    assert!(!text.replace('\n', "").contains(is_hidden), "{text:?}");
    terminal.press("Ea");
    let ansi = exported(&terminal, "stickylb-ansi-");
    // A terminal of the same size shows the same picture.
    let mut shown = vt100::Parser::new(24.try_into().unwrap(), 80.try_into().unwrap(), 0);
    shown.process(ansi.trim_end_matches('\n').replace('\n', "\r\n").as_bytes());
    assert!(shown.screen().contents().contains("● UP"), "{}", shown.screen().contents());
    assert!(ansi.contains("\u{1b}[0;32m") && !ansi.contains("\u{1b}[2J") && !ansi.contains('\u{9b}'), "{ansi:?}");
    terminal.press("Es");
    let svg = exported(&terminal, "stickylb-svg-");
    assert!(svg.starts_with("<svg ") && svg.contains("alpha") && svg.contains("2J&amp;x"), "{svg}");
    assert!(!svg.replace('\n', "").contains(is_hidden));
    terminal.press("El");
    let log = exported(&terminal, "stickylb-log-");
    let line = log.lines().find(|line| line.contains("2J&x")).unwrap();
    let json: serde_json::Value = serde_json::from_str(line).unwrap();
    assert_eq!(json["status"], 404, "{json}");
    assert!(!log.replace('\n', "").contains(is_hidden), "{log:?}");
    terminal.press(":export report\r");
    let report = exported(&terminal, "stickylb-report-");
    assert!(report.contains("| alpha | UP |") && report.contains("## Last changes of state"), "{report}");
    for file in [text, ansi, svg, log, report] {
        assert!(!file.contains("secret-"), "{file}");
    }
}

#[test]
fn what_runs_is_written_for_another_engine_into_a_new_file_and_what_is_lacking_is_counted() {
    let mut terminal = Terminal::demo();
    terminal.press(":export-config");
    terminal.press(" ");
    for engine in ["haproxy", "nginx", "caddy", "traefik", "envoy", "kubernetes"] {
        terminal.shows(engine);
    }
    terminal.press("xyzzy");
    terminal.shows("no engine matches 'xyzzy'");
    terminal.press("\x1b");
    terminal.wait("it is closed", |screen| !screen.contains("xyzzy"));
    terminal.press(":export-config hap\r");
    terminal.shows("haproxy.cfg is written");
    let read = |terminal: &Terminal, name: &str| fs::read_to_string(terminal.folder().join(name)).unwrap();
    let first = read(&terminal, "haproxy.cfg");
    assert!(first.contains("cookie X-Backend-ID") && first.contains("alpha"), "{first}");
    assert!(first.contains(&format!(":{}\n", terminal.port())), "{first}");
    // The weight of now, and not over the file that is there.
    terminal.press(":weight alpha 7\r");
    terminal.shows("weight alpha 1 → 7");
    terminal.press(":export-config haproxy\r");
    terminal.shows("haproxy-2.cfg is written");
    assert!(read(&terminal, "haproxy-2.cfg").contains("weight 7"));
    assert_eq!(read(&terminal, "haproxy.cfg"), first);
    terminal.press(":export-config kub\r");
    terminal.shows("kubernetes.yaml is written");
    let counted = read(&terminal, "kubernetes.yaml").matches("# cannot: ").count();
    terminal.shows(&format!("is written, with {counted} comments \"# cannot:\", in "));
}

#[test]
fn where_nothing_can_be_written_it_is_said() {
    let mut terminal = Terminal::demo();
    fs::remove_dir_all(terminal.folder()).unwrap();
    get(terminal.port(), "/health");
    terminal.press(":export log\r");
    terminal.wait("the reason is shown", |screen| {
        screen.contains("the current directory is gone") || screen.contains("nothing can be written in")
    });
    terminal.press("Ex");
    terminal.wait("nothing is asked any more", |screen| !screen.contains("which?"));
}
