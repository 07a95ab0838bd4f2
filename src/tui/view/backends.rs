//! ```text
//! ┌ Backends ────────────────────────────────────── share 33 / 33 / 24 / 10 % ┐
//! │     NAME     STATE      ADDRESS          W   REQS   /s  ACT  STICKY  p95  │
//! │ > 1 alpha    ● UP       localhost:5000   2   4102  139    6      31  19ms │
//! └───────────────────────────────────────────────────────────────────────────┘
//! ```

use ratatui::Frame;
use ratatui::layout::Rect;
use ratatui::style::Style;
use ratatui::text::{Line, Span};
use ratatui::widgets::Paragraph;
use unicode_width::UnicodeWidthStr as _;

use super::region;
use crate::balancer::State as BackendState;
use crate::config::Mode;
use crate::engine::{BackendView, PoolView};
use crate::tui::Theme;
use crate::tui::format::{age, count, cut, fit, fit_right, micros, percent};
use crate::tui::state::{Pane, State};

/// One column of the table.
struct Column {
    title: &'static str,
    width: usize,
    right: bool,
    /// The least important go first where there is no room.
    priority: u8,
    cell: fn(&State, &BackendView) -> Cell,
}

/// What stands in a cell.
enum Cell {
    /// Words, cut with an ellipsis where they are too long.
    Words(Span<'static>),
    /// The first of these that fits.
    Either(String, String),
    /// Marks of one column each, the latest last; the earliest go where there is no room.
    Marks(Vec<Span<'static>>),
}

/// Columns between the cells.
const GAP: usize = 1;
/// Columns before the first cell: the marker and the row's number.
const LEAD: usize = 4;

const COLUMNS: [Column; 15] = [
    Column { title: "NAME", width: 9, right: false, priority: 100, cell: |_, b| words(b.name.as_str()) },
    Column { title: "STATE", width: 11, right: false, priority: 99, cell: state_cell },
    Column { title: "ADDRESS", width: 7, right: false, priority: 73, cell: address_cell },
    Column { title: "W", width: 2, right: true, priority: 70, cell: |_, b| words(b.weight.to_string()) },
    Column { title: "REQS", width: 5, right: true, priority: 95, cell: |_, b| words(count(b.requests)) },
    Column { title: "/s", width: 4, right: true, priority: 94, cell: |_, b| words(count(b.rate)) },
    Column { title: "ACT", width: 3, right: true, priority: 93, cell: |_, b| words(count(u64::from(b.active))) },
    Column { title: "WS", width: 3, right: true, priority: 20, cell: |_, b| words(count(u64::from(b.tunnels))) },
    Column { title: "STICKY", width: 6, right: true, priority: 72, cell: |_, b| words(count(b.sessions)) },
    Column { title: "p50", width: 6, right: true, priority: 15, cell: |s, b| time(s, b.latency.p50) },
    Column { title: "p95", width: 6, right: true, priority: 80, cell: |s, b| time(s, b.latency.p95) },
    Column { title: "p99", width: 6, right: true, priority: 14, cell: |s, b| time(s, b.latency.p99) },
    Column { title: "ERR", width: 4, right: true, priority: 92, cell: error_cell },
    Column { title: "SHARE/DUE", width: 9, right: true, priority: 30, cell: share_cell },
    Column { title: "CHECKS", width: 6, right: false, priority: 71, cell: checks_cell },
];

pub(super) fn render(frame: &mut Frame<'_>, state: &State, area: Rect) {
    let shares: Vec<String> = state
        .snapshot
        .backends
        .iter()
        .take(8)
        .map(|b| b.actual_share.map_or_else(|| state.theme.none().to_owned(), percent))
        .collect();
    let block = region(state, state.pane == Pane::Backends, "Backends", &format!("share {} %", shares.join(" / ")));
    let inner = block.inner(area);
    frame.render_widget(block, area);

    let columns = chosen(usize::from(inner.width).saturating_sub(LEAD), widest_state(state));
    let mut lines = vec![titles(state, &columns)];
    let room = usize::from(inner.height).saturating_sub(1);
    let rows = grouped(state);
    // Scrolled so that the selected row is seen.
    let selected = rows.iter().position(|row| matches!(row, Row::Backend(_, b) if Some(b.id) == state.selected));
    let first = selected.map_or(0, |row| (row + 1).saturating_sub(room));
    lines.extend(rows.into_iter().skip(first).take(room).map(|row| match row {
        Row::Pool(pool) => heading(state, pool, usize::from(inner.width)),
        Row::Backend(number, backend) => line(state, &columns, number, backend),
    }));
    frame.render_widget(Paragraph::new(lines), inner);
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
    let mut backends = snapshot.backends.iter().enumerate().peekable();
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
    let how = format!("  {}  sticky: {}", pool.strategy, pool.sticky.name());
    let how = if pool.mode == Mode::Tcp { format!("  tcp{how}") } else { how };
    let name = format!(" {}", cut(&pool.name, width.saturating_sub(1), state.theme));
    let rest = width.saturating_sub(name.width());
    Line::from(vec![
        Span::styled(name, state.theme.title()),
        Span::styled(cut(&how, rest, state.theme), state.theme.dim()),
    ])
}

/// The columns there is room for, in their order; what room is left goes to the address.
fn chosen(room: usize, widest_state: usize) -> Vec<(&'static Column, usize)> {
    let width = |column: &Column| if column.title == "STATE" { column.width.max(widest_state) } else { column.width };
    let mut columns: Vec<(&Column, usize)> = COLUMNS.iter().map(|c| (c, width(c))).collect();
    let total = |columns: &[(&Column, usize)]| columns.iter().map(|(_, width)| width + GAP).sum::<usize>();
    while total(&columns) > room + GAP && columns.len() > 1 {
        let Some(least) = (0..columns.len()).min_by_key(|n| columns[*n].0.priority) else { break };
        columns.remove(least);
    }
    let mut spare = (room + GAP).saturating_sub(total(&columns));
    for (title, most) in [("ADDRESS", 15_usize), ("CHECKS", 8), ("NAME", 20), ("ADDRESS", 40), ("CHECKS", 20)] {
        for (column, width) in &mut columns {
            if column.title == title {
                let more = spare.min(most.saturating_sub(*width));
                *width += more;
                spare -= more;
            }
        }
    }
    columns
}

fn titles(state: &State, columns: &[(&Column, usize)]) -> Line<'static> {
    let mut spans = vec![Span::raw(" ".repeat(LEAD))];
    for (column, width) in columns {
        let title = Cell::Words(Span::styled(column.title, state.theme.dim()));
        spans.extend(filled(title, *width, column.right, state));
        spans.push(Span::raw(" ".repeat(GAP)));
    }
    Line::from(spans)
}

fn line(state: &State, columns: &[(&Column, usize)], row: usize, backend: &BackendView) -> Line<'static> {
    let selected = state.selected == Some(backend.id);
    let marker = if selected { ">" } else { " " };
    let mut spans = vec![Span::raw(format!("{marker}{:>2} ", row + 1))];
    for (column, width) in columns {
        spans.extend(filled((column.cell)(state, backend), *width, column.right, state));
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
fn address_cell(_: &State, backend: &BackendView) -> Cell {
    let port = backend.address.strip_prefix("localhost").or_else(|| backend.address.strip_prefix("127.0.0.1"));
    let short = port.unwrap_or(&backend.address);
    Cell::Either(backend.address.clone(), short.to_owned())
}

fn state_cell(state: &State, backend: &BackendView) -> Cell {
    Cell::Words(Span::styled(state_words(state, backend), state.theme.state(backend.state)))
}

/// `● UP`, `✖ DOWN 12s` since when, `▲ EJECTED 8s` for how long still.
fn state_words(state: &State, backend: &BackendView) -> String {
    let (glyph, word) = (state.theme.state_glyph(backend.state), backend.state);
    match backend.ejected_seconds {
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
