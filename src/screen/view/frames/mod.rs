//! Every frame as it is drawn, with its styles: `cargo insta review` shows what a change changed.

mod conditions;
mod dialogs;
mod inspected;
mod safe;
mod sample;
mod sizes;
mod themes;

use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};
use ratatui::Terminal;
use ratatui::backend::TestBackend;
use ratatui::buffer::Buffer;

use super::view;
use crate::screen::message::Message;
use crate::screen::state::State;
use crate::screen::update;

fn press(state: &mut State, keys: &str) {
    for key in keys.chars() {
        let code = match key {
            '\t' => KeyCode::Tab,
            '\x1b' => KeyCode::Esc,
            '\r' | '\n' => KeyCode::Enter,
            key => KeyCode::Char(key),
        };
        update(state, Message::Key(KeyEvent::new(code, KeyModifiers::NONE)));
    }
}

/// The frame as text and, below it, as ratatui prints its styles.
fn frame(state: &State, width: u16, height: u16) -> Buffer {
    let mut terminal = Terminal::new(TestBackend::new(width, height)).expect("memory");
    terminal.draw(|frame| view(state, frame)).expect("memory");
    terminal.backend().buffer().clone()
}

/// Holds the frame against its golden.
fn golden(name: &str, state: &State, width: u16, height: u16) {
    insta::assert_debug_snapshot!(name, frame(state, width, height));
}
