//! Frames without backends, with warnings and errors, and with a frozen display.

use std::time::{Duration, SystemTime};
use stickylb::api::{About, Command, CommandError, Snapshot, Spawned, State as BackendState, Warning};

use super::sample::{listeners, pools, state};
use super::{frame, golden, press};
use crate::screen::message::Message;
use crate::screen::state::State;
use crate::screen::update;

#[test]
fn no_backends_yet() {
    let mut state = state();
    let mut snapshot = Snapshot::default();
    (snapshot.listeners, snapshot.pools) = (listeners(), pools());
    state.refresh(snapshot);
    golden("empty", &state, 80, 24);
}

#[test]
fn what_went_wrong_stands_in_the_footer_until_the_next_key() {
    let mut state = state();
    let error = CommandError::NotSpawned { name: "alpha".into() };
    update(&mut state, Message::Done(Command::Reload, Err(error)));
    let text = |state: &State| format!("{:?}", frame(state, 80, 24));
    assert!(text(&state).contains("alpha was not started here"));
    press(&mut state, "j");
    assert!(!text(&state).contains("alpha was not started here"));
}

#[test]
fn a_frozen_display_says_when_and_how_long_ago() {
    let mut state = state();
    let (snapshot, noon) = (state.snapshot.clone(), SystemTime::UNIX_EPOCH + Duration::from_secs(43_471));
    update(&mut state, Message::Second(noon, Box::new(snapshot.clone())));
    press(&mut state, "p");
    let mut later = snapshot;
    later.totals.requests += 1_234;
    update(&mut state, Message::Second(noon + Duration::from_secs(35), Box::new(later)));
    golden("frozen", &state, 80, 24);
    let first: String = frame(&state, 80, 24).content()[..80].iter().map(ratatui::buffer::Cell::symbol).collect();
    assert!(first.ends_with("FROZEN 12:04:31 (-35 s, +1234 req) ") && first.contains("1 down"), "{first}");
}

#[test]
fn the_selection_follows_its_backend() {
    let mut state = state();
    press(&mut state, "jj");
    let mut snapshot = state.snapshot.clone();
    snapshot.backends.reverse();
    state.refresh(snapshot);
    assert_eq!(state.selected_row().map(|row| state.snapshot.backends[row].name.raw()), Some("charlie"));
}

/// The sample without a backend that accepts new clients.
fn nobody_is_up() -> State {
    let mut state = state();
    let mut snapshot = state.snapshot.clone();
    for backend in snapshot.backends.iter_mut().take(2) {
        (backend.state, backend.state_seconds) = (BackendState::Down, 4);
        backend.checks.iter_mut().for_each(|check| check.passed = false);
        backend.checks.last_mut().expect("checks").reason = "Connection refused (os error 111)".into();
    }
    snapshot.backends.retain(|backend| backend.state != BackendState::Starting);
    snapshot.backends[0].spawned = None;
    snapshot.backends[1].spawned = None;
    snapshot.backends[3].spawned = Some(Spawned::new(None));
    state.refresh(snapshot);
    state
}

#[test]
fn with_nobody_up_it_says_who_is_why_out_and_what_to_do_for_each() {
    golden("nobody-up", &nobody_is_up(), 80, 24);
    golden("nobody-up-120x40", &nobody_is_up(), 120, 40);
    golden("nobody-up-50x8", &nobody_is_up(), 50, 8);
}

#[test]
fn a_bad_file_and_failing_mail_stay_in_sight_until_they_are_mended() {
    let mut state = nobody_is_up();
    let warning = |about, text: &str| Warning::new(about, SystemTime::UNIX_EPOCH, text);
    let mut snapshot = state.snapshot.clone();
    snapshot.warnings = vec![
        warning(About::Configuration, "lb.json:2:3: porr: is not a known key, did you mean 'port'?"),
        warning(About::Mail, "mail to the owner of alpha, that it is DOWN: failed: localhost:2525: refused"),
    ];
    state.refresh(snapshot);
    golden("warnings", &state, 80, 24);
    let mut snapshot = state.snapshot.clone();
    snapshot.backends.clear();
    state.refresh(snapshot);
    golden("warnings-empty", &state, 80, 24);
}

#[test]
fn lines_that_were_dropped_are_told_with_what_that_means_until_it_is_over() {
    let mut state = state();
    let mut snapshot = state.snapshot.clone();
    snapshot.dropped = 1_204;
    let noon = SystemTime::UNIX_EPOCH + Duration::from_secs(43_471);
    update(&mut state, Message::Second(noon, Box::new(snapshot.clone())));
    golden("dropped", &state, 80, 24);
    state.changed = false;
    update(&mut state, Message::Second(noon + Duration::from_secs(11), Box::new(snapshot)));
    assert!(state.changed && !state.drops_lines());
    let text = format!("{:?}", frame(&state, 80, 24));
    assert!(!text.contains("All figures count") && text.contains("1204 dropped"));
}

#[test]
fn a_filter_that_finds_nothing_says_so_in_both_panes_and_how_to_leave_it() {
    let mut state = state();
    press(&mut state, "/xyzzy\r");
    golden("filter-finds-nothing", &state, 80, 24);
}
