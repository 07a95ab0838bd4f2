//! The last state changes and their effect on clients, in lines of their own so that a busy log does not scroll them
//! away.
//!
//! ```text
//!  ✖ 12:04:31 delta is DOWN: 31 retried elsewhere, 12 clients moved, none lost; its process ended
//! ```

use ratatui::Frame;
use ratatui::layout::Rect;
use ratatui::style::{Modifier, Style};
use ratatui::text::{Line, Span};
use ratatui::widgets::Paragraph;
use stickylb::api::UpdateEvent;

use crate::screen::changes::{Change, Harm};
use crate::screen::format::{clock, count, cut};
use crate::screen::state::State;

/// Lines of this pane on a screen with this many rows.
pub(crate) fn height(state: &State, screen: u16) -> u16 {
    let room = match screen {
        0..20 => 1,
        20..32 => 2,
        32..50 => 4,
        _ => 6,
    };
    room.min(u16::try_from(state.log.digest.changes.len()).unwrap_or(room))
}

pub(crate) fn render(frame: &mut Frame<'_>, state: &State, area: Rect) {
    let lines = state.log.digest.changes.last(usize::from(area.height)).filter_map(|change| {
        let update = change.update()?;
        Some(line(state, change, update, usize::from(area.width)))
    });
    frame.render_widget(Paragraph::new(lines.collect::<Vec<_>>()), area);
}

/// One change on one line, cut to `columns`.
pub(crate) fn line(state: &State, change: &Change, update: &UpdateEvent, columns: usize) -> Line<'static> {
    let theme = state.theme;
    let style = theme.state(update.to).add_modifier(Modifier::BOLD);
    let time = clock(update.time, false, &state.zone);
    let mut spans = vec![
        Span::styled(format!(" {} ", theme.state_glyph(update.to)), style),
        Span::styled(format!("{time} "), theme.dim()),
        Span::styled(format!("{} is {}", update.backend.name, update.to), style),
    ];
    spans.extend(harm(state, change.harm));
    let before = if change.harm == Harm::default() { ": " } else { "; " };
    spans.push(Span::styled(format!("{before}{}", update.reason), Style::new()));
    let mut left = columns;
    for span in &mut spans {
        let text = cut(&span.content, left, theme);
        left = left.saturating_sub(unicode_width::UnicodeWidthStr::width(text.as_str()));
        span.content = text.into();
    }
    Line::from(spans)
}

fn harm(state: &State, harm: Harm) -> Vec<Span<'static>> {
    if harm == Harm::default() {
        return Vec::new();
    }
    let mut parts = Vec::new();
    if harm.retried > 0 {
        parts.push(format!("{} retried elsewhere", count(harm.retried)));
    }
    if harm.moved > 0 {
        let plural = if harm.moved == 1 { "" } else { "s" };
        parts.push(format!("{} client{plural} moved", count(harm.moved)));
    }
    let lost = if harm.lost == 0 {
        Span::styled("none lost", state.theme.good())
    } else {
        Span::styled(format!("{} lost", count(harm.lost)), state.theme.bad())
    };
    let joined = if parts.is_empty() { String::new() } else { format!("{}, ", parts.join(", ")) };
    vec![Span::raw(format!(": {joined}")), lost]
}
