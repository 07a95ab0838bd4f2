//! Help, and questions before what cannot be undone.

use ratatui::Frame;
use ratatui::layout::Rect;
use ratatui::text::{Line, Span};
use ratatui::widgets::{Block, Clear, Padding, Paragraph, Wrap};

use crate::tui::action::ACTIONS;
use crate::tui::format::cut;
use crate::tui::state::{Dialog, Question, State};

pub(super) fn render(frame: &mut Frame<'_>, state: &State, area: Rect) {
    match &state.dialog {
        None => {}
        Some(Dialog::Help(scroll)) => help(frame, state, area, *scroll),
        Some(Dialog::Ask(question)) => ask(frame, state, area, question),
    }
}

fn help(frame: &mut Frame<'_>, state: &State, area: Rect, scroll: u16) {
    let width = area.width.min(100);
    let columns = usize::from(width.saturating_sub(16));
    let mut lines: Vec<Line<'_>> = Vec::new();
    for entry in &ACTIONS {
        // Long ones go on below themselves.
        for (n, part) in wrapped(entry.help, columns).into_iter().enumerate() {
            let keys = if n == 0 { entry.keys } else { "" };
            lines.push(Line::from(vec![Span::styled(format!("{keys:<10}"), state.theme.key()), Span::raw(part)]));
        }
    }
    let height = u16::try_from(lines.len()).unwrap_or(u16::MAX).saturating_add(2).min(area.height);
    let hidden = u16::try_from(lines.len()).unwrap_or(u16::MAX).saturating_sub(height.saturating_sub(2));
    let title = if hidden > 0 { " Keys: j k scroll, Esc closes " } else { " Keys: Esc closes " };
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
        Question::Quit { in_flight } => (
            format!("{in_flight} requests and connections are in flight. Quit when they have finished?"),
            "quit",
            "stay",
        ),
    };
    let place = centred(area, area.width.min(60), area.height.min(6));
    frame.render_widget(Clear, place);
    let keys = Line::from(vec![
        Span::styled("y", state.theme.key()),
        Span::raw(format!(" {yes}   ")),
        Span::styled("n", state.theme.key()),
        Span::raw(format!(" {no}")),
    ]);
    let text = cut(&what, 200, state.theme);
    let lines = vec![Line::raw(text), Line::raw(""), keys];
    let paragraph = Paragraph::new(lines).wrap(Wrap { trim: true }).block(frame_of(state, " Sure? "));
    frame.render_widget(paragraph, place);
}

fn frame_of<'t>(state: &State, title: &'t str) -> Block<'t> {
    Block::bordered()
        .border_set(state.theme.borders())
        .border_style(state.theme.title())
        .title(Line::styled(title, state.theme.title()))
        .padding(Padding::horizontal(1))
}

fn centred(area: Rect, width: u16, height: u16) -> Rect {
    Rect { x: area.x + (area.width - width) / 2, y: area.y + (area.height - height) / 2, width, height }
}

/// Splits at spaces into parts of at most `columns`; the help's words are ASCII.
fn wrapped(text: &str, columns: usize) -> Vec<String> {
    let mut parts = vec![String::new()];
    for word in text.split(' ') {
        let full = parts.last().is_some_and(|part| !part.is_empty() && part.len() + 1 + word.len() > columns);
        if full {
            parts.push(String::new());
        }
        if let Some(part) = parts.last_mut() {
            if !part.is_empty() {
                part.push(' ');
            }
            part.push_str(word);
        }
    }
    parts
}
