//! The dialog that asks for the export format.

use ratatui::Frame;
use ratatui::layout::Rect;
use ratatui::text::{Line, Span};
use ratatui::widgets::{Clear, Paragraph};

use super::dialog_frame::{centred, frame_of};
use crate::screen::export::Export;
use crate::screen::state::State;

pub(crate) fn render(frame: &mut Frame<'_>, state: &State, area: Rect) {
    let lines: Vec<Line<'_>> = Export::ALL
        .iter()
        .map(|export| {
            let key = Span::styled(&export.name()[..1], state.theme.key());
            Line::from(vec![key, Span::raw("  "), Span::raw(export.help())])
        })
        .collect();
    let height = u16::try_from(lines.len() + 2).unwrap_or(u16::MAX).min(area.height);
    let place = centred(area, area.width.min(60), height);
    frame.render_widget(Clear, place);
    let block = frame_of(state, " Export into a file here: which? Esc none ");
    frame.render_widget(Paragraph::new(lines).block(block), place);
}
