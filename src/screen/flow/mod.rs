//! The flow: clients and requests on their way, a lane for each backend, drawn from events.

mod clients;
mod followed;
mod lately;
mod showing;
mod trips;

use std::sync::Arc;
use std::time::{Duration, SystemTime};
use stickylb::api::{WhatIf, WhatIfOptions};
use stickylb::untrusted::Untrusted;

use crate::screen::frozen::Moment;
use crate::screen::message::Effect;
use crate::screen::state::{Focus, State};
pub(crate) use clients::Token;
pub(crate) use followed::Flow;
pub(crate) use showing::{FRAME, Motion, Showing, Told};
pub(crate) use trips::{Lane, Sign};

/// How often what-if is asked for while it is shown.
const ASK: Duration = Duration::from_secs(10);

/// How many seconds back a lane shows what was in flight.
pub(crate) const LATELY: usize = 60;

/// The smallest screen with what-if and the log beside the lanes.
pub(crate) const LARGE: (u16, u16) = (160, 40);

/// Shows the flow, or not.
pub(crate) fn toggle(state: &mut State) -> Vec<Effect> {
    state.flow.open = !state.flow.open;
    if !state.flow.open {
        return Vec::new();
    }
    state.focus = Focus::Backends;
    state.detail = None;
    state.flow.clock = state.flow.clock.max(state.now);
    state.flow.asked.0 = SystemTime::UNIX_EPOCH;
    ask(state)
}

/// Asks what each strategy would have done, if that is shown and there were requests since it was asked last.
fn ask(state: &mut State) -> Vec<Effect> {
    let is_large = state.size.0 >= LARGE.0 && state.size.1 >= LARGE.1;
    let is_shown = state.flow.open && state.frozen.is_none() && !state.presenter.on && is_large;
    let (asked, requests) = state.flow.asked;
    let now = state.snapshot.totals.requests;
    let is_due = state.now.duration_since(asked).is_ok_and(|since| since >= ASK)
        && (now != requests || state.flow.told.is_none());
    if !is_shown || !is_due {
        return Vec::new();
    }
    state.flow.asked = (state.now, now);
    vec![Effect::WhatIf(options(state))]
}

/// Nothing but the strategy is to be different, in the selected backend's pool.
fn options(state: &State) -> WhatIfOptions {
    let mut options = WhatIfOptions::default();
    options.pool = state.selected_backend().map(|backend| backend.pool.raw().to_owned());
    options
}

/// Takes what each strategy would have done.
pub(crate) fn take(state: &mut State, asked: &WhatIfOptions, told: &Result<Box<WhatIf>, Untrusted<String>>) {
    if state.flow.open && *asked == options(state) {
        state.flow.told = Some(Told { time: state.now, what_if: told.clone() });
        state.changed = true;
    }
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

/// Whether the line of what was in flight lately is other than level: each second moves it on.
fn has_steps(state: &State) -> bool {
    let active = |moment: &Moment| moment.snapshot.backends.iter().map(|backend| backend.active).collect::<Vec<_>>();
    let moments = || state.moments.iter().rev().take(LATELY);
    let is_step =
        |(one, next): (&Moment, &Moment)| !Arc::ptr_eq(&one.snapshot, &next.snapshot) && active(one) != active(next);
    moments().zip(moments().skip(1)).any(is_step)
}

/// A second has passed: what stood still may be over.
pub(crate) fn second(state: &mut State, now: SystemTime) -> Vec<Effect> {
    if state.frozen.is_some() {
        return Vec::new();
    }
    let flow = &state.log.digest.flow;
    let clock = state.flow.clock;
    // What is of the last minute changes while nothing else does.
    let aged = |moment| (flow.failures.all(moment), flow.clients.seen(moment));
    let is_over = flow.trips.any(clock) || flow.clients.any_moved(clock) || aged(clock) != aged(now);
    state.changed |= state.flow.open && (is_over || has_steps(state));
    state.flow.clock = now;
    ask(state)
}
