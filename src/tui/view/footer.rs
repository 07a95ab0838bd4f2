//! The keys that matter, the least important left out first; or what came of the last one.

use ratatui::Frame;
use ratatui::layout::Rect;
use ratatui::text::{Line, Span};

use super::fitted;
use crate::tui::Theme;
use crate::tui::action::ACTIONS;
use crate::tui::format::cut;
use crate::tui::message::Said;
use crate::tui::state::State;

pub(super) fn render(frame: &mut Frame<'_>, state: &State, area: Rect) {
    let columns = usize::from(area.width).saturating_sub(2);
    if let Some(said) = &state.said {
        frame.render_widget(Line::from(vec![Span::raw(" "), sentence(said, columns, state.theme)]), area);
        return;
    }
    if let Some(why) = &state.ended {
        let text = cut(&format!("{why}; q leaves"), columns, state.theme);
        let line = Line::from(vec![Span::raw(" "), Span::styled(text, state.theme.bad())]);
        frame.render_widget(line, area);
        return;
    }
    let parts = ACTIONS
        .iter()
        .filter_map(|entry| {
            let (label, priority) = entry.footer?;
            Some((priority, vec![Span::styled(entry.key(), state.theme.key()), Span::raw(format!(" {label}"))]))
        })
        .collect();
    let mut spans = vec![Span::raw(" ")];
    spans.extend(fitted(parts, columns));
    frame.render_widget(Line::from(spans), area);
}

/// What is said, in the colour of how it went.
pub(super) fn sentence(said: &Said, columns: usize, theme: Theme) -> Span<'static> {
    match said {
        Said::Done(text) => Span::styled(cut(text, columns, theme), theme.good()),
        Said::Trouble(text) => Span::styled(cut(text, columns, theme), theme.warning()),
    }
}
