//! One line of the log.

use ratatui::style::Style;
use ratatui::text::{Line, Span};
use std::time::SystemTime;
use stickylb::api::{Event, Level, RequestEvent, UpdateEvent};
use stickylb::untrusted::Untrusted;

use super::columns::Columns;
use super::words::{path, reason};
use crate::screen::format::{clock, cut, cut_middle, duration, fit, fit_right, padded, short_name};
use crate::screen::state::State;
use crate::screen::theme::Theme;

/// An event on one line, with a symbol where it is marked.
pub(super) fn line(state: &State, event: &Event, columns: &Columns, mark: bool) -> Line<'static> {
    let theme = state.theme;
    let mut line = match event {
        Event::Request(request) => request_line(state, request, columns),
        Event::Update(update) => {
            timed(state, event.time(), &update_words(state, update), theme.state(update.to), columns)
        }
        Event::Output(output) => {
            let style = state.mark_of(output.backend.id).map_or(Style::new(), |mark| theme.backend(mark));
            let words = format!("{} | {}", output.backend.name, output.line);
            timed(state, event.time(), &words, style, columns)
        }
        Event::Notice(notice) => {
            let style = if notice.level == Level::Warning { theme.warning() } else { Style::new() };
            timed(state, event.time(), &notice.text.shown(), style, columns)
        }
        // `Event` is non-exhaustive; all its current kinds are handled above.
        _ => return Line::default(),
    };
    if mark {
        // The second span is the space between the time and the text.
        line.spans[1] = Span::styled(theme.mark(), theme.key());
    }
    line
}

fn request_line(state: &State, request: &RequestEvent, columns: &Columns) -> Line<'static> {
    let theme = state.theme;
    let status = if request.is_raw() && request.status == 0 { "-".to_owned() } else { request.status.to_string() };
    let (letter, style) = request
        .to
        .as_ref()
        .and_then(|to| state.mark_of(to.id))
        .map_or_else(|| (" ".to_owned(), Theme::strong()), |mark| (mark.letter().to_string(), theme.backend(mark)));
    let name = request.to.as_ref().map_or(Untrusted::new(theme.none()), |to| to.name.borrowed());
    let name = cut_middle(short_name(name, 0), columns.name, theme);
    let space = || Span::raw(" ");
    // What a fault touched is no trouble of the backend's own.
    let why = if request.decision.chaos.is_empty() { Style::new() } else { theme.warning() };
    let mut spans = vec![Span::styled(time(state, request.time + request.took, columns), theme.dim()), space()];
    if columns.client > 0 {
        let client = request.ip.to_canonical().to_string();
        spans.extend([Span::styled(fit(&client, columns.client, theme), theme.dim()), space()]);
    }
    spans.extend([
        Span::raw(fit(&request.method, columns.method, theme)),
        space(),
        Span::raw(fit(&*path(request), columns.path, theme)),
        space(),
        Span::styled(fit_right(&status, 3, theme), theme.status(request.status)),
        space(),
        Span::raw(fit_right(&duration(request.took), 6, theme)),
        space(),
        Span::styled(padded(format!("{letter} {name}"), columns.name + 2), style),
        space(),
        Span::styled(cut(&reason(request), columns.reason, theme), why),
    ]);
    Line::from(spans)
}

fn update_words(state: &State, update: &UpdateEvent) -> String {
    let glyph = state.theme.state_glyph(update.to);
    format!("{glyph} {} is {} (was {}): {}", update.backend.name, update.to, update.from, update.reason)
}

/// Words behind their time.
fn timed(state: &State, at: SystemTime, words: &str, style: Style, columns: &Columns) -> Line<'static> {
    let time = time(state, at, columns);
    let words = cut(words, columns.all.saturating_sub(time.len() + 1), state.theme);
    Line::from(vec![Span::styled(time, state.theme.dim()), Span::raw(" "), Span::styled(words, style)])
}

/// The time of day, with milliseconds only in a wide pane.
fn time(state: &State, at: SystemTime, columns: &Columns) -> String {
    clock(at, columns.millis, &state.zone)
}
