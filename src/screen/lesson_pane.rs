//! What the lesson's pane takes: what is to be shown, and its keys.
//!
//! A lesson takes as few keys as it can, and only while they mean something to it: Enter where it may go on or the time
//! is over, Backspace to begin a step again, digits while a question waits for its answer, the help's key while there is a hint,
//! `<` and `>` while a part of it is hidden. All others, and these at other times, are the balancer's as ever.

use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};

use super::action::Action;
use super::lesson_shown::{LessonPane, asks, is_too_late, waits};
use super::state::State;
use crate::learn::LessonView;

/// What a key asks of the lesson.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Wish {
    /// The next step.
    GoOn,
    /// This step once more.
    Again,
    /// The place of the choice, from 0.
    Choose(usize),
    /// Another hint.
    Hint,
    /// Nothing more: the pane has done it.
    Nothing,
}

/// Takes what the lesson shows now. Another step begins at its top; a new hint and a result stand at the end.
pub(crate) fn take(state: &mut State, view: LessonView) {
    let scroll = match &state.lesson_pane {
        Some(pane) if pane.view == view => return,
        Some(pane) if pane.view.step != view.step => 0,
        Some(pane) if pane.view.hints.len() < view.hints.len() => u16::MAX,
        Some(pane) if asks(&pane.view) != asks(&view) => u16::MAX,
        Some(pane) => pane.scroll,
        None => 0,
    };
    state.lesson_pane = Some(LessonPane { view, scroll });
    state.changed = true;
}

/// What the key asks of the lesson; `None` if it is none of the lesson's now.
pub(crate) fn key(state: &mut State, key: KeyEvent) -> Option<Wish> {
    let hidden = super::view::lesson_hides(state);
    let action = state.keys.action_of(key);
    let pane = state.lesson_pane.as_mut()?;
    if key.modifiers.intersects(KeyModifiers::CONTROL | KeyModifiers::ALT) {
        return None;
    }
    let choices = asks(&pane.view);
    Some(match key.code {
        KeyCode::Char('<') if hidden > 0 => {
            pane.scroll = pane.scroll.min(hidden).saturating_sub(1);
            Wish::Nothing
        }
        KeyCode::Char('>') if hidden > 0 => {
            pane.scroll = pane.scroll.saturating_add(1).min(hidden);
            Wish::Nothing
        }
        KeyCode::Enter if pane.view.may_go_on => {
            // What is next is about the backends, and not about the one that was looked at.
            state.detail = None;
            Wish::GoOn
        }
        KeyCode::Enter if is_too_late(&pane.view) => Wish::Again,
        KeyCode::Backspace if waits(&pane.view) => Wish::Again,
        KeyCode::Char(digit @ '1'..='9') if choices > 0 => {
            let choice = usize::from(digit as u8 - b'1');
            if choice < choices {
                return Some(Wish::Choose(choice));
            }
            state.complain(format!("there are {choices} answers: choose from 1 to {choices}"));
            Wish::Nothing
        }
        _ if action == Some(Action::Help) && pane.view.has_hint => Wish::Hint,
        _ => return None,
    })
}
