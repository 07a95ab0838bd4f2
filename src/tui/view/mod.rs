//! Draws a state. One file for each region of the screen.
//!
//! ```text
//! header    what is balanced, how, and how it goes       2 lines
//! backends  the table                                    as many lines as there are, at most half
//! changes   the last changes of states                    at most 6 lines
//! log       who went where and why  │  events            the rest; events from 160 columns on, or
//!                                   │  output            what the selected backend's process writes
//! footer    keys, or what went wrong                     1 line
//! ```

mod backends;
mod changes;
mod compact;
mod dialog;
mod empty;
mod events;
mod export;
mod footer;
#[cfg(test)]
mod frames;
mod header;
mod log;
mod output;
mod palette;
mod prompt;
mod spot;

use ratatui::Frame;
use ratatui::layout::{Constraint, Layout, Rect};
use ratatui::style::Style;
use ratatui::text::{Line, Span};
use ratatui::widgets::Block;

use super::state::State;
pub(super) use dialog::help_hides;
pub(super) use spot::{Spot, spot};

/// Below this size there is no room for borders: one line a backend.
const FULL: (u16, u16) = (60, 14);
/// From here on the event pane stands beside the log.
const WIDE: u16 = 160;

/// Draws the whole screen.
pub fn view(state: &State, frame: &mut Frame<'_>) {
    let area = frame.area();
    if area.is_empty() {
        return;
    }
    if area.width < FULL.0 || area.height < FULL.1 {
        compact::render(frame, state, area);
    } else {
        full(frame, state, area);
    }
    dialog::render(frame, state, area);
}

/// Header, body and footer.
fn parts(area: Rect) -> [Rect; 3] {
    Layout::vertical([Constraint::Length(2), Constraint::Min(0), Constraint::Length(1)]).areas(area)
}

/// The table, what changed, and the log with what stands beside it.
fn panes(state: &State, area: Rect, body: Rect) -> [Rect; 3] {
    let rows = u16::try_from(backends::rows(state).max(1)).unwrap_or(u16::MAX).saturating_add(3);
    Layout::vertical([
        Constraint::Length(rows.min(body.height / 2)),
        Constraint::Length(changes::height(state, area.height)),
        Constraint::Min(0),
    ])
    .areas(body)
}

fn full(frame: &mut Frame<'_>, state: &State, area: Rect) {
    let [header, body, footer] = parts(area);
    header::render(frame, state, header);
    footer::render(frame, state, footer);
    if state.snapshot.backends.is_empty() {
        empty::render(frame, state, body);
        return;
    }
    let [table, changed, below] = panes(state, area, body);
    backends::render(frame, state, table);
    changes::render(frame, state, changed);
    if area.width < WIDE {
        let output = if state.output_shown { Constraint::Fill(1) } else { Constraint::Length(0) };
        let [above, below] = Layout::vertical([Constraint::Fill(1), output]).areas(below);
        log::render(frame, state, above);
        output::render(frame, state, below);
    } else {
        let [left, right] = Layout::horizontal([Constraint::Fill(2), Constraint::Fill(1)]).areas(below);
        log::render(frame, state, left);
        if state.output_shown {
            output::render(frame, state, right);
        } else {
            events::render(frame, state, right);
        }
    }
}

/// A bordered region with its title on the left and what sums it up on the right.
fn region<'t>(state: &State, focused: bool, title: &'t str, right: &str) -> Block<'t> {
    let theme = state.theme;
    let block = Block::bordered()
        .border_set(theme.borders())
        .border_style(theme.border(focused))
        .title(Line::styled(format!(" {title} "), if focused { theme.title() } else { Style::new() }));
    if right.is_empty() { block } else { block.title(Line::styled(format!(" {right} "), theme.dim()).right_aligned()) }
}

/// The parts that fit beside each other with two spaces between, the least important left out.
fn kept(parts: &[(u8, Vec<Span<'static>>)], columns: usize) -> Vec<usize> {
    let width = |n: &usize| parts[*n].1.iter().map(Span::width).sum::<usize>() + 2;
    let mut kept: Vec<usize> = (0..parts.len()).collect();
    while kept.iter().map(width).sum::<usize>() > columns + 2 {
        let Some(least) = (0..kept.len()).min_by_key(|n| parts[kept[*n]].0) else { break };
        kept.remove(least);
    }
    kept
}

/// Puts spans beside each other with two spaces between, leaving out the least important until they fit.
fn fitted(mut parts: Vec<(u8, Vec<Span<'static>>)>, columns: usize) -> Vec<Span<'static>> {
    let kept = kept(&parts, columns);
    let parts = kept.into_iter().map(|n| std::mem::take(&mut parts[n]));
    let mut spans = Vec::new();
    for (n, (_, part)) in parts.enumerate() {
        if n > 0 {
            spans.push(Span::raw("  "));
        }
        spans.extend(part);
    }
    spans
}
