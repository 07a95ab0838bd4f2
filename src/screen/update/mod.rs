//! Turns a message into a new state and effects.

mod dialog;
mod movement;
mod notify;

use crossterm::event::{KeyCode, KeyEvent};
use stickylb::api::Command;

use super::{
    chaos, columns, control, edit, flow, hidden_faults, inspect, lesson, lesson_pane, presenter, survive, traffic,
    watching, what_if,
};
use crate::screen::action::{ACTIONS, Action, Key};
use crate::screen::control::Outcome;
use crate::screen::message::{Effect, Message};
use crate::screen::palette_line::Palette;
use crate::screen::state::{Dialog, Focus, Leaving, Question, Side, State};

/// Applies a message to the state; returns the effects to carry out.
pub fn update(state: &mut State, message: Message) -> Vec<Effect> {
    let heard = presenter::hear(state, &message);
    let arranged = matches!(message, Message::Key(_) | Message::Mouse(_)).then(|| state.arrangement());
    let mut effects = take(state, message);
    effects.extend(inspect::wanted(state));
    if arranged.is_some_and(|before| before != state.arrangement()) {
        effects.push(Effect::Keep);
    }
    watching::hold_back(state, &mut effects);
    presenter::show(state, heard, &effects);
    effects
}

fn take(state: &mut State, message: Message) -> Vec<Effect> {
    match message {
        Message::Key(key) => {
            state.changed = true;
            state.said = None;
            if suspends(state, key) {
                return vec![Effect::Suspend];
            }
            return match state.dialog.take() {
                Some(dialog) => dialog::key(state, dialog, key),
                None => on_key(state, key),
            };
        }
        Message::Mouse(event) => return movement::mouse(state, event),
        Message::Resized(columns, rows) => {
            state.size = (columns, rows);
            state.changed = true;
            movement::leave_hidden_log(state);
        }
        Message::Snapshot(mut snapshot) => {
            hidden_faults::of_snapshot(state, &mut snapshot);
            let before = survive::stage(state.live());
            state.refresh(*snapshot);
            return [survive::follow(state, before), lesson::follow(state)].into_iter().flatten().collect();
        }
        Message::Tick(now) => flow::tick(state, now),
        Message::Second(now, mut snapshot) => {
            hidden_faults::of_snapshot(state, &mut snapshot);
            let before = survive::stage(state.live());
            let mut effects = flow::second(state, now);
            state.second(now, *snapshot);
            effects.extend(survive::follow(state, before));
            effects.extend(lesson::follow(state));
            return effects;
        }
        Message::Survived(report) => survive::take(state, report),
        Message::WhatIf(options, told) => {
            flow::take(state, &options, &told);
            what_if::take(state, &options, told);
        }
        Message::Events(mut events, missed) => {
            hidden_faults::of_events(state, &mut events);
            let effects = notify::due(state.notify, &events);
            lesson::take(state, &events, missed);
            state.append(events, missed);
            return effects;
        }
        Message::Heads(number, result) => return inspect::take(state, number, result),
        Message::Replayed(result, draft) => inspect::show(state, result, draft),
        Message::Edited(draft, result) => return edit::take(state, draft, result),
        Message::Exported(Ok(text)) => state.say(text),
        Message::Exported(Err(text)) | Message::NotKept(text) => state.complain(text),
        Message::InFlight(Ok(in_flight)) => return quit_with(state, in_flight),
        // An engine that cannot be asked cannot be waited for either.
        Message::InFlight(Err(_)) => return vec![Effect::Quit],
        Message::Done(command, Ok(_)) if hidden_faults::of_command(state, &command) => {}
        Message::Done(command, Ok(done)) => control::done(state, &command, &done),
        Message::Ended(why) => {
            state.ended = Some(why);
            state.dialog = None;
            state.changed = true;
        }
        Message::Done(_, Err(error)) => state.complain(error.to_string()),
        Message::LessonRead(read) => lesson::read(state, read),
        Message::Paste(text) => dialog::paste(state, &text),
    }
    Vec::new()
}

fn on_key(state: &mut State, key: KeyEvent) -> Vec<Effect> {
    if let Some(wish) = lesson_pane::key(state, key) {
        return lesson::wish(state, wish);
    }
    match state.keys.bound(key) {
        None => {
            state.complain(wrong_key(state, key));
            Vec::new()
        }
        Some((Action::Pick, row)) => {
            movement::pick(state, row);
            Vec::new()
        }
        Some((action, _)) => match Palette::asking(action) {
            Some(palette) if !watching::refuses(state, action) => {
                state.dialog = Some(Dialog::Palette(palette));
                Vec::new()
            }
            _ => perform(state, action),
        },
    }
}

/// The hint after a key that does nothing: the same letter in the other case may be meant.
fn wrong_key(state: &State, key: KeyEvent) -> String {
    let other = match key.code {
        KeyCode::Char(c) if c.is_uppercase() => Some(c.to_ascii_lowercase()),
        KeyCode::Char(c) => Some(c.to_ascii_uppercase()),
        _ => None,
    };
    let other = other.map(|c| KeyEvent { code: KeyCode::Char(c), ..key });
    let meant = other.and_then(|other| {
        let action = state.keys.action_of(other)?;
        let entry = ACTIONS.iter().find(|entry| entry.action == action)?;
        let what = entry.help().split([';', '(']).next().unwrap_or_default().trim();
        Some(format!("{} is: {what}; ", Key::pressed(other)))
    });
    let (help, palette) = (state.key(Action::Help), state.key(Action::Palette));
    let meant = meant.unwrap_or_default();
    format!("{} does nothing here; {meant}{help} shows all keys, {palette} finds a command", Key::pressed(key))
}

/// Whether the key suspends; where text is typed, one that writes itself does not.
fn suspends(state: &State, key: KeyEvent) -> bool {
    let types = matches!(state.dialog, Some(Dialog::Palette(_) | Dialog::Filter(_)));
    state.keys.action_of(key) == Some(Action::Suspend) && !(types && Key::pressed(key).is_text())
}

/// Carries out a key's action; shows an error in the footer.
fn perform(state: &mut State, action: Action) -> Vec<Effect> {
    act(state, action, &[]).unwrap_or_else(|trouble| {
        state.complain(trouble);
        Vec::new()
    })
}

/// Carries out an action with a command's arguments. The error is a sentence for the user.
fn act(state: &mut State, action: Action, words: &[&str]) -> Outcome {
    if watching::refuses(state, action) {
        return Err(watching::refusal());
    }
    if let Some(why) = presenter::refuses(state, action).or_else(|| hidden_faults::refuses(state, action)) {
        return Err(why);
    }
    let effects = carry_out(state, action, words)?;
    lesson::did(state, action);
    Ok(effects)
}

fn carry_out(state: &mut State, action: Action, words: &[&str]) -> Outcome {
    match action {
        Action::Up => movement::step(state, -1),
        Action::Down => movement::step(state, 1),
        Action::PageUp => movement::page(state, false),
        Action::PageDown => movement::page(state, true),
        Action::First => movement::jump(state, true),
        Action::Last => movement::jump(state, false),
        Action::NextPane => movement::next_pane(state)?,
        Action::Pick => {
            let name = words.first().copied().unwrap_or_default();
            state.selected = Some(crate::words::named(state.live(), name)?.id);
            state.focus = Focus::Backends;
        }
        Action::Back => movement::back(state),
        Action::Follow if state.log.follows() => state.log.hold(),
        Action::Follow => state.log.follow(),
        Action::Filter => dialog::ask_for_filter(state),
        Action::Everything => movement::toggle_everything(state)?,
        Action::NextMatch => movement::next_match(state, true)?,
        Action::PreviousMatch => movement::next_match(state, false)?,
        Action::Mark => movement::mark(state)?,
        Action::NextColumn => state.table.step(true),
        Action::PreviousColumn => state.table.step(false),
        Action::Columns => columns::choose(state, words.first().copied())?,
        Action::Sort => {
            match words.first() {
                Some(name) => state.table.sort_by(name.parse()?),
                None => state.table.sort(),
            }
            state.order();
        }
        Action::Reverse => {
            state.table.reverse();
            state.order();
        }
        Action::Detail => movement::open(state),
        Action::Why => movement::why(state)?,
        Action::NextSide => {
            state.side = match words.first() {
                Some(name) => Side::named(name)?,
                None => Some(state.side.unwrap_or_else(|| Side::usual(state.size.0)).next()),
            };
        }
        Action::Copy => return Ok(vec![Effect::Copy(super::view::selection_as_text(state), "")]),
        Action::CopyCurl => return inspect::copy(state),
        Action::Secrets => inspect::toggle_secrets(state)?,
        Action::Replay => inspect::ask_where(state)?,
        Action::Bodies => control::bodies(state),
        Action::Zoom => state.zoomed = !state.zoomed,
        Action::Palette => state.dialog = Some(Dialog::Palette(Palette::default())),
        Action::Help => state.dialog = Some(Dialog::Help(0)),
        Action::Quit => return Ok(vec![quit(state)]),
        Action::Strategy => return control::next_strategy(state),
        Action::Sticky => return control::next_sticky(state),
        Action::SpawnDemo => return Ok(control::spawn(state)),
        Action::RestartAll => return Ok(vec![Effect::Command(Command::RestartAll)]),
        Action::Kill => return control::kill(state),
        Action::Mouse => {
            state.mouse = !state.mouse;
            state.say(if state.mouse {
                let leave = state.key(Action::Mouse);
                format!("the mouse selects, scrolls and sorts; {leave} leaves it to the terminal again, to mark text")
            } else {
                "the mouse is the terminal's again".to_owned()
            });
            return Ok(vec![Effect::Mouse(state.mouse)]);
        }
        Action::Export => match words.first() {
            Some(name) => return Ok(vec![Effect::Export(name.parse()?)]),
            None => state.dialog = Some(Dialog::Export),
        },
        Action::ExportConfig => {
            let target = words.first().copied().unwrap_or_default().parse()?;
            return Ok(vec![Effect::ExportConfig(target)]);
        }
        Action::Freeze => state.freeze_or_live(),
        Action::StepBack => state.step_in_time(true)?,
        Action::StepForward => state.step_in_time(false)?,
        Action::Undo => return Ok(vec![Effect::Command(Command::Undo)]),
        // Words that have no key but one of the user's own.
        Action::InService
        | Action::TakeOut
        | Action::SetWeight
        | Action::Restart
        | Action::Baseline
        | Action::Survive
        | Action::Reload => return control::word_of(state, action),
        Action::Traffic => return Ok(traffic::toggle(state)),
        Action::TrafficFaster => return traffic::change_rate(state, true),
        Action::TrafficSlower => return traffic::change_rate(state, false),
        Action::Chaos => return chaos::ask(state),
        Action::WhatIf => return what_if::ask(state, words),
        Action::Flow => return Ok(flow::toggle(state)),
        Action::Presenter => presenter::toggle(state),
        Action::Suspend => return Ok(vec![Effect::Suspend]),
        Action::Alert => control::alerts(state),
        Action::Theme => match words.first() {
            Some(name) => {
                state.theme.colors = state.themes.named(name)?;
                state.say(format!("the theme is {name}; \"theme\": \"{name}\" in a file of your own keeps it"));
            }
            None => state.say(format!("the theme is {}", state.themes.name_of(state.theme.colors))),
        },
        Action::Notify => {
            if let Some(name) = words.first() {
                state.notify = name.parse()?;
            }
            state.say(format!("notifications of alerts, and when a backend goes DOWN: {}", state.notify.name()));
        }
        Action::ToggleMaintenance | Action::Drain | Action::WeightUp | Action::WeightDown | Action::CheckNow => {
            return control::on_backend(state, action);
        }
    }
    Ok(Vec::new())
}

/// Quits at once where the engine runs on, for ever or for a report, and out of a lesson; else the engine is asked what is in flight at this moment.
fn quit(state: &mut State) -> Effect {
    // The traffic of a lesson is nobody's to wait for.
    if matches!(state.leaving, Leaving::GoesOn | Leaving::Reports) || state.lesson.is_some() {
        return Effect::Quit;
    }
    state.dialog = Some(Dialog::Quitting(Vec::new()));
    Effect::AskInFlight
}

/// The answer to a wish to quit: asks the user first if something is in flight. What was typed meanwhile is for the
/// question.
fn quit_with(state: &mut State, in_flight: u64) -> Vec<Effect> {
    let Some(Dialog::Quitting(typed)) = state.dialog.take() else { return Vec::new() };
    if in_flight == 0 {
        return vec![Effect::Quit];
    }
    let detachable = state.leaving == Leaving::EndsOrGoesOn;
    state.dialog = Some(Dialog::Ask(Question::Quit { in_flight, detachable }));
    state.changed = true;
    typed.into_iter().flat_map(|key| take(state, Message::Key(key))).collect()
}
