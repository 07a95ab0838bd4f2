//! ```text
//! ┌ Routing log ─ following ──────────────────────────────────────────────────┐
//! │ 12:04:31.220 GET  /api/cart   200   4ms alpha   sticky X-Backend-ID=0      │
//! │ 12:04:31.190 ■ bravo is MAINT (was UP): taken out by hand                  │
//! └───────────────────────────────────────────────────────────────────────────┘
//! ```

use std::time::SystemTime;

use jiff::tz::TimeZone;
use ratatui::Frame;
use ratatui::layout::Rect;
use ratatui::style::Style;
use ratatui::text::{Line, Span};
use ratatui::widgets::Paragraph;

use super::region;
use crate::engine::{Ended, Event, Level, RequestEvent, UpdateEvent};
use crate::tui::Theme;
use crate::tui::format::{cut, duration, fit, fit_right};
use crate::tui::state::{Pane, State};

/// Columns of a usual reason: `round-robin 1 of 3; new cookie`.
const REASON: usize = 30;

pub(super) fn render(frame: &mut Frame<'_>, state: &State, area: Rect) {
    let title = match state.held {
        None => format!("Routing log {} following", state.theme.dash()),
        Some(held) => format!("Routing log {} held, {held} below", state.theme.dash()),
    };
    let block = region(state, state.pane == Pane::Log, &title, "");
    let inner = block.inner(area);
    frame.render_widget(block, area);
    let rows = usize::from(inner.height);
    let held = state.held.unwrap_or(0);
    // The selected line stays in sight: near the end with the end below it, elsewhere at the bottom.
    let below = if held < rows { 0 } else { held + 1 - rows };
    let end = state.log.len() - below.min(state.log.len());
    let first = end.saturating_sub(rows);
    let selected = state.log.len().checked_sub(held + 1).filter(|_| state.held.is_some());
    let lines: Vec<Line<'_>> = (first..end)
        .map(|n| {
            let line = line(state, &state.log[n], usize::from(inner.width));
            if selected == Some(n) && state.pane == Pane::Log { line.style(Theme::selected()) } else { line }
        })
        .collect();
    let lines = lines.into_iter().chain(hint(state, usize::from(inner.width)));
    frame.render_widget(Paragraph::new(lines.collect::<Vec<_>>()), inner);
}

/// What to do while there was no request yet.
fn hint(state: &State, width: usize) -> Option<Line<'static>> {
    /// More lines than any start has: then there were requests, and the log need not be searched.
    const START: usize = 100;
    let quiet = state.log.len() < START && !state.log.iter().any(|event| matches!(**event, Event::Request(_)));
    quiet.then(|| {
        let hint = format!("No request yet. Open {0} in a browser, or: curl -i {0}", state.snapshot.url());
        Line::styled(cut(&hint, width, state.theme), state.theme.dim())
    })
}

fn line(state: &State, event: &Event, width: usize) -> Line<'static> {
    match event {
        Event::Request(request) => request_line(state, request, width),
        Event::Update(update) => update_line(state, update, width),
        Event::Notice(notice) => {
            let time = clock(notice.time, width, &state.zone);
            let style = if notice.level == Level::Warning { state.theme.warning() } else { Style::new() };
            let words = cut(&notice.text, width.saturating_sub(time.len() + 1), state.theme);
            Line::from(vec![Span::styled(time, state.theme.dim()), Span::raw(" "), Span::styled(words, style)])
        }
    }
}

fn request_line(state: &State, request: &RequestEvent, width: usize) -> Line<'static> {
    let theme = state.theme;
    let time = clock(request.time, width, &state.zone);
    // Time, method, status, duration, backend and the spaces between; path and reason share the rest.
    let rest = width.saturating_sub(time.len() + 1 + 5 + 1 + 1 + 3 + 1 + 6 + 1 + 8 + 1);
    // The usual reasons are shown whole; paths are cut before they are.
    let path = (rest / 3).min(60).min(rest.saturating_sub(REASON)).max(8).min(rest);
    let reason = match request.ended {
        Ended::Complete => request.decision.reason(),
        Ended::ClientGone => format!("{}; the client left", request.decision),
        Ended::CutByBackend => format!("{}; cut short by the backend", request.decision),
    };
    let space = || Span::raw(" ");
    let name = request.to.as_ref().map_or(theme.none(), |to| to.name.as_str());
    Line::from(vec![
        Span::styled(time, theme.dim()),
        space(),
        Span::raw(fit(&request.method, 5, theme)),
        space(),
        Span::raw(fit(&request.path, path, theme)),
        space(),
        Span::styled(request.status.to_string(), theme.status(request.status)),
        space(),
        Span::raw(fit_right(&duration(request.took), 6, theme)),
        space(),
        Span::styled(fit(name, 8, theme), Theme::strong()),
        space(),
        Span::raw(cut(&reason, rest - path, theme)),
    ])
}

fn update_line(state: &State, update: &UpdateEvent, width: usize) -> Line<'static> {
    let theme = state.theme;
    let time = clock(update.time, width, &state.zone);
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

/// `12:04:31.220`; without the milliseconds where the reason needs the room.
fn clock(time: SystemTime, width: usize, zone: &TimeZone) -> String {
    let stamp = jiff::Timestamp::try_from(time).unwrap_or_default();
    let format = if width < 90 { "%H:%M:%S" } else { "%H:%M:%S.%3f" };
    stamp.to_zoned(zone.clone()).strftime(format).to_string()
}
