//! A single-line text editor.

use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};
use ratatui::text::Span;
use stickylb::untrusted::Untrusted;

use super::theme::Theme;

/// Maximum characters in a line; further input is ignored.
const MOST: usize = 500;

/// A line of text with a cursor.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Line {
    text: String,
    /// Byte offset of the cursor; always on a character boundary.
    cursor: usize,
}

impl Line {
    pub(crate) fn new(text: &str) -> Self {
        let mut line = Line::default();
        line.insert(text);
        line
    }

    pub(crate) fn text(&self) -> &str {
        &self.text
    }

    /// Whether the cursor is after the last character.
    pub(crate) fn at_end(&self) -> bool {
        self.cursor == self.text.len()
    }

    /// Inserts text at the cursor. Line breaks and tabs become spaces, other control characters are escaped.
    pub(crate) fn insert(&mut self, text: &str) {
        let text = text.replace(['\r', '\n', '\t'], " ");
        let room = MOST.saturating_sub(self.text.chars().count());
        let taken: String = Untrusted::new(text).shown().chars().take(room).collect();
        self.text.insert_str(self.cursor, &taken);
        self.cursor += taken.len();
    }

    /// Handles an editing key as a shell does; `false` if the key does not edit a line.
    pub(crate) fn press(&mut self, key: KeyEvent) -> bool {
        let control = key.modifiers.contains(KeyModifiers::CONTROL);
        match key.code {
            KeyCode::Char('a') if control => self.cursor = 0,
            KeyCode::Char('e') if control => self.cursor = self.text.len(),
            KeyCode::Char('u') if control => self.cut(0),
            KeyCode::Char('w') if control => {
                let kept = self.text[..self.cursor].trim_end();
                self.cut(kept.rfind(' ').map_or(0, |space| space + 1));
            }
            KeyCode::Char(c) if !control && !key.modifiers.contains(KeyModifiers::ALT) => {
                self.insert(c.encode_utf8(&mut [0; 4]));
            }
            KeyCode::Backspace => self.cut(self.before()),
            KeyCode::Delete if !self.at_end() => {
                self.text.remove(self.cursor);
            }
            KeyCode::Left => self.cursor = self.before(),
            KeyCode::Right => {
                self.cursor += self.text[self.cursor..].chars().next().map_or(0, char::len_utf8);
            }
            KeyCode::Home => self.cursor = 0,
            KeyCode::End => self.cursor = self.text.len(),
            _ => return false,
        }
        true
    }

    /// The part of the line around the cursor that fits into `columns`, with the cursor highlighted.
    pub(crate) fn spans(&self, columns: usize) -> Vec<Span<'static>> {
        use unicode_width::UnicodeWidthChar as _;
        let (before, after) = self.text.split_at(self.cursor);
        let mut room = columns.saturating_sub(1);
        let mut shown: Vec<char> = Vec::new();
        for c in before.chars().rev() {
            let width = c.width().unwrap_or(0);
            if width > room {
                break;
            }
            room -= width;
            shown.push(c);
        }
        let mut after = after.chars();
        let under = after.next().unwrap_or(' ');
        let mut rest = String::new();
        for c in after {
            let width = c.width().unwrap_or(0);
            if width > room {
                break;
            }
            room -= width;
            rest.push(c);
        }
        vec![
            Span::raw(shown.into_iter().rev().collect::<String>()),
            Span::styled(under.to_string(), Theme::selected()),
            Span::raw(rest),
        ]
    }

    /// Byte offset of the character before the cursor.
    fn before(&self) -> usize {
        self.text[..self.cursor].char_indices().next_back().map_or(0, |(at, _)| at)
    }

    /// Deletes the text between `from` and the cursor.
    fn cut(&mut self, from: usize) {
        self.text.replace_range(from..self.cursor, "");
        self.cursor = from;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn after(keys: &[(KeyModifiers, KeyCode)]) -> String {
        let mut line = Line::new("weight alphä 3");
        for (modifiers, code) in keys {
            line.press(KeyEvent::new(*code, *modifiers));
        }
        line.insert("|");
        line.text
    }

    #[test]
    fn a_line_is_edited_as_in_a_shell() {
        const NONE: KeyModifiers = KeyModifiers::NONE;
        const CTRL: KeyModifiers = KeyModifiers::CONTROL;
        assert_eq!(after(&[]), "weight alphä 3|");
        assert_eq!(after(&[(NONE, KeyCode::Backspace), (NONE, KeyCode::Char('7'))]), "weight alphä 7|");
        assert_eq!(after(&[(CTRL, KeyCode::Char('w'))]), "weight alphä |");
        assert_eq!(after(&[(CTRL, KeyCode::Char('w')), (CTRL, KeyCode::Char('w'))]), "weight |");
        assert_eq!(after(&[(CTRL, KeyCode::Char('a'))]), "|weight alphä 3");
        assert_eq!(after(&[(NONE, KeyCode::Home), (NONE, KeyCode::Delete)]), "|eight alphä 3");
        assert_eq!(after(&[(CTRL, KeyCode::Char('u')), (NONE, KeyCode::Left), (NONE, KeyCode::Backspace)]), "|");
        let left = (NONE, KeyCode::Left);
        assert_eq!(after(&[left, left, left, (NONE, KeyCode::Backspace)]), "weight alp|ä 3");
        assert_eq!(after(&[left, left, (NONE, KeyCode::Right)]), "weight alphä |3");
    }

    #[test]
    fn what_is_pasted_stays_one_line_of_text_and_bounded() {
        let mut line = Line::new("a\r\nb\x1b[2J");
        assert_eq!(line.text(), "a  b\\x1b[2J");
        line.insert(&"x".repeat(10_000));
        assert_eq!(line.text().chars().count(), MOST);
    }

    #[test]
    fn a_long_line_is_shown_around_its_cursor() {
        let text =
            |line: &Line, columns| line.spans(columns).iter().map(|span| span.content.clone()).collect::<String>();
        let mut line = Line::new("abcdefgh");
        assert_eq!(text(&line, 5), "efgh ");
        line.press(KeyEvent::new(KeyCode::Home, KeyModifiers::NONE));
        assert_eq!(text(&line, 5), "abcde");
        assert_eq!(text(&Line::new("日本"), 4), "本 ");
    }
}
