//! The choice of a fault for a backend.
//!
//! ```text
//! ┌ A fault for bravo: a letter or Enter, e edits it, Esc closes ───────────┐
//! │ > l  latency 300ms        its answers begin 300 ms later                │
//! │   5  error 503            503 in place of its answer; it is not asked   │
//! │                                                                         │
//! │ It ends by itself after 30 s. The same as a command:                    │
//! │ :chaos bravo latency 300ms for=30s                                      │
//! └─────────────────────────────────────────────────────────────────────────┘
//! ```

use ratatui::Frame;
use ratatui::layout::Rect;
use ratatui::text::{Line, Span};
use ratatui::widgets::{Clear, Paragraph};

use super::dialog_frame::{centred, frame_of};
use crate::screen::action::Action;
use crate::screen::chaos::{FaultRow, backend, line, rows};
use crate::screen::fault_choice::FaultChoice;
use crate::screen::format::{age, cut, fit};
use crate::screen::state::State;
use crate::screen::theme::Theme;
use crate::words::seconds_left;

/// The dialog's columns, and the columns and rows of its frame.
const WIDTH: u16 = 76;
const FRAME: (u16, u16) = (4, 2);

/// Columns of a fault as it is written.
const FAULT: usize = 20;

pub(crate) fn render(frame: &mut Frame<'_>, state: &State, area: Rect, choice: &FaultChoice) {
    let width = area.width.min(WIDTH);
    let columns = usize::from(width.saturating_sub(FRAME.0));
    let all = rows(state, choice);
    let chosen = choice.chosen.min(all.len() - 1);
    let mut below = below(state, choice, &all[chosen]);
    // On a low screen the rows matter more than what is below them, and the command more than the sentences above it.
    let room = usize::from(area.height.saturating_sub(FRAME.1));
    below.drain(..(all.len() + below.len()).saturating_sub(room).min(below.len()));
    let most = room.saturating_sub(below.len()).min(all.len());
    let first = (chosen + 1).saturating_sub(most);
    let mut lines: Vec<Line<'static>> =
        (first..first + most).map(|n| row(state, &all[n], n == chosen, columns)).collect();
    lines.extend(below.into_iter().map(|line| shortened(line, columns, state.theme)));
    let height = u16::try_from(lines.len()).unwrap_or(u16::MAX).saturating_add(FRAME.1).min(area.height);
    let name = backend(state, choice).map_or_else(|| choice.backend.to_string(), |backend| backend.name.to_string());
    let name = cut(&name, 24, state.theme);
    let title = format!(" A fault for {name}: a letter or Enter, e edits it, Esc closes ");
    let title = cut(&title, usize::from(width.saturating_sub(2)), state.theme);
    let place = centred(area, width, height);
    frame.render_widget(Clear, place);
    frame.render_widget(Paragraph::new(lines).block(frame_of(state, &title)), place);
}

fn row(state: &State, row: &FaultRow, chosen: bool, columns: usize) -> Line<'static> {
    let (marker, theme) = (if chosen { "> " } else { "  " }, state.theme);
    let room = columns.saturating_sub(2 + 3 + FAULT + 1);
    let line = Line::from(vec![
        Span::raw(marker),
        Span::styled(format!("{}  ", row.key), theme.key()),
        Span::raw(fit(row.fault, FAULT, theme)),
        Span::raw(format!(" {}", fit(row.help, room, theme))),
    ]);
    if chosen { line.style(Theme::selected()) } else { line }
}

/// What burns already, that it ends by itself, and the command.
fn below(state: &State, choice: &FaultChoice, row: &FaultRow) -> Vec<Line<'static>> {
    let theme = state.theme;
    let mut lines = vec![Line::raw("")];
    if let Some(burning) = backend(state, choice).and_then(|backend| backend.chaos.as_deref()) {
        let words = format!("It has {}, {} left: another takes its place.", burning.words, age(seconds_left(burning)));
        lines.push(Line::styled(words, theme.warning()));
    }
    let ends = if row.fault == "off" { "" } else { "It ends by itself after 30 s. " };
    lines.push(Line::styled(format!("{ends}The same as a command:"), theme.dim()));
    let palette = Span::styled(state.key(Action::Palette), theme.key());
    lines.push(Line::from(vec![palette, Span::raw(line(state, choice, row))]));
    lines
}

/// The line cut to its columns; the command's name may be any length.
fn shortened(line: Line<'static>, columns: usize, theme: Theme) -> Line<'static> {
    let mut left = columns;
    let cut_span = |span: Span<'static>| {
        let text = cut(&span.content, left, theme);
        let shown = Span::styled(text, span.style);
        left = left.saturating_sub(shown.width());
        shown
    };
    let style = line.style;
    Line::from(line.spans.into_iter().map(cut_span).collect::<Vec<_>>()).style(style)
}
