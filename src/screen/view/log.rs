//! The log pane: one line per request, state change and notice.
//!
//! ```text
//! ┌ Routing log ─ following ──────────────────────────────────────────────────┐
//! │ 12:04:31.220 GET  /api/cart   200   4ms alpha   sticky X-Backend-ID=0      │
//! │ 12:04:31.190 ■ bravo is MAINT (was UP): taken out by hand                  │
//! └───────────────────────────────────────────────────────────────────────────┘
//! ```

use ratatui::Frame;
use ratatui::layout::Rect;
use ratatui::style::Style;
use ratatui::text::{Line, Span};
use ratatui::widgets::Paragraph;
use std::time::SystemTime;
use stickylb::api::{Event, Level, RequestEvent, UpdateEvent};
use stickylb::untrusted::Untrusted;

use super::region;
use crate::screen::format::{clock, count, cut, duration, fit, fit_right, short_name};
use crate::screen::state::{Focus, State};
use crate::screen::theme::Theme;

/// Columns of a typical reason: `round-robin 1 of 3; new cookie`.
const REASON: usize = 30;

/// Minimum width for a client column.
const WITH_CLIENT: usize = 110;

pub(crate) fn render(frame: &mut Frame<'_>, state: &State, area: Rect) {
    let log = &state.log;
    let place = log.place();
    let dash = state.theme.dash();
    let title = match place {
        None => format!("Routing log {dash} following"),
        Some(place) => format!("Routing log {dash} held, {} below", log.shown().saturating_sub(place + 1)),
    };
    let sum = sum(state, usize::from(area.width));
    let right = match place {
        _ if !sum.is_empty() => &sum,
        Some(_) => "f follows",
        None if state.focus == Focus::Backends && !log.is_quiet() => "Tab selects",
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
    for (at, entry) in (from..).zip(log.window(from, to)) {
        let mark = log.is_marked(entry.number);
        let mut line = line(state, &entry.event, width, mark);
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
        let long = format!("No request yet. Open {url} in a browser, or: curl -i {url}");
        if long.len() <= width { long } else { format!("No request yet: open {url} in a browser") }
    } else if state.log.shown() == 0 {
        "No line matches the filter. Esc takes it away, / changes it.".to_owned()
    } else {
        return None;
    };
    Some(Line::styled(cut(&hint, width, state.theme), state.theme.dim()))
}

fn line(state: &State, event: &Event, width: usize, mark: bool) -> Line<'static> {
    let mut line = match event {
        Event::Request(request) => request_line(state, request, width),
        Event::Update(update) => update_line(state, update, width),
        Event::Output(output) => {
            Line::raw(cut(&format!("{} | {}", output.backend.name, output.line), width, state.theme))
        }
        Event::Notice(notice) => {
            let time = time_of(notice.time, width, state);
            let style = if notice.level == Level::Warning { state.theme.warning() } else { Style::new() };
            let words = cut(&notice.text, width.saturating_sub(time.len() + 1), state.theme);
            Line::from(vec![Span::styled(time, state.theme.dim()), Span::raw(" "), Span::styled(words, style)])
        }
        // `Event` is non-exhaustive; all its current kinds are handled above.
        _ => return Line::default(),
    };
    if mark {
        // The second span is the space between the time and the text.
        line.spans[1] = Span::styled(state.theme.mark(), state.theme.key());
    }
    line
}

fn request_line(state: &State, request: &RequestEvent, width: usize) -> Line<'static> {
    let theme = state.theme;
    let time = time_of(request.time, width, state);
    let client = if width < WITH_CLIENT { String::new() } else { fit(&request.ip.to_string(), 16, theme) };
    // Subtract time, client, method, status, duration, backend and spaces; path and reason share the rest.
    let rest = width.saturating_sub(time.len() + 1 + client.len() + 5 + 1 + 1 + 3 + 1 + 6 + 1 + 8 + 1);
    // Cut the path before a reason of typical length.
    let path = (rest / 3).min(60).min(rest.saturating_sub(REASON)).max(8).min(rest);
    let reason = match request.ending() {
        None => request.decision.reason(),
        Some(how) => format!("{}; {how}", request.decision),
    };
    let path_shown = if request.is_raw() {
        format!("up {} B, down {} B", count(request.up), count(request.bytes))
    } else {
        request.path.to_string()
    };
    let status = if request.is_raw() && request.status == 0 { "  -".to_owned() } else { request.status.to_string() };
    let space = || Span::raw(" ");
    let name = request.to.as_ref().map_or(Untrusted::new(theme.none()), |to| to.name.borrowed());
    Line::from(vec![
        Span::styled(time, theme.dim()),
        space(),
        Span::styled(client, theme.dim()),
        Span::raw(fit(&request.method, 5, theme)),
        space(),
        Span::raw(fit(&path_shown, path, theme)),
        space(),
        Span::styled(status, theme.status(request.status)),
        space(),
        Span::raw(fit_right(&duration(request.took), 6, theme)),
        space(),
        Span::styled(fit(short_name(name, 8), 8, theme), Theme::strong()),
        space(),
        Span::raw(cut(&reason, rest - path, theme)),
    ])
}

fn update_line(state: &State, update: &UpdateEvent, width: usize) -> Line<'static> {
    let theme = state.theme;
    let time = time_of(update.time, width, state);
    let words = format!(
        "{} {} is {} (was {}): {}",
        theme.state_glyph(update.to),
        update.backend.name,
        update.to,
        update.from,
        update.reason
    );
    Line::from(vec![
        Span::styled(time.clone(), theme.dim()),
        Span::raw(" "),
        Span::styled(cut(&words, width.saturating_sub(time.len() + 1), theme), theme.state(update.to)),
    ])
}

/// The time of day, with milliseconds only in a wide pane.
fn time_of(time: SystemTime, width: usize, state: &State) -> String {
    clock(time, width >= 90, &state.zone)
}
