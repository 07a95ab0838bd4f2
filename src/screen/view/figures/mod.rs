//! The figures: how traffic is split, what the strategy does, and the response times of the selected backend. Side by side below the table
//! where there is room, one below the other in place of the log where there is not.

mod split;
mod strategy;
mod times;

use ratatui::Frame;
use ratatui::layout::{Constraint, Layout, Rect};

use crate::screen::state::State;
pub(super) use strategy::{more_rows, picks};

/// Rows of the borders of a pane.
const BORDERS: u16 = 2;

/// The rows that the figures need side by side.
pub(crate) fn height(state: &State) -> u16 {
    let rows = split::rows(state).max(times::rows(state)).max(strategy::rows(state));
    u16::try_from(rows).unwrap_or(u16::MAX).saturating_add(BORDERS)
}

/// Draws the figures beside each other.
pub(crate) fn band(frame: &mut Frame<'_>, state: &State, area: Rect) {
    let [left, middle, right] = Layout::horizontal([Constraint::Fill(1); 3]).areas(area);
    split::split(frame, state, left);
    strategy::strategy(frame, state, middle);
    times::times(frame, state, right);
}

/// Draws the figures one below the other.
pub(crate) fn render(frame: &mut Frame<'_>, state: &State, area: Rect) {
    let rows = u16::try_from(split::rows(state)).unwrap_or(u16::MAX).saturating_add(BORDERS);
    let strategy = u16::try_from(strategy::rows(state)).unwrap_or(u16::MAX).saturating_add(BORDERS);
    let part = area.height * 2 / 5;
    let heights = [Constraint::Length(rows.min(part)), Constraint::Length(strategy.min(part)), Constraint::Min(0)];
    let [above, middle, below] = Layout::vertical(heights).areas(area);
    split::split(frame, state, above);
    strategy::strategy(frame, state, middle);
    times::times(frame, state, below);
}

#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a share of a few columns")]
fn bar_length(share: f64, room: usize) -> usize {
    (share.clamp(0.0, 1.0) * room as f64).round() as usize
}
