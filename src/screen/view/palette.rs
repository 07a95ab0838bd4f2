//! The command palette at the bottom of the screen, over the log: it leaves what is wrong and the selected backend to be
//! seen.
//!
//! ```text
//! ┌ Commands: Tab completes, Enter does it, Esc closes ───────────────────────┐
//! │ > weight [BACKEND] N    change a backend's weight                         │
//! │   …                                                                       │
//! │ :wei█                                                                     │
//! └───────────────────────────────────────────────────────────────────────────┘
//! ```

use ratatui::Frame;
use ratatui::layout::Rect;
use ratatui::text::{Line, Span};
use ratatui::widgets::{Clear, Paragraph};
use unicode_width::UnicodeWidthStr as _;

use super::dialog_frame::frame_of;
use crate::screen::format::{cut, fit};
use crate::screen::palette::{Proposal, hint, proposals};
use crate::screen::palette_line::Palette;
use crate::screen::state::State;
use crate::screen::theme::Theme;

/// Proposals shown at once.
const ROWS: usize = 8;

/// Columns of a command with its arguments, and of its key.
const COMMAND: usize = 22;

const KEY: usize = 6;

pub(crate) fn render(frame: &mut Frame<'_>, state: &State, area: Rect, palette: &Palette) {
    let room = super::free(state, area);
    let columns = usize::from(room.width.saturating_sub(4));
    let found = proposals(state, palette.line.text());
    let note = palette.trouble.clone().or_else(|| hint(state, palette.line.text()));
    // Reserve the typed line, the note and two borders.
    let most = ROWS.min(usize::from(room.height).saturating_sub(3 + usize::from(note.is_some())));
    let first = (palette.chosen + 1).saturating_sub(most);
    let mut lines: Vec<Line<'_>> = (first..found.len().min(first + most))
        .map(|n| proposal(state, &found[n], n == palette.chosen, columns))
        .collect();
    let style = if palette.trouble.is_some() { state.theme.warning() } else { state.theme.dim() };
    lines.extend(
        note.map(|note| Line::styled(format!("  {}", cut(&note, columns.saturating_sub(2), state.theme)), style)),
    );
    let mut typed = vec![Span::styled(":", state.theme.key())];
    typed.extend(palette.line.spans(columns.saturating_sub(1)));
    lines.push(Line::from(typed));
    let height = u16::try_from(lines.len() + 2).unwrap_or(u16::MAX).min(room.height);
    let place = Rect { y: room.bottom() - height, height, ..room };
    frame.render_widget(Clear, place);
    // If not everything fits, scroll so that the typed line stays visible.
    let hidden = u16::try_from(lines.len()).unwrap_or(u16::MAX).saturating_sub(height.saturating_sub(2));
    let block = frame_of(state, " Commands: Tab completes, Enter does it, Esc closes ");
    frame.render_widget(Paragraph::new(lines).scroll((hidden, 0)).block(block), place);
}

fn proposal(state: &State, proposal: &Proposal, chosen: bool, columns: usize) -> Line<'static> {
    let marker = if chosen { "> " } else { "  " };
    let line = if let Some(word) = &proposal.word {
        Line::raw(format!("{marker}{}", fit(word, columns.saturating_sub(2), state.theme)))
    } else {
        let entry = proposal.entry;
        let command = fit(entry.command, COMMAND.max(entry.command.width()), state.theme);
        let key = fit(&state.keys.first(entry.action), KEY, state.theme);
        let room = columns.saturating_sub(2 + command.width() + 1 + KEY + 1);
        Line::from(vec![
            Span::raw(format!("{marker}{command} ")),
            Span::styled(key, state.theme.key()),
            Span::raw(format!(" {}", fit(entry.help_of_command(), room, state.theme))),
        ])
    };
    if chosen { line.style(Theme::selected()) } else { line }
}
