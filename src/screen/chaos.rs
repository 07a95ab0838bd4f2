//! Faults of backends, by keys: a choice of one key each, which shows the command to write.

use crossterm::event::{KeyCode, KeyEvent};
use stickylb::api::{BackendView, Chaos, Command};

use super::action::{Action, Key};
use super::control::{self, Outcome};
use super::fault_choice::FaultChoice;
use super::input::Line;
use super::message::Effect;
use super::palette_line::Palette;
use super::state::{Dialog, State};
use crate::words::FAULTS;

/// The keys of the [`FAULTS`], and what each does to a client.
const KEYS: [(char, &str); FAULTS.len()] = [
    ('l', "its answers begin 300 ms later"),
    ('5', "503 in place of its answer; it is not asked"),
    ('r', "connecting fails at once"),
    ('b', "connecting never ends: until timeouts.connect"),
    ('h', "it never answers: 504 after timeouts.response"),
    ('x', "the connection is reset before the answer"),
    ('s', "the body comes at this pace"),
    ('t', "cut off inside the promised length"),
    ('f', "refuses for 5 s, every other 5 s"),
];

/// One row of the choice.
pub(crate) struct FaultRow {
    pub(crate) key: char,
    /// The fault as it is written, without its fuse; or `off`.
    pub(crate) fault: &'static str,
    pub(crate) help: &'static str,
}

impl FaultRow {
    /// What to write for it behind `chaos BACKEND`.
    fn line(&self) -> String {
        // A fault that is shown as it is written says how long it burns.
        self.fault.parse::<Chaos>().map_or_else(|_| self.fault.to_owned(), |chaos| chaos.to_string())
    }
}

/// The rows: every kind of fault, and `off` where one burns.
pub(crate) fn rows(state: &State, choice: &FaultChoice) -> Vec<FaultRow> {
    let faults = FAULTS.into_iter().zip(KEYS).map(|(fault, (key, help))| FaultRow { key, fault, help });
    let burns = backend(state, choice).is_some_and(|backend| backend.chaos.is_some());
    let off = burns.then_some(FaultRow { key: 'o', fault: "off", help: "ends the one it has" });
    faults.chain(off).collect()
}

/// The backend that the choice is for; `None` once it is gone.
pub(crate) fn backend<'s>(state: &'s State, choice: &FaultChoice) -> Option<&'s BackendView> {
    state.live().backends.iter().find(|backend| backend.id == choice.backend)
}

/// The command of a row, as it is written in the palette.
pub(crate) fn line(state: &State, choice: &FaultChoice, row: &FaultRow) -> String {
    // A name with a blank would be read as two words.
    let name = backend(state, choice).map(|backend| backend.name.raw().to_owned());
    let name = name.filter(|name| !name.contains(char::is_whitespace));
    format!("chaos {} {}", name.unwrap_or_else(|| choice.backend.to_string()), row.line())
}

/// Asks which fault the selected backend is to have.
pub(crate) fn ask(state: &mut State) -> Outcome {
    let backend = control::backend(state)?.id;
    state.dialog = Some(Dialog::Fault(FaultChoice { backend, chosen: 0 }));
    Ok(Vec::new())
}

/// A key while the choice is open.
pub(crate) fn key(state: &mut State, mut choice: FaultChoice, key: KeyEvent) -> Vec<Effect> {
    let rows = rows(state, &choice);
    let last = rows.len() - 1;
    choice.chosen = choice.chosen.min(last);
    let plain = |letter: char| key.code == KeyCode::Char(letter);
    if let Some(row) = rows.iter().find(|row| plain(row.key)) {
        return set(state, &choice, row);
    }
    match state.keys.action_of(key) {
        _ if key.code == KeyCode::Enter => return set(state, &choice, &rows[choice.chosen]),
        _ if key.code == KeyCode::Esc => return Vec::new(),
        _ if plain('e') => return edit(state, &choice, &rows[choice.chosen]),
        Some(Action::Down) => choice.chosen = (choice.chosen + 1).min(last),
        Some(Action::Up) => choice.chosen = choice.chosen.saturating_sub(1),
        Some(Action::First) => choice.chosen = 0,
        Some(Action::Last) => choice.chosen = last,
        // The key that opened it.
        Some(Action::Chaos) => return Vec::new(),
        // Who types wants to write.
        _ if Key::pressed(key).is_text() => return edit(state, &choice, &rows[choice.chosen]),
        _ => {}
    }
    state.dialog = Some(Dialog::Fault(choice));
    Vec::new()
}

/// Opens the palette with the row's command, to be changed.
fn edit(state: &mut State, choice: &FaultChoice, row: &FaultRow) -> Vec<Effect> {
    let line = Line::new(&line(state, choice, row));
    state.dialog = Some(Dialog::Palette(Palette { line, ..Palette::default() }));
    Vec::new()
}

fn set(state: &mut State, choice: &FaultChoice, row: &FaultRow) -> Vec<Effect> {
    let id = choice.backend;
    match row.fault.parse() {
        Ok(chaos) => control::command(state, Command::SetChaos { id, chaos }),
        Err(_) => control::command(state, Command::ChaosOff { id: Some(id) }),
    }
}
