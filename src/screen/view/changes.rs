//! The last state changes and their effect on clients, in lines of their own so that a busy log does not scroll them
//! away.
//!
//! ```text
//!  ✖ 12:04:31 delta is DOWN: 31 retried elsewhere, 12 clients moved, none lost; its process ended
//!  ● bravo went DOWN 12:03:10, UP again after 8 s: 4 retried elsewhere, none lost; its process ended
//! ```

use ratatui::Frame;
use ratatui::layout::Rect;
use ratatui::style::{Modifier, Style};
use ratatui::text::{Line, Span};
use ratatui::widgets::Paragraph;
use std::time::Duration;
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
    let changes = state.log.digest.changes.last(usize::from(area.height));
    let lines = changes.filter_map(|change| line(state, change, usize::from(area.width)));
    frame.render_widget(Paragraph::new(lines.collect::<Vec<_>>()), area);
}

/// One change on one line, cut to `columns`. What is past is told as past.
pub(crate) fn line(state: &State, change: &Change, columns: usize) -> Option<Line<'static>> {
    let (theme, first, last) = (state.theme, change.first()?, change.last()?);
    let clock = |update: &UpdateEvent| clock(update.time, false, &state.zone);
    let style = theme.state(last.to).add_modifier(Modifier::BOLD);
    let name = &first.backend.name;
    let mut spans = vec![Span::styled(format!(" {} ", theme.state_glyph(last.to)), style)];
    let reason = if let Some(after) = change.over_after() {
        let words = format!("{name} went {} {}, UP again after {}", first.to, clock(first), in_words(after));
        spans.push(Span::raw(words));
        &first.reason
    } else {
        let since = if first.to == last.to { String::new() } else { format!(" ({} {})", first.to, clock(first)) };
        spans.push(Span::styled(format!("{} ", clock(last)), theme.dim()));
        spans.push(Span::styled(format!("{name} is {}{since}", last.to), style));
        &last.reason
    };
    spans.extend(harm(state, change.harm));
    let before = if change.harm == Harm::default() { ": " } else { "; " };
    spans.push(Span::styled(format!("{before}{reason}"), Style::new()));
    let mut left = columns;
    for span in &mut spans {
        let text = cut(&span.content, left, theme);
        left = left.saturating_sub(unicode_width::UnicodeWidthStr::width(text.as_str()));
        span.content = text.into();
    }
    Some(Line::from(spans))
}

/// A time in its largest unit, never 0: `8 s`, `3 min`, `2 h`.
fn in_words(time: Duration) -> String {
    match time.as_secs_f64().round() {
        seconds @ ..100.0 => format!("{:.0} s", seconds.max(1.0)),
        seconds @ ..6_000.0 => format!("{:.0} min", seconds / 60.0),
        seconds => format!("{:.0} h", seconds / 3_600.0),
    }
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
