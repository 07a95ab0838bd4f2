//! The flow: clients and requests on their way, drawn from events.

use crate::screen::control::Outcome;
use crate::screen::state::State;

/// Shows the flow, or not.
pub(crate) fn toggle(state: &mut State) -> Outcome {
    let _ = state;
    Err("not yet".to_owned())
}
