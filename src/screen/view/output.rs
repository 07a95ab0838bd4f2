//! The output pane: what the selected backend's process writes.
//!
//! ```text
//! ┌ Output of api-0 ──────────────────────────────────────────────────────────┐
//! │ listening on port 20117                                                    │
//! └───────────────────────────────────────────────────────────────────────────┘
//! ```

use ratatui::Frame;
use ratatui::layout::Rect;
use ratatui::text::Line;
use ratatui::widgets::Paragraph;

use super::region;
use crate::screen::format::{cut, wrapped};
use crate::screen::state::State;
use crate::screen::watching;

/// Draws the last lines that the selected backend's process wrote.
pub(crate) fn render(frame: &mut Frame<'_>, state: &State, area: Rect) {
    if area.is_empty() {
        return;
    }
    let Some(backend) = state.selected_backend() else { return };
    let title = format!("Output of {}", backend.name);
    let block = region(state, false, &title, "");
    let inner = block.inner(area);
    frame.render_widget(block, area);
    let width = usize::from(inner.width);
    let lines: Vec<Line<'_>> = if let Some(lines) = state.outputs.get(&backend.id) {
        let later = |(time, _): &&(_, _)| state.until.is_some_and(|until| *time > until);
        let shown = lines.len() - lines.iter().rev().take_while(later).count();
        let first = shown.saturating_sub(usize::from(inner.height));
        let lines = lines.range(first..shown);
        lines.map(|(_, line)| Line::raw(cut(line, width, state.theme))).collect()
    } else {
        let none = if state.rights.only_watches() && backend.spawned.is_some() {
            watching::NO_OUTPUT
        } else if backend.spawned.is_some() {
            "Its process has written nothing yet."
        } else {
            "It was not started here: what it writes is in its own terminal."
        };
        wrapped(none, width).into_iter().map(|line| Line::styled(line, state.theme.dim())).collect()
    };
    frame.render_widget(Paragraph::new(lines), inner);
}
