//! The totals: requests a second, p95, errors, and the requests that were lost since the baseline.

use ratatui::Frame;
use ratatui::layout::{Constraint, Layout, Rect};
use ratatui::style::Style;
use ratatui::text::Line;

use super::{font, large};
use crate::screen::format::{count, micros};
use crate::screen::state::State;
use crate::screen::theme::Theme;

/// A line of words, and the figures.
pub(super) const ROWS: u16 = 1 + font::ROWS;

pub(super) fn render(frame: &mut Frame<'_>, state: &State, area: Rect) {
    if area.height < ROWS {
        return;
    }
    let (theme, totals) = (state.theme, &state.snapshot.totals);
    let none = || theme.none().to_owned();
    let lost: u64 = state.snapshot.pools.iter().map(|pool| pool.fairness.lost).sum();
    let errors = totals.error_share.filter(|share| *share > 0.0);
    let bad = |is_bad: bool| if is_bad { theme.bad() } else { Style::new() };
    // Response times are long where they have a decimal.
    let places = Layout::horizontal([6, 6, 5, 4].map(Constraint::Fill)).areas::<4>(area);
    let rate = count(totals.rate);
    let unit = if large::width(&format!("{rate}/s")) < usize::from(places[0].width) { "/s" } else { "" };
    let figures = [
        ("requests/s", format!("{rate}{unit}"), theme.title()),
        ("p95", totals.latency.p95.map_or_else(none, micros), Style::new()),
        ("errors", totals.error_share.map_or_else(none, per_cent), bad(errors.is_some())),
        ("lost", count(lost), bad(lost > 0)),
    ];
    for ((label, figure, style), place) in figures.into_iter().zip(places) {
        let place = Rect { x: place.x + 1, width: place.width.saturating_sub(1), ..place };
        frame.render_widget(Line::styled(label, theme.dim()), Rect { height: 1, ..place });
        let below = Rect { y: place.y + 1, height: font::ROWS, ..place };
        large::render(frame, state, below, figure.as_str(), style.patch(Theme::strong()), false);
    }
}

/// A share in per cent, with a decimal while there is room for it.
fn per_cent(share: f64) -> String {
    let per_cent = share * 100.0;
    if per_cent > 0.0 && per_cent < 9.95 { format!("{per_cent:.1}%") } else { format!("{per_cent:.0}%") }
}
