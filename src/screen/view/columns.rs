//! The dialog that chooses the columns of the table and their order.
//!
//! ```text
//! ┌ Columns ─────────────────────────┐
//! │ > [x] name        NAME           │
//! │   [x] state       STATE          │
//! │   [ ] p99         p99            │
//! │ space shows or hides  ← → move … │
//! └──────────────────────────────────┘
//! ```

use ratatui::Frame;
use ratatui::layout::Rect;
use ratatui::text::{Line, Span};
use ratatui::widgets::{Clear, Paragraph};

use super::dialog_frame::{centred, frame_of};
use crate::screen::action::Action;
use crate::screen::columns::listed;
use crate::screen::state::State;
use crate::screen::table::Column;
use crate::screen::theme::Theme;

const WIDTH: u16 = 58;

pub(crate) fn render(frame: &mut Frame<'_>, state: &State, area: Rect, chosen: Column) {
    let list = listed(&state.table);
    // The last line says the keys; two are the frame.
    let height = u16::try_from(list.len() + 3).unwrap_or(u16::MAX).min(area.height);
    let rows = usize::from(height).saturating_sub(3).max(1);
    let at = list.iter().position(|column| *column == chosen).unwrap_or(0);
    let first = (at + 1).saturating_sub(rows);
    let mut lines: Vec<Line<'_>> =
        list.iter().skip(first).take(rows).map(|column| line(state, *column, *column == chosen)).collect();
    lines.push(keys(state));
    let place = centred(area, area.width.min(WIDTH), height);
    frame.render_widget(Clear, place);
    frame.render_widget(Paragraph::new(lines).block(frame_of(state, " Columns, from left to right ")), place);
}

fn line(state: &State, column: Column, chosen: bool) -> Line<'static> {
    let marker = if chosen { ">" } else { " " };
    let is_shown = state.table.columns.contains(&column);
    let mark = if is_shown { "[x]" } else { "[ ]" };
    let line = Line::raw(format!("{marker} {mark} {:<11} {}", column.name(), column.title()));
    match (chosen, is_shown) {
        (true, _) => line.style(Theme::selected()),
        (false, true) => line,
        (false, false) => line.style(state.theme.dim()),
    }
}

fn keys(state: &State) -> Line<'static> {
    let moves = format!("{} {}", state.key(Action::PreviousColumn), state.key(Action::NextColumn));
    let keys = [("space".to_owned(), "shows or hides"), (moves, "move"), ("Esc".to_owned(), "closes")];
    let spans = keys
        .into_iter()
        .flat_map(|(key, what)| [Span::styled(key, state.theme.key()), Span::raw(format!(" {what}  "))]);
    Line::from(spans.collect::<Vec<_>>())
}
