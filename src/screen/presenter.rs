//! The screen for a room: large, without the log, with the keys that are pressed.

use super::control::Outcome;
use super::state::State;

#[derive(Default)]
pub(crate) struct Presenter {}

/// Shows the screen for a room, or the usual one.
pub(crate) fn toggle(state: &mut State) -> Outcome {
    let _ = state;
    Err("not yet".to_owned())
}
