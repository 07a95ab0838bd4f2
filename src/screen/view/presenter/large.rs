//! Draws a text in large letters where they fit, and as one bold line in the middle where they do not.

use ratatui::Frame;
use ratatui::layout::Rect;
use ratatui::style::Style;
use ratatui::text::Line;
use ratatui::widgets::Paragraph;
use stickylb::untrusted::Untrusted;
use unicode_width::UnicodeWidthStr as _;

use super::font;
use crate::screen::format::cut;
use crate::screen::state::State;
use crate::screen::theme::Theme;

/// Columns of a text in large letters, or of its one line where the font has not all of it.
pub(super) fn width(text: &str) -> usize {
    font::width(text).unwrap_or_else(|| text.width())
}

/// Draws it at the left of a place three rows high, or at its right.
pub(super) fn render<'t>(
    frame: &mut Frame<'_>,
    state: &State,
    place: Rect,
    text: impl Into<Untrusted<&'t str>>,
    style: Style,
    right: bool,
) {
    let text = text.into();
    let room = usize::from(place.width);
    let fits = |raw: &str| font::width(raw).is_some_and(|columns| columns <= room);
    let rows = fits(text.raw()).then(|| font::rows(text.raw(), state.theme.glyphs)).flatten();
    let align = |line: Line<'static>| if right { line.right_aligned() } else { line };
    let lines: Vec<Line<'static>> = match rows {
        Some(rows) if place.height >= font::ROWS => {
            rows.into_iter().map(|row| align(Line::styled(row, style))).collect()
        }
        _ => {
            let line = align(Line::styled(cut(text, room, state.theme), style.patch(Theme::strong())));
            let above = usize::from(place.height.saturating_sub(1) / 2);
            std::iter::repeat_n(Line::default(), above).chain([line]).collect()
        }
    };
    frame.render_widget(Paragraph::new(lines), place);
}
