//! The lesson that is under way: a pane of its own above all others, and as high as what it says.
//!
//! ```text
//! ┌ Lesson 5: The slow one ──────────────────────── step 2 of 6 ┐
//! │ bravo slows down. How many requests will it hold at most?    │
//! │ 1 two   2 eight   3 none                                     │
//! └ 1-3 answers  ? hint ─────────────────────────── 87 s left ┘
//! ```

mod part;
mod text;

use ratatui::Frame;
use ratatui::layout::{Constraint, Layout, Rect};
use ratatui::text::{Line, Span};
use ratatui::widgets::{Block, Padding, Paragraph};

use super::{FULL, fitted, parts, table_rows};
use crate::learn::{LessonPart, LessonView};
use crate::screen::action::Action;
use crate::screen::format::cut;
use crate::screen::lesson_shown::{LessonPane, asks, is_too_late, waits};
use crate::screen::state::State;
use crate::screen::theme::Theme;

/// From so many columns on, what is checked stands beside the text.
const BESIDE: usize = 130;

/// Columns between the two.
const GAP: usize = 3;

/// Columns and rows of the frame.
const FRAME: (u16, u16) = (4, 2);

/// The pane's fewest and most rows, and those that it leaves to the log.
const ROWS: (u16, u16) = (5, 14);
const LOG: u16 = 4;

/// What is said, line by line: all of it, or the second half beside the first.
struct Said {
    left: Vec<Line<'static>>,
    right: Vec<Line<'static>>,
    /// Columns of the left one.
    width: usize,
}

impl Said {
    fn new(view: &LessonView, columns: usize, theme: Theme) -> Said {
        if columns < BESIDE {
            let mut left = text::lines(view, columns, theme);
            left.extend(part::lines(view, columns, theme));
            return Said { left, right: Vec::new(), width: columns };
        }
        let width = (columns - GAP) / 2;
        let right = part::lines(view, columns - GAP - width, theme);
        Said { left: text::lines(view, width, theme), right, width }
    }

    fn rows(&self) -> u16 {
        u16::try_from(self.left.len().max(self.right.len())).unwrap_or(u16::MAX)
    }
}

/// Where the lesson is drawn, and where all else is.
pub(super) fn split(state: &State, body: Rect) -> [Rect; 2] {
    let Some(pane) = &state.lesson_pane else { return [Rect::default(), body] };
    let said = Said::new(&pane.view, columns(body), state.theme);
    let table = table_rows(state, body);
    let most = body.height.saturating_sub(table + LOG).clamp(ROWS.0, ROWS.1).min(body.height.saturating_sub(3));
    Layout::vertical([Constraint::Length((said.rows() + FRAME.1).min(most)), Constraint::Min(0)]).areas(body)
}

/// Columns for the text inside the frame.
fn columns(area: Rect) -> usize {
    usize::from(area.width.saturating_sub(FRAME.0))
}

/// How many lines are hidden: the most that can be scrolled.
pub(crate) fn hides(state: &State) -> u16 {
    let Some(pane) = &state.lesson_pane else { return 0 };
    let area = Rect::new(0, 0, state.size.0, state.size.1);
    if area.width < FULL.0 || area.height < FULL.1 {
        let said = Said::new(&pane.view, usize::from(area.width), state.theme);
        return said.rows().saturating_sub(rows_in_compact(area.height));
    }
    let [_, body, ..] = parts(state, area);
    let place = split(state, body)[0];
    let said = Said::new(&pane.view, columns(place), state.theme);
    said.rows().saturating_sub(place.height.saturating_sub(FRAME.1))
}

pub(super) fn render(frame: &mut Frame<'_>, state: &State, area: Rect) {
    let Some(pane) = &state.lesson_pane else { return };
    let theme = state.theme;
    let said = Said::new(&pane.view, columns(area), theme);
    let hidden = said.rows().saturating_sub(area.height.saturating_sub(FRAME.1));
    let room = usize::from(area.width).saturating_sub(4);
    let step = format!(" step {} of {} ", pane.view.step, pane.view.of);
    let name = cut(&name(&pane.view), room.saturating_sub(step.len() + 3), theme);
    let left = seconds(&pane.view).map_or_else(String::new, |seconds| format!(" {seconds} s left "));
    let keys = fitted(keys(state, pane, hidden), room.saturating_sub(left.len() + 3));
    let keys = [vec![Span::raw(" ")], keys, vec![Span::raw(" ")]].concat();
    let block = Block::bordered()
        .border_set(theme.borders())
        .border_style(theme.title())
        .title(Line::styled(format!(" {name} "), theme.title()))
        .title(Line::styled(step, theme.title()).right_aligned())
        .title_bottom(Line::from(keys))
        .title_bottom(Line::styled(left, theme.warning()).right_aligned())
        .padding(Padding::horizontal(1));
    let inner = block.inner(area);
    frame.render_widget(block, area);
    let scroll = (pane.scroll.min(hidden), 0);
    let width = u16::try_from(said.width).unwrap_or(u16::MAX);
    let gap = if said.right.is_empty() { 0 } else { u16::try_from(GAP).unwrap_or(0) };
    let [left, _, right] =
        Layout::horizontal([Constraint::Length(width), Constraint::Length(gap), Constraint::Min(0)]).areas(inner);
    frame.render_widget(Paragraph::new(said.left).scroll(scroll), left);
    frame.render_widget(Paragraph::new(said.right).scroll(scroll), right);
}

/// Rows of the text in the compact layout with this many rows in all, below a line with title and keys.
fn rows_in_compact(height: u16) -> u16 {
    (height / 2).saturating_sub(1)
}

/// The lesson in the compact layout.
pub(super) fn compact(state: &State, area: Rect) -> Vec<Line<'static>> {
    let Some(pane) = &state.lesson_pane else { return Vec::new() };
    let rows = rows_in_compact(area.height);
    if rows == 0 {
        return Vec::new();
    }
    let columns = usize::from(area.width);
    let said = Said::new(&pane.view, columns, state.theme);
    let hidden = said.rows().saturating_sub(rows);
    let step = format!("Step {}/{}", pane.view.step, pane.view.of);
    let mut heading = vec![(200, vec![Span::styled(step, state.theme.title())])];
    heading.extend(keys(state, pane, hidden));
    if let Some(seconds) = seconds(&pane.view) {
        heading.push((150, vec![Span::styled(format!("{seconds} s left"), state.theme.warning())]));
    }
    let first = Line::from(fitted(heading, columns));
    let shown = said.left.into_iter().skip(usize::from(pane.scroll.min(hidden))).take(usize::from(rows));
    std::iter::once(first).chain(shown).collect()
}

/// `Lesson 5: The slow one`
fn name(view: &LessonView) -> String {
    match view.number {
        Some(number) => format!("Lesson {number}: {}", view.title),
        None => format!("Lesson: {}", view.title),
    }
}

fn seconds(view: &LessonView) -> Option<u64> {
    match view.part {
        LessonPart::Do { seconds_left, .. } if !view.may_go_on => seconds_left,
        _ => None,
    }
}

/// The keys that are the lesson's now, with their priorities.
fn keys(state: &State, pane: &LessonPane, hidden: u16) -> Vec<(u8, Vec<Span<'static>>)> {
    let theme = state.theme;
    let view = &pane.view;
    let key =
        |key: String, what: &str| vec![Span::styled(key, theme.key()), Span::styled(format!(" {what}"), theme.title())];
    let word = |text: &'static str| vec![Span::styled(text, theme.title())];
    let mut keys = Vec::new();
    if view.may_go_on {
        keys.push((120, key("Enter".to_owned(), "goes on")));
    } else if is_too_late(view) {
        keys.push((120, key("Enter".to_owned(), "begins this step again")));
    }
    match (&view.part, asks(view)) {
        (LessonPart::Over { .. }, _) => keys.push((110, key(state.key(Action::Quit), "leaves"))),
        (LessonPart::Ask { .. }, 0) if !view.may_go_on => keys.push((110, word("it is being measured"))),
        (_, 1) => keys.push((110, key("1".to_owned(), "answers"))),
        (_, choices @ 2..) => keys.push((110, key(format!("1-{}", choices.min(9)), "answers"))),
        (LessonPart::Do { .. }, _) if waits(view) && !is_too_late(view) => keys.push((110, word("your turn"))),
        _ => {}
    }
    if view.has_hint {
        keys.push((100, key(state.key(Action::Help), "hint")));
    }
    if waits(view) && !is_too_late(view) {
        keys.push((80, key("Backspace".to_owned(), "begins it again")));
    }
    if hidden > 0 {
        keys.push((90, key("< >".to_owned(), "scroll")));
    }
    keys
}
