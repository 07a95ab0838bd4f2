//! A screen that only watches (`attach --watch`): it moves, filters, explains and steps back in time, and changes nothing.
//!
//! The balancer refuses all the rest by itself. Here it is said at once, before a question is asked or a value is typed.

use stickylb::api::CommandError;

use super::action::Action;
use super::message::Effect;
use super::state::State;

/// What is said of all that it does not do.
pub(crate) fn refusal() -> String {
    CommandError::OnlyWatches.to_string()
}

/// Why there are no heads.
pub(crate) const NO_HEADS: &str = "its heads are for the balancer's own screen: this one only watches";

/// Why there is no output of processes.
pub(crate) const NO_OUTPUT: &str = "What it writes is for the balancer's own screen: this one only watches.";

/// Whether this screen refuses the action: it would change the balancer, show secrets, or write a file where it runs.
pub(crate) fn refuses(state: &State, action: Action) -> bool {
    state.rights.only_watches() && changes(action)
}

fn changes(action: Action) -> bool {
    matches!(
        action,
        Action::ToggleMaintenance
            | Action::Drain
            | Action::InService
            | Action::TakeOut
            | Action::WeightUp
            | Action::WeightDown
            | Action::SetWeight
            | Action::CheckNow
            | Action::Kill
            | Action::Strategy
            | Action::Sticky
            | Action::SpawnDemo
            | Action::Restart
            | Action::RestartAll
            | Action::Export
            | Action::ExportConfig
            | Action::CopyCurl
            | Action::Secrets
            | Action::Replay
            | Action::Undo
            | Action::Baseline
            | Action::Traffic
            | Action::TrafficFaster
            | Action::TrafficSlower
            | Action::Chaos
            | Action::Reload
    )
}

/// Holds back what would change anything all the same, whatever dialog it came from.
pub(crate) fn hold_back(state: &mut State, effects: &mut Vec<Effect>) {
    if !state.rights.only_watches() {
        return;
    }
    let before = effects.len();
    effects.retain(|effect| {
        !matches!(
            effect,
            Effect::Command(_) | Effect::Replay(..) | Effect::Edit(_) | Effect::Export(_) | Effect::ExportConfig(_)
        )
    });
    if effects.len() < before {
        state.complain(refusal());
    }
}
