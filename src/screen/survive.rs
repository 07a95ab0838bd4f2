//! `survive` on the screen: begins, follows and stops it, and takes its report.

use stickylb::api::{Command, Snapshot, SurviveReport, SurviveStage};
use stickylb::untrusted::Untrusted;

use super::action::Action;
use super::message::Effect;
use super::state::{Dialog, Leaving, State};

/// The stage of the run that is under way, or of the last one.
pub(crate) fn stage(snapshot: &Snapshot) -> Option<SurviveStage> {
    snapshot.survive.as_ref().map(|view| view.stage)
}

/// Whether leaving the screen ends the watch and makes the report.
pub(crate) fn reports(state: &State) -> bool {
    state.leaving == Leaving::Reports && stage(state.live()) == Some(SurviveStage::Watching)
}

/// What a command about it takes: the engine, the dialog that shows how far it is, or both.
pub(crate) fn command(state: &mut State, command: Command) -> Vec<Effect> {
    let now = stage(state.live());
    let is_under_way = now.is_some_and(|stage| stage != SurviveStage::Ended);
    match command {
        Command::Survive(_) if is_under_way => {
            state.dialog = Some(Dialog::Survive(0));
            Vec::new()
        }
        Command::SurviveReport if now.is_some() => {
            state.dialog = Some(Dialog::Survive(0));
            match now {
                Some(SurviveStage::Watching) => vec![Effect::Command(command)],
                Some(SurviveStage::Ended) => vec![Effect::SurviveReport],
                _ => Vec::new(),
            }
        }
        _ => vec![Effect::Command(command)],
    }
}

/// After a new snapshot, with the stage before it: the report is fetched when it is there, and forgotten when the next run
/// begins.
pub(crate) fn follow(state: &mut State, before: Option<SurviveStage>) -> Vec<Effect> {
    let now = stage(state.live());
    if now == before {
        return Vec::new();
    }
    if now != Some(SurviveStage::Ended) {
        state.survived = None;
    } else if before.is_some() {
        return vec![Effect::SurviveReport];
    }
    Vec::new()
}

/// Takes the report and shows it, unless another dialog is open.
pub(crate) fn take(state: &mut State, report: Result<Option<Box<SurviveReport>>, Untrusted<String>>) {
    state.changed = true;
    match report {
        Ok(report) => {
            let is_there = report.is_some();
            state.survived = report;
            match &state.dialog {
                None if is_there => state.dialog = Some(Dialog::Survive(0)),
                Some(Dialog::Survive(_)) | None => {}
                Some(_) => {
                    let palette = state.key(Action::Palette);
                    state.say(format!("the report of survive is there: {palette} survive report shows it"));
                }
            }
        }
        Err(why) => state.complain(format!("the report of survive cannot be had: {why}")),
    }
}
