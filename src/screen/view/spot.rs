//! Finds what is drawn at a mouse position.

use ratatui::layout::{Position, Rect};

use super::{FULL, backends, footer, parts, presenter};
use crate::screen::action::Action;
use crate::screen::state::{Focus, State};
use crate::screen::table::Column;
use stickylb::api::BackendId;

/// What a screen position belongs to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Spot {
    /// A key of the footer.
    Action(Action),
    /// A column's title.
    Title(Column),
    /// A backend's row.
    Backend(BackendId),
    /// Any other position in a pane.
    Pane(Focus),
}

/// What is drawn at this position; always `None` in the compact layout.
pub(crate) fn spot(state: &State, column: u16, row: u16) -> Option<Spot> {
    let area = Rect::new(0, 0, state.size.0, state.size.1);
    if area.width < FULL.0 || area.height < FULL.1 {
        return None;
    }
    let place = Position { x: column, y: row };
    let [_, body, _, bottom] = parts(state, area);
    if bottom.contains(place) {
        return footer::action_at(state, bottom, column).map(Spot::Action);
    }
    if state.snapshot.backends.is_empty() || !body.contains(place) {
        return None;
    }
    if super::shows_flow(state) {
        let body = super::below_lesson(state, area);
        let pane = if super::flow::in_log(state, area, body, place) { Focus::Log } else { Focus::Backends };
        let backend = (pane == Focus::Backends).then(|| super::flow::backend_at(state, area, body, row)).flatten();
        return Some(backend.map_or(Spot::Pane(pane), Spot::Backend));
    }
    let places = super::places(state, area, body);
    if places.presenter.contains(place) {
        let backend = presenter::backend_at(state, places.presenter, row).map(Spot::Backend);
        return Some(backend.unwrap_or(Spot::Pane(Focus::Backends)));
    }
    if places.table.contains(place) {
        let title = backends::title_at(state, places.table, place).map(Spot::Title);
        let backend = || backends::backend_at(state, places.table, row).map(Spot::Backend);
        return Some(title.or_else(backend).unwrap_or(Spot::Pane(Focus::Backends)));
    }
    places.log.contains(place).then_some(Spot::Pane(Focus::Log))
}
