//! The flow: clients and requests on their way, a lane for each backend, drawn from events.

mod clients;
mod followed;
mod lately;
mod showing;
mod trips;

use std::time::{Duration, SystemTime};

use crate::screen::control::Outcome;
use crate::screen::state::{Focus, State};
pub(crate) use clients::Token;
pub(crate) use followed::Flow;
pub(crate) use showing::{FRAME, Motion, Showing};
pub(crate) use trips::{Lane, Sign};

/// Shows the flow, or not.
pub(crate) fn toggle(state: &mut State) -> Outcome {
    state.flow.open = !state.flow.open;
    if state.flow.open {
        state.focus = Focus::Backends;
        state.detail = None;
        state.flow.clock = state.flow.clock.max(state.now);
    }
    Ok(Vec::new())
}

/// The moment that the flow shows.
pub(crate) fn moment(state: &State) -> SystemTime {
    state.until.unwrap_or(state.flow.clock)
}

/// Whether frames must follow each other because something moves. While nothing does, the flow costs nothing.
pub(crate) fn moves(state: &State) -> bool {
    let flow = &state.flow;
    let is_seen = flow.open && flow.motion == Motion::On && state.detail.is_none() && state.frozen.is_none();
    is_seen && state.log.digest.flow.trips.any(flow.clock)
}

/// The shortest time between two frames; `usual` without the flow.
pub(crate) fn frame_time(state: &State, usual: Duration) -> Duration {
    if state.flow.open { FRAME } else { usual }
}

/// A frame of what moves is due.
pub(crate) fn tick(state: &mut State, now: SystemTime) {
    if moves(state) {
        state.flow.clock = now;
        state.changed = true;
    }
}

/// A second has passed: what stood still may be over.
pub(crate) fn second(state: &mut State, now: SystemTime) {
    if state.frozen.is_some() {
        return;
    }
    let flow = &state.log.digest.flow;
    let clock = state.flow.clock;
    state.changed |= state.flow.open && (flow.trips.any(clock) || flow.clients.any_moved(clock));
    state.flow.clock = now;
}
