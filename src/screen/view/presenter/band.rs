//! What the last change did: its figures before and after, large while they are held up, then in one line.

use ratatui::Frame;
use ratatui::layout::Rect;
use ratatui::text::Line;
use ratatui::widgets::Paragraph;

use super::{font, large};
use crate::screen::changes::{Change, Evenness};
use crate::screen::format::cut;
use crate::screen::presenter;
use crate::screen::state::State;
use crate::screen::theme::Theme;
use crate::screen::view::changes;

/// Columns between the words and the figures.
const GAP: u16 = 3;

/// Columns between two figures: more than within one, so that nobody reads across them.
const APART: u16 = 9;

pub(super) fn render(frame: &mut Frame<'_>, state: &State, area: Rect) {
    match presenter::held(state) {
        Some(change) if area.height >= font::ROWS => held(frame, state, area, change),
        Some(change) => {
            let line = changes::line(state, change, usize::from(area.width));
            frame.render_widget(line.unwrap_or_default(), area);
        }
        None => changes::render(frame, state, area),
    }
}

/// The change at the left, and as many of its figures as there is room for, the most telling first.
fn held(frame: &mut Frame<'_>, state: &State, area: Rect, change: &Change) {
    let theme = state.theme;
    let (Some((_, setting)), Some([before, after])) = (change.setting(), change.evenness) else { return };
    let fairness = |one: Evenness| one.jain.map_or_else(|| theme.none().to_owned(), |jain| format!("{jain:.2}"));
    let figures = [
        ("fairness", fairness(before), fairness(after)),
        ("most in flight", before.most.to_string(), after.most.to_string()),
        ("mean in flight", format!("{:.1}", before.mean), format!("{:.1}", after.mean)),
    ];
    let mut right = area.right();
    // A third of the width, or what is left of it, is for the words.
    let words = (area.width / 3).max(24);
    let mut drawn = Vec::new();
    let mut room = area.width.saturating_sub(words);
    for (label, before, after) in figures {
        let pair = format!("{before} | {after}");
        let columns = u16::try_from(large::width(&pair).max(label.len())).unwrap_or(u16::MAX);
        let gap = if drawn.is_empty() { GAP } else { APART };
        if columns.saturating_add(gap) > room {
            break;
        }
        room -= columns + gap;
        drawn.push((label, pair, columns));
    }
    let labels: Vec<&str> = drawn.iter().map(|(label, ..)| *label).collect();
    for (at, (_, pair, columns)) in drawn.iter().enumerate().rev() {
        right -= columns;
        let place = Rect { x: right, width: *columns, ..area };
        large::render(frame, state, place, pair.as_str(), theme.title(), true);
        right -= if at > 0 { APART } else { GAP };
    }
    let width = usize::from(right.saturating_sub(area.x + 1));
    let text = |words: &str| theme.arrows(&cut(words, width, theme));
    let lines = vec![
        Line::styled(text(&setting.change.to_string()), theme.title()),
        Line::styled(text(&format!("before {} after", theme.due())), Theme::strong()),
        Line::styled(text(&labels.join(", ")), theme.dim()),
    ];
    let place = Rect { x: area.x + 1, width: right.saturating_sub(area.x + 1), ..area };
    frame.render_widget(Paragraph::new(lines), place);
}
