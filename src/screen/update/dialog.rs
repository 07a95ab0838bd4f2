//! Handles keys and pasted text while a dialog is open.

use crossterm::event::{KeyCode, KeyEvent};
use stickylb::api::Command;

use crate::screen::action::{Action, Key};
use crate::screen::chaos;
use crate::screen::columns;
use crate::screen::control;
use crate::screen::edit;
use crate::screen::export::Export;
use crate::screen::filter::Filter;
use crate::screen::input::Line;
use crate::screen::inspect;
use crate::screen::message::Effect;
use crate::screen::palette::Meaning;
use crate::screen::palette_line::Palette;
use crate::screen::presenter;
use crate::screen::state::{Dialog, FilterPrompt, Question, State};
use crate::screen::view::{help_hides, survive_hides};
use crate::screen::what_if;
use crate::words::word;

/// Keys held until it is known what is in flight.
const TYPED: usize = 16;

pub(crate) fn key(state: &mut State, dialog: Dialog, key: KeyEvent) -> Vec<Effect> {
    match dialog {
        Dialog::Help(scroll) => match state.keys.action_of(key) {
            Some(Action::Down) => {
                state.dialog = Some(Dialog::Help((scroll + 1).min(help_hides(state.size, &state.keys))));
            }
            Some(Action::Up) => state.dialog = Some(Dialog::Help(scroll.saturating_sub(1))),
            Some(Action::First) => state.dialog = Some(Dialog::Help(0)),
            Some(Action::Last) => state.dialog = Some(Dialog::Help(help_hides(state.size, &state.keys))),
            Some(Action::Quit) => return super::on_key(state, key),
            _ => {}
        },
        Dialog::Palette(palette) => return in_palette(state, palette, key),
        Dialog::Why(event, scroll) => match state.keys.action_of(key) {
            Some(Action::Down) => state.dialog = Some(Dialog::Why(event, scroll.saturating_add(1))),
            Some(Action::Up) => state.dialog = Some(Dialog::Why(event, scroll.saturating_sub(1))),
            Some(Action::Quit) => return super::on_key(state, key),
            _ => {}
        },
        Dialog::Replay(choice) if key.code == KeyCode::Char('e') => {
            return edit::begin(state, &choice).unwrap_or_else(|why| {
                state.complain(why);
                state.dialog = Some(Dialog::Replay(choice));
                Vec::new()
            });
        }
        Dialog::Replay(mut choice) => {
            match state.keys.action_of(key) {
                Some(Action::Down) => choice.chosen = (choice.chosen + 1).min(choice.places.len() - 1),
                Some(Action::Up) => choice.chosen = choice.chosen.saturating_sub(1),
                Some(Action::First) => choice.chosen = 0,
                Some(Action::Last) => choice.chosen = choice.places.len() - 1,
                _ if key.code == KeyCode::Enter => return inspect::send(state, &choice),
                _ if key.code == KeyCode::Esc => return Vec::new(),
                Some(Action::Quit) => return super::on_key(state, key),
                _ => {}
            }
            state.dialog = Some(Dialog::Replay(choice));
        }
        Dialog::Replayed(mut shown) => match state.keys.action_of(key) {
            Some(Action::Down | Action::PageDown | Action::Up | Action::PageUp | Action::Secrets) => {
                match state.keys.action_of(key) {
                    Some(Action::Down) => shown.scroll = shown.scroll.saturating_add(1),
                    Some(Action::PageDown) => shown.scroll = shown.scroll.saturating_add(super::movement::PAGE),
                    Some(Action::Up) => shown.scroll = shown.scroll.saturating_sub(1),
                    Some(Action::PageUp) => shown.scroll = shown.scroll.saturating_sub(super::movement::PAGE),
                    _ => match presenter::locks_secrets(state) {
                        Ok(()) => state.inspected.shows_secrets = !state.inspected.shows_secrets,
                        Err(why) => state.complain(why),
                    },
                }
                state.dialog = Some(Dialog::Replayed(shown));
            }
            Some(Action::Quit) => return super::on_key(state, key),
            _ => {}
        },
        Dialog::Survive(scroll) => {
            let most = survive_hides(state);
            let page = super::movement::PAGE;
            state.dialog = match state.keys.action_of(key) {
                Some(Action::Down) => Some(Dialog::Survive((scroll + 1).min(most))),
                Some(Action::PageDown) => Some(Dialog::Survive(scroll.saturating_add(page).min(most))),
                Some(Action::Up) => Some(Dialog::Survive(scroll.saturating_sub(1))),
                Some(Action::PageUp) => Some(Dialog::Survive(scroll.saturating_sub(page))),
                Some(Action::First) => Some(Dialog::Survive(0)),
                Some(Action::Last) => Some(Dialog::Survive(most)),
                Some(Action::Quit) => return super::on_key(state, key),
                _ => None,
            };
        }
        Dialog::WhatIf(asked) => {
            return what_if::key(state, asked, key).unwrap_or_else(|| super::on_key(state, key));
        }
        Dialog::Filter(prompt) => in_prompt(state, prompt, key),
        Dialog::Columns(_) | Dialog::Fault(_) if state.keys.action_of(key) == Some(Action::Quit) => {
            return super::on_key(state, key);
        }
        Dialog::Fault(choice) => return chaos::key(state, choice, key),
        Dialog::Columns(column) => state.dialog = columns::press(state, column, key).map(Dialog::Columns),
        Dialog::Quitting(mut typed) => {
            if typed.len() < TYPED {
                typed.push(key);
            }
            state.dialog = Some(Dialog::Quitting(typed));
        }
        Dialog::Export => {
            let KeyCode::Char(letter) = key.code else { return Vec::new() };
            return Export::of_key(letter).map(Effect::Export).into_iter().collect();
        }
        Dialog::Ask(question) => {
            // Enter is no answer: it may have been meant for what was there before the question.
            if key.code == KeyCode::Enter {
                state.dialog = Some(Dialog::Ask(question));
                return Vec::new();
            }
            let yes = matches!(key.code, KeyCode::Char('y' | 'Y'));
            // Pressing the quit key again confirms quitting.
            let quits = state.keys.action_of(key) == Some(Action::Quit) && key.code != KeyCode::Char('n');
            let again = quits && matches!(question, Question::Quit { .. });
            let detach = matches!(question, Question::Quit { detachable: true, .. });
            if detach && key.code == KeyCode::Char('d') {
                return vec![Effect::Detach];
            }
            if yes || again {
                return match question {
                    Question::Kill { id, .. } => vec![Effect::Command(Command::Kill { id })],
                    Question::Quit { .. } => vec![Effect::Quit],
                    Question::Replay { event, replay, draft, .. } => inspect::again(state, &event, replay, draft),
                    Question::Mistake { draft, .. } => vec![Effect::Edit(draft)],
                };
            }
            if let Question::Replay { draft: Some(draft), .. } | Question::Mistake { draft, .. } = question {
                inspect::set_aside(state, draft);
            }
        }
    }
    Vec::new()
}

/// Whether the key quits where no text is typed, and would not write itself here.
fn closes_prompt(state: &State, key: KeyEvent) -> bool {
    state.keys.action_of(key) == Some(Action::Quit) && !Key::pressed(key).is_text()
}

fn in_palette(state: &mut State, mut palette: Palette, key: KeyEvent) -> Vec<Effect> {
    palette.trouble = None;
    match key.code {
        KeyCode::Esc => return Vec::new(),
        _ if closes_prompt(state, key) => return Vec::new(),
        KeyCode::Backspace if palette.line.text().is_empty() => return Vec::new(),
        KeyCode::Up | KeyCode::BackTab => palette.chosen = palette.chosen.saturating_sub(1),
        KeyCode::Down => {
            let last = crate::screen::palette::proposals(state, palette.line.text()).len().saturating_sub(1);
            palette.chosen = (palette.chosen + 1).min(last);
        }
        KeyCode::Tab => palette.complete(state),
        KeyCode::Enter => match palette.meaning(state) {
            Meaning::Do(entry, words) => {
                let words: Vec<&str> = words.iter().map(String::as_str).collect();
                let done = match word(entry.name()) {
                    // Without words these do what their keys do, or say what is watched.
                    Some(word)
                        if !words.is_empty()
                            || !matches!(entry.action, Action::Alert | Action::Traffic | Action::Chaos) =>
                    {
                        control::typed(state, word, &words)
                    }
                    _ => super::act(state, entry.action, &words),
                };
                match done {
                    Ok(effects) => return effects,
                    Err(trouble) => palette.trouble = Some(trouble),
                }
            }
            Meaning::More(line) => palette = Palette { line: Line::new(&line), ..Palette::default() },
            Meaning::Unknown(trouble) => palette.trouble = Some(trouble),
        },
        _ => {
            if palette.line.press(key) {
                palette.chosen = 0;
            }
        }
    }
    state.dialog = Some(Dialog::Palette(palette));
    Vec::new()
}

/// Inserts pasted text into an open prompt; without one it is refused, so that it does not act as keys.
pub(crate) fn paste(state: &mut State, text: &str) {
    match state.dialog.take() {
        Some(Dialog::Filter(mut prompt)) => {
            prompt.line.insert(text);
            judge(state, prompt);
        }
        Some(Dialog::Palette(mut palette)) => {
            palette.line.insert(text);
            palette.chosen = 0;
            state.dialog = Some(Dialog::Palette(palette));
            state.changed = true;
        }
        other => {
            state.dialog = other;
            state.complain("pasted text does nothing here");
        }
    }
}

pub(crate) fn ask_for_filter(state: &mut State) {
    let before = state.log.filter().map(|filter| filter.text().to_owned()).unwrap_or_default();
    state.dialog = Some(Dialog::Filter(FilterPrompt { line: Line::new(&before), before, error: None }));
}

fn in_prompt(state: &mut State, mut prompt: FilterPrompt, key: KeyEvent) {
    if key.code == KeyCode::Esc || closes_prompt(state, key) {
        // The previous filter was valid, so parsing cannot fail.
        state.set_filter(Filter::parse(&prompt.before).unwrap_or_default());
    } else if key.code != KeyCode::Enter {
        prompt.line.press(key);
        judge(state, prompt);
    } else if prompt.error.is_some() {
        // Enter does not accept an invalid filter: keep the prompt open.
        state.dialog = Some(Dialog::Filter(prompt));
    }
}

/// Applies the filter on every keystroke; keeps the last valid filter and shows the error if it is invalid.
fn judge(state: &mut State, mut prompt: FilterPrompt) {
    prompt.error = match Filter::parse(prompt.line.text()) {
        Ok(filter) => {
            state.set_filter(filter);
            None
        }
        Err(error) => Some(error),
    };
    state.dialog = Some(Dialog::Filter(prompt));
    state.changed = true;
}
