//! The layout for small terminals, without borders: a status line, one line per backend, then, if there is room,
//! warnings, the last log lines and the keys.

use ratatui::Frame;
use ratatui::layout::Rect;
use ratatui::style::Style;
use ratatui::text::{Line, Span};
use ratatui::widgets::Paragraph;
use stickylb::api::{BackendId, BackendView};

use super::footer::sentence;
use super::{changes, fitted, footer, header, lesson, log, more, presenter, warnings};
use crate::screen::action::Action;
use crate::screen::format::{age, count, cut};
use crate::screen::state::State;
use crate::screen::theme::Theme;
use crate::screen::traffic::under_way;
use crate::words::{seconds_left, traffic_within};

/// Minimum rows for the last change.
const BAND: u16 = 6;

pub(crate) fn render(frame: &mut Frame<'_>, state: &State, area: Rect) {
    let columns = usize::from(area.width);
    let mut lines = vec![status(state, columns)];
    lines.extend(lesson::compact(state, area));
    let band = band(state, area);
    let rows = usize::from(area.height).saturating_sub(lines.len() + band.len());
    lines.extend(backends(state, rows, columns));
    lines.extend(band);
    if state.snapshot.backends.is_empty() {
        let none = format!("No backends yet: {} starts a demo backend.", state.key(Action::SpawnDemo));
        lines.push(Line::raw(cut(&none, columns, state.theme)));
    }
    for warning in warnings::in_words(state).iter().take(usize::from(area.height).saturating_sub(lines.len())) {
        lines.push(Line::styled(cut(&format!("! {warning}"), columns, state.theme), state.theme.warning()));
    }
    let left = usize::from(area.height).saturating_sub(lines.len());
    if left > 0 {
        // The keys go on the last line, the log fills the lines above.
        if !state.presenter.on {
            lines.extend(log::lines(state, left - 1, columns));
        }
        lines.resize(usize::from(area.height) - 1, Line::default());
        lines.push(footer::keys(state, columns));
    }
    // For a room, the key that was pressed stands in the place of what comes last.
    let pressed = presenter::keys_line(state, columns).filter(|_| state.presenter.on);
    if let (Some(pressed), [_, .., last]) = (pressed, lines.as_mut_slice()) {
        *last = pressed;
    }
    frame.render_widget(Paragraph::new(lines), area);
}

/// What is balanced, and the rate; or the result of the last key.
pub(crate) fn status(state: &State, columns: usize) -> Line<'static> {
    if let Some(said) = &state.said {
        return Line::from(sentence(said, columns, state.theme));
    }
    let mut parts = header::what(state);
    if state.frozen.is_some() {
        parts.push((98, vec![header::live(state)]));
    }
    let rate = format!("{} req/s", count(state.snapshot.totals.rate));
    parts.push((92, vec![Span::raw(rate)]));
    if let Some(view) = under_way(&state.snapshot) {
        parts.push((90, vec![Span::styled(traffic_within(view, 0), state.theme.title())]));
    }
    Line::from(fitted(parts, columns))
}

/// The last change, or the last that lasts still, if there is room for it beside three backends.
fn band(state: &State, area: Rect) -> Vec<Line<'static>> {
    if area.height < BAND || state.lesson_pane.is_some() {
        return Vec::new();
    }
    state
        .log
        .digest
        .changes
        .last(1)
        .filter_map(|change| changes::line(state, change, usize::from(area.width)))
        .collect()
}

/// A line for each backend, and for those that do not fit one for all.
fn backends(state: &State, rows: usize, columns: usize) -> Vec<Line<'static>> {
    let theme = state.theme;
    let fit = if state.table.rows.len() > rows && rows > 1 { rows - 1 } else { rows };
    let first = state.selected_row().map_or(0, |row| (row + 1).saturating_sub(fit));
    let shown: Vec<&BackendView> = state.shown_backends().skip(first).take(fit).collect();
    let line = |backend: &&BackendView| {
        let selected = state.selected == Some(backend.id);
        let lead = if selected { "> " } else { "  " };
        let letter = Span::styled(format!("{} ", backend.mark.letter()), theme.backend(backend.mark));
        // Before the figures: it explains them.
        let fault = backend.chaos.as_ref().map(|fault| format!(" chaos {}", age(seconds_left(fault))));
        let words = format!(
            "{} {} {}{}  {} req  {}/s  {} act",
            theme.state_glyph(backend.state),
            backend.name,
            backend.state,
            fault.unwrap_or_default(),
            count(backend.requests),
            count(backend.rate),
            backend.active,
        );
        let words = cut(&words, columns.saturating_sub(4), theme);
        let style = if selected { Theme::selected() } else { Style::new() };
        Line::from(vec![Span::raw(lead), letter, Span::raw(words)]).style(style)
    };
    let mut lines: Vec<Line<'static>> = shown.iter().map(line).collect();
    let ids: Vec<BackendId> = shown.iter().map(|backend| backend.id).collect();
    let more = more::backends(state, &ids, columns.saturating_sub(4));
    if !more.is_empty() && fit < rows {
        lines.push(Line::styled(format!("    {more}"), theme.warning()));
    }
    lines
}
