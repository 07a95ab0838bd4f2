//! Draws the open dialog; help and the yes/no questions are drawn here.

use ratatui::Frame;
use ratatui::layout::Rect;
use ratatui::text::{Line, Span};
use ratatui::widgets::{Clear, Paragraph};
use unicode_width::UnicodeWidthStr as _;

use super::dialog_frame::{centred, frame_of};
use super::{chaos, columns, export, palette, prompt, replay, survive, what_if, why};
use crate::screen::action::{ACTIONS, Action, Keymap};
use crate::screen::format::{cut, fit, wrapped};
use crate::screen::glyphs::Glyphs;
use crate::screen::state::{Dialog, Question, State};
use crate::screen::theme::{Colors, Theme};

pub(crate) fn render(frame: &mut Frame<'_>, state: &State, area: Rect) {
    match &state.dialog {
        // It lasts no longer than the engine takes to answer.
        None | Some(Dialog::Quitting(_)) => {}
        Some(Dialog::Help(scroll)) => help(frame, state, area, *scroll),
        Some(Dialog::Ask(question)) => ask(frame, state, area, question),
        Some(Dialog::Export) => export::render(frame, state, area),
        Some(Dialog::Columns(column)) => columns::render(frame, state, area, *column),
        Some(Dialog::Palette(palette)) => palette::render(frame, state, area, palette),
        Some(Dialog::Why(event, scroll)) => why::render(frame, state, area, event, *scroll),
        Some(Dialog::Replay(choice)) => replay::choose(frame, state, area, choice),
        Some(Dialog::Replayed(shown)) => replay::result(frame, state, area, shown),
        Some(Dialog::Survive(scroll)) => survive::render(frame, state, area, *scroll),
        Some(Dialog::Fault(choice)) => chaos::render(frame, state, area, choice),
        Some(Dialog::WhatIf(asked)) => what_if::render(frame, state, area, asked),
        Some(Dialog::Filter(typed)) => prompt::render(frame, state, area, typed),
    }
}

/// The width of a question, and the columns and rows of its frame.
const ASK: u16 = 70;
const FRAME: (u16, u16) = (4, 2);

/// Columns for the keys in the help dialog: at least, and at most.
const KEYS: (usize, usize) = (10, 18);

/// The help's lines at this width: keys and descriptions, from 76 columns on also commands.
fn help_lines(width: u16, keymap: &Keymap, theme: Theme) -> Vec<Line<'static>> {
    let longest = ACTIONS.iter().map(|entry| entry.command.len()).max().unwrap_or(0);
    let commands = if width >= 76 { longest + 2 } else { 0 };
    let widest = ACTIONS.iter().map(|entry| keymap.shown(entry.action).width() + 1).max().unwrap_or(0);
    let room = widest.clamp(KEYS.0, KEYS.1);
    let columns = usize::from(width).saturating_sub(room + commands + 4);
    let mut lines = Vec::new();
    for entry in ACTIONS {
        let shown = keymap.shown(entry.action);
        if shown.is_empty() && (commands == 0 || entry.command.is_empty()) {
            continue;
        }
        // Wrapped lines repeat neither keys nor command.
        for (n, part) in wrapped(entry.help(), columns).into_iter().enumerate() {
            let (keys, command) = if n == 0 { (shown.as_str(), entry.command) } else { ("", "") };
            let mut line = vec![Span::styled(fit(keys, room - 1, theme) + " ", theme.key())];
            if commands > 0 {
                line.push(Span::styled(format!("{command:<commands$}"), theme.title()));
            }
            line.push(Span::raw(part));
            lines.push(Line::from(line));
        }
    }
    lines
}

/// The help dialog's width on a terminal with this many columns.
fn help_width(columns: u16) -> u16 {
    columns.min(110)
}

/// The help's maximum scroll offset on a terminal with these columns and rows.
pub(crate) fn help_hides((columns, rows): (u16, u16), keymap: &Keymap) -> u16 {
    let lines = help_lines(help_width(columns), keymap, Theme { glyphs: Glyphs::Ascii, colors: Colors::Mono }).len();
    u16::try_from(lines).unwrap_or(u16::MAX).saturating_sub(rows.saturating_sub(2))
}

fn help(frame: &mut Frame<'_>, state: &State, area: Rect, scroll: u16) {
    let width = help_width(area.width);
    let lines = help_lines(width, &state.keys, state.theme);
    let height = u16::try_from(lines.len()).unwrap_or(u16::MAX).saturating_add(2).min(area.height);
    let hidden = help_hides((area.width, area.height), &state.keys);
    let (down, up) = (state.key(Action::Down), state.key(Action::Up));
    let moves = if hidden > 0 { format!("{down} {up} scroll, ") } else { String::new() };
    let title = format!(" Keys and {} commands: {moves}Esc closes ", state.key(Action::Palette));
    let place = centred(area, width, height);
    frame.render_widget(Clear, place);
    let block = frame_of(state, &title);
    frame.render_widget(Paragraph::new(lines).scroll((scroll.min(hidden), 0)).block(block), place);
}

fn ask(frame: &mut Frame<'_>, state: &State, area: Rect, question: &Question) {
    let (what, yes, no) = match question {
        Question::Kill { name, .. } => (
            format!("Kill the process of {name}? What it is doing is lost; its clients move to the others."),
            "kill it",
            "leave it",
        ),
        Question::Replay { asked, replay, .. } => {
            let (method, path) = asked.split_once(' ').unwrap_or((asked, ""));
            match replay.edited {
                None => (
                    format!("{method} may change something: send {path} again all the same?"),
                    "send it again",
                    "leave it",
                ),
                Some(_) => (
                    format!("{method} may change something: send the edited {path} all the same?"),
                    "send it",
                    "leave it",
                ),
            }
        }
        Question::Mistake { why, .. } => (format!("It was not sent: {why}."), "edit it again", "leave it"),
        Question::Quit { in_flight, .. } => (
            match in_flight {
                1 => "1 request or connection is in flight. Quit when it has finished?".to_owned(),
                more => format!("{more} requests and connections are in flight. Quit when they have finished?"),
            },
            "quit",
            "stay",
        ),
    };
    let mut keys = vec![("y", yes), ("n", no)];
    if let Question::Quit { detachable: true, .. } = question {
        keys.push(("d", "detach: it goes on without the screen"));
    }
    let width = area.width.min(ASK);
    let columns = usize::from(width.saturating_sub(FRAME.0));
    let keys = key_lines(&keys, columns, state.theme);
    let room = usize::from(area.height.saturating_sub(FRAME.1));
    // On a low screen the keys matter more than the end of the sentence.
    let mut lines: Vec<Line<'_>> = wrapped(&what, columns).into_iter().map(Line::raw).collect();
    lines.truncate(room.saturating_sub(keys.len()));
    if lines.len() + keys.len() < room {
        lines.push(Line::raw(""));
    }
    lines.extend(keys);
    let rows = u16::try_from(lines.len()).unwrap_or(u16::MAX).saturating_add(FRAME.1);
    let place = centred(area, width, rows.min(area.height));
    frame.render_widget(Clear, place);
    frame.render_widget(Paragraph::new(lines).block(frame_of(state, " Sure? ")), place);
}

/// The keys of a question on one line, or where that is too narrow on one line each.
fn key_lines(keys: &[(&'static str, &'static str)], columns: usize, theme: Theme) -> Vec<Line<'static>> {
    let key = |(key, what): &(&'static str, &'static str)| {
        [Span::styled(*key, theme.key()), Span::raw(cut(&format!(" {what}"), columns.saturating_sub(1), theme))]
    };
    let one: Vec<Span<'_>> = keys.iter().flat_map(|each| key(each).into_iter().chain([Span::raw("   ")])).collect();
    let one = Line::from(one);
    // The last one needs no space behind it.
    if one.width() <= columns + 3 { vec![one] } else { keys.iter().map(|each| Line::from_iter(key(each))).collect() }
}
