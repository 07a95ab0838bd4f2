//! ```text
//! ┌ Backends ────────────────────────────────────── share 33 / 33 / 24 / 10 % ┐
//! │     NAME     STATE      ADDRESS          W   REQS   /s  ACT  STICKY  p95  │
//! │ > 1 alpha    ● UP       localhost:5000   2   4102  139    6      31  19ms │
//! └───────────────────────────────────────────────────────────────────────────┘
//! ```

use ratatui::Frame;
use ratatui::layout::{Position, Rect};
use ratatui::style::Style;
use ratatui::text::{Line, Span};
use ratatui::widgets::Paragraph;
use unicode_width::UnicodeWidthStr as _;

use super::region;
use crate::balancer::State as BackendState;
use crate::config::Mode;
use crate::engine::{BackendView, PoolView};
use crate::tui::Theme;
use crate::tui::format::{age, count, cut, fit, fit_right, micros, percent, short_name, spark};
use crate::tui::state::{Pane, State};
use crate::tui::table::Column;

/// What stands in a cell.
enum Cell {
    /// Words, cut with an ellipsis where they are too long.
    Words(Span<'static>),
    /// The first of these that fits.
    Either(String, String),
    /// Marks of one column each, the latest last; the earliest go where there is no room.
    Marks(Vec<Span<'static>>),
    /// A line of blocks, one for each second.
    Spark(Vec<u64>),
}

/// Columns between the cells.
const GAP: usize = 1;
/// Columns before the first cell: the marker and the row's number.
const LEAD: usize = 4;

/// A column's width; one that grows has more where there is room. Those that matter least go first where there is none.
fn shape(column: Column) -> (usize, u8) {
    match column {
        Column::Name => (9, 100),
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

/// Figures stand on the right of their columns.
fn is_right(column: Column) -> bool {
    !matches!(column, Column::Name | Column::State | Column::Address | Column::Checks | Column::Spark)
}

fn cell(column: Column, state: &State, backend: &BackendView) -> Cell {
    match column {
        Column::Name => Cell::Either(backend.name.clone(), short_name(&backend.name, 0).to_owned()),
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

pub(super) fn render(frame: &mut Frame<'_>, state: &State, area: Rect) {
    let shares: Vec<String> = state
        .shown_backends()
        .take(8)
        .map(|b| b.actual_share.map_or_else(|| state.theme.none().to_owned(), percent))
        .collect();
    let (shown, all) = (state.table.rows.len(), state.snapshot.backends.len());
    let title = if shown == all { "Backends".to_owned() } else { format!("Backends {shown} of {all}") };
    let block = region(state, state.pane == Pane::Backends, &title, &format!("share {} %", shares.join(" / ")));
    let inner = block.inner(area);
    frame.render_widget(block, area);

    let columns = chosen(state, usize::from(inner.width).saturating_sub(LEAD));
    let mut lines = vec![titles(state, &columns)];
    lines.extend(seen(state, inner.height).map(|row| match row {
        Row::Pool(pool) => heading(state, pool, usize::from(inner.width)),
        Row::Backend(number, backend) => line(state, &columns, number, backend),
    }));
    if shown == 0 {
        let hint = "    No backend matches the filter. Esc takes it away, / changes it.";
        lines.push(Line::styled(cut(hint, usize::from(inner.width), state.theme), state.theme.dim()));
    }
    frame.render_widget(Paragraph::new(lines), inner);
}

/// The rows that are seen below the titles, scrolled so that the selected one is among them.
fn seen(state: &State, height: u16) -> impl Iterator<Item = Row<'_>> {
    let room = usize::from(height).saturating_sub(1);
    let rows = grouped(state);
    let selected = rows.iter().position(|row| matches!(row, Row::Backend(_, b) if Some(b.id) == state.selected));
    let first = selected.map_or(0, |row| (row + 1).saturating_sub(room));
    rows.into_iter().skip(first).take(room)
}

/// The backend in this line of the screen.
pub(super) fn backend_at(state: &State, area: Rect, line: u16) -> Option<u32> {
    // The border and the titles stand above the first.
    let row = line.checked_sub(area.y + 2)?;
    match seen(state, area.height.saturating_sub(2)).nth(usize::from(row))? {
        Row::Backend(_, backend) => Some(backend.id),
        Row::Pool(_) => None,
    }
}

/// The column whose title stands in this place of the screen.
pub(super) fn title_at(state: &State, area: Rect, place: Position) -> Option<Column> {
    // The border stands above the titles and beside them.
    if place.y != area.y + 1 {
        return None;
    }
    let mut from = usize::from(area.x) + 1 + LEAD;
    for (column, width) in chosen(state, usize::from(area.width).saturating_sub(2 + LEAD)) {
        if (from..from + width).contains(&usize::from(place.x)) {
            return Some(column);
        }
        from += width + GAP;
    }
    None
}

/// What stands in a row.
enum Row<'s> {
    /// A pool's heading, where there are several.
    Pool(&'s PoolView),
    /// A backend, and its number.
    Backend(usize, &'s BackendView),
}

/// Rows below the titles.
pub(super) fn rows(state: &State) -> usize {
    grouped(state).len()
}

/// The backends by pool, each pool with its heading; one pool needs none.
fn grouped(state: &State) -> Vec<Row<'_>> {
    let snapshot = &state.snapshot;
    let mut backends = state.shown_backends().enumerate().peekable();
    let mut rows = Vec::new();
    if snapshot.pools.len() > 1 {
        for pool in &snapshot.pools {
            rows.push(Row::Pool(pool));
            while let Some((number, backend)) = backends.next_if(|(_, backend)| backend.pool == pool.name) {
                rows.push(Row::Backend(number, backend));
            }
        }
    }
    rows.extend(backends.map(|(number, backend)| Row::Backend(number, backend)));
    rows
}

/// ` web  round-robin  sticky: cookie`
fn heading(state: &State, pool: &PoolView, width: usize) -> Line<'static> {
    let how = format!("  {}  sticky: {}", pool.strategy, pool.sticky);
    let how = if pool.mode == Mode::Tcp { format!("  tcp{how}") } else { how };
    let name = format!(" {}", cut(&pool.name, width.saturating_sub(1), state.theme));
    let rest = width.saturating_sub(name.width());
    Line::from(vec![
        Span::styled(name, state.theme.title()),
        Span::styled(cut(&how, rest, state.theme), state.theme.dim()),
    ])
}

/// The columns there is room for, in their order. The one that was chosen by hand is always among them.
fn chosen(state: &State, room: usize) -> Vec<(Column, usize)> {
    let table = &state.table;
    let priority = |column: Column| match shape(column).1 {
        _ if table.chosen && table.column == column => u8::MAX,
        _ if table.sort.is_some_and(|(by, _)| by == column) => u8::MAX - 1,
        priority => priority,
    };
    let width = |column: Column| match column {
        Column::State => shape(column).0.max(widest_state(state)),
        Column::Active => shape(column).0.max(widest_active(state)),
        _ => shape(column).0,
    };
    let mut columns: Vec<(Column, usize)> = Column::ALL.iter().map(|c| (*c, width(*c))).collect();
    let total = |columns: &[(Column, usize)]| columns.iter().map(|(_, width)| width + GAP).sum::<usize>();
    while total(&columns) > room + GAP && columns.len() > 1 {
        let Some(least) = (0..columns.len()).min_by_key(|n| priority(columns[*n].0)) else { break };
        columns.remove(least);
    }
    let mut spare = (room + GAP).saturating_sub(total(&columns));
    let growing = [
        (Column::Address, 15_usize),
        (Column::Checks, 8),
        (Column::Name, 20),
        (Column::Spark, 60),
        (Column::Address, 40),
        (Column::Checks, 20),
    ];
    for (which, most) in growing {
        for (column, width) in &mut columns {
            if *column == which {
                let more = spare.min(most.saturating_sub(*width));
                *width += more;
                spare -= more;
            }
        }
    }
    columns
}

fn titles(state: &State, columns: &[(Column, usize)]) -> Line<'static> {
    let table = &state.table;
    let mut spans = vec![Span::raw(" ".repeat(LEAD))];
    for (column, width) in columns {
        let sorted = table.sort.filter(|(by, _)| by == column).map(|(_, descending)| descending);
        let text = format!("{}{}", column.title(), sorted.map_or("", |descending| state.theme.order(descending)));
        let is_chosen = table.chosen && table.column == *column && state.pane == Pane::Backends;
        let style = if is_chosen { Theme::selected() } else { state.theme.dim() };
        let mut filled = filled(Cell::Words(Span::raw(text)), *width, is_right(*column), state);
        // Only the title itself, not the room around it.
        for span in &mut filled {
            let text = span.content.trim().to_owned();
            let (before, after) = (span.content.find(text.as_str()).unwrap_or(0), span.content.trim_end().len());
            let after = span.content.len() - after;
            spans.push(Span::raw(" ".repeat(before)));
            spans.push(Span::styled(text, style));
            spans.push(Span::raw(" ".repeat(after)));
        }
        spans.push(Span::raw(" ".repeat(GAP)));
    }
    Line::from(spans)
}

fn line(state: &State, columns: &[(Column, usize)], row: usize, backend: &BackendView) -> Line<'static> {
    let selected = state.selected == Some(backend.id);
    let marker = if selected { ">" } else { " " };
    let mut spans = vec![Span::raw(format!("{marker}{:>2} ", row + 1))];
    for (column, width) in columns {
        spans.extend(filled(cell(*column, state, backend), *width, is_right(*column), state));
        spans.push(Span::raw(" ".repeat(GAP)));
    }
    let style = if selected && state.pane == Pane::Backends { Theme::selected() } else { Style::new() };
    Line::from(spans).style(style)
}

/// A cell, cut and filled to its width.
fn filled(cell: Cell, width: usize, right: bool, state: &State) -> Vec<Span<'static>> {
    match cell {
        Cell::Words(span) => {
            let fitted = if right { fit_right } else { fit };
            vec![Span::styled(fitted(&span.content, width, state.theme), span.style)]
        }
        Cell::Either(long, short) => {
            let text = if long.width() <= width { long } else { short };
            vec![Span::raw(fit(&text, width, state.theme))]
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

/// The whole address, or the port alone where the host is this machine.
fn address_cell(backend: &BackendView) -> Cell {
    Cell::Either(backend.address.clone(), short_name(&backend.address, 0).to_owned())
}

fn state_cell(state: &State, backend: &BackendView) -> Cell {
    Cell::Words(Span::styled(state_words(state, backend), state.theme.state(backend.state)))
}

/// `● UP`, `✖ DOWN 12s` since when, `▲ EJECTED 8s` for how long still.
fn state_words(state: &State, backend: &BackendView) -> String {
    let (glyph, word) = (state.theme.state_glyph(backend.state), backend.state);
    match backend.ejected_seconds {
        // It starts slowly: this much of its weight counts.
        _ if word == BackendState::Up && backend.percent < 100 => format!("{glyph} {word} {}%", backend.percent),
        _ if word == BackendState::Up && backend.backup => format!("{glyph} {word} backup"),
        _ if word == BackendState::Up => format!("{glyph} {word}"),
        Some(left) if word == BackendState::Ejected => format!("{glyph} {word} {}", age(left)),
        _ => format!("{glyph} {word} {}", age(backend.state_seconds)),
    }
}

/// The columns that the longest of the countdowns needs, of which nothing may be cut.
fn widest_state(state: &State) -> usize {
    let ejected = state.snapshot.backends.iter().filter(|b| b.state == BackendState::Ejected);
    ejected.map(|b| state_words(state, b).width()).max().unwrap_or(0)
}

/// `3`; `3+12` where twelve more wait for a place.
fn active_words(backend: &BackendView) -> String {
    let active = count(u64::from(backend.active));
    match backend.queued {
        0 => active,
        queued => format!("{active}+{}", count(u64::from(queued))),
    }
}

fn widest_active(state: &State) -> usize {
    let queues = state.snapshot.backends.iter().filter(|b| b.queued > 0);
    queues.map(|b| active_words(b).width()).max().unwrap_or(0)
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
