//! Shown instead of the panes while there are no backends: how to add some.

use ratatui::Frame;
use ratatui::layout::Rect;
use ratatui::text::{Line, Span};
use ratatui::widgets::{Padding, Paragraph, Wrap};

use super::region;
use crate::screen::action::Action;
use crate::screen::state::State;
use crate::screen::theme::Theme;

pub(crate) fn render(frame: &mut Frame<'_>, state: &State, area: Rect) {
    let theme = state.theme;
    let key = |text: &str| Span::styled(text.to_owned(), theme.key());
    let lines = vec![
        Line::styled("No backends yet. Three ways to begin:", Theme::strong()),
        Line::raw(""),
        Line::from(vec![
            Span::raw("1  press "),
            key(&state.key(Action::SpawnDemo)),
            Span::raw(" to start a demo backend right now, and again for more"),
        ]),
        Line::from(vec![Span::raw("2  quit and name the ports of your own servers:  "), key("stickylb-tui 5000 5001")]),
        Line::from(vec![
            Span::raw("3  quit and give it a configuration file:  "),
            key("stickylb-tui --config lb.json"),
        ]),
        Line::raw(""),
        Line::raw(format!("Until then {} answers 503.", state.snapshot.url())),
    ];
    let block = region(state, true, "Backends", "").padding(Padding::uniform(1));
    frame.render_widget(Paragraph::new(lines).wrap(Wrap { trim: false }).block(block), area);
}
