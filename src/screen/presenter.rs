//! The screen for a room: large names and figures, the keys that are pressed, no log, and secrets locked.

use std::time::Duration;

use stickylb::api::{BackendId, Command, Intent};

use super::action::{ACTIONS, Action, Key};
use super::changes::Change;
use super::message::{Effect, Message, Said};
use super::pressed::Pressed;
use super::state::{Dialog, Focus, State};

/// How long the figures before and after a change are shown large.
const HELD: Duration = Duration::from_secs(10);

/// Shows the screen for a room, or the usual one.
pub(crate) fn toggle(state: &mut State) {
    if leave(state) {
        return;
    }
    begin(state);
    let key = state.key(Action::Presenter);
    state.say(format!("secrets are locked, and the log is hidden; {key} or {} leaves", state.key(Action::Back)));
}

/// Shows the screen for a room. Secrets that were shown are hidden, and none that was asked for comes any more.
pub(crate) fn begin(state: &mut State) {
    state.presenter.on = true;
    state.inspected.shows_secrets = false;
    state.inspected.copy = false;
    state.focus = Focus::Backends;
    state.detail = None;
}

/// Shows the usual screen again; `false` if that is shown already.
pub(crate) fn leave(state: &mut State) -> bool {
    state.presenter.clear();
    std::mem::take(&mut state.presenter.on)
}

/// Refuses what would show a secret to the room.
///
/// # Errors
/// A sentence while the presenter is on.
pub(crate) fn locks_secrets(state: &State) -> Result<(), String> {
    if !state.presenter.on {
        return Ok(());
    }
    Err(format!("secrets are locked in the presenter: {} leaves it", state.key(Action::Presenter)))
}

/// Why an action has no place here: the log that it acts on is hidden. `None` if it has one.
pub(crate) fn refuses(state: &State, action: Action) -> Option<String> {
    let acts_on_log = matches!(
        action,
        Action::NextPane
            | Action::Follow
            | Action::Everything
            | Action::NextMatch
            | Action::PreviousMatch
            | Action::Mark
            | Action::NextSide
            | Action::Zoom
    );
    let leaves = state.key(Action::Presenter);
    (state.presenter.on && acts_on_log)
        .then(|| format!("the presenter shows neither the log nor what is beside it: {leaves} leaves it"))
}

/// What a message is about to do, as far as the room is told.
pub(crate) enum Heard {
    /// A key for this action.
    Key(String, Action),
    /// A key in a dialog.
    InDialog(String),
    /// Enter in the palette, with the line that was typed.
    Typed(String),
}

/// Notes what a message is, before it is taken.
pub(crate) fn hear(state: &mut State, message: &Message) -> Option<Heard> {
    if !state.presenter.on {
        return None;
    }
    match message {
        Message::Done(command, Ok(done)) => state.presenter.answer(command, &done.said.to_string(), true),
        Message::Done(command, Err(error)) => state.presenter.answer(command, &error.to_string(), false),
        Message::Key(key) => {
            let pressed = Key::pressed(*key).to_string();
            return match &state.dialog {
                None => state.keys.action_of(*key).map(|action| Heard::Key(pressed, action)),
                Some(Dialog::Palette(palette)) => Some(Heard::Typed(palette.line.text().to_owned())),
                Some(_) => Some(Heard::InDialog(pressed)),
            };
        }
        _ => {}
    }
    None
}

/// Shows the room what was pressed and what it did, once it is done.
pub(crate) fn show(state: &mut State, heard: Option<Heard>, effects: &[Effect]) {
    let Some(heard) = heard.filter(|_| state.presenter.on) else { return };
    // What is selected stays a backend: the log, on which some actions act, is hidden.
    state.focus = Focus::Backends;
    let command = effects.iter().find_map(|effect| match effect {
        Effect::Command(command) => Some(command),
        _ => None,
    });
    // A key that was refused did nothing, and the footer says why.
    let refused = command.is_none() && matches!(state.said, Some(Said::Trouble(_)));
    let value = command.and_then(|command| value(state, command));
    let shown = match heard {
        _ if refused => return,
        // The line that is typed there is told.
        Heard::Key(_, Action::Palette) => return,
        Heard::Key(key, action) => {
            let (words, value) = value.unwrap_or_else(|| words_of(state, action));
            (key, words, value)
        }
        Heard::InDialog(key) => match (command, value) {
            (Some(_), Some((words, value))) => (key, words, value),
            _ => return,
        },
        // The palette is open still where nothing was carried out.
        Heard::Typed(_) if value.is_some() => {
            let (words, value) = value.unwrap_or_default();
            (":".to_owned(), words, value)
        }
        Heard::Typed(line) if state.dialog.is_none() && (command.is_some() || !line.trim().is_empty()) => {
            (":".to_owned(), line.trim().to_owned(), None)
        }
        Heard::Typed(_) => return,
    };
    let (key, words, value) = shown;
    let came = value.map(|value| (value, true));
    state.presenter.note(Pressed { key, words, came, awaited: command.cloned(), at: state.now });
}

/// A command in the words of the palette, and the value that it sets, where that is known before the engine has answered.
fn value(state: &State, command: &Command) -> Option<(String, Option<String>)> {
    let name = |id: BackendId| {
        let backend = state.live().backends.iter().find(|backend| backend.id == id);
        backend.map_or_else(|| id.to_string(), |backend| backend.name.to_string())
    };
    let of = |word: &str, id: BackendId| format!("{word} {}", name(id));
    Some(match command {
        Command::SetStrategy { strategy, .. } => ("strategy".to_owned(), Some(strategy.to_string())),
        Command::SetSticky { by, .. } => ("sticky".to_owned(), Some(by.to_string())),
        Command::SetWeight { id, weight } => (of("weight", *id), Some(weight.to_string())),
        Command::SetIntent { id, intent: Intent::InService } => (of("up", *id), None),
        Command::SetIntent { id, intent: Intent::Drain } => (of("drain", *id), None),
        Command::SetIntent { id, .. } => (of("maint", *id), None),
        Command::CheckNow { id } => (of("check", *id), None),
        Command::Kill { id } => (of("kill", *id), None),
        Command::Restart { id } => (of("restart", *id), None),
        _ => return None,
    })
}

/// An action in the words of the palette, or where it has none in those of help; and what it has chosen.
fn words_of(state: &State, action: Action) -> (String, Option<String>) {
    let Some(entry) = ACTIONS.iter().find(|entry| entry.action == action) else { return (String::new(), None) };
    let words = match entry.name() {
        "" => entry.help().split([';', ',', '(']).next().unwrap_or_default().trim(),
        name => name,
    };
    let selected = || state.selected_backend().map(|backend| backend.name.to_string());
    let moves = matches!(action, Action::Pick | Action::Up | Action::Down | Action::First | Action::Last);
    (words.to_owned(), moves.then(selected).flatten())
}

/// The last change of a setting while its figures before and after are held up.
pub(crate) fn held(state: &State) -> Option<&Change> {
    let last = state.log.digest.changes.last(usize::MAX).filter(|change| change.setting().is_some()).last()?;
    let (time, _) = last.setting()?;
    // The screen's time is up to a second behind that of an event.
    let now = state.until.unwrap_or(state.now);
    let is_new = now.duration_since(time).map_or(true, |since| since < HELD);
    (is_new && last.evenness.is_some()).then_some(last)
}

/// A second has passed: takes away what has been shown long enough. Returns whether that changes the screen.
pub(crate) fn second(state: &mut State, held_before: bool) -> bool {
    let now = state.now;
    let forgot = state.presenter.forget(now);
    state.presenter.on && (forgot || held_before != held(state).is_some())
}
