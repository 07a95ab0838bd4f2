//! The screen for a room.

use serde_json::json;
use std::sync::Arc;
use std::time::{Duration, SystemTime};
use stickylb::api::{
    Change, Command, CommandError, Done, Event, Fairness, Level, Notice, PoolChange, State as BackendState, Strategy,
};

use super::sample::{backend, pools_and_listeners, state};
use super::{frame, golden, press, text};
use crate::screen::glyphs::Glyphs;
use crate::screen::message::{Effect, Message, Said};
use crate::screen::state::{Dialog, Focus, State};
use crate::screen::theme::{Colors, Theme};
use crate::screen::update;

const BEGAN: SystemTime = SystemTime::UNIX_EPOCH;

fn presented() -> State {
    let mut state = state();
    press(&mut state, "P");
    state
}

fn said(state: &State) -> String {
    match &state.said {
        Some(Said::Done(text) | Said::Trouble(text)) => text.clone(),
        None => String::new(),
    }
}

/// A second passes, with the figures as they are.
fn second(state: &mut State, at: u64) {
    let snapshot = state.live().clone();
    update(state, Message::Second(BEGAN + Duration::from_secs(at), Box::new(snapshot)));
}

/// The strategy was changed at this second, and what it did is known.
fn changed(state: &mut State, at: u64) {
    let time = BEGAN + Duration::from_secs(at);
    let (from, to) = (Strategy::RoundRobin, Strategy::LeastConnections);
    let mut notice = Notice::new(time, Level::Info, "strategy: round-robin → least-connections");
    notice.change = Some(Box::new(PoolChange::new("default", Change::Strategy { from, to })));
    state.append(vec![Arc::new(Event::Notice(notice))], 0);
    let counted = |jain: f64, most: u32, mean: f64| {
        let one = json!({ "id": 1, "name": "alpha", "weight": 1, "counts": true, "requests": 100,
            "mostInFlight": most, "meanInFlight": mean });
        let mut fairness = Fairness::default();
        (fairness.since, fairness.jain, fairness.requests) = (time, Some(jain), 100);
        fairness.backends = vec![serde_json::from_value(one).expect("as it is written")];
        fairness
    };
    let mut snapshot = state.snapshot.clone();
    let mut fairness = counted(0.98, 4, 1.0);
    fairness.before = Some(Box::new(counted(0.71, 19, 7.5)));
    snapshot.pools[0].fairness = fairness;
    state.refresh(snapshot);
}

#[test]
fn a_room_sees_large_names_and_figures_and_no_log() {
    let mut state = presented();
    state.said = None;
    for (name, width, height) in [("80x24", 80, 24), ("120x40", 120, 40), ("200x60", 200, 60)] {
        golden(&format!("presenter-{name}"), &state, width, height);
        assert!(!text(&state, width, height).contains("/api/cart"));
    }
}

#[test]
fn the_same_in_ascii_and_without_colours() {
    let mut state = presented();
    state.said = None;
    state.theme = Theme { glyphs: Glyphs::Ascii, colors: Colors::Mono };
    golden("presenter-ascii-80x24", &state, 80, 24);
    let mut plain = state.snapshot.clone();
    plain.backends.truncate(4);
    state.refresh(plain);
    press(&mut state, "s");
    changed(&mut state, 0);
    let shown = text(&state, 120, 40);
    assert!(shown.is_ascii() && shown.contains("strategy -> "), "{shown}");
}

#[test]
fn what_a_change_did_is_large_for_ten_seconds() {
    let mut state = presented();
    second(&mut state, 20);
    changed(&mut state, 20);
    state.said = None;
    golden("presenter-held-120x40", &state, 120, 40);
    state.changed = false;
    second(&mut state, 29);
    assert!(text(&state, 120, 40).contains("before │ after   ") && !state.changed);
    second(&mut state, 30);
    let after = text(&state, 120, 40);
    assert!(after.contains("before │ after: fairness 0.71 │ 0.98") && state.changed, "{after}");
}

#[test]
fn each_key_that_acts_is_shown_with_its_command_and_the_engine_s_answer() {
    let mut state = presented();
    let shown = |state: &State| text(state, 120, 40);
    let effects = press(&mut state, "s");
    assert!(shown(&state).contains(" s  strategy → smooth-round-robin"), "{}", shown(&state));
    let Some(Effect::Command(command)) = effects.into_iter().next() else { panic!("no command") };
    update(&mut state, Message::Done(command, Err(CommandError::NothingToUndo)));
    assert!(shown(&state).contains(" s  strategy → there is nothing to undo"), "a refusal replaces the value");
    press(&mut state, "u");
    update(&mut state, Message::Done(Command::Undo, Ok(Done::new("undone: alpha has the weight 1 again"))));
    assert!(shown(&state).contains(" u  undo → undone: alpha has the weight 1 again"));
    press(&mut state, "2");
    assert!(shown(&state).contains(" 2  select → bravo"));
    press(&mut state, "+");
    assert!(shown(&state).contains(" +  weight bravo → 2"));
    press(&mut state, "d");
    assert!(shown(&state).contains(" d  drain bravo"));
    press(&mut state, "Xy");
    assert!(shown(&state).contains(" X  kill") && shown(&state).contains(" y  kill bravo"));
    press(&mut state, ":strategy random\n");
    assert!(shown(&state).contains(" :  strategy → random"), "{}", shown(&state));
    press(&mut state, ":theme light\n");
    assert!(shown(&state).contains(" :  theme light"), "{}", shown(&state));
    // A small screen shows the last one in place of its keys.
    assert!(text(&state, 50, 8).contains(" :  theme light"));
    press(&mut state, "x");
    assert!(!shown(&state).contains(" x  "), "what does nothing is told in the footer alone");
    for second_at in 1..8 {
        second(&mut state, second_at);
    }
    assert!(!shown(&state).contains("theme light"), "{}", shown(&state));
}

#[test]
fn secrets_are_hidden_at_once_and_locked_until_it_is_left() {
    let mut state = state();
    press(&mut state, "\tgH");
    assert!(state.inspected.shows_secrets);
    press(&mut state, "P");
    assert!(!state.inspected.shows_secrets && state.focus == Focus::Backends);
    for key in ["H", "Y"] {
        let effects = press(&mut state, key);
        assert!(effects.iter().all(|effect| !matches!(effect, Effect::Copy(..))));
        assert_eq!(said(&state), "secrets are locked in the presenter: P leaves it", "{key}");
    }
    press(&mut state, ":secrets\n");
    let Some(Dialog::Palette(palette)) = state.dialog.take() else { panic!("it is open") };
    assert_eq!(palette.trouble.as_deref(), Some("secrets are locked in the presenter: P leaves it"));
    press(&mut state, "P\tgH");
    assert!(state.inspected.shows_secrets, "locked no more: {}", said(&state));
}

#[test]
fn the_key_again_and_esc_leave() {
    for key in ["P", "\x1b"] {
        let mut state = presented();
        press(&mut state, "\t");
        assert_eq!(said(&state), "the presenter shows neither the log nor what is beside it: P leaves it");
        press(&mut state, key);
        assert!(text(&state, 80, 24).contains("Routing log"));
    }
}

#[test]
fn the_flow_for_a_room_has_no_log_and_is_left_before_the_presenter() {
    let mut state = presented();
    press(&mut state, "B");
    for (width, height) in [(80, 24), (120, 40), (200, 60)] {
        state.size = (width, height);
        let shown = text(&state, width, height);
        assert!(shown.contains("in flight") && !shown.contains("Routing log"), "{shown}");
    }
    press(&mut state, "\x1b");
    assert!(state.presenter.on && !text(&state, 120, 40).contains("in 60 s"));
    press(&mut state, "\x1b");
    assert!(!state.presenter.on && text(&state, 120, 40).contains("Routing log"));
}

#[test]
fn backends_that_do_not_fit_are_counted_and_the_selection_scrolls() {
    let mut state = presented();
    let mut snapshot = state.snapshot.clone();
    snapshot.backends = (0..40).map(|n| backend(n, &format!("b{n}"), BackendState::Up, 1_000)).collect();
    state.refresh(snapshot);
    let shown = text(&state, 80, 24);
    assert!(shown.contains("36 more: b4, b5"), "{shown}");
    press(&mut state, "G");
    let shown = text(&state, 80, 24);
    assert!(shown.contains("36 more: b0, b1"), "{shown}");
    state.size = (80, 24);
    let selected = |state: &State| text(state, 80, 24).lines().skip(16).take(3).map(str::to_owned).collect::<Vec<_>>();
    let before = selected(&state);
    assert!(before[1].starts_with('>'), "{before:?}");
    press(&mut state, ":");
    assert!(text(&state, 80, 24).contains("Commands:"));
    assert_eq!(selected(&state), before, "the palette covers something else");
}

#[test]
fn it_is_drawn_at_every_size_in_every_state() {
    let mut states = vec![presented(), pools_and_listeners()];
    press(&mut states[1], "P");
    for keys in ["?", "X", ":", "\r", "/zzz\r", "s"] {
        let mut state = presented();
        press(&mut state, keys);
        changed(&mut state, 0);
        states.push(state);
    }
    let mut empty = State::new(Theme { glyphs: Glyphs::Ascii, colors: Colors::Mono });
    press(&mut empty, "P");
    states.push(empty);
    for state in &mut states {
        for width in [0, 1, 2, 19, 59, 60, 61, 79, 80, 120, 200] {
            for height in [0, 1, 3, 13, 14, 15, 16, 18, 20, 24, 40, 60] {
                state.size = (width, height);
                frame(state, width, height);
            }
        }
    }
}

#[test]
fn a_click_selects_the_backend_under_it() {
    use crossterm::event::{KeyModifiers, MouseButton, MouseEvent, MouseEventKind};
    let mut state = presented();
    state.size = (80, 24);
    let row = text(&state, 80, 24).lines().position(|line| line.contains('◐')).expect("charlie drains");
    let kind = MouseEventKind::Down(MouseButton::Left);
    let row = u16::try_from(row).expect("few rows") + 1;
    update(&mut state, Message::Mouse(MouseEvent { kind, column: 20, row, modifiers: KeyModifiers::NONE }));
    assert_eq!(state.selected_backend().map(|backend| backend.name.to_string()).as_deref(), Some("charlie"));
}
