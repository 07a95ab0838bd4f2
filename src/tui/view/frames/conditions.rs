//! What the screen says while something is missing, went wrong, or stands still.

use std::time::{Duration, SystemTime};

use super::sample::{listeners, pools, state};
use super::{frame, golden, press};
use crate::engine::{CommandError, Snapshot};
use crate::tui::{Message, State, update};

#[test]
fn no_backends_yet() {
    let mut state = state();
    state.refresh(Snapshot { listeners: listeners(), pools: pools(), ..Snapshot::default() });
    golden("empty", &state, 80, 24);
}

#[test]
fn what_went_wrong_stands_in_the_footer_until_the_next_key() {
    let mut state = state();
    let error = CommandError::NotSpawned { name: "alpha".to_owned() };
    update(&mut state, Message::Done(Err(error)));
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
    assert_eq!(state.selected_row().map(|row| state.snapshot.backends[row].name.as_str()), Some("charlie"));
}
