//! Traffic that the balancer sends to itself, by keys.

use stickylb::api::{
    Command, MAX_TRAFFIC_CLIENTS, MAX_TRAFFIC_RATE, Snapshot, TrafficModel, TrafficOptions, TrafficView,
};

use super::action::Action;
use super::control::{self, Outcome};
use super::message::Effect;
use super::state::State;

/// The rates that the keys go through, in requests a second.
const RATES: [u32; 9] = [1, 2, 5, 10, 24, 50, 100, 200, MAX_TRAFFIC_RATE];

/// The numbers of clients that they go through where the traffic is closed: there the clients make the rate.
const CLIENTS: [u32; 9] = [1, 2, 5, 12, 25, 50, 100, 200, MAX_TRAFFIC_CLIENTS];

/// The traffic that is sent now.
pub(crate) fn under_way(snapshot: &Snapshot) -> Option<&TrafficView> {
    snapshot.traffic.as_ref().filter(|view| view.on)
}

/// Begins to send traffic as it was sent last, or ends it.
pub(crate) fn toggle(state: &mut State) -> Vec<Effect> {
    let wanted = match &state.live().traffic {
        Some(view) if view.on => Command::TrafficOff,
        last => Command::Traffic(last.as_ref().map_or_else(TrafficOptions::default, |view| view.options.clone())),
    };
    control::command(state, wanted)
}

/// Changes how many requests are sent in a second, or how many clients there are.
pub(crate) fn change_rate(state: &mut State, faster: bool) -> Outcome {
    let Some(view) = under_way(state.live()) else {
        let (on, palette) = (state.key(Action::Traffic), state.key(Action::Palette));
        return Err(format!("traffic is off: {on} sends some, {palette} traffic says how much"));
    };
    let mut options = view.options.clone();
    let (count, steps, what) = match options.model {
        TrafficModel::Closed => (&mut options.clients, CLIENTS, "client"),
        _ => (&mut options.rate, RATES, "request"),
    };
    let next = if faster {
        steps.into_iter().find(|step| *step > *count)
    } else {
        steps.into_iter().rev().find(|step| *step < *count)
    };
    let unit = if what == "client" { "" } else { " a second" };
    let plural = if *count == 1 { "" } else { "s" };
    *count = next.ok_or_else(|| {
        let end = if faster { "most" } else { "least" };
        format!("{count} {what}{plural}{unit} is the {end}")
    })?;
    options.heavy = options.heavy.min(options.clients);
    Ok(control::command(state, Command::Traffic(options)))
}
