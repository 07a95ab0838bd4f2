//! Snapshot tests of whole frames with their styles; `cargo insta review` shows the differences.

mod conditions;
mod dialogs;
mod flow;
mod inspected;
mod lesson;
mod made;
mod presenter;
mod safe;
mod sample;
mod sizes;
mod survive;
mod themes;
mod what_if;

use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};
use ratatui::Terminal;
use ratatui::backend::TestBackend;
use ratatui::buffer::{Buffer, Cell};

use super::view;
use crate::screen::message::{Effect, Message};
use crate::screen::state::State;
use crate::screen::update;

fn press(state: &mut State, keys: &str) -> Vec<Effect> {
    let mut last = Vec::new();
    for key in keys.chars() {
        let code = match key {
            '\t' => KeyCode::Tab,
            '\x1b' => KeyCode::Esc,
            '\r' | '\n' => KeyCode::Enter,
            key => KeyCode::Char(key),
        };
        last = update(state, Message::Key(KeyEvent::new(code, KeyModifiers::NONE)));
    }
    last
}

/// Draws a frame of this size.
fn frame(state: &State, width: u16, height: u16) -> Buffer {
    let mut terminal = Terminal::new(TestBackend::new(width, height)).expect("memory");
    terminal.draw(|frame| view(state, frame)).expect("memory");
    terminal.backend().buffer().clone()
}

/// The frame as text, one line a row.
fn text(state: &State, width: u16, height: u16) -> String {
    let rows = frame(state, width, height);
    let row = |row: &[Cell]| row.iter().map(Cell::symbol).collect::<String>();
    rows.content().chunks(usize::from(width.max(1))).map(row).collect::<Vec<_>>().join("\n")
}

/// Compares the frame with its stored snapshot: the text and, below it, the styles.
fn golden(name: &str, state: &State, width: u16, height: u16) {
    insta::assert_debug_snapshot!(name, frame(state, width, height));
}
