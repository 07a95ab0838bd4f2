//! The user's own keys, themes and views on the screen, and what is kept between starts.

use std::fs;
use std::path::Path;

use tempfile::TempDir;

use crate::support::program::until;
use crate::terminal::Terminal;

/// A home with a file of the user's own, or without.
struct Own(TempDir);

impl Own {
    fn new(file: Option<&str>) -> Self {
        let own = Own(tempfile::tempdir().unwrap());
        if let Some(file) = file {
            let folder = own.0.path().join("stickylb-tui");
            fs::create_dir(&folder).unwrap();
            fs::write(folder.join("config.json"), file).unwrap();
        }
        own
    }

    fn path(&self) -> &Path {
        self.0.path()
    }

    /// Where the arrangement is kept.
    fn kept(&self) -> std::path::PathBuf {
        self.path().join("state/stickylb-tui/screen.json")
    }

    fn start(&self, words: &[&str], variables: &[(&str, &str)]) -> Terminal {
        let (config, state) = (self.path().to_str().unwrap(), self.path().join("state"));
        let homes = [("XDG_CONFIG_HOME", config), ("XDG_STATE_HOME", state.to_str().unwrap())];
        Terminal::with(&[&["--demo", "-p", "0"], words].concat(), &[&homes, variables].concat())
    }

    fn demo(&self) -> Terminal {
        let terminal = self.start(&[], &[]);
        terminal.shows("3 up");
        terminal
    }

    /// Waits until what is kept holds this.
    #[track_caller]
    fn keeps(&self, part: &str) {
        until(part, || fs::read_to_string(self.kept()).ok().filter(|text| text.contains(part)));
    }
}

fn quits(mut terminal: Terminal) {
    terminal.press("\x03");
    terminal.is_given_back();
}

#[test]
fn a_key_of_ones_own_works_and_footer_help_and_palette_show_it() {
    let own = Own::new(Some(r#"{ "keys": { "drain": ["D"], "maint": [], "weight": ["W"] } }"#));
    let mut terminal = own.demo();
    terminal.shows("D drain");
    assert!(!terminal.screen().contains("on/off"), "{}", terminal.screen());
    terminal.press(" d");
    terminal.press("D");
    terminal.backend_is("alpha", "DRAIN");
    // A key of a command that needs words asks for them.
    terminal.press("W");
    terminal.shows("then a number from 0 to 1000");
    terminal.press("bravo 7\r");
    terminal.backend_is("bravo", " 7 ");
    terminal.press("?");
    terminal.wait("help has it", |screen| screen.lines().any(|line| line.contains("│ D ") && line.contains("drain")));
    terminal.press("\x1b");
    terminal.wait("help is closed", |screen| !screen.contains("Esc closes"));
    terminal.press(":dra");
    terminal.wait("the palette has it", |screen| screen.contains("drain [BACKEND]") && screen.contains(" D "));
}

#[test]
fn control_c_quits_though_the_file_leaves_quit_no_key() {
    let own = Own::new(Some(r#"{ "keys": { "quit": [], "suspend": ["q"] } }"#));
    let mut terminal = own.demo();
    terminal.shows("Ctrl-C quit");
    // Where text is typed, the key that suspends is a character.
    terminal.press("/q");
    terminal.shows(" / q");
    // Escape and what follows at once would be Alt and that key.
    terminal.press("\x1b");
    terminal.wait("the prompt is closed", |screen| !screen.contains(" / q"));
    quits(terminal);
}

#[test]
fn a_file_with_a_conflict_starts_nothing_and_names_both_actions() {
    let own = Own::new(Some("{\n  \"keys\": { \"copy\": [\"x\"], \"curl\": [\"x\"] }\n}"));
    let mut terminal = own.start(&[], &[]);
    assert_eq!(terminal.ended().exit_code(), 2);
    terminal.shows("config.json:2:37: keys.curl[0]: x is given to");
    let text = terminal.screen().replace('\n', "");
    assert!(text.contains("x is given to both copy and curl: a key does one thing"), "{text}");
    assert!(!terminal.written().windows(8).any(|bytes| bytes == b"\x1b[?1049h"), "the screen was shown");
}

const PAPER: &str = r##"{
    "theme": "paper",
    "themes": { "paper": { "base": "light", "background": "#fdf6e3", "good": "#859900", "title": 33 } }
}"##;

fn has(terminal: &Terminal, color: vt100::Color) -> bool {
    terminal.look(|screen| {
        let mut cells = (0..24).flat_map(|row| (0..80).filter_map(move |column| screen.cell(row, column)));
        cells.any(|cell| [cell.fgcolor(), cell.bgcolor()].contains(&color))
    })
}

#[test]
fn the_colours_of_an_own_theme_reach_the_terminal_and_the_picture() {
    let own = Own::new(Some(PAPER));
    let mut terminal = own.demo();
    for color in [vt100::Color::Rgb(0xfd, 0xf6, 0xe3), vt100::Color::Rgb(0x85, 0x99, 0), vt100::Color::Idx(33)] {
        until("the colour is there", || has(&terminal, color).then_some(()));
    }
    terminal.press("Es");
    terminal.shows("is written in");
    let files = fs::read_dir(terminal.folder()).unwrap().map(|entry| entry.unwrap().path());
    let mut files = files.filter(|path| path.extension().is_some_and(|extension| extension == "svg"));
    let picture = files.next().unwrap();
    let svg = fs::read_to_string(picture).unwrap();
    assert!(svg.contains("rx=\"8\" fill=\"#fdf6e3\"") && svg.contains("fill=\"#859900\""), "{svg}");
    assert!(!svg.contains("#16181d"), "a light picture has no dark background");
    terminal.press(":theme dark\r");
    until("it is dark", || (!has(&terminal, vt100::Color::Rgb(0xfd, 0xf6, 0xe3))).then_some(()));
    terminal.press(":theme pap\r");
    until("it is back", || has(&terminal, vt100::Color::Rgb(0xfd, 0xf6, 0xe3)).then_some(()));
}

#[test]
fn no_color_wins_over_a_theme_of_the_file_and_an_option_over_both() {
    let own = Own::new(Some(PAPER));
    let terminal = own.start(&[], &[("NO_COLOR", "1")]);
    terminal.shows("3 up");
    let is_plain = |cell: &vt100::Cell| [cell.fgcolor(), cell.bgcolor()] == [vt100::Color::Default; 2];
    terminal.look(|screen| {
        let mut cells = (0..24).flat_map(|row| (0..80).filter_map(move |column| screen.cell(row, column)));
        assert!(cells.all(is_plain), "there are colours");
    });
    let terminal = own.start(&["--theme", "paper"], &[("NO_COLOR", "1")]);
    terminal.shows("3 up");
    until("the colour is there", || has(&terminal, vt100::Color::Rgb(0x85, 0x99, 0)).then_some(()));
}

#[test]
fn view_columns_and_order_are_there_again_at_the_next_start() {
    let own = Own::new(None);
    let mut terminal = own.demo();
    terminal.press(":columns name,state,errors\r");
    terminal.shows("the columns are name,state,errors");
    terminal.press(":view events\r");
    terminal.shows("Events");
    terminal.press("llooO");
    terminal.press(":sort name\r");
    terminal.shows("NAME▲");
    own.keeps("\"name\",\n    \"state\",\n    \"errors\"\n  ],\n  \"sort\"");
    quits(terminal);
    let terminal = own.demo();
    terminal.shows("Events");
    terminal.shows("NAME▲");
    let titles = terminal.line_with("NAME");
    assert!(titles.contains("STATE") && titles.contains("ERR") && !titles.contains("REQS"), "{titles}");
}

#[test]
fn what_the_file_names_wins_over_what_is_kept() {
    let own = Own::new(Some(r#"{ "sort": { "column": "requests" }, "columns": ["name", "requests"] }"#));
    let mut terminal = own.demo();
    terminal.shows("REQS▼");
    terminal.press(":sort name\r:columns default\rv");
    terminal.shows("NAME▲");
    own.keeps("\"sort\": {\n    \"column\": \"name\"");
    quits(terminal);
    let terminal = own.demo();
    terminal.shows("REQS▼");
    assert!(!terminal.line_with("NAME").contains("STATE"), "{}", terminal.screen());
}

#[test]
fn a_home_that_cannot_be_written_costs_one_sentence() {
    let mut terminal = Terminal::with(&["--demo", "-p", "0"], &[("XDG_STATE_HOME", "/dev/null/x")]);
    terminal.shows("3 up");
    terminal.press("v");
    terminal.shows("views are not kept for the next start: /dev/null/x/stickylb-tui/screen.json");
    terminal.press("v");
    terminal.wait("it is told once", |screen| !screen.contains("not kept"));
    terminal.press("d");
    terminal.backend_is("alpha", "DRAIN");
    quits(terminal);
}

#[test]
fn what_is_kept_and_cannot_be_read_is_forgotten_with_a_sentence() {
    let own = Own::new(None);
    fs::create_dir_all(own.kept().parent().unwrap()).unwrap();
    fs::write(own.kept(), "{ \"sort\": \u{1b}[2J").unwrap();
    let mut terminal = own.start(&[], &[]);
    terminal.shows("the last views are forgotten: ");
    terminal.press("v");
    own.keeps("\"view\"");
    quits(terminal);
    // A named pipe to which nobody writes holds nobody up.
    fs::remove_file(own.kept()).unwrap();
    assert!(std::process::Command::new("mkfifo").arg(own.kept()).status().unwrap().success());
    let terminal = own.start(&[], &[]);
    terminal.shows("the last views are forgotten: ");
}

#[test]
fn the_mouse_is_the_screens_from_the_start_where_the_file_says_so() {
    let own = Own::new(Some(r#"{ "mouse": true }"#));
    let terminal = own.demo();
    assert!(terminal.look(|screen| screen.mouse_protocol_mode() != vt100::MouseProtocolMode::None));
    quits(terminal);
}

#[test]
fn columns_are_chosen_and_moved_in_a_dialog() {
    let own = Own::new(None);
    let mut terminal = own.demo();
    let titles = |screen: &str| screen.lines().nth(3).unwrap_or_default().to_owned();
    terminal.wait("the state is shown", |screen| titles(screen).contains("STATE"));
    terminal.press(":columns\r");
    terminal.shows("Columns, from left to right");
    terminal.shows("> [x] name");
    terminal.press("j ");
    terminal.shows("> [ ] state");
    terminal.press("\r");
    terminal.wait("the state is hidden", |screen| titles(screen).contains("NAME") && !titles(screen).contains("STATE"));
    own.keeps("\"columns\": [\n    \"name\",\n    \"address\"");
}
