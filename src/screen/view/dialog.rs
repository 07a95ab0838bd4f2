//! Draws the open dialog; help and the yes/no questions are drawn here.

use ratatui::Frame;
use ratatui::layout::Rect;
use ratatui::text::{Line, Span};
use ratatui::widgets::{Clear, Paragraph, Wrap};
use stickylb::api::Event;

use super::dialog_frame::{centred, frame_of};
use super::{export, palette, prompt, replay, why};
use crate::screen::action::ACTIONS;
use crate::screen::format::{cut, wrapped};
use crate::screen::glyphs::Glyphs;
use crate::screen::state::{Dialog, Question, State};
use crate::screen::theme::{Colors, Theme};

pub(crate) fn render(frame: &mut Frame<'_>, state: &State, area: Rect) {
    match &state.dialog {
        None => {}
        Some(Dialog::Help(scroll)) => help(frame, state, area, *scroll),
        Some(Dialog::Ask(question)) => ask(frame, state, area, question),
        Some(Dialog::Export) => export::render(frame, state, area),
        Some(Dialog::Palette(palette)) => palette::render(frame, state, area, palette),
        Some(Dialog::Why(event, scroll)) => why::render(frame, state, area, event, *scroll),
        Some(Dialog::Replay(choice)) => replay::choose(frame, state, area, choice),
        Some(Dialog::Replayed(shown)) => replay::result(frame, state, area, shown),
        Some(Dialog::Filter(typed)) => prompt::render(frame, state, area, typed),
    }
}

/// Columns for the keys in the help dialog.
const KEYS: usize = 10;

/// The help's lines at this width: keys and descriptions, from 76 columns on also commands.
fn help_lines(width: u16, theme: Theme) -> Vec<Line<'static>> {
    let longest = ACTIONS.iter().map(|entry| entry.command.len()).max().unwrap_or(0);
    let commands = if width >= 76 { longest + 2 } else { 0 };
    let columns = usize::from(width).saturating_sub(KEYS + commands + 4);
    let mut lines = Vec::new();
    for entry in ACTIONS.iter().filter(|entry| commands > 0 || !entry.keys.is_empty()) {
        // Wrapped lines repeat neither keys nor command.
        for (n, part) in wrapped(entry.help, columns).into_iter().enumerate() {
            let (keys, command) = if n == 0 { (entry.keys, entry.command) } else { ("", "") };
            let mut line = vec![Span::styled(format!("{keys:<KEYS$}"), theme.key())];
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
pub(crate) fn help_hides((columns, rows): (u16, u16)) -> u16 {
    let lines = help_lines(help_width(columns), Theme { glyphs: Glyphs::Ascii, colors: Colors::Mono }).len();
    u16::try_from(lines).unwrap_or(u16::MAX).saturating_sub(rows.saturating_sub(2))
}

fn help(frame: &mut Frame<'_>, state: &State, area: Rect, scroll: u16) {
    let width = help_width(area.width);
    let lines = help_lines(width, state.theme);
    let height = u16::try_from(lines.len()).unwrap_or(u16::MAX).saturating_add(2).min(area.height);
    let hidden = help_hides((area.width, area.height));
    let title =
        if hidden > 0 { " Keys and : commands: j k scroll, Esc closes " } else { " Keys and : commands: Esc closes " };
    let place = centred(area, width, height);
    frame.render_widget(Clear, place);
    let block = frame_of(state, title);
    frame.render_widget(Paragraph::new(lines).scroll((scroll.min(hidden), 0)).block(block), place);
}

fn ask(frame: &mut Frame<'_>, state: &State, area: Rect, question: &Question) {
    let (what, yes, no) = match question {
        Question::Kill { name, .. } => (
            format!("Kill the process of {name}? What it is doing is lost; its clients move to the others."),
            "kill it",
            "leave it",
        ),
        Question::Replay { event, .. } => (
            match &**event {
                Event::Request(request) => {
                    format!("{} may change something: send {} again all the same?", request.method, request.path)
                }
                _ => String::new(),
            },
            "send it again",
            "leave it",
        ),
        Question::Quit { in_flight, .. } => (
            format!("{in_flight} requests and connections are in flight. Quit when they have finished?"),
            "quit",
            "stay",
        ),
    };
    let place = centred(area, area.width.min(60), area.height.min(6));
    frame.render_widget(Clear, place);
    let mut keys = vec![("y", yes), ("n", no)];
    if let Question::Quit { detachable: true, .. } = question {
        keys.push(("d", "detach: it goes on without the screen"));
    }
    let spans = keys
        .into_iter()
        .flat_map(|(key, what)| [Span::styled(key, state.theme.key()), Span::raw(format!(" {what}   "))]);
    let keys = Line::from(spans.collect::<Vec<_>>());
    let text = cut(&what, 200, state.theme);
    let lines = vec![Line::raw(text), Line::raw(""), keys];
    let paragraph = Paragraph::new(lines).wrap(Wrap { trim: true }).block(frame_of(state, " Sure? "));
    frame.render_widget(paragraph, place);
}
