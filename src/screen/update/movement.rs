//! Movement: selection, focus, mouse, matches and marks.

use crossterm::event::{MouseButton, MouseEvent, MouseEventKind};
use stickylb::api::Event;

use crate::screen::action::Action;
use crate::screen::inspect;
use crate::screen::log::{MARKS, Refused};
use crate::screen::message::Effect;
use crate::screen::presenter;
use crate::screen::state::{Dialog, Focus, State};
use crate::screen::view::{Spot, flow_shows_log, spot};

/// Lines per page up or down.
pub(super) const PAGE: u16 = 10;

/// Log lines per mouse wheel step.
const NOTCH: isize = 3;

/// The wheel moves the selection of the pane under the pointer; a click runs a footer key, sorts by a column title, or
/// selects a backend or pane. Ignored while a dialog is open.
pub(crate) fn mouse(state: &mut State, event: MouseEvent) -> Vec<Effect> {
    if state.dialog.is_some() {
        return Vec::new();
    }
    let Some(spot) = spot(state, event.column, event.row) else { return Vec::new() };
    let wheel = match event.kind {
        MouseEventKind::ScrollUp => Some(-1),
        MouseEventKind::ScrollDown => Some(1),
        MouseEventKind::Down(MouseButton::Left) => None,
        _ => return Vec::new(),
    };
    state.changed = true;
    match (spot, wheel) {
        (Spot::Action(action), None) => return super::perform(state, action),
        (Spot::Action(_), Some(_)) => {}
        (Spot::Title(column), None) => {
            state.table.sort_by(column);
            state.order();
            state.focus = Focus::Backends;
        }
        (Spot::Backend(id), None) => {
            state.selected = Some(id);
            state.focus = Focus::Backends;
        }
        (Spot::Pane(pane), None) => state.focus = pane,
        (Spot::Title(_) | Spot::Backend(_) | Spot::Pane(Focus::Backends), Some(by)) => {
            state.focus = Focus::Backends;
            step(state, by);
        }
        (Spot::Pane(Focus::Log), Some(by)) => {
            state.focus = Focus::Log;
            step(state, by * NOTCH);
        }
    }
    Vec::new()
}

pub(crate) fn step(state: &mut State, by: isize) {
    match state.focus {
        Focus::Backends => {
            let last = state.table.rows.len().saturating_sub(1);
            let row = state.selected_row().unwrap_or(0).saturating_add_signed(by).min(last);
            state.select_row(row);
        }
        Focus::Log => state.log.step(by),
    }
}

pub(crate) fn page(state: &mut State, down: bool) {
    if let Some(scroll) = &mut state.detail {
        // The view limits the scroll offset to the end of its content.
        *scroll = if down { scroll.saturating_add(PAGE) } else { scroll.saturating_sub(PAGE) };
        return;
    }
    let rows = isize::from(PAGE.cast_signed());
    step(state, if down { rows } else { -rows });
}

pub(crate) fn jump(state: &mut State, first: bool) {
    match state.focus {
        Focus::Backends => state.select_row(if first { 0 } else { state.table.rows.len().saturating_sub(1) }),
        Focus::Log if first => state.log.go(0),
        Focus::Log => state.log.follow(),
    }
}

pub(crate) fn next_pane(state: &mut State) -> Result<(), String> {
    state.focus = match state.focus {
        Focus::Backends if state.flow.open && !flow_shows_log(state) => {
            return Err(format!("the log has no room beside the flow: {} leaves it", state.key(Action::Back)));
        }
        Focus::Backends => Focus::Log,
        Focus::Log => Focus::Backends,
    };
    Ok(())
}

/// No key acts on a log that has no room beside the flow any more.
pub(super) fn leave_hidden_log(state: &mut State) {
    if state.flow.open && state.focus == Focus::Log && !flow_shows_log(state) {
        state.focus = Focus::Backends;
    }
}

/// Undoes one thing per call: closes detail, leaves the flow and then the presenter, ends zoom, removes the filter, then follows
/// the log and focuses the backends.
pub(crate) fn back(state: &mut State) {
    if state.detail.take().is_some() {
        return;
    }
    if std::mem::take(&mut state.flow.open) || presenter::leave(state) || std::mem::take(&mut state.zoomed) {
        return;
    }
    if state.log.filter().is_some() {
        state.set_filter(None);
    } else {
        // Who leaves the log wants to see what comes.
        if state.focus == Focus::Log {
            state.log.follow();
        }
        state.focus = Focus::Backends;
    }
}

pub(crate) fn pick(state: &mut State, row: usize) {
    if row < state.table.rows.len() {
        state.select_row(row);
        state.focus = Focus::Backends;
    }
}

/// Opens the selection full screen. A log line is held, so that it stays selected while others arrive.
pub(crate) fn open(state: &mut State) {
    if state.focus == Focus::Log
        && let Some(line) = state.log.selected()
    {
        state.log.select(line.number);
    }
    state.detail = Some(0);
}

pub(crate) fn why(state: &mut State) -> Result<(), String> {
    let line = state.log.selected().filter(|line| matches!(*line.event, Event::Request(_)));
    let Some(line) = line else {
        return Err(inspect::no_request(state));
    };
    state.dialog = Some(Dialog::Why(line.event, 0));
    Ok(())
}

pub(crate) fn next_match(state: &mut State, forward: bool) -> Result<(), String> {
    state.focus = Focus::Log;
    state.log.next_match(forward).map_err(|why| in_words(state, why))
}

/// Why the log did not do it, with the keys that help.
fn in_words(state: &State, why: Refused) -> String {
    let (mark, filter) = (state.key(Action::Mark), state.key(Action::Filter));
    match why {
        Refused::TooManyMarks => format!("there are {MARKS} marks already: {mark} on a marked line takes one away"),
        Refused::NothingToFind => format!("there is no mark: {mark} marks a line, {filter} filters"),
        Refused::NoneThere(sentence) => sentence,
    }
}

pub(crate) fn mark(state: &mut State) -> Result<(), String> {
    state.focus = Focus::Log;
    state.log.toggle_mark().map_err(|why| in_words(state, why))
}

pub(crate) fn toggle_everything(state: &mut State) -> Result<(), String> {
    if state.log.filter().is_none() {
        return Err(format!("there is no filter: {} takes one", state.key(Action::Filter)));
    }
    state.log.toggle_everything();
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::screen::action::Keymap;
    use crate::screen::glyphs::Glyphs;
    use crate::screen::theme::{Colors, Theme};

    #[test]
    fn where_there_is_nothing_to_find_the_keys_in_force_are_named() {
        let mut state = State::new(Theme { glyphs: Glyphs::Unicode, colors: Colors::Dark });
        assert_eq!(next_match(&mut state, true), Err("there is no mark: m marks a line, / filters".to_owned()));
        let mut keys = Keymap::default();
        keys.bind(Action::Mark, vec!["F2".parse().expect("a key")]);
        state.keys = keys;
        assert_eq!(next_match(&mut state, true), Err("there is no mark: F2 marks a line, / filters".to_owned()));
    }
}
