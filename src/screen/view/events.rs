//! The event pane: state changes, notices and warnings of the program itself.

use ratatui::Frame;
use ratatui::layout::Rect;
use ratatui::style::Style;
use ratatui::text::{Line, Span};
use tui_logger::{ExtLogRecord, LogFormatter, TuiLoggerWidget};

use super::region;
use crate::screen::format::wrapped;
use crate::screen::state::State;
use crate::screen::theme::Theme;

/// Columns of time and level with their trailing spaces.
const LEAD: usize = 14;

pub(crate) fn render(frame: &mut Frame<'_>, state: &State, area: Rect) {
    let widget = TuiLoggerWidget::default()
        .block(region(state, false, "Events", ""))
        .formatter(Box::new(Lines { theme: state.theme }));
    frame.render_widget(widget, area);
}

/// Formats `12:04:31 WARN bravo is DOWN: …`, wrapped and indented.
struct Lines {
    theme: Theme,
}

impl LogFormatter for Lines {
    fn min_width(&self) -> u16 {
        0
    }

    fn format(&self, width: usize, record: &ExtLogRecord) -> Vec<Line<'_>> {
        let (time, text) = record.msg().split_once(' ').unwrap_or(("", record.msg()));
        let (word, style) = match record.level {
            log::Level::Error | log::Level::Warn => ("WARN", self.theme.warning()),
            _ => ("INFO", Style::new()),
        };
        let mut lines = Vec::new();
        for (n, part) in wrapped(text, width.saturating_sub(LEAD).max(1)).into_iter().enumerate() {
            let lead = if n == 0 { format!("{time} ") } else { " ".repeat(time.len() + 1) };
            let word = if n == 0 { format!("{word} ") } else { " ".repeat(word.len() + 1) };
            let (lead, word) = (Span::styled(lead, self.theme.dim()), Span::styled(word, style));
            lines.push(Line::from(vec![lead, word, Span::styled(part, style)]));
        }
        lines
    }
}
