//! Faults of backends, by keys.

use super::control::Outcome;
use super::state::State;

/// Asks which fault the selected backend is to have.
pub(crate) fn ask(state: &mut State) -> Outcome {
    let _ = state;
    Err("not yet".to_owned())
}
