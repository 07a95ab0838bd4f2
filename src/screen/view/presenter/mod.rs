//! The body of the screen for a room.
//!
//! ```text
//! totals    requests, p95, errors and lost requests in large figures       4 lines
//! titles    what the figures below are, and how many backends are hidden   1 line
//! backends  letter, name, state and figures of each                        3 lines a backend, 4 where there is room
//! warnings  as on the usual screen
//! band      what the last change did: large for ten seconds                3 lines, 1 where backends need them
//! ```
//!
//! It has the place of table, figures, changes, log and side. A pane that is shown above them (a lesson, the flow) takes its part
//! of the body before this division, so that it stays where it is; the keys that were pressed stand below all of it.

mod backend;
mod band;
mod font;
mod keys;
mod large;
mod totals;

use ratatui::Frame;
use ratatui::layout::{Constraint, Layout, Rect};
use ratatui::text::{Line, Span};
use stickylb::api::{BackendId, BackendView};

use super::{more, nothing_matches, warnings};
use crate::screen::format::cut;
use crate::screen::state::State;
use backend::Columns;
use font::ROWS;
pub(super) use keys::{line as keys_line, render as render_keys};

/// The most columns it takes: on a wider screen the eye would lose the line from a name to its figures.
const WIDEST: u16 = 140;

/// Rows of a screen that has room for more than the last key.
const HIGH: u16 = 32;

/// The parts of the body.
struct Parts {
    totals: Rect,
    titles: Rect,
    backends: Rect,
    warnings: Rect,
    band: Rect,
    /// Rows of a backend, with the empty one below it.
    pitch: u16,
}

impl Parts {
    fn of(state: &State, screen: Rect, area: Rect) -> Self {
        let count = u16::try_from(state.table.rows.len().max(1)).unwrap_or(u16::MAX);
        let warnings = warnings::height(state, screen).min(area.height / 4);
        let needed = count.saturating_mul(ROWS);
        let room = area.height.saturating_sub(1 + warnings);
        // The backends first, then what they add up to, then the large band.
        let totals = if room >= ROWS.min(needed) + 1 + totals::ROWS { totals::ROWS } else { 0 };
        let room = room - totals;
        let band = if room >= needed.saturating_add(ROWS) { ROWS } else { u16::from(room > ROWS) };
        let pitch = if room - band >= count.saturating_mul(ROWS + 1) { ROWS + 1 } else { ROWS };
        let gap = u16::from(totals > 0 && room - band > needed.saturating_add(count));
        let lengths = [totals, gap, 1].map(Constraint::Length);
        let below = [warnings, band].map(Constraint::Length);
        let [totals, _, titles, backends, warnings, band] =
            Layout::vertical([&lengths[..], &[Constraint::Min(0)], &below].concat()).areas(area);
        Parts { totals, titles, backends, warnings, band, pitch }
    }

    /// The backends that fit, scrolled so that the selected one is among them, each with its place.
    fn shown<'s>(&self, state: &'s State) -> Vec<(Rect, &'s BackendView)> {
        // The last needs no empty row below it.
        let fit = usize::from((self.backends.height + self.pitch - ROWS) / self.pitch);
        let first = state.selected_row().map_or(0, |row| (row + 1).saturating_sub(fit));
        let place = |n: usize| {
            let y = self.backends.y + u16::try_from(n).unwrap_or(u16::MAX).saturating_mul(self.pitch);
            Rect { y, height: ROWS, ..self.backends }
        };
        state.shown_backends().skip(first).take(fit).enumerate().map(|(n, backend)| (place(n), backend)).collect()
    }
}

pub(super) fn render(frame: &mut Frame<'_>, state: &State, area: Rect) {
    let area = Rect { width: area.width.min(WIDEST), ..area };
    let parts = Parts::of(state, frame.area(), area);
    totals::render(frame, state, parts.totals);
    let shown = parts.shown(state);
    let columns = Columns::of(state, area.width);
    let ids: Vec<BackendId> = shown.iter().map(|(_, backend)| backend.id).collect();
    let room = usize::from(columns.titles_from(parts.titles)).saturating_sub(3);
    let more = Span::styled(format!("  {}", more::backends(state, &ids, room)), state.theme.warning());
    frame.render_widget(Line::from(more), parts.titles);
    columns.titles(frame, state, parts.titles);
    for (place, backend) in &shown {
        backend::render(frame, state, *place, &columns, backend);
    }
    if shown.is_empty() && !state.snapshot.backends.is_empty() {
        let hint = cut(&nothing_matches(state, "backend"), usize::from(area.width), state.theme);
        frame.render_widget(Line::styled(hint, state.theme.dim()), parts.backends);
    }
    warnings::render(frame, state, parts.warnings);
    band::render(frame, state, parts.band);
}

/// Lines for the keys that were pressed last; none on the usual screen.
pub(super) fn keys_height(state: &State, screen: Rect) -> u16 {
    match (state.presenter.on, screen.height >= HIGH) {
        (false, _) => 0,
        (true, false) => 1,
        (true, true) => 3,
    }
}

/// The backend that is drawn on this row of the screen.
pub(super) fn backend_at(state: &State, area: Rect, row: u16) -> Option<BackendId> {
    let screen = Rect::new(0, 0, state.size.0, state.size.1);
    let shown = Parts::of(state, screen, area).shown(state);
    shown.into_iter().find(|(place, _)| (place.y..place.bottom()).contains(&row)).map(|(_, backend)| backend.id)
}

/// The rows of the selected backend.
pub(super) fn selected(state: &State, area: Rect) -> Option<Rect> {
    let screen = Rect::new(0, 0, state.size.0, state.size.1);
    let shown = Parts::of(state, screen, area).shown(state);
    shown.into_iter().find(|(_, backend)| Some(backend.id) == state.selected).map(|(place, _)| place)
}
