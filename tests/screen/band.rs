//! The band of changes on a real pseudo-terminal: what lasts, what is past, and what came of a change.

use crate::support::program::{exchange, get, until};
use crate::terminal::Terminal;

#[test]
fn a_backend_that_is_up_again_is_told_as_past() {
    let mut terminal = Terminal::demo();
    terminal.press("jX");
    terminal.shows("Kill the process of bravo?");
    terminal.press("y");
    terminal.backend_is("bravo", "DOWN");
    terminal.wait("the band says that it is", |screen| screen.contains("bravo is DOWN: "));
    terminal.press("a");
    terminal.backend_is("bravo", "UP");
    terminal.wait("the band says that it was", |screen| {
        screen.contains("bravo went DOWN ") && screen.contains("UP again after ")
    });
    let band = terminal.line_with("bravo went DOWN");
    let words: Vec<&str> = band.split_whitespace().collect();
    let time = words[words.iter().position(|word| *word == "DOWN").unwrap() + 1];
    assert!(time.ends_with(',') && time.len() == "12:04:31,".len(), "{band}");
    let present = |line: &str| !line.starts_with('│') && (line.contains("is DOWN") || line.contains("is STARTING"));
    assert!(!terminal.screen().lines().any(present), "{}", terminal.screen());
}

#[test]
fn a_change_of_strategy_weight_or_stickiness_stays_with_what_came_of_it() {
    let mut terminal = Terminal::demo();
    terminal.resize(200, 50);
    terminal.shows("Split");
    let port = terminal.port();
    // All to one, then even.
    terminal.press(":strategy first\r");
    terminal.shows("strategy round-robin → first");
    (0..6).for_each(|_| drop(get(port, "/whoami")));
    terminal.wait("the requests are counted", |screen| screen.contains("fairness  ") && screen.contains("0.33"));
    // Changes within two seconds count as one.
    std::thread::sleep(std::time::Duration::from_millis(2_200));
    terminal.press(":strategy round-robin\r");
    terminal.shows("strategy first → round-robin");
    (0..6).for_each(|_| drop(get(port, "/whoami")));
    terminal.shows("before │ after: fairness 0.33 │ 1.00, most in flight 1 │ 1");
    terminal.press("+");
    terminal.shows("weight alpha 1 → 2");
    terminal.press("t");
    terminal.shows("sticky cookie → ip");
    terminal.shows("strategy first → round-robin; before │ after: fairness 0.33 │ 1.00");
}

#[test]
fn the_strip_of_picks_is_what_the_log_says_with_a_bar_where_something_changed() {
    let mut terminal = Terminal::demo();
    terminal.resize(120, 40);
    terminal.shows("Split");
    let port = terminal.port();
    let served = |response: &str| match response.split_once("x-backend-id: ").unwrap().1.as_bytes()[0] {
        b'1' => 'A',
        b'2' => 'B',
        _ => 'C',
    };
    let mut picks: String = (0..5).map(|_| served(&get(port, "/whoami"))).collect();
    terminal.shows(&picks);
    terminal.press(":strategy first\r");
    terminal.shows("strategy round-robin → first");
    picks.push('│');
    picks.extend((0..3).map(|_| served(&get(port, "/whoami"))));
    terminal.shows(&format!("│picks     {picks}"));
}

#[test]
fn a_backend_has_the_same_letter_and_colour_on_the_screen_and_on_its_page() {
    let terminal = Terminal::demo();
    let port = terminal.port();
    let pages: Vec<String> = (0..3).map(|_| get(port, "/whoami")).collect();
    terminal.wait("all three are in the log", |screen| screen.matches("/whoami").count() == 3);
    for (name, letter, color) in [("alpha", 'A', "#0072b2"), ("bravo", 'B', "#e69f00"), ("charlie", 'C', "#009e73")] {
        let page = pages.iter().find(|page| page.contains(name)).unwrap();
        assert!(page.contains(&format!(r#""letter":"{letter}","color":"{color}""#)), "{page}");
        let shown = format!("{letter} {name}");
        let colours = terminal.look(|screen| {
            let lines: Vec<String> = screen.rows(0, 80).collect();
            let places = lines.iter().enumerate().filter_map(|(row, line)| {
                let column = line[..line.find(&shown)?].chars().count();
                screen.cell(u16::try_from(row).unwrap(), u16::try_from(column).unwrap()).map(vt100::Cell::fgcolor)
            });
            places.collect::<Vec<_>>()
        });
        assert_eq!(colours.len(), 2, "in table and log: {}", terminal.screen());
        assert!(colours[0] == colours[1] && colours[0] != vt100::Color::Default, "{colours:?}");
    }
}

#[test]
fn names_that_differ_at_their_end_are_told_apart_in_table_and_log() {
    let folder = tempfile::tempdir().unwrap();
    let names = ["my-long-service-name-0", "my-long-service-name-1"];
    let servers = names.map(|_| {
        crate::support::Backend::start(|call| {
            call.body();
            call.send(&crate::support::response("200 OK", &[], "x"));
            crate::support::After::Keep
        })
    });
    let backends: Vec<_> = names
        .iter()
        .zip(&servers)
        .map(|(name, server)| serde_json::json!({"name": name, "url": format!("http://127.0.0.1:{}", server.port)}))
        .collect();
    let file = folder.path().join("long.json");
    std::fs::write(&file, serde_json::json!({"port": 0, "backends": backends}).to_string()).unwrap();
    let terminal = Terminal::start(&["--config", file.to_str().unwrap()]);
    terminal.shows("2 up");
    let port = terminal.port();
    (0..2).for_each(|_| drop(get(port, "/one")));
    let lines = until("both are in the log", || {
        let screen = terminal.screen();
        let lines: Vec<String> = screen.lines().filter(|line| line.contains("/one")).map(str::to_owned).collect();
        (lines.len() == 2).then_some(lines)
    });
    assert!(
        lines.iter().any(|line| line.contains("e-0")) && lines.iter().any(|line| line.contains("e-1")),
        "{lines:?}"
    );
}

#[test]
fn a_draining_backend_says_who_is_still_there_and_when_it_is_safe_to_stop() {
    let mut terminal = Terminal::demo();
    terminal.resize(120, 40);
    terminal.shows("Split");
    let port = terminal.port();
    // The first goes to alpha, and nobody to bravo.
    get(port, "/whoami");
    terminal.shows("/whoami");
    terminal.press("d");
    terminal.backend_is("alpha", "DRAIN");
    terminal.wait("who is left is told", |screen| {
        screen.contains("alpha is DRAIN: 1 client still here, last request ") && screen.contains(" s ago")
    });
    terminal.press("jd");
    terminal.shows("bravo is DRAIN: nothing left: safe to stop");
    let bound = b"GET /bound HTTP/1.1\r\nHost: localhost\r\nCookie: X-Backend-ID=1\r\nConnection: close\r\n\r\n";
    exchange(port, bound);
    terminal.shows("/bound");
    assert!(terminal.line_with("/bound").contains("kept: alpha drains"), "{}", terminal.screen());
}

#[test]
fn one_key_for_all_clients_is_said_where_a_hash_chooses() {
    let mut terminal = Terminal::demo();
    terminal.resize(120, 40);
    terminal.shows("Split");
    let port = terminal.port();
    terminal.press(":strategy hash\r");
    terminal.shows("strategy round-robin → hash");
    (0..3).for_each(|_| drop(get(port, "/whoami")));
    terminal.shows("hash (one key)");
    terminal.shows("one key: one backend gets all");
}
