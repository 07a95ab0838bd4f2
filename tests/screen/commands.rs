//! Commands typed on the screen, and undo.

use crate::support::home::Home;
use crate::support::program::{self, get};
use crate::terminal::Terminal;

#[test]
fn a_typed_command_is_done_and_u_takes_it_back() {
    let mut terminal = Terminal::demo();
    terminal.press(":");
    terminal.shows("Tab completes");
    terminal.press("weight bravo 0\r");
    terminal.shows("weight of bravo: 1 → 0");
    let port = terminal.port();
    for _ in 0..4 {
        assert!(!get(port, "/health").contains("x-backend-id: 2\r\n"));
    }
    terminal.press("s");
    terminal.shows("smooth-round-robin");
    terminal.press("u");
    terminal.shows("undone: the strategy is round-robin again (u again: 1 more)");
    terminal.press("u");
    terminal.shows("undone: bravo has the weight 1 again");
    terminal.press("u");
    terminal.shows("there is nothing to undo");
    let seen: Vec<String> = (0..3).map(|_| get(port, "/health")).collect();
    assert!(seen.iter().any(|answer| answer.contains("x-backend-id: 2\r\n")), "{seen:?}");
}

#[test]
fn tab_completes_letters_to_a_command_and_its_words() {
    let mut terminal = Terminal::demo();
    terminal.press(":strat\tra\t");
    terminal.shows(":strategy random");
    terminal.press("\r");
    terminal.wait("random is in the header", |screen| screen.lines().next().unwrap_or_default().contains("random"));
}

#[test]
fn enter_takes_what_is_highlighted_and_asks_for_what_is_missing() {
    let mut terminal = Terminal::demo();
    terminal.press(":strategy rnd");
    terminal.shows("> random");
    terminal.press("\r");
    terminal.wait("random is in the header", |screen| screen.lines().next().unwrap_or_default().contains("random"));
    // The selected backend is proposed first.
    terminal.press("j:wei\r");
    terminal.shows("> bravo");
    terminal.shows("then a number from 0 to 1000; a number alone is for bravo");
    terminal.press("cha\r");
    terminal.shows(":weight charlie ");
    terminal.shows("a whole number from 0 to 1000; charlie has 1 now");
    terminal.press("4\r");
    terminal.shows("weight of charlie: 1 → 4");
    terminal.press(":select\r");
    terminal.shows("> bravo");
    terminal.press("alp\r:down\r");
    terminal.backend_is("alpha", "MAINT");
}

#[test]
fn the_palette_covers_neither_the_selected_backend_nor_what_is_wrong() {
    let mut terminal = Terminal::start(&["--demo=9", "-p", "0"]);
    terminal.shows("9 up");
    for (columns, rows) in [(80, 24), (120, 40), (200, 60), (80, 14)] {
        terminal.resize(columns, rows);
        let is_drawn =
            |screen: &str| screen.lines().nth(usize::from(rows) - 1).is_some_and(|line| line.contains("quit"));
        terminal.wait("it is drawn at its new size", is_drawn);
        terminal.press("G:");
        terminal.shows("Tab completes");
        terminal.wait("the selected backend is seen", |screen| screen.lines().any(|line| line.contains(">9")));
        terminal.press("\x1b");
        terminal.wait("it is closed", |screen| !screen.contains("Tab completes") && is_drawn(screen));
    }
    terminal.resize(80, 24);
    for pid in terminal.children() {
        program::signal(pid, rustix::process::Signal::KILL);
    }
    terminal.shows("No backend takes clients");
    terminal.press(":");
    terminal.shows("Tab completes");
    terminal.shows("No backend takes clients");
}

#[test]
fn the_screen_and_ctl_take_back_what_the_other_did() {
    let home = Home::new();
    let directory = home.path().to_str().unwrap();
    let mut terminal = Terminal::with(&["--demo", "-p", "0"], &[("XDG_RUNTIME_DIR", directory)]);
    terminal.shows("3 up");
    terminal.press(" ");
    terminal.backend_is("alpha", "MAINT");
    assert_eq!(home.good(&["ctl", "undo"]), "undone: alpha is in service again\n");
    terminal.backend_is("alpha", "UP");
    home.good(&["ctl", "drain", "bravo"]);
    terminal.backend_is("bravo", "DRAIN");
    terminal.press("u");
    terminal.shows("undone: bravo is in service again");
    terminal.backend_is("bravo", "UP");
}

#[test]
fn what_is_wrong_with_a_command_is_said_beside_it_and_it_can_be_mended() {
    let mut terminal = Terminal::demo();
    terminal.press(":weight nobody 3\r");
    terminal.shows("there is no backend 'nobody': there is alpha (1), bravo (2), charlie (3)");
    terminal.shows(":weight nobody 3");
    terminal.press("\x15weight alpha many\r");
    terminal.shows("'many' is no weight: it is a whole number from 0 to 1000");
    terminal.press("\x177\r");
    terminal.shows("weight of alpha: 1 → 7");
    terminal.press(":xyzzy");
    terminal.shows("no command matches 'xyzzy'");
    terminal.press("\r");
    terminal.shows(":xyzzy");
    terminal.press("\x1b");
    terminal.wait("the palette is closed", |screen| !screen.contains("Tab completes"));
}

#[test]
fn pasted_text_goes_into_the_line_and_nowhere_else() {
    let mut terminal = Terminal::demo();
    terminal.press("\x1b[200~qXy\r   \x1b[201~");
    terminal.shows("pasted text does nothing here");
    terminal.press(":\x1b[200~weight alpha\r5\x1b[201~");
    terminal.shows(":weight alpha 5");
    terminal.press("\r");
    terminal.shows("weight of alpha: 1 → 5");
    terminal.still_runs();
}

/// Asserts that a cell of the screen has one of these colours.
fn shows_color(terminal: &Terminal, wanted: u8) -> bool {
    terminal.look(|screen| {
        let mut cells = (0..24).flat_map(|row| (0..80).filter_map(move |column| screen.cell(row, column)));
        cells.any(|cell| cell.fgcolor() == vt100::Color::Idx(wanted))
    })
}

#[test]
fn the_theme_is_chosen_at_start_or_while_it_runs() {
    const CYAN: u8 = 6;
    const BLUE: u8 = 4;
    let mut terminal = Terminal::start(&["--demo", "-p", "0", "--theme", "light"]);
    terminal.shows("3 up");
    assert!(shows_color(&terminal, BLUE) && !shows_color(&terminal, CYAN));
    terminal.press(":theme dark\r");
    program::until("it is dark", || shows_color(&terminal, CYAN).then_some(()));
    terminal.press(":theme pink\r");
    terminal.shows("there is no theme 'pink': dark, light, high-contrast, color-blind, mono");
}

#[test]
fn a_theme_that_is_named_wins_over_no_color() {
    let terminal = Terminal::with(&["--demo", "-p", "0", "--theme", "dark"], &[("NO_COLOR", "1")]);
    terminal.shows("3 up");
    program::until("there are colours", || shows_color(&terminal, 2).then_some(()));
}

#[test]
fn a_backend_that_goes_down_is_told_only_where_that_was_asked_for() {
    let bells = |terminal: &Terminal| terminal.written().split(|byte| *byte == 7).count() - 1;
    let mut terminal = Terminal::start(&["--demo", "-p", "0", "--notify", "bell"]);
    terminal.shows("3 up");
    assert_eq!(bells(&terminal), 0);
    program::signal(terminal.children()[0], rustix::process::Signal::KILL);
    terminal.shows("1 down");
    program::until("the bell rings", || (bells(&terminal) == 1).then_some(()));
    terminal.press(":notify off\r");
    terminal.shows("goes DOWN: off");
    program::signal(terminal.children()[0], rustix::process::Signal::KILL);
    terminal.shows("2 down");
    assert_eq!(bells(&terminal), 1);
    terminal.press(":notify desktop\r");
    terminal.shows("goes DOWN: desktop");
    program::signal(terminal.children()[0], rustix::process::Signal::KILL);
    terminal.shows("3 down");
    program::until("the desktop is told", || {
        String::from_utf8_lossy(&terminal.written()).contains(" is DOWN\x07").then_some(())
    });
}

#[test]
fn an_alert_is_set_and_taken_back_in_the_palette_and_rings_once_when_it_begins_and_once_when_it_ends() {
    let bells = |terminal: &Terminal| terminal.written().split(|byte| *byte == 7).count() - 1;
    let mut terminal = Terminal::start(&["--demo", "-p", "0", "--notify", "bell"]);
    terminal.shows("3 up");
    terminal.press(":alert up<3 fro=0s\r");
    terminal.shows("there is no figure 'fro'");
    terminal.press("\x1b\x1b");
    terminal.press(":alert up<3 for=0s\r");
    terminal.shows("alert up<3 for=0s is watched");
    terminal.press("j ");
    terminal.shows("alert up<3 for=0s: up is 2");
    program::until("the bell rings", || (bells(&terminal) == 1).then_some(()));
    terminal.press(" ");
    terminal.shows("ends after");
    program::until("the bell rings again", || (bells(&terminal) == 2).then_some(()));
    terminal.press(":alert\r");
    terminal.shows("watched: up<3 for=0s");
    terminal.press(":alert off\r");
    terminal.shows("no alert is watched beside those of the configuration");
    terminal.press(":alert\r");
    let last = |screen: &str| screen.lines().last().is_some_and(|line| line.contains("no alert is watched"));
    terminal.wait("nothing is watched", last);
    assert_eq!(bells(&terminal), 2);
}

#[test]
fn p_lets_the_display_stand_still_while_the_proxy_goes_on() {
    let mut terminal = Terminal::demo();
    let port = terminal.port();
    get(port, "/before");
    terminal.shows("/before");
    terminal.press("p");
    terminal.shows("FROZEN ");
    assert!(get(port, "/later").starts_with("HTTP/1.1 404 "));
    terminal.shows("(-2 s, +1 req)");
    assert!(!terminal.screen().contains("/later"), "{}", terminal.screen());
    terminal.press(",");
    terminal.wait("it is a second earlier", |screen| !screen.contains("(-2 s,") && screen.contains("FROZEN"));
    terminal.press("p");
    terminal.shows("LIVE");
    terminal.shows("/later");
}

#[test]
fn the_events_and_the_last_changes_stand_still_with_the_rest_and_step_back_with_it() {
    let mut terminal = Terminal::demo();
    terminal.press("vvvv");
    terminal.shows("charlie is UP: check passed");
    terminal.press("p");
    terminal.shows("FROZEN ");
    let port = terminal.port();
    terminal.press(" ");
    program::until("alpha is out", || get(port, "/_lb/health").contains("MAINT").then_some(()));
    terminal.shows("(-2 s,");
    assert!(!terminal.screen().contains("taken out by hand"), "{}", terminal.screen());
    terminal.press("p");
    // Shown once among the last changes, and once among the events.
    let told = |screen: &str| screen.matches("taken out by hand").count();
    terminal.wait("both tell of it", |screen| told(screen) == 2);
    terminal.press(",,,,");
    terminal.wait("neither does yet", |screen| screen.contains("FROZEN") && told(screen) == 0);
}

#[test]
fn the_mouse_selects_scrolls_and_presses_keys_once_it_is_asked_to() {
    let mut terminal = Terminal::demo();
    assert!(terminal.look(|screen| screen.mouse_protocol_mode() == vt100::MouseProtocolMode::None));
    let click = |column: usize, row: usize| format!("\x1b[<0;{};{}M\x1b[<0;{0};{1}m", column + 1, row + 1);
    let place = |terminal: &Terminal, text: &str| {
        let lines = terminal.lines();
        let row = lines.iter().position(|line| line.contains(text)).unwrap();
        (lines[row].split(text).next().unwrap().chars().count(), row)
    };
    terminal.press("M");
    terminal.shows("M leaves it to the terminal again");
    assert!(terminal.look(|screen| screen.mouse_protocol_mode() != vt100::MouseProtocolMode::None));
    let (column, row) = place(&terminal, "charlie  ");
    terminal.press(&click(column, row));
    terminal.press("g");
    terminal.press(&click(column, row));
    terminal.wait("charlie is selected", |screen| screen.contains(">3 C charlie"));
    let (column, row) = place(&terminal, "d drain");
    terminal.press(&click(column, row));
    terminal.backend_is("charlie", "DRAIN");
    // A click on a title sorts, and then reverses the order.
    let first = |screen: &str, name: &str| screen.lines().nth(4).is_some_and(|line| line.contains(name));
    let (column, row) = place(&terminal, "NAME");
    terminal.press(&click(column, row));
    terminal.wait("it is sorted by name", |screen| screen.contains("NAME▲") && first(screen, "alpha"));
    terminal.press(&click(column, row));
    terminal.wait("the order is turned round", |screen| screen.contains("NAME▼") && first(screen, "charlie"));
    let (column, row) = place(&terminal, "REQS");
    get(terminal.port(), "/one");
    terminal.press(&click(column + 1, row));
    terminal.wait("the backend with a request is first", |screen| screen.contains("REQS▼") && first(screen, " 1 "));
    // The wheel over the log stops following.
    terminal.press("\x1b[<64;20;20M");
    terminal.shows("held");
    terminal.press("M");
    program::until("the mouse is the terminal's", || {
        terminal.look(|screen| screen.mouse_protocol_mode() == vt100::MouseProtocolMode::None).then_some(())
    });
    terminal.press("q");
    terminal.is_given_back();
}
