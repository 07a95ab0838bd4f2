//! What follows from what happened.

use crossterm::event::{KeyCode, KeyEvent};

use super::action::{Action, action_of};
use super::control::{self, Outcome};
use super::message::{Effect, Message};
use super::notify;
use super::palette::{Meaning, Palette};
use super::state::{Dialog, Leaving, Pane, Question, State};
use super::view::help_hides;
use crate::engine::Command;

/// Takes a message into the state; returns what is to be done.
pub fn update(state: &mut State, message: Message) -> Vec<Effect> {
    match message {
        Message::Key(key) => {
            state.changed = true;
            state.said = None;
            return match state.dialog.take() {
                Some(dialog) => in_dialog(state, dialog, key),
                None => on_key(state, key),
            };
        }
        Message::Resized(columns, rows) => {
            state.size = (columns, rows);
            state.changed = true;
        }
        Message::Snapshot(snapshot) => state.refresh(*snapshot),
        Message::Events(events, missed) => {
            let effects = notify::due(state.notify, &events);
            state.append(events, missed);
            return effects;
        }
        Message::Done(Ok(())) => {}
        Message::Ended(why) => {
            state.ended = Some(why);
            state.dialog = None;
            state.changed = true;
        }
        Message::Done(Err(error)) => state.complain(error.to_string()),
        Message::Paste(text) => match &mut state.dialog {
            Some(Dialog::Palette(palette)) => {
                palette.line.insert(&text);
                palette.chosen = 0;
                state.changed = true;
            }
            // What is pasted by mistake must not act as keys.
            _ => state.complain("pasted text does nothing here"),
        },
    }
    Vec::new()
}

fn in_dialog(state: &mut State, dialog: Dialog, key: KeyEvent) -> Vec<Effect> {
    match dialog {
        Dialog::Help(scroll) => match action_of(key) {
            Some(Action::Down) => state.dialog = Some(Dialog::Help((scroll + 1).min(help_hides(state.size)))),
            Some(Action::Up) => state.dialog = Some(Dialog::Help(scroll.saturating_sub(1))),
            Some(Action::First) => state.dialog = Some(Dialog::Help(0)),
            Some(Action::Last) => state.dialog = Some(Dialog::Help(help_hides(state.size))),
            Some(Action::Quit) => return on_key(state, key),
            _ => {}
        },
        Dialog::Palette(palette) => return in_palette(state, palette, key),
        Dialog::Ask(question) => {
            let yes = matches!(key.code, KeyCode::Char('y' | 'Y') | KeyCode::Enter);
            // Asked to quit and asked again: that is an answer.
            let again = matches!(question, Question::Quit { .. }) && action_of(key) == Some(Action::Quit);
            let detach = matches!(question, Question::Quit { detachable: true, .. });
            if detach && key.code == KeyCode::Char('d') {
                return vec![Effect::Detach];
            }
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

fn in_palette(state: &mut State, mut palette: Palette, key: KeyEvent) -> Vec<Effect> {
    palette.trouble = None;
    match key.code {
        KeyCode::Esc => return Vec::new(),
        KeyCode::Char('c') if action_of(key) == Some(Action::Quit) => return Vec::new(),
        KeyCode::Backspace if palette.line.text().is_empty() => return Vec::new(),
        KeyCode::Up | KeyCode::BackTab => palette.chosen = palette.chosen.saturating_sub(1),
        KeyCode::Down => {
            let last = super::palette::proposals(state, palette.line.text()).len().saturating_sub(1);
            palette.chosen = (palette.chosen + 1).min(last);
        }
        KeyCode::Tab => palette.complete(state),
        KeyCode::Enter => match palette.meaning(state) {
            Meaning::Do(action, words) => {
                let words: Vec<&str> = words.iter().map(String::as_str).collect();
                match act(state, action, &words) {
                    Ok(effects) => return effects,
                    Err(trouble) => palette.trouble = Some(trouble),
                }
            }
            Meaning::More(line, trouble) => {
                palette =
                    Palette { line: super::input::Line::new(&line), trouble: Some(trouble), ..Palette::default() };
            }
            Meaning::Unknown(trouble) => palette.trouble = Some(trouble),
        },
        _ => {
            if palette.line.press(key) {
                palette.chosen = 0;
            }
        }
    }
    state.dialog = Some(Dialog::Palette(palette));
    Vec::new()
}

fn on_key(state: &mut State, key: KeyEvent) -> Vec<Effect> {
    let Some(action) = action_of(key) else { return Vec::new() };
    let result = match key.code {
        KeyCode::Char(row) if action == Action::Pick => {
            pick(state, row);
            Ok(Vec::new())
        }
        _ => act(state, action, &[]),
    };
    result.unwrap_or_else(|trouble| {
        state.complain(trouble);
        Vec::new()
    })
}

/// Does an action; a command's words follow it. What cannot be done is said in the error.
fn act(state: &mut State, action: Action, words: &[&str]) -> Outcome {
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
        Action::Pick => {
            state.selected = Some(control::backend(state, words.first().copied())?.id);
            state.pane = Pane::Backends;
        }
        Action::Back => state.pane = Pane::Backends,
        Action::Follow => state.held = if state.held.is_some() { None } else { Some(0) },
        Action::Palette => state.dialog = Some(Dialog::Palette(Palette::default())),
        Action::Help => state.dialog = Some(Dialog::Help(0)),
        Action::Quit => return Ok(quit(state)),
        Action::Strategy => return control::strategy(state, words),
        Action::Sticky => return control::sticky(state, words),
        Action::SpawnDemo => return Ok(control::spawn(state)),
        Action::Kill => return control::ask_to_kill(state, words),
        Action::SetWeight => return control::weight(state, words),
        Action::Undo => return control::undo(state),
        Action::Theme => match words.first() {
            Some(name) => state.theme.colors = name.parse()?,
            None => state.say(format!("the theme is {}", state.theme.colors.name())),
        },
        Action::Notify => {
            if let Some(name) = words.first() {
                state.notify = name.parse()?;
            }
            state.say(format!("notifications when a backend goes DOWN: {}", state.notify.name()));
        }
        Action::ToggleMaintenance
        | Action::Drain
        | Action::InService
        | Action::WeightUp
        | Action::WeightDown
        | Action::CheckNow => return control::on_backend(state, action, words),
    }
    Ok(Vec::new())
}

fn quit(state: &mut State) -> Vec<Effect> {
    let in_flight = state.snapshot.totals.in_flight + state.snapshot.totals.tunnels;
    if in_flight == 0 || state.leaving == Leaving::GoesOn {
        return vec![Effect::Quit];
    }
    let detachable = state.leaving == Leaving::EndsOrGoesOn;
    state.dialog = Some(Dialog::Ask(Question::Quit { in_flight, detachable }));
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

fn pick(state: &mut State, row: char) {
    let row = row.to_digit(10).and_then(|d| usize::try_from(d).ok()).and_then(|d| d.checked_sub(1));
    if let Some(backend) = row.and_then(|row| state.snapshot.backends.get(row)) {
        state.selected = Some(backend.id);
        state.pane = Pane::Backends;
    }
}
