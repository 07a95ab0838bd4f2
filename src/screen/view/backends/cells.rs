//! The cells of a backend's row, and how they are fitted to the column width.

use ratatui::style::Style;
use ratatui::text::Span;
use stickylb::api::{BackendView, ChaosView, State as BackendState};
use unicode_width::UnicodeWidthStr as _;

use crate::screen::format::{age, count, cut, cut_middle, fit, fit_right, micros, padded, percent, short_name, spark};
use crate::screen::state::State;
use crate::screen::table::Column;
use crate::words::seconds_left;

/// A cell's content before it is fitted.
pub(crate) enum Cell {
    /// Text, cut with an ellipsis if too long.
    Words(Span<'static>),
    /// A state, and the fault that burns: in all its words if they fit, else that there is one. Its countdown is in both.
    State(Span<'static>, [String; 2]),
    /// A name, cut in its middle if too long; of an address on this machine the port alone.
    Name(String),
    /// The first text if it fits, else the second, cut if necessary.
    Either(String, String),
    /// Marks one column wide, the latest last; the oldest are dropped if there is no room.
    Marks(Vec<Span<'static>>),
    /// A sparkline with one column per second.
    Spark(Vec<u64>),
}

/// A column's minimum width and its priority: the lowest is dropped first when space runs out.
pub(crate) fn shape(column: Column) -> (usize, u8) {
    match column {
        Column::Name => (8, 100),
        Column::State => (11, 99),
        Column::Requests => (5, 95),
        Column::Rate => (4, 94),
        Column::Active => (3, 93),
        Column::Errors => (4, 92),
        Column::P95 => (6, 80),
        Column::Address => (7, 73),
        Column::Sticky => (6, 72),
        Column::Checks => (6, 71),
        Column::Weight => (2, 70),
        Column::Share => (9, 30),
        Column::Spark => (12, 25),
        Column::WebSockets => (3, 20),
        Column::P50 => (6, 15),
        Column::P99 => (6, 14),
    }
}

/// Numbers are right-aligned.
pub(crate) fn is_right(column: Column) -> bool {
    !matches!(column, Column::Name | Column::State | Column::Address | Column::Checks | Column::Spark)
}

pub(crate) fn cell(column: Column, state: &State, backend: &BackendView) -> Cell {
    match column {
        Column::Name => Cell::Name(backend.name.to_string()),
        Column::State => state_cell(state, backend),
        Column::Address => address_cell(backend),
        Column::Weight => words(backend.weight.to_string()),
        Column::Requests => words(count(backend.requests)),
        Column::Rate => words(count(backend.rate)),
        Column::Active => words(active_words(backend)),
        Column::WebSockets => words(count(u64::from(backend.tunnels))),
        Column::Sticky => words(count(backend.sessions)),
        Column::P50 => time(state, backend.latency.p50),
        Column::P95 => time(state, backend.latency.p95),
        Column::P99 => time(state, backend.latency.p99),
        Column::Errors => error_cell(state, backend),
        Column::Share => share_cell(state, backend),
        Column::Checks => checks_cell(state, backend),
        Column::Spark => Cell::Spark(backend.rates.clone()),
    }
}

/// The cell cut and padded to `width` columns.
pub(crate) fn filled(cell: Cell, width: usize, right: bool, state: &State) -> Vec<Span<'static>> {
    match cell {
        Cell::Words(span) => {
            let fitted = if right { fit_right } else { fit };
            vec![Span::styled(fitted(&span.content, width, state.theme), span.style)]
        }
        Cell::State(word, [long, short]) => {
            let text = cut(&word.content, width, state.theme);
            let rest = width.saturating_sub(text.width());
            let fault = if long.width() <= rest { long } else { short };
            vec![Span::styled(text, word.style), Span::styled(fit(&fault, rest, state.theme), state.theme.warning())]
        }
        Cell::Either(long, short) => {
            let text = if long.width() <= width { long } else { short };
            vec![Span::raw(fit(&text, width, state.theme))]
        }
        Cell::Name(name) => {
            let name = cut_middle(short_name(&*name, 0), width, state.theme);
            vec![Span::raw(padded(name, width))]
        }
        Cell::Spark(values) => {
            vec![Span::styled(fit_right(&spark(&values, width, state.theme), width, state.theme), state.theme.title())]
        }
        Cell::Marks(marks) => {
            let skip = marks.len().saturating_sub(width);
            let mut shown: Vec<Span<'static>> = marks.into_iter().skip(skip).collect();
            shown.push(Span::raw(" ".repeat(width - shown.len())));
            shown
        }
    }
}

fn words(words: impl Into<String>) -> Cell {
    Cell::Words(Span::raw(words.into()))
}

fn time(state: &State, value: Option<u64>) -> Cell {
    words(value.map_or_else(|| state.theme.none().to_owned(), micros))
}

/// The whole address, or only the port of a `localhost` address that does not fit.
fn address_cell(backend: &BackendView) -> Cell {
    Cell::Either(backend.address.to_string(), short_name(&backend.address, 0).to_string())
}

fn state_cell(state: &State, backend: &BackendView) -> Cell {
    let word = Span::styled(state_words(state, backend), state.theme.state(backend.state));
    match &backend.chaos {
        None => Cell::Words(word),
        Some(fault) => Cell::State(word, fault_words(fault)),
    }
}

/// ` chaos latency 300 ms 12s`, and shorter ` chaos 12s`.
fn fault_words(fault: &ChaosView) -> [String; 2] {
    let left = age(seconds_left(fault));
    [format!(" chaos {} {left}", fault.words), format!(" chaos {left}")]
}

/// `● UP`, `✖ DOWN 12s` (time in the state), `▲ EJECTED 8s` (time left).
pub(crate) fn state_words(state: &State, backend: &BackendView) -> String {
    let (glyph, word) = (state.theme.state_glyph(backend.state), backend.state);
    match backend.ejected_seconds {
        // Slow start: the share of its weight that is in effect.
        _ if word == BackendState::Up && backend.percent < 100 => format!("{glyph} {word} {}%", backend.percent),
        _ if word == BackendState::Up && backend.backup => format!("{glyph} {word} backup"),
        _ if word == BackendState::Up => format!("{glyph} {word}"),
        // The fault's own countdown is the time that matters.
        _ if backend.chaos.is_some() && word != BackendState::Ejected => format!("{glyph} {word}"),
        Some(left) if word == BackendState::Ejected => format!("{glyph} {word} {}", age(left)),
        _ => format!("{glyph} {word} {}", age(backend.state_seconds)),
    }
}

/// Columns needed by the longest countdown of an ejection or a fault, which must not be cut.
pub(crate) fn widest_state(state: &State) -> usize {
    let fault = |b: &BackendView| b.chaos.as_deref().map_or(0, |fault| fault_words(fault)[1].width());
    let counts = |b: &&BackendView| b.state == BackendState::Ejected || b.chaos.is_some();
    let counting = state.snapshot.backends.iter().filter(counts);
    counting.map(|b| state_words(state, b).width() + fault(b)).max().unwrap_or(0)
}

/// Columns in which every fault that burns has all its words; 0 if none does.
pub(crate) fn widest_fault(state: &State) -> usize {
    let backends = state.snapshot.backends.iter();
    let burning =
        backends.filter_map(|b| Some(state_words(state, b).width() + fault_words(b.chaos.as_deref()?)[0].width()));
    burning.max().unwrap_or(0)
}

/// Columns of the longest name.
pub(crate) fn widest_name(state: &State) -> usize {
    state.snapshot.backends.iter().map(|b| short_name(&b.name, 0).shown().width()).max().unwrap_or(0)
}

/// `3`, or `3+12` if twelve more requests are queued.
fn active_words(backend: &BackendView) -> String {
    let active = count(u64::from(backend.active));
    match backend.queued {
        0 => active,
        queued => format!("{active}+{}", count(u64::from(queued))),
    }
}

pub(crate) fn widest_active(state: &State) -> usize {
    let queues = state.snapshot.backends.iter().filter(|b| b.queued > 0);
    queues.map(|b| active_words(b).width()).max().unwrap_or(0)
}

/// Columns needed by the widest rate: a number with cut digits would be wrong.
pub(crate) fn widest_rate(state: &State) -> usize {
    state.snapshot.backends.iter().map(|b| count(b.rate).len()).max().unwrap_or(0)
}

fn error_cell(state: &State, backend: &BackendView) -> Cell {
    let style = if backend.errors > 0 { state.theme.bad() } else { Style::new() };
    Cell::Words(Span::styled(count(backend.errors), style))
}

fn share_cell(state: &State, backend: &BackendView) -> Cell {
    let actual = backend.actual_share.map_or_else(|| state.theme.none().to_owned(), percent);
    words(format!("{actual}/{}%", percent(backend.expected_share)))
}

fn checks_cell(state: &State, backend: &BackendView) -> Cell {
    let mark = |passed: bool| {
        let style = if passed { state.theme.good() } else { state.theme.bad() };
        Span::styled(state.theme.check_glyph(passed), style)
    };
    Cell::Marks(backend.checks.iter().map(|check| mark(check.passed)).collect())
}
