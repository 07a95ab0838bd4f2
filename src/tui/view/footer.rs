//! The keys that matter, the least important left out first; or what came of the last one.

use ratatui::Frame;
use ratatui::layout::Rect;
use ratatui::text::{Line, Span};

use super::{fitted, kept};
use crate::tui::Theme;
use crate::tui::action::{ACTIONS, Action, Entry};
use crate::tui::format::cut;
use crate::tui::message::Said;
use crate::tui::state::State;

pub(super) fn render(frame: &mut Frame<'_>, state: &State, area: Rect) {
    let columns = usize::from(area.width).saturating_sub(2);
    if let Some(said) = &state.said {
        frame.render_widget(Line::from(vec![Span::raw(" "), sentence(said, columns, state.theme)]), area);
        return;
    }
    if let Some(why) = &state.ended {
        let text = cut(&format!("{why}; q leaves"), columns, state.theme);
        let line = Line::from(vec![Span::raw(" "), Span::styled(text, state.theme.bad())]);
        frame.render_widget(line, area);
        return;
    }
    let mut spans = vec![Span::raw(" ")];
    spans.extend(fitted(parts(state.theme), columns));
    frame.render_widget(Line::from(spans), area);
}

/// The entries that stand in the footer.
fn entries() -> impl Iterator<Item = (&'static Entry, &'static str, u8)> {
    ACTIONS.iter().filter_map(|entry| entry.footer.map(|(label, priority)| (entry, label, priority)))
}

fn parts(theme: Theme) -> Vec<(u8, Vec<Span<'static>>)> {
    let part = |(entry, label, priority): (&'static Entry, &str, u8)| {
        (priority, vec![Span::styled(entry.key(), theme.key()), Span::raw(format!(" {label}"))])
    };
    entries().map(part).collect()
}

/// The action that stands in this column; none where a sentence stands there.
pub(super) fn action_at(state: &State, area: Rect, column: u16) -> Option<Action> {
    if state.said.is_some() || state.ended.is_some() {
        return None;
    }
    let parts = parts(state.theme);
    let mut from = usize::from(area.x) + 1;
    for n in kept(&parts, usize::from(area.width).saturating_sub(2)) {
        let width = parts[n].1.iter().map(Span::width).sum::<usize>();
        if (from..from + width).contains(&usize::from(column)) {
            return entries().nth(n).map(|(entry, ..)| entry.action);
        }
        from += width + 2;
    }
    None
}

/// What is said, in the colour of how it went.
pub(super) fn sentence(said: &Said, columns: usize, theme: Theme) -> Span<'static> {
    match said {
        Said::Done(text) => Span::styled(cut(text, columns, theme), theme.good()),
        Said::Trouble(text) => Span::styled(cut(text, columns, theme), theme.warning()),
    }
}
