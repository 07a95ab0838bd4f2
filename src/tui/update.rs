//! What follows from what happened.

use crossterm::event::{KeyCode, KeyEvent};

use super::action::{Action, action_of};
use super::message::{Effect, Message};
use super::state::{Dialog, Pane, Question, State};
use crate::balancer::Intent;
use crate::config::{MAX_WEIGHT, StickyBy};
use crate::engine::{BackendView, Command, Spawned};

/// Takes a message into the state; returns what is to be done.
pub fn update(state: &mut State, message: Message) -> Vec<Effect> {
    match message {
        Message::Key(key) => {
            state.changed = true;
            state.said = None;
            return match state.dialog.take() {
                Some(dialog) => in_dialog(state, dialog, key),
                None => action_of(key).map_or_else(Vec::new, |action| act(state, action, key)),
            };
        }
        Message::Resized => state.changed = true,
        Message::Snapshot(snapshot) => state.refresh(*snapshot),
        Message::Events(events, missed) => state.append(events, missed),
        Message::Done(Ok(())) => {}
        Message::Done(Err(error)) => state.complain(error.to_string()),
        // Nothing here takes text; what is pasted by mistake must not act as keys.
        Message::Paste(_) => state.complain("pasted text does nothing here"),
    }
    Vec::new()
}

fn in_dialog(state: &mut State, dialog: Dialog, key: KeyEvent) -> Vec<Effect> {
    match dialog {
        Dialog::Help(scroll) => match action_of(key) {
            Some(Action::Down) => state.dialog = Some(Dialog::Help(scroll.saturating_add(1))),
            Some(Action::Up) => state.dialog = Some(Dialog::Help(scroll.saturating_sub(1))),
            Some(Action::Quit) => return act(state, Action::Quit, key),
            _ => {}
        },
        Dialog::Ask(question) => {
            let yes = matches!(key.code, KeyCode::Char('y' | 'Y') | KeyCode::Enter);
            // Asked to quit and asked again: that is an answer.
            let again = matches!(question, Question::Quit { .. }) && action_of(key) == Some(Action::Quit);
            if yes || again {
                return match question {
                    Question::Kill { id, .. } => vec![Effect::Command(Command::Kill { id })],
                    Question::Quit { .. } => vec![Effect::Quit],
                };
            }
        }
    }
    Vec::new()
}

fn act(state: &mut State, action: Action, key: KeyEvent) -> Vec<Effect> {
    match action {
        Action::Up => step(state, -1),
        Action::Down => step(state, 1),
        Action::First => jump(state, true),
        Action::Last => jump(state, false),
        Action::NextPane => {
            state.pane = match state.pane {
                Pane::Backends => Pane::Log,
                Pane::Log => Pane::Backends,
            };
        }
        Action::Pick => pick(state, key),
        Action::Back => state.pane = Pane::Backends,
        Action::Follow => state.held = if state.held.is_some() { None } else { Some(0) },
        Action::Help => state.dialog = Some(Dialog::Help(0)),
        Action::Quit => return quit(state),
        Action::NextStrategy => {
            let strategy = state.snapshot.strategy.next();
            return command(state, Command::SetStrategy { strategy });
        }
        Action::NextSticky => {
            let by = match state.snapshot.sticky {
                StickyBy::Cookie => StickyBy::Off,
                StickyBy::Off => StickyBy::Cookie,
            };
            return command(state, Command::SetSticky { by });
        }
        Action::SpawnDemo => return spawn(state),
        Action::Kill => ask_to_kill(state),
        Action::ToggleMaintenance | Action::Drain | Action::WeightUp | Action::WeightDown | Action::CheckNow => {
            return on_selected(state, action);
        }
    }
    Vec::new()
}

fn on_selected(state: &mut State, action: Action) -> Vec<Effect> {
    let Some(BackendView { id, weight, intent, .. }) = state.selected_backend().cloned() else {
        state.complain("there is no backend yet: press a to start a demo backend");
        return Vec::new();
    };
    let toggled = |to: Intent| Command::SetIntent { id, intent: if intent == to { Intent::InService } else { to } };
    let wanted = match action {
        Action::ToggleMaintenance => toggled(Intent::Maint),
        Action::Drain => toggled(Intent::Drain),
        Action::WeightUp => Command::SetWeight { id, weight: (weight + 1).min(MAX_WEIGHT) },
        Action::WeightDown => Command::SetWeight { id, weight: weight.saturating_sub(1) },
        _ => Command::CheckNow { id },
    };
    command(state, wanted)
}

/// Asks for a command and takes it for done, so that the next key starts from there however soon it comes. The next
/// snapshot tells what really is.
fn command(state: &mut State, command: Command) -> Vec<Effect> {
    let snapshot = &mut state.snapshot;
    match command {
        Command::SetIntent { id, intent } => {
            snapshot.backends.iter_mut().filter(|b| b.id == id).for_each(|b| b.intent = intent);
        }
        Command::SetWeight { id, weight } => {
            snapshot.backends.iter_mut().filter(|b| b.id == id).for_each(|b| b.weight = weight);
        }
        Command::SetStrategy { strategy } => snapshot.strategy = strategy,
        Command::SetSticky { by } => snapshot.sticky = by,
        _ => {}
    }
    vec![Effect::Command(command)]
}

/// A new demo backend; on a selected one that is not running, that one again.
fn spawn(state: &mut State) -> Vec<Effect> {
    let command = match state.selected_backend() {
        Some(BackendView { id, spawned: Some(Spawned { pid: None }), .. }) => Command::Restart { id: *id },
        _ => Command::SpawnDemo,
    };
    vec![Effect::Command(command)]
}

fn ask_to_kill(state: &mut State) {
    let Some(backend) = state.selected_backend() else { return };
    let (id, name) = (backend.id, backend.name.clone());
    match backend.spawned {
        Some(Spawned { pid: Some(_) }) => state.dialog = Some(Dialog::Ask(Question::Kill { id, name })),
        Some(Spawned { pid: None }) => {
            state.complain(format!("{name} is not running: press a to start it again"));
        }
        None => {
            state.complain(format!("{name} was not started here: press space to take it out instead"));
        }
    }
}

fn quit(state: &mut State) -> Vec<Effect> {
    let in_flight = state.snapshot.totals.in_flight + state.snapshot.totals.tunnels;
    if in_flight == 0 {
        return vec![Effect::Quit];
    }
    state.dialog = Some(Dialog::Ask(Question::Quit { in_flight }));
    Vec::new()
}

fn step(state: &mut State, by: isize) {
    match state.pane {
        Pane::Backends => {
            let last = state.snapshot.backends.len().saturating_sub(1);
            let row = state.selected_row().unwrap_or(0).saturating_add_signed(by).min(last);
            state.selected = state.snapshot.backends.get(row).map(|b| b.id);
        }
        Pane::Log => {
            let last = state.log.len().saturating_sub(1);
            let held = state.held.unwrap_or(0).saturating_add_signed(-by).min(last);
            state.held = Some(held);
        }
    }
}

fn jump(state: &mut State, first: bool) {
    match state.pane {
        Pane::Backends => {
            let backends = &state.snapshot.backends;
            state.selected = if first { backends.first() } else { backends.last() }.map(|b| b.id);
        }
        Pane::Log if first => state.held = Some(state.log.len().saturating_sub(1)),
        Pane::Log => state.held = None,
    }
}

fn pick(state: &mut State, key: KeyEvent) {
    let KeyCode::Char(digit) = key.code else { return };
    let row = digit.to_digit(10).and_then(|d| usize::try_from(d).ok()).and_then(|d| d.checked_sub(1));
    if let Some(backend) = row.and_then(|row| state.snapshot.backends.get(row)) {
        state.selected = Some(backend.id);
        state.pane = Pane::Backends;
    }
}
