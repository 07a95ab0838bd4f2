//! The layout for small terminals, without borders: a status line, one line per backend, then, if there is room,
//! warnings, the last log lines and the keys.

use ratatui::Frame;
use ratatui::layout::Rect;
use ratatui::style::Style;
use ratatui::text::{Line, Span};
use ratatui::widgets::Paragraph;

use super::footer::sentence;
use super::{fitted, footer, header, log, warnings};
use crate::screen::format::{count, cut};
use crate::screen::state::State;
use crate::screen::theme::Theme;

pub(crate) fn render(frame: &mut Frame<'_>, state: &State, area: Rect) {
    let columns = usize::from(area.width);
    let mut parts = header::what(state);
    if state.frozen.is_some() {
        parts.push((98, vec![header::live(state)]));
    }
    let rate = format!("{} req/s", count(state.snapshot.totals.rate));
    parts.push((92, vec![Span::raw(rate)]));
    let status = match &state.said {
        Some(said) => Line::from(sentence(said, columns, state.theme)),
        None => Line::from(fitted(parts, columns)),
    };
    let mut lines = vec![status];
    let rows = usize::from(area.height).saturating_sub(1);
    let first = state.selected_row().map_or(0, |row| (row + 1).saturating_sub(rows));
    for backend in state.shown_backends().skip(first).take(rows) {
        let selected = state.selected == Some(backend.id);
        let words = format!(
            "{}{} {} {}  {} req  {}/s  {} act",
            if selected { "> " } else { "  " },
            state.theme.state_glyph(backend.state),
            backend.name,
            backend.state,
            count(backend.requests),
            count(backend.rate),
            backend.active,
        );
        let style = if selected { Theme::selected() } else { Style::new() };
        lines.push(Line::styled(cut(&words, columns, state.theme), style));
    }
    if state.snapshot.backends.is_empty() {
        lines.push(Line::raw(cut("No backends yet: a starts a demo backend.", columns, state.theme)));
    }
    for warning in warnings::in_words(state).iter().take(usize::from(area.height).saturating_sub(lines.len())) {
        lines.push(Line::styled(cut(&format!("! {warning}"), columns, state.theme), state.theme.warning()));
    }
    let left = usize::from(area.height).saturating_sub(lines.len());
    if left > 0 {
        // The keys go on the last line, the log fills the lines above.
        lines.extend(log::lines(state, left - 1, columns));
        lines.resize(usize::from(area.height) - 1, Line::default());
        lines.push(footer::keys(state, columns));
    }
    frame.render_widget(Paragraph::new(lines), area);
}
