//! Draws a state, with one file per region of the screen.
//!
//! ```text
//! header    what is balanced, and the totals       2 lines
//! lesson    the lesson that is under way           as many lines as it needs, at most 14
//! backends  the table                              one line per backend, at most half of the body
//! figures   split, times and strategy side by side as many lines as they need, at most a quarter of the body
//! warnings  current problems and what to do        as many lines as they need, at most 2, 6 or 9 by screen height
//! changes   the last changes                       at most 6 lines
//! log       the routing log  │  side               the rest; beside it inspector, output or events
//! keys      for a room: those pressed last         1 line, 3 on a high screen
//! footer    keys, or the result of the last key    1 line
//! ```

mod backends;
mod bodies;
mod changes;
mod chaos;
mod columns;
mod compact;
mod dialog;
mod dialog_frame;
mod empty;
mod events;
mod export;
mod figures;
mod flow;
mod footer;
#[cfg(test)]
mod frames;
mod header;
mod heads;
mod inspector;
mod lesson;
mod log;
mod more;
mod output;
mod palette;
mod presenter;
mod prompt;
mod replay;
mod spot;
mod survive;
mod timing;
mod warnings;
mod what_if;
mod why;

use ratatui::Frame;
use ratatui::layout::{Constraint, Layout, Rect};
use ratatui::style::{Color, Style};
use ratatui::text::{Line, Span};
use ratatui::widgets::Block;
use stickylb::api::PoolView;

use crate::screen::action::Action;
use crate::screen::state::{Focus, Side, State};
use crate::screen::theme::Role;
pub(crate) use dialog::help_hides;
pub(crate) use flow::shows_log as flow_shows_log;
pub(crate) use inspector::as_text as selection_as_text;
pub(crate) use lesson::hides as lesson_hides;
pub(crate) use spot::{Spot, spot};
pub(crate) use survive::hides as survive_hides;
pub(crate) use why::as_text as why_as_text;

/// Minimum columns and rows of the full layout; smaller terminals get the compact one.
const FULL: (u16, u16) = (60, 14);

/// Minimum width for a side pane beside the log.
const BESIDE: u16 = 110;

/// Minimum rows for the figures above another view.
const HIGH: u16 = 40;

/// Minimum columns for inspector and events beside the log.
const WIDE: u16 = 160;

/// The palette's most columns, and the rows it should have.
const PALETTE: (u16, u16) = (100, 7);

/// Draws the whole screen.
pub fn view(state: &State, frame: &mut Frame<'_>) {
    let area = frame.area();
    if area.is_empty() {
        return;
    }
    let is_small = area.width < FULL.0 || area.height < FULL.1;
    if is_small && shows_flow(state) {
        flow::small(frame, state, area);
    } else if is_small {
        compact::render(frame, state, area);
    } else {
        full(frame, state, area);
    }
    dialog::render(frame, state, area);
    page(frame, state, area);
}

/// Whether the flow has the place of the panes.
fn shows_flow(state: &State) -> bool {
    state.flow.open && state.detail.is_none() && !state.snapshot.backends.is_empty()
}

/// Gives what has no colour yet the text and background colours of the user's own theme.
fn page(frame: &mut Frame<'_>, state: &State, area: Rect) {
    let [text, background] = [Role::Text, Role::Background].map(|role| state.theme.own(role));
    if text.is_none() && background.is_none() {
        return;
    }
    for place in area.positions() {
        let cell = &mut frame.buffer_mut()[place];
        cell.fg = text.filter(|_| cell.fg == Color::Reset).unwrap_or(cell.fg);
        cell.bg = background.filter(|_| cell.bg == Color::Reset).unwrap_or(cell.bg);
    }
}

/// Header, body, what the presenter says of keys, and footer.
fn parts(state: &State, area: Rect) -> [Rect; 4] {
    let [header, keys, footer] = [2, presenter::keys_height(state, area), 1].map(Constraint::Length);
    Layout::vertical([header, Constraint::Min(0), keys, footer]).areas(area)
}

/// The body without the lesson above it.
fn below_lesson(state: &State, area: Rect) -> Rect {
    lesson::split(state, parts(state, area)[1])[1]
}

/// Draws one pane of the body.
type Draw = fn(&mut Frame<'_>, &State, Rect);

/// The area of each pane in the body; a hidden pane's area is empty.
#[derive(Default)]
struct Areas {
    lesson: Rect,
    table: Rect,
    figures: Rect,
    warnings: Rect,
    changes: Rect,
    log: Rect,
    side: Rect,
    events: Rect,
    detail: Rect,
    presenter: Rect,
}

fn side_of(state: &State, area: Rect) -> Side {
    state.side.unwrap_or_else(|| Side::usual(area.width))
}

/// Divides the body between the panes.
fn places(state: &State, area: Rect, whole: Rect) -> Areas {
    let [lesson, body] = lesson::split(state, whole);
    Areas { lesson, ..below(state, area, body, table_rows(state, whole)) }
}

/// The rows of the table: as many as it needs, at most half of the body.
fn table_rows(state: &State, body: Rect) -> u16 {
    let rows = u16::try_from(backends::rows(state).max(1)).unwrap_or(u16::MAX).saturating_add(3);
    rows.min(body.height / 2)
}

/// Divides what is below the lesson.
fn below(state: &State, area: Rect, body: Rect, table: u16) -> Areas {
    if state.detail.is_some() {
        return Areas { detail: body, ..Areas::default() };
    }
    // What is shown over the log takes its part of the body before; the presenter has all the rest.
    if state.presenter.on {
        return Areas { presenter: body, ..Areas::default() };
    }
    if state.zoomed {
        return match state.focus {
            Focus::Backends => Areas { table: body, ..Areas::default() },
            Focus::Log => Areas { log: body, ..Areas::default() },
        };
    }
    let large = area.width >= WIDE && area.height >= HIGH;
    let chosen = side_of(state, area);
    // A high screen has room for the figures above any view.
    let above = chosen == Side::Figures || area.height >= HIGH && chosen != Side::Hidden;
    let has_band = area.width >= BESIDE && above;
    // What is not always told has rows of its own there, and takes none of the others.
    let most = body.height / 4 + figures::more_rows(state);
    let figures = if has_band { figures::height(state).min(most) } else { 0 };
    let [table, figures, warnings, changes, below] = Layout::vertical([
        Constraint::Length(table),
        Constraint::Length(figures),
        Constraint::Length(warnings::height(state, area)),
        // A low screen with a lesson has room for the last change.
        Constraint::Length(changes::height(state, area.height.min(body.height + 3))),
        Constraint::Min(0),
    ])
    .areas(body);
    let width = match chosen {
        Side::Hidden => 0,
        // A narrow screen shows the side pane instead of the log.
        _ if area.width < BESIDE => below.width,
        Side::Figures => 0,
        _ => area.width / 5 * 2,
    };
    let [log, side] = Layout::horizontal([Constraint::Fill(1), Constraint::Length(width)]).areas(below);
    let under = if large && chosen == Side::Inspector { Constraint::Fill(1) } else { Constraint::Length(0) };
    let [side, events] = Layout::vertical([Constraint::Fill(3), under]).areas(side);
    Areas { table, figures, warnings, changes, log, side, events, ..Areas::default() }
}

fn full(frame: &mut Frame<'_>, state: &State, area: Rect) {
    let [header, body, keys, footer] = parts(state, area);
    header::render(frame, state, header);
    presenter::render_keys(frame, state, keys);
    footer::render(frame, state, footer);
    if state.snapshot.backends.is_empty() {
        let warnings = Constraint::Length(warnings::height(state, area));
        let [lesson, body] = lesson::split(state, body);
        lesson::render(frame, state, lesson);
        let [body, warnings] = Layout::vertical([Constraint::Fill(1), warnings]).areas(body);
        empty::render(frame, state, body);
        warnings::render(frame, state, warnings);
        return;
    }
    if shows_flow(state) {
        let [lesson, body] = lesson::split(state, body);
        lesson::render(frame, state, lesson);
        flow::render(frame, state, area, body);
        return;
    }
    let places = places(state, area, body);
    if !places.lesson.is_empty() {
        lesson::render(frame, state, places.lesson);
    }
    if let Some(scroll) = state.detail {
        inspector::render(frame, state, places.detail, scroll);
        return;
    }
    let draw: [(Rect, Draw); 7] = [
        (places.presenter, presenter::render),
        (places.table, backends::render),
        (places.figures, figures::band),
        (places.warnings, warnings::render),
        (places.changes, changes::render),
        (places.log, log::render),
        (places.events, events::render),
    ];
    for (place, draw) in draw.into_iter().filter(|(place, _)| !place.is_empty()) {
        draw(frame, state, place);
    }
    if !places.side.is_empty() {
        one_side(frame, state, places.side, side_of(state, area));
    }
}

fn one_side(frame: &mut Frame<'_>, state: &State, area: Rect, side: Side) {
    match side {
        Side::Figures => figures::render(frame, state, area),
        Side::Inspector => inspector::render(frame, state, area, 0),
        Side::Output => output::render(frame, state, area),
        Side::Events => events::render(frame, state, area),
        Side::Hidden => log::render(frame, state, area),
    }
}

/// The pool of the selected backend, or the first.
fn shown_pool(state: &State) -> Option<&PoolView> {
    let selected = state.selected_backend().and_then(|backend| state.snapshot.pool(backend.pool.raw()));
    selected.or_else(|| state.snapshot.pools.first())
}

/// Where the palette may be drawn: over the log, and over the changes above it if the log is low, but not over warnings
/// or the selected backend.
fn free(state: &State, area: Rect) -> Rect {
    let whole = Rect { width: area.width.min(PALETTE.0), ..area };
    let is_full = area.width >= FULL.0 && area.height >= FULL.1;
    if !is_full || state.detail.is_some() || state.snapshot.backends.is_empty() {
        return whole;
    }
    let [_, body, ..] = parts(state, area);
    if shows_flow(state) {
        let free = flow::free(state, area, below_lesson(state, area));
        return Rect { width: whole.width, ..free };
    }
    let places = places(state, area, body);
    if !places.presenter.is_empty() {
        let row = presenter::selected(state, places.presenter).unwrap_or(Rect { height: 0, ..body });
        let below = Rect { y: row.bottom(), height: body.bottom().saturating_sub(row.bottom()), ..whole };
        let above = Rect { y: body.y, height: row.y.saturating_sub(body.y), ..whole };
        return if below.height >= above.height { below } else { above };
    }
    // No wider than the log, so that it does not cover what is beside it.
    let width = if places.log.width >= FULL.0 { whole.width.min(places.log.width) } else { whole.width };
    let below = |top: u16| Rect { y: top, height: body.bottom().saturating_sub(top), width, ..whole };
    let tops = [places.changes.bottom(), places.warnings.bottom()].map(below);
    if let Some(free) = tops.into_iter().find(|free| !state.zoomed && free.height >= PALETTE.1) {
        return free;
    }
    match backends::line_of_selected(state, places.table) {
        // The row is too low for the palette to be below it.
        Some(row) if body.bottom().saturating_sub(row) <= PALETTE.1 => {
            Rect { y: body.y, height: row - body.y, ..whole }
        }
        Some(row) => below(row + 1),
        None => whole,
    }
}

/// A bordered block with its title on the left and a summary on the right.
fn region<'t>(state: &State, focused: bool, title: &'t str, right: &str) -> Block<'t> {
    let theme = state.theme;
    let block = Block::bordered()
        .border_set(theme.borders())
        .border_style(theme.border(focused))
        .title(Line::styled(format!(" {title} "), if focused { theme.title() } else { Style::new() }));
    if right.is_empty() { block } else { block.title(Line::styled(format!(" {right} "), theme.dim()).right_aligned()) }
}

/// Says that the filter hides every `what`, and which keys help.
fn nothing_matches(state: &State, what: &str) -> String {
    let (back, filter) = (state.key(Action::Back), state.key(Action::Filter));
    format!("No {what} matches the filter. {back} takes it away, {filter} changes it.")
}

/// The indexes of the parts that fit into `columns`, two spaces apart; the lowest priorities are dropped.
fn kept(parts: &[(u8, Vec<Span<'static>>)], columns: usize) -> Vec<usize> {
    let width = |n: &usize| parts[*n].1.iter().map(Span::width).sum::<usize>() + 2;
    let mut kept: Vec<usize> = (0..parts.len()).collect();
    while kept.iter().map(width).sum::<usize>() > columns + 2 {
        let Some(least) = (0..kept.len()).min_by_key(|n| parts[kept[*n]].0) else { break };
        kept.remove(least);
    }
    kept
}

/// Joins the parts that fit into `columns` with two spaces; the lowest priorities are dropped.
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
