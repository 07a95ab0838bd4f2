//! What belongs to a step beside its text: choices and what was measured, checks, hints, and the end.

use ratatui::style::Style;
use ratatui::text::{Line, Span};
use unicode_width::UnicodeWidthStr as _;

use super::text::sentences;
use crate::learn::{Answered, CheckView, LessonPart, LessonView};
use crate::screen::format::cut;
use crate::screen::theme::Theme;

/// Spaces between choices on one line, and between a check and how it stands.
const GAP: &str = "   ";

pub(super) fn lines(view: &LessonView, columns: usize, theme: Theme) -> Vec<Line<'static>> {
    let mut lines = match &view.part {
        LessonPart::Say | LessonPart::Debrief => {
            view.shown.iter().flat_map(|line| led("", Style::new(), line, theme.title(), columns, theme)).collect()
        }
        LessonPart::Ask { choices, answered } => {
            let mut lines = choices_of(choices, answered.as_ref().map(|one| one.choice), columns, theme);
            lines.extend(answered.iter().flat_map(|answered| result(choices, answered, columns, theme)));
            lines
        }
        LessonPart::Do { checks, .. } => checks.iter().flat_map(|one| check(one, columns, theme)).collect(),
        LessonPart::Over { passed } => over(view.number, *passed, columns, theme),
    };
    for hint in &view.hints {
        lines.extend(led("?", theme.key(), hint, Style::new(), columns, theme));
    }
    lines
}

/// A symbol, and a text that is wrapped beside it.
fn led(lead: &str, style: Style, text: &str, words: Style, columns: usize, theme: Theme) -> Vec<Line<'static>> {
    let width = lead.width() + 1;
    let mut lines = sentences(text, columns.saturating_sub(width), words, theme);
    for (n, line) in lines.iter_mut().enumerate() {
        let lead = if n == 0 { format!("{lead} ") } else { " ".repeat(width) };
        line.spans.insert(0, Span::styled(lead, style));
    }
    lines
}

/// The choices, on one line if they fit there. The one that was made is marked.
fn choices_of(choices: &[String], made: Option<usize>, columns: usize, theme: Theme) -> Vec<Line<'static>> {
    let one = |(n, text): (usize, &String)| {
        let digit = format!("{})", n + 1);
        match made {
            None => led(&digit, theme.key(), text, Style::new(), columns, theme),
            Some(made) if made == n => led(&format!(">{digit}"), theme.key(), text, Theme::strong(), columns, theme),
            Some(_) => led(&format!(" {digit}"), theme.dim(), text, theme.dim(), columns, theme),
        }
    };
    let below: Vec<Vec<Line<'static>>> = choices.iter().enumerate().map(one).collect();
    let width = below.iter().flatten().map(|line| line.width() + GAP.len()).sum::<usize>();
    if width > columns + GAP.len() || below.iter().any(|lines| lines.len() > 1) {
        return below.concat();
    }
    let gap = [Span::raw(GAP)];
    let beside: Vec<Vec<Span<'static>>> = below.into_iter().flatten().map(|line| line.spans).collect();
    vec![Line::from(beside.join(&gap[..]))]
}

/// What came of a prediction.
fn result(choices: &[String], answered: &Answered, columns: usize, theme: Theme) -> Vec<Line<'static>> {
    let figure = &answered.figure;
    let Some(measured) = answered.measured else {
        let text = if figure.is_empty() { "It is being measured...".to_owned() } else { format!("So far: {figure}") };
        return led(theme.tick(false), theme.dim(), &text, Style::new(), columns, theme);
    };
    let figure = if figure.is_empty() { String::new() } else { format!(" ({figure})") };
    let mut lines = if measured == answered.choice {
        led(theme.tick(true), theme.good(), &format!("As you said{figure}"), theme.good(), columns, theme)
    } else {
        let right = choices.get(measured).map_or("", String::as_str);
        let text = format!("It came out otherwise: {}) {right}{figure}", measured + 1);
        led(theme.cross(), theme.warning(), &text, theme.warning(), columns, theme)
    };
    if !answered.why.is_empty() {
        lines.extend(led(" ", Style::new(), &answered.why, Style::new(), columns, theme));
    }
    lines
}

/// `✓ bravo holds fewer than 4 requests at once, for 10 s   2 now, 6 of 10 s`
fn check(check: &CheckView, columns: usize, theme: Theme) -> Vec<Line<'static>> {
    let (style, words) = if check.done { (theme.good(), theme.good()) } else { (theme.dim(), Style::new()) };
    let mut lines = led(theme.tick(check.done), style, &check.words, words, columns, theme);
    let Some(last) = lines.last_mut().filter(|_| !check.now.is_empty()) else { return lines };
    let now = theme.drawn(&check.now);
    let room = columns.saturating_sub(last.width() + GAP.len());
    if now.width() <= room || room >= columns / 3 {
        last.spans.push(Span::styled(format!("{GAP}{}", cut(&now, room, theme)), theme.dim()));
    } else {
        lines.extend(led(" ", Style::new(), &now, theme.dim(), columns, theme));
    }
    lines
}

/// The end: whether it was passed, and what there is next.
fn over(number: Option<u32>, passed: bool, columns: usize, theme: Theme) -> Vec<Line<'static>> {
    let again = number.map_or_else(|| "stickylb-tui learn FILE".to_owned(), |n| format!("stickylb-tui learn {n}"));
    if !passed {
        let text = format!("Not passed yet. Once more: `{again}`");
        return led(theme.cross(), theme.warning(), &text, Style::new(), columns, theme);
    }
    let next = match number {
        Some(number) if crate::learn::BuiltIn::numbered(number + 1).is_some() => {
            format!(" What comes next: `stickylb-tui learn {}`", number + 1)
        }
        Some(_) => " That was the last one: you know your way around now.".to_owned(),
        None => String::new(),
    };
    led(theme.tick(true), theme.good(), &format!("Passed.{next}"), Style::new(), columns, theme)
}
