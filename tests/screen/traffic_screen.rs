//! Traffic on the screen: begun, changed and ended by keys and commands, and seen.

use crate::terminal::Terminal;

/// Waits until the header, its first two lines, shows this.
#[track_caller]
fn in_header(terminal: &Terminal, part: &str) {
    terminal
        .wait(&format!("'{part}' is in the header"), |screen| screen.lines().take(2).any(|line| line.contains(part)));
}

#[track_caller]
fn not_in_header(terminal: &Terminal) {
    terminal.wait("the header says nothing of traffic", |screen| {
        screen.contains("http://") && !screen.lines().take(2).any(|line| line.contains("traffic"))
    });
}

#[test]
fn a_key_turns_traffic_on_and_off_and_others_change_its_rate() {
    let mut terminal = Terminal::demo();
    terminal.press("]");
    terminal.shows("traffic is off: L sends some, : traffic says how much");
    terminal.press("L");
    terminal.shows("traffic begins: open rate=24 ");
    in_header(&terminal, "traffic 24/s");
    // Its requests are told apart in the log, from clients that keep their cookies.
    terminal.shows("traffic 7");
    terminal.shows("sticky X-Backend-ID=");
    terminal.press("]");
    terminal.shows("traffic goes on: open rate=50 ");
    in_header(&terminal, "traffic 50/s");
    terminal.press("[[");
    in_header(&terminal, "traffic 10/s");
    terminal.press("L");
    not_in_header(&terminal);
    terminal.shows("traffic ended: ");
    terminal.press("L");
    in_header(&terminal, "traffic 10/s");
    terminal.press("L");
    not_in_header(&terminal);
}

#[test]
fn the_palette_says_what_may_follow_traffic_and_what_is_wrong_with_it() {
    let mut terminal = Terminal::demo();
    terminal.resize(120, 40);
    terminal.shows("Split");
    terminal.press(":traffic ");
    terminal.shows("> open");
    terminal.shows("open: so many a second; closed: as fast as its clients get answers; off ends it");
    terminal.press("open ");
    terminal.shows("then perhaps rate=… spacing=…");
    terminal.press("rate=");
    terminal.shows("1 to 500 requests a second; without it 24");
    terminal.press("1000000\r");
    terminal.shows("rate=1000000 is not understood: a rate is from 1 to 500 requests a second");
    terminal.press("\x1b");
    terminal.wait("the palette is closed", |screen| !screen.contains("Tab completes"));
    terminal.press(":traffic closed clients=3 think=50ms mix=\"90% GET /whoami, 10% GET /slow?ms=5\"\r");
    terminal.shows("traffic begins: closed clients=3 ");
    in_header(&terminal, "/s closed");
    terminal.shows("/slow?ms=5");
    terminal.press("[");
    terminal.shows("traffic goes on: closed clients=2 ");
    terminal.press(":traffic off\r");
    not_in_header(&terminal);
}

#[test]
fn what_traffic_came_to_stays_on_the_screen_when_it_has_ended_by_itself() {
    let mut terminal = Terminal::demo();
    terminal.resize(120, 40);
    terminal.shows("Split");
    terminal.press(":traffic open rate=20 for=1s\r");
    terminal.shows("traffic ended: ");
    terminal.shows("traffic   ended: ");
    not_in_header(&terminal);
}

#[test]
fn the_filter_leaves_out_the_traffic() {
    let mut terminal = Terminal::demo();
    let port = terminal.port();
    terminal.press("L");
    terminal.shows("traffic 3");
    terminal.press("/!traffic\r");
    terminal.wait("its lines are gone", |screen| !screen.contains("; traffic "));
    crate::support::program::get(port, "/from-a-person");
    terminal.shows("/from-a-person");
}
