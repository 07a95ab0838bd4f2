//! The backends pane: a table with one row per backend, grouped by pool.
//!
//! ```text
//! ┌ Backends ────────────────────────────────────── share 33 / 33 / 24 / 10 % ┐
//! │     NAME     STATE      ADDRESS          W   REQS   /s  ACT  STICKY  p95  │
//! │>1 A alpha    ● UP       localhost:5000   2   4102  139    6     31  19ms  │
//! └───────────────────────────────────────────────────────────────────────────┘
//! ```

pub(crate) mod cells;
mod faults;
mod pools;

use ratatui::Frame;
use ratatui::layout::{Position, Rect};
use ratatui::style::Style;
use ratatui::text::{Line, Span};
use ratatui::widgets::Paragraph;
use stickylb::api::{BackendId, BackendView, PoolView};
use unicode_width::UnicodeWidthStr as _;

use super::{more, nothing_matches, region};
use crate::screen::format::cut;
use crate::screen::state::{Focus, State};
use crate::screen::table::Column;
use crate::screen::theme::Theme;
use cells::{Cell, cell, filled, is_right, shape, widest_active, widest_fault, widest_name, widest_rate, widest_state};
use pools::{heading, shares};

/// The longest name that is shown whole before other columns get more room.
const NAME: usize = 12;

/// Minimum room for names before other columns.
const WIDE: usize = 100;

/// Spaces between cells.
const GAP: usize = 1;

/// Columns before the first cell: the marker, the row's number, the backend's letter, and a space behind both.
fn lead(state: &State) -> usize {
    1 + digits(state) + 3
}

fn digits(state: &State) -> usize {
    state.table.rows.len().to_string().len()
}

pub(crate) fn render(frame: &mut Frame<'_>, state: &State, area: Rect) {
    let (shown, all) = (state.table.rows.len(), state.snapshot.backends.len());
    let of_all = if shown == all { String::new() } else { format!(" {shown} of {all}") };
    let title = format!("Backends{of_all}");
    // With several pools, each heading shows the shares of its pool.
    let shares = if state.snapshot.pools.len() > 1 { String::new() } else { shares(state, |_| true) };
    let mut block = region(state, state.focus == Focus::Backends, &title, &shares);
    let more =
        more::backends(state, &ids(state, area.height.saturating_sub(2)), usize::from(area.width).saturating_sub(4));
    if !more.is_empty() {
        block = block.title_bottom(Line::styled(format!(" {more} "), state.theme.warning()));
    }
    let inner = block.inner(area);
    let columns = chosen(state, usize::from(inner.width).saturating_sub(lead(state)));
    let told = columns.iter().any(|(column, width)| *column == Column::State && *width >= widest_fault(state));
    if !told {
        let room = usize::from(area.width).saturating_sub(4 + more.width() + 3);
        block = block.title_bottom(faults::below(state, room).right_aligned());
    }
    frame.render_widget(block, area);
    let mut lines = vec![titles(state, &columns)];
    lines.extend(seen(state, inner.height).map(|row| match row {
        Row::Pool(pool) => heading(state, pool, usize::from(inner.width)),
        Row::Backend(number, backend) => line(state, &columns, number, backend),
    }));
    if shown == 0 {
        let hint = format!("    {}", nothing_matches(state, "backend"));
        lines.push(Line::styled(cut(&hint, usize::from(inner.width), state.theme), state.theme.dim()));
    }
    frame.render_widget(Paragraph::new(lines), inner);
}

/// The visible rows below the titles, scrolled so that the selected backend is visible.
fn seen(state: &State, height: u16) -> impl Iterator<Item = Row<'_>> {
    let room = usize::from(height).saturating_sub(1);
    let rows = grouped(state);
    let selected = rows.iter().position(|row| matches!(row, Row::Backend(_, b) if Some(b.id) == state.selected));
    let first = selected.map_or(0, |row| (row + 1).saturating_sub(room));
    rows.into_iter().skip(first).take(room)
}

/// The backends in the visible rows.
fn ids(state: &State, height: u16) -> Vec<BackendId> {
    let id = |row| if let Row::Backend(_, backend) = row { Some(backend.id) } else { None };
    seen(state, height).filter_map(id).collect()
}

/// The backend drawn on this screen row.
pub(crate) fn backend_at(state: &State, area: Rect, line: u16) -> Option<BackendId> {
    // Skip the border and the titles.
    let row = line.checked_sub(area.y + 2)?;
    match seen(state, area.height.saturating_sub(2)).nth(usize::from(row))? {
        Row::Backend(_, backend) => Some(backend.id),
        Row::Pool(_) => None,
    }
}

/// The screen row of the selected backend.
pub(crate) fn line_of_selected(state: &State, area: Rect) -> Option<u16> {
    let mut lines = area.y + 2..area.bottom().saturating_sub(1);
    lines.find(|line| state.selected.is_some() && backend_at(state, area, *line) == state.selected)
}

/// The column whose title is drawn at this screen position.
pub(crate) fn title_at(state: &State, area: Rect, place: Position) -> Option<Column> {
    // The titles are the first row inside the border.
    if place.y != area.y + 1 {
        return None;
    }
    let mut from = usize::from(area.x) + 1 + lead(state);
    for (column, width) in chosen(state, usize::from(area.width).saturating_sub(2 + lead(state))) {
        if (from..from + width).contains(&usize::from(place.x)) {
            return Some(column);
        }
        from += width + GAP;
    }
    None
}

/// A row below the titles.
enum Row<'s> {
    /// A pool's heading, only with several pools.
    Pool(&'s PoolView),
    /// A zero-based row number and its backend.
    Backend(usize, &'s BackendView),
}

/// Number of rows below the titles, pool headings included.
pub(crate) fn rows(state: &State) -> usize {
    grouped(state).len()
}

/// The backends grouped under pool headings; a single pool has no heading.
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

/// The columns that fit into `room`, with their widths. A column chosen by the user is always kept.
fn chosen(state: &State, room: usize) -> Vec<(Column, usize)> {
    let table = &state.table;
    let priority = |column: Column| match shape(column).1 {
        _ if table.chosen && table.column == column => u8::MAX,
        _ if table.sort.is_some_and(|(by, _)| by == column) => u8::MAX - 1,
        priority => priority,
    };
    // In a wide table a name goes before the least important column.
    let name = if room < WIDE { shape(Column::Name).0 } else { widest_name(state).clamp(shape(Column::Name).0, NAME) };
    let width = |column: Column| match column {
        Column::Name => name,
        Column::State => shape(column).0.max(widest_state(state)),
        Column::Active => shape(column).0.max(widest_active(state)),
        Column::Rate => shape(column).0.max(widest_rate(state)),
        _ => shape(column).0,
    };
    let mut columns: Vec<(Column, usize)> = table.columns.iter().map(|c| (*c, width(*c))).collect();
    let total = |columns: &[(Column, usize)]| columns.iter().map(|(_, width)| width + GAP).sum::<usize>();
    while total(&columns) > room + GAP && columns.len() > 1 {
        let Some(least) = (0..columns.len()).min_by_key(|n| priority(columns[*n].0)) else { break };
        columns.remove(least);
    }
    let mut spare = (room + GAP).saturating_sub(total(&columns));
    let growing = [
        (Column::Name, widest_name(state).min(NAME)),
        (Column::Address, 15),
        (Column::Checks, 8),
        (Column::State, widest_fault(state)),
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
    let mut spans = vec![Span::raw(" ".repeat(lead(state)))];
    for (column, width) in columns {
        let sorted = table.sort.filter(|(by, _)| by == column).map(|(_, descending)| descending);
        let order = sorted.map_or("", |descending| state.theme.order(descending));
        // Cut the title, not the sort arrow. Slicing by bytes is safe because titles are ASCII.
        let title = column.title();
        let title = &title[..title.len().min(width - order.width())];
        let text = format!("{title}{order}");
        let is_chosen = table.chosen && table.column == *column && state.focus == Focus::Backends;
        let style = if is_chosen { Theme::selected() } else { state.theme.dim() };
        let mut filled = filled(Cell::Words(Span::raw(text)), *width, is_right(*column), state);
        // Style only the title, not the padding around it.
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
    let letter = Span::styled(backend.mark.letter().to_string(), state.theme.backend(backend.mark));
    let mut spans = vec![Span::raw(format!("{marker}{:>1$} ", row + 1, digits(state))), letter, Span::raw(" ")];
    for (column, width) in columns {
        spans.extend(filled(cell(*column, state, backend), *width, is_right(*column), state));
        spans.push(Span::raw(" ".repeat(GAP)));
    }
    let style = if selected && state.focus == Focus::Backends { Theme::selected() } else { Style::new() };
    Line::from(spans).style(style)
}
