//! Traffic that the balancer sends to itself, by keys.

use super::control::Outcome;
use super::state::State;

/// Begins to send traffic, or ends it.
pub(crate) fn toggle(state: &mut State) -> Outcome {
    let _ = state;
    Err("not yet".to_owned())
}

/// Changes how many requests are sent in a second, or how many clients there are.
pub(crate) fn change_rate(state: &mut State, faster: bool) -> Outcome {
    let _ = (state, faster);
    Err("not yet".to_owned())
}
