//! Each backend's actual share of its pool's traffic beside the share it is due.
//!
//! ```text
//! ┌ Split ───────────────────── got / due ┐
//! │A alpha    ███████████│          38/50% │
//! └────────────────────────────────────────┘
//! ```

use ratatui::Frame;
use ratatui::layout::Rect;
use ratatui::text::{Line, Span};
use ratatui::widgets::Paragraph;
use stickylb::api::BackendView;

use super::bar_length;
use crate::screen::format::{cut_middle, fit_right, padded, percent, short_name};
use crate::screen::state::State;
use crate::screen::theme::Theme;
use crate::screen::view::{more, region, shown_pool};

/// Columns of the name with its letter, and of the figures after the bar.
const NAME: usize = 12;

const FIGURES: usize = 9;

/// Rows that the pane needs.
pub(super) fn rows(state: &State) -> usize {
    state.table.rows.len()
}

pub(super) fn split(frame: &mut Frame<'_>, state: &State, area: Rect) {
    let mut block = region(state, false, "Split", "got / due");
    if shown_pool(state).is_some_and(|pool| pool.keys_seen == Some(1)) {
        block = block.title_bottom(Line::styled(" one key: one backend gets all ", state.theme.warning()));
    }
    let inner = block.inner(area);
    frame.render_widget(block, area);
    let room = usize::from(inner.width).saturating_sub(NAME + FIGURES + 2);
    let rows = usize::from(inner.height);
    let first = state.selected_row().map_or(0, |row| (row + 1).saturating_sub(rows.saturating_sub(1).max(1)));
    let lines = state.shown_backends().skip(first).take(rows).map(|backend| share(state, backend, room));
    let mut lines: Vec<Line<'_>> = lines.collect();
    if let Some(more) = more::rows(state.table.rows.len(), rows) {
        lines.pop();
        lines.push(Line::styled(more, state.theme.dim()));
    }
    frame.render_widget(Paragraph::new(lines), inner);
}

/// A bar for the actual share, and a mark at the expected share.
fn share(state: &State, backend: &BackendView, room: usize) -> Line<'static> {
    let theme = state.theme;
    let got = bar_length(backend.actual_share.unwrap_or(0.0), room);
    let due = bar_length(backend.expected_share, room).min(room.saturating_sub(1));
    let due = Some(due).filter(|_| backend.expected_share > 0.0);
    let bar = (0..room).map(|column| match (Some(column) == due, column < got) {
        (true, _) => Span::styled(theme.due(), Theme::strong()),
        (false, true) => Span::styled(theme.bar(), theme.backend(backend.mark)),
        (false, false) => Span::raw(" "),
    });
    let actual = backend.actual_share.map_or_else(|| theme.none().to_owned(), percent);
    let figures = format!("{actual}/{}%", percent(backend.expected_share));
    let name = cut_middle(short_name(&backend.name, 0), NAME - 2, theme);
    let mut spans = vec![
        Span::styled(format!("{} ", backend.mark.letter()), theme.backend(backend.mark)),
        Span::styled(padded(name, NAME - 2), theme.state(backend.state)),
        Span::raw(" "),
    ];
    spans.extend(bar);
    spans.push(Span::raw(fit_right(&figures, FIGURES + 1, theme)));
    Line::from(spans)
}
