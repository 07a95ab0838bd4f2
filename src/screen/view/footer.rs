//! The footer: keys that apply to the focused pane, the least important dropped first, or the result of the last key.

use ratatui::Frame;
use ratatui::layout::Rect;
use ratatui::text::{Line, Span};

use super::{fitted, kept};
use crate::screen::action::{ACTIONS, Action, Entry};
use crate::screen::control;
use crate::screen::format::cut;
use crate::screen::hidden_faults;
use crate::screen::message::Said;
use crate::screen::presenter;
use crate::screen::state::{Dialog, Focus, State};
use crate::screen::survive::reports;
use crate::screen::theme::Theme;
use crate::screen::watching;

pub(crate) fn render(frame: &mut Frame<'_>, state: &State, area: Rect) {
    let columns = usize::from(area.width).saturating_sub(2);
    if let Some(said) = &state.said {
        frame.render_widget(Line::from(vec![Span::raw(" "), sentence(said, columns, state.theme)]), area);
        return;
    }
    if let Some(why) = &state.ended {
        let text = cut(&format!("{why}; {} leaves", state.key(Action::Quit)), columns, state.theme);
        let line = Line::from(vec![Span::raw(" "), Span::styled(text, state.theme.bad())]);
        frame.render_widget(line, area);
        return;
    }
    let mut line = keys(state, columns);
    line.spans.insert(0, Span::raw(" "));
    frame.render_widget(line, area);
}

/// The keys that fit into `columns`.
pub(crate) fn keys(state: &State, columns: usize) -> Line<'static> {
    Line::from(fitted(parts(state), columns))
}

/// The actions the footer offers now, with label and priority.
fn entries(state: &State) -> impl Iterator<Item = (&'static Entry, &'static str, u8)> {
    let entry = |entry: &'static Entry| label(state, entry).map(|(label, priority)| (entry, label, priority));
    // What has no key is left to the palette.
    ACTIONS.iter().filter(|entry| !state.keys.keys(entry.action).is_empty()).filter_map(entry)
}

/// An action's footer label and priority in the current state; `None` if the footer does not offer it.
fn label(state: &State, entry: &Entry) -> Option<(&'static str, u8)> {
    let refuses = presenter::refuses(state, entry.action).or_else(|| hidden_faults::refuses(state, entry.action));
    if watching::refuses(state, entry.action) || refuses.is_some() {
        return None;
    }
    let usual = entry.footer;
    // The words of the header, which says it, too.
    let quit = usual.map(|(label, priority)| if reports(state) { ("report", priority) } else { (label, priority) });
    if matches!(state.dialog, Some(Dialog::Why(..) | Dialog::Survive(_))) {
        return match entry.action {
            Action::Back => Some(("back", 119)),
            Action::Down => Some(("further down", 118)),
            Action::Up => Some(("up", 117)),
            Action::Quit => quit,
            _ => None,
        };
    }
    match entry.action {
        // The lesson's pane says what it does now.
        Action::Help if state.lesson_pane.as_ref().is_some_and(|pane| pane.view.has_hint) => return None,
        Action::Palette | Action::Help => return usual,
        Action::Quit => return quit,
        Action::Presenter if state.presenter.on => return Some(("usual screen", 104)),
        _ => {}
    }
    if state.detail.is_some() {
        return match entry.action {
            Action::Back => Some(("back", 119)),
            Action::Down => Some(("next", 100)),
            Action::PageDown => Some(("further down", 99)),
            Action::Copy => Some(("copy", 98)),
            Action::Why if state.focus == Focus::Log => Some(("why", 97)),
            Action::Replay if state.focus == Focus::Log => Some(("replay", 96)),
            Action::CopyCurl if state.focus == Focus::Log => Some(("curl", 95)),
            Action::Secrets if state.focus == Focus::Log => Some(("secrets", 94)),
            _ => None,
        };
    }
    if state.flow.open {
        match entry.action {
            Action::Flow => return None,
            Action::Back => return Some(("leaves the flow", 116)),
            _ => {}
        }
    }
    if state.frozen.is_some() {
        match entry.action {
            Action::Freeze => return Some(("live", 119)),
            Action::StepBack => return Some(("back", 118)),
            Action::StepForward => return Some(("forward", 117)),
            _ => {}
        }
    }
    if state.snapshot.backends.is_empty() {
        return usual.filter(|_| entry.action == Action::SpawnDemo);
    }
    match (state.focus, entry.action) {
        (_, Action::Back) if state.log.filter().is_some() => Some(("no filter", 92)),
        (Focus::Backends, Action::SpawnDemo) if control::starts_again(state) => Some(("start again", 95)),
        (Focus::Backends, Action::NextPane) => Some(("log", 52)),
        (Focus::Log, Action::NextPane) => Some(("backends", 60)),
        (Focus::Log, Action::Detail) => Some(("detail", 95)),
        (Focus::Log, Action::Why) => Some(("why", 100)),
        (Focus::Log, Action::Copy) => Some(("copy", 85)),
        (Focus::Log, Action::CopyCurl) => Some(("curl", 83)),
        (Focus::Log, Action::Replay) => Some(("replay", 84)),
        (Focus::Log, Action::Mark) => Some(("mark", 40)),
        (Focus::Log, Action::Filter) => Some(("filter", 90)),
        (Focus::Log, Action::Follow) => Some((if state.log.follows() { "hold" } else { "follow" }, 88)),
        (Focus::Log, Action::Freeze | Action::NextSide) | (Focus::Backends, _) => usual,
        (Focus::Log, _) => None,
    }
}

fn parts(state: &State) -> Vec<(u8, Vec<Span<'static>>)> {
    let part = |(entry, label, priority): (&'static Entry, &str, u8)| {
        (
            priority,
            vec![Span::styled(state.keys.first(entry.action), state.theme.key()), Span::raw(format!(" {label}"))],
        )
    };
    entries(state).map(part).collect()
}

/// The action whose key is drawn in this column; `None` while the footer shows a message.
pub(crate) fn action_at(state: &State, area: Rect, column: u16) -> Option<Action> {
    if state.said.is_some() || state.ended.is_some() {
        return None;
    }
    let parts = parts(state);
    let mut from = usize::from(area.x) + 1;
    for n in kept(&parts, usize::from(area.width).saturating_sub(2)) {
        let width = parts[n].1.iter().map(Span::width).sum::<usize>();
        if (from..from + width).contains(&usize::from(column)) {
            return entries(state).nth(n).map(|(entry, ..)| entry.action);
        }
        from += width + 2;
    }
    None
}

/// The message in the colour of success or of a warning.
pub(crate) fn sentence(said: &Said, columns: usize, theme: Theme) -> Span<'static> {
    match said {
        Said::Done(text) => Span::styled(cut(text, columns, theme), theme.good()),
        Said::Trouble(text) => Span::styled(cut(text, columns, theme), theme.warning()),
    }
}
