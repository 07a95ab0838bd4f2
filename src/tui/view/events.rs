//! What the program says of itself: state changes, notices, warnings.

use ratatui::Frame;
use ratatui::layout::Rect;
use tui_logger::TuiLoggerWidget;

use super::region;
use crate::tui::state::State;

pub(super) fn render(frame: &mut Frame<'_>, state: &State, area: Rect) {
    let theme = state.theme;
    let widget = TuiLoggerWidget::default()
        .block(region(state, false, "Events", ""))
        .output_separator(' ')
        .output_timestamp(Some("%H:%M:%S".to_owned()))
        .output_target(false)
        .output_file(false)
        .output_line(false)
        .style_error(theme.bad())
        .style_warn(theme.warning());
    frame.render_widget(widget, area);
}
