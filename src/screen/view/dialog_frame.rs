//! The position and border of dialogs.

use ratatui::layout::Rect;
use ratatui::text::Line;
use ratatui::widgets::{Block, Padding};

use crate::screen::state::State;

pub(crate) fn frame_of<'t>(state: &State, title: &'t str) -> Block<'t> {
    Block::bordered()
        .border_set(state.theme.borders())
        .border_style(state.theme.title())
        .title(Line::styled(title, state.theme.title()))
        .padding(Padding::horizontal(1))
}

pub(crate) fn centred(area: Rect, width: u16, height: u16) -> Rect {
    Rect { x: area.x + (area.width - width) / 2, y: area.y + (area.height - height) / 2, width, height }
}
