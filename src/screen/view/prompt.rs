//! The filter prompt, with the error or a hint on the line below.
//!
//! ```text
//!  / backend:alpha stattus>=500
//!                  ^ there is no field 'stattus'; did you mean 'status'?
//! ```

use ratatui::Frame;
use ratatui::layout::Rect;
use ratatui::text::{Line, Span};
use ratatui::widgets::{Clear, Paragraph};
use unicode_width::UnicodeWidthStr as _;

use crate::screen::filter::HINT;
use crate::screen::format::cut;
use crate::screen::state::{FilterPrompt, State};

/// Columns before the typed text.
const LEAD: usize = 3;

pub(crate) fn render(frame: &mut Frame<'_>, state: &State, area: Rect, prompt: &FilterPrompt) {
    let theme = state.theme;
    let height = area.height.min(2);
    let place = Rect { y: area.bottom() - height, height, ..area };
    let room = usize::from(area.width).saturating_sub(LEAD + 1);
    let mut line = vec![Span::styled(" / ", theme.key())];
    line.extend(prompt.line.spans(room));
    let text = prompt.line.text();
    let below = match &prompt.error {
        Some(error) => {
            // A scrolled line cannot have a caret below the mistake: write the column as a number.
            let before: String = text.chars().take(error.column).collect();
            let before = LEAD + before.width();
            let width = usize::from(area.width);
            let words = if text.width() >= room {
                format!("   column {}: {error}", error.column + 1)
            } else if before + 2 + error.message.width() < width || error.message.width() + 2 > before {
                format!("{}^ {error}", " ".repeat(before))
            } else {
                format!("{}{error} ^", " ".repeat(before - error.message.width() - 1))
            };
            Line::styled(cut(&words, width, theme), theme.bad())
        }
        None => Line::styled(cut(&format!("   {HINT}"), usize::from(area.width), theme), theme.dim()),
    };
    frame.render_widget(Clear, place);
    frame.render_widget(Paragraph::new(vec![Line::from(line), below]), place);
}
