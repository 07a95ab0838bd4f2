//! The log pane: one line per request, state change and notice, in the order and with the times of their ends.
//!
//! ```text
//! ┌ Routing log, by end ─ following───────────────────────────────────────────┐
//! │ 12:04:31.190 ■ bravo is MAINT (was UP): taken out by hand                  │
//! │ 12:04:31.220 GET /api/cart   200   4ms A alpha sticky X-Backend-ID=0       │
//! └───────────────────────────────────────────────────────────────────────────┘
//! ```

mod columns;
mod line;
mod words;

use ratatui::Frame;
use ratatui::layout::Rect;
use ratatui::text::Line;
use ratatui::widgets::Paragraph;

use super::{nothing_matches, region};
use crate::screen::action::Action;
use crate::screen::curl::quoted;
use crate::screen::format::{count, cut};
use crate::screen::state::{Focus, State};
use crate::screen::theme::Theme;
use columns::Columns;

pub(crate) fn render(frame: &mut Frame<'_>, state: &State, area: Rect) {
    let log = &state.log;
    let place = log.place();
    let dash = state.theme.dash();
    let title = match place {
        None => format!("Routing log, by end {dash} following"),
        Some(place) => format!("Routing log, by end {dash} held, {} below", log.shown().saturating_sub(place + 1)),
    };
    let sum = sum(state, usize::from(area.width));
    let right = match place {
        _ if !sum.is_empty() => &sum,
        Some(_) => &format!("{} follows", state.key(Action::Follow)),
        None if state.focus == Focus::Backends && !log.is_quiet() => {
            &format!("{} selects", state.key(Action::NextPane))
        }
        None => "",
    };
    let block = region(state, state.focus == Focus::Log, &title, right);
    let inner = block.inner(area);
    frame.render_widget(block, area);
    let mut lines = lines(state, usize::from(inner.height), usize::from(inner.width));
    lines.extend(hint(state, usize::from(inner.width)));
    frame.render_widget(Paragraph::new(lines), inner);
}

/// Up to `rows` lines of the log: the last, or those that include the selected line.
pub(crate) fn lines(state: &State, rows: usize, width: usize) -> Vec<Line<'static>> {
    let log = &state.log;
    let (end, place) = (log.shown(), log.place());
    // Show the end of the log if that includes the selected line; otherwise the selected line is the top row.
    let held = place.map_or(0, |place| end.saturating_sub(place + 1));
    let to = end - if held < rows { 0 } else { (held + 1 - rows).min(end) };
    let from = to.saturating_sub(rows);
    let mut lines = Vec::with_capacity(rows);
    let window = log.window(from, to);
    let columns = Columns::of(state, window.iter().map(|entry| &*entry.event), width);
    for (at, entry) in (from..).zip(window) {
        let mark = log.is_marked(entry.number);
        let mut line = line::line(state, &entry.event, &columns, mark);
        if log.shows_everything() && !log.is_match(&entry) {
            line.spans.iter_mut().for_each(|span| span.style = state.theme.dim());
        }
        let selected = place == Some(at) && state.focus == Focus::Log;
        lines.push(if selected { line.style(Theme::selected()) } else { line });
    }
    lines
}

/// The filter with its number of matches, and the number of dropped lines.
fn sum(state: &State, width: usize) -> String {
    let log = &state.log;
    let mut parts = Vec::new();
    if let Some(filter) = log.filter() {
        let found = format!("{} of {}", count(log.matches() as u64), count(log.len() as u64));
        // Leave 36 columns for the title and the borders.
        let room = width.saturating_sub(found.len() + 36);
        parts.push(format!("/{} {found}", cut(filter.text(), room, state.theme)));
    }
    let dropped = state.snapshot.dropped + state.lost;
    if dropped > 0 {
        parts.push(format!("{} dropped", count(dropped)));
    }
    parts.join("  ")
}

/// Advice while the log is empty: no request yet, or no line matches the filter.
fn hint(state: &State, width: usize) -> Option<Line<'static>> {
    let hint = if state.log.is_quiet() {
        let url = state.snapshot.url();
        let authority = state.snapshot.listeners.first().and_then(|first| first.authority.as_ref());
        // Until this machine trusts it, a curl has to be told.
        let trusting = authority.map(|file| format!(" --cacert {}", quoted(file.raw().as_bytes()))).unwrap_or_default();
        let long = format!("No request yet. Open {url} in a browser, or: curl -i{trusting} {url}");
        if long.len() <= width { long } else { format!("No request yet: open {url} in a browser") }
    } else if state.log.shown() == 0 {
        nothing_matches(state, "line")
    } else {
        return None;
    };
    Some(Line::styled(cut(&hint, width, state.theme), state.theme.dim()))
}
