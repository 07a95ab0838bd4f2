//! The last keys, each with its command and what came of it.
//!
//! ```text
//!  s  strategy → least-connections
//! ```

use ratatui::Frame;
use ratatui::layout::Rect;
use ratatui::text::{Line, Span};
use ratatui::widgets::Paragraph;

use crate::screen::format::cut;
use crate::screen::pressed::Pressed;
use crate::screen::state::State;
use crate::screen::theme::Theme;

pub(crate) fn render(frame: &mut Frame<'_>, state: &State, area: Rect) {
    let columns = usize::from(area.width);
    let mut lines: Vec<Line<'static>> =
        state.presenter.last(usize::from(area.height)).map(|pressed| line_of(state, pressed, columns)).collect();
    // The latest stands at the bottom.
    let above = usize::from(area.height).saturating_sub(lines.len());
    lines.splice(..0, std::iter::repeat_n(Line::default(), above));
    frame.render_widget(Paragraph::new(lines), area);
}

/// The last key in so many columns; `None` if none is shown.
pub(crate) fn line(state: &State, columns: usize) -> Option<Line<'static>> {
    state.presenter.last(1).last().map(|pressed| line_of(state, pressed, columns))
}

fn line_of(state: &State, pressed: &Pressed, columns: usize) -> Line<'static> {
    let theme = state.theme;
    let (key, went_well) = (format!(" {} ", pressed.key), pressed.came.as_ref().is_none_or(|(_, well)| *well));
    let came = pressed.came.as_ref().map(|(came, _)| format!(" → {came}")).unwrap_or_default();
    let words = cut(&format!("{}{came}", pressed.words), columns.saturating_sub(key.len() + 2), theme);
    let style = if went_well { Theme::strong() } else { theme.bad() };
    Line::from(vec![
        Span::styled(key, theme.key().patch(Theme::selected())),
        Span::raw(" "),
        Span::styled(theme.arrows(&words), style),
    ])
}
