//! A key as people write it: `x`, `X`, `space`, `Ctrl-X`, `Alt-x`, `F5`, `Shift-Tab`, `↑` or `up`.

use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};
use std::fmt;
use std::str::FromStr;
use stickylb::program::nearest;

/// A key with its modifiers, as a terminal tells it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Key {
    modifiers: KeyModifiers,
    code: KeyCode,
}

/// Keys that have a name: the one that is shown first, then others that are understood.
const NAMES: [(&[&str], KeyCode); 16] = [
    (&["space"], KeyCode::Char(' ')),
    (&["Enter", "return"], KeyCode::Enter),
    (&["Esc", "escape"], KeyCode::Esc),
    (&["Tab"], KeyCode::Tab),
    (&["Backspace"], KeyCode::Backspace),
    (&["Delete", "del"], KeyCode::Delete),
    (&["Insert", "ins"], KeyCode::Insert),
    (&["Home"], KeyCode::Home),
    (&["End"], KeyCode::End),
    (&["PgUp", "page-up"], KeyCode::PageUp),
    (&["PgDn", "page-down"], KeyCode::PageDown),
    (&["↑", "up"], KeyCode::Up),
    (&["↓", "down"], KeyCode::Down),
    (&["←", "left"], KeyCode::Left),
    (&["→", "right"], KeyCode::Right),
    // What a terminal makes of Shift and Tab.
    (&["Shift-Tab"], KeyCode::BackTab),
];

const MODIFIERS: [(&str, KeyModifiers); 3] =
    [("Ctrl-", KeyModifiers::CONTROL), ("Alt-", KeyModifiers::ALT), ("Shift-", KeyModifiers::SHIFT)];

impl Key {
    /// Quits, whatever else is bound: there is always a way out.
    pub(crate) const CTRL_C: Key = Key { modifiers: KeyModifiers::CONTROL, code: KeyCode::Char('c') };

    pub(crate) fn new((modifiers, code): (KeyModifiers, KeyCode)) -> Self {
        Key { modifiers, code }
    }

    /// The key of an event.
    pub(crate) fn pressed(event: KeyEvent) -> Self {
        let mut modifiers = event.modifiers;
        let mut code = event.code;
        if matches!(code, KeyCode::Char(_) | KeyCode::BackTab) {
            // Shift is already part of the character: only some terminals report it with `?` or `G`.
            modifiers -= KeyModifiers::SHIFT;
        }
        if let KeyCode::Char(c) = code
            && modifiers.contains(KeyModifiers::CONTROL)
        {
            code = KeyCode::Char(c.to_ascii_lowercase());
        }
        Key { modifiers, code }
    }

    /// The event of pressing it.
    pub(crate) fn event(self) -> KeyEvent {
        KeyEvent::new(self.code, self.modifiers)
    }

    /// The same key without Shift: it does the same where Shift and it do nothing of their own.
    pub(crate) fn unshifted(self) -> Self {
        Key { modifiers: self.modifiers - KeyModifiers::SHIFT, ..self }
    }

    /// Whether it writes a character where text is typed.
    pub(crate) fn is_text(self) -> bool {
        let command = KeyModifiers::CONTROL | KeyModifiers::ALT;
        matches!(self.code, KeyCode::Char(_)) && !self.modifiers.intersects(command)
    }

    /// What a terminal makes of these keys together; the error says why it cannot tell them.
    fn told(self) -> Result<Self, String> {
        let Key { mut modifiers, code } = self;
        let shift = modifiers.contains(KeyModifiers::SHIFT);
        match code {
            KeyCode::Tab if shift => {
                modifiers -= KeyModifiers::SHIFT;
                Ok(Key { modifiers, code: KeyCode::BackTab })
            }
            KeyCode::Char(c) if modifiers.contains(KeyModifiers::CONTROL) => match c.to_ascii_lowercase() {
                'i' => Err("a terminal tells Ctrl-I as Tab: write Tab".to_owned()),
                'm' => Err("a terminal tells Ctrl-M as Enter: write Enter".to_owned()),
                c @ ('a'..='z' | ' ') if !shift => Ok(Key { modifiers, code: KeyCode::Char(c) }),
                _ => Err("a terminal tells Ctrl with a letter or space alone".to_owned()),
            },
            KeyCode::Char(c) if shift && c.is_ascii_alphabetic() => {
                modifiers -= KeyModifiers::SHIFT;
                Ok(Key { modifiers, code: KeyCode::Char(c.to_ascii_uppercase()) })
            }
            KeyCode::Char(_) if shift => Err("write the character that Shift makes of the key".to_owned()),
            _ => Ok(self),
        }
    }
}

/// The key of a word without modifiers.
fn code_of(word: &str) -> Option<KeyCode> {
    let mut chars = word.chars();
    if let (Some(c), None) = (chars.next(), chars.next())
        && !c.is_control()
        && !"↑↓←→".contains(c)
    {
        return Some(KeyCode::Char(c));
    }
    let function = word.strip_prefix(['F', 'f']).and_then(|number| number.parse().ok());
    if let Some(number @ 1..=12) = function {
        return Some(KeyCode::F(number));
    }
    let is = |names: &[&str]| names.iter().any(|name| name.eq_ignore_ascii_case(word));
    NAMES.into_iter().find(|(names, _)| is(names)).map(|(_, code)| code)
}

/// A modifier at the beginning of a word, and the rest.
fn modifier_of(word: &str) -> Option<(KeyModifiers, &str)> {
    MODIFIERS.into_iter().find_map(|(name, modifier)| {
        let (begin, rest) = word.split_at_checked(name.len())?;
        (begin.eq_ignore_ascii_case(name) && !rest.is_empty()).then_some((modifier, rest))
    })
}

impl FromStr for Key {
    type Err = String;

    fn from_str(word: &str) -> Result<Self, String> {
        let (mut modifiers, mut rest) = (KeyModifiers::NONE, word);
        while let Some((modifier, after)) = modifier_of(rest) {
            modifiers |= modifier;
            rest = after;
        }
        if let Some(code) = code_of(rest) {
            return Key { modifiers, code }.told();
        }
        let with_hyphens = word.replace('+', "-");
        let near = match (with_hyphens != word).then(|| with_hyphens.parse::<Key>()) {
            Some(Ok(_)) => format!(", did you mean '{with_hyphens}'?"),
            _ => nearest(word, NAMES.iter().flat_map(|(names, _)| names.iter().copied())),
        };
        Err(format!("'{word}' is no key: write a character, a name such as space or F5, or Ctrl-X{near}"))
    }
}

impl fmt::Display for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let named = NAMES.into_iter().find(|(_, code)| *code == self.code).map(|(names, _)| names[0]);
        if named.is_none() && !matches!(self.code, KeyCode::Char(_) | KeyCode::F(_)) {
            // No key that can be bound, but a terminal may tell of it.
            return f.write_str("this key");
        }
        for (name, modifier) in MODIFIERS {
            if self.modifiers.contains(modifier) {
                f.write_str(name)?;
            }
        }
        match (named, self.code) {
            (None, KeyCode::Char(c)) if self.modifiers.contains(KeyModifiers::CONTROL) => {
                write!(f, "{}", c.to_ascii_uppercase())
            }
            (None, KeyCode::Char(c)) => write!(f, "{c}"),
            (None, KeyCode::F(number)) => write!(f, "F{number}"),
            (named, _) => f.write_str(named.unwrap_or_default()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(word: &str) -> String {
        word.parse::<Key>().map_or_else(|error| format!("error: {error}"), |key| key.to_string())
    }

    #[test]
    fn a_key_reads_back_as_it_is_written() {
        for key in
            ["x", "X", "space", "Ctrl-X", "Alt-x", "Ctrl-Alt-X", "F5", "Shift-F5", "Shift-Tab", "↑", "-", "é", "?"]
        {
            assert_eq!(read(key), key);
        }
    }

    #[test]
    fn a_key_may_be_written_in_other_ways_too() {
        for (written, key) in
            [("up", "↑"), ("ctrl-x", "Ctrl-X"), ("SPACE", "space"), ("escape", "Esc"), ("Shift-a", "A"), ("f12", "F12")]
        {
            assert_eq!(read(written), key);
        }
    }

    #[test]
    fn what_a_terminal_does_not_tell_is_refused_with_what_to_write() {
        for (written, error) in [
            (
                "spcae",
                "'spcae' is no key: write a character, a name such as space or F5, or Ctrl-X, did you mean 'space'?",
            ),
            (
                "Ctrl+x",
                "'Ctrl+x' is no key: write a character, a name such as space or F5, or Ctrl-X, did you mean 'Ctrl-x'?",
            ),
            ("Ctrl-i", "a terminal tells Ctrl-I as Tab: write Tab"),
            ("Ctrl-1", "a terminal tells Ctrl with a letter or space alone"),
            ("Shift-1", "write the character that Shift makes of the key"),
            ("", "'' is no key: write a character, a name such as space or F5, or Ctrl-X"),
            ("F13", "'F13' is no key: write a character, a name such as space or F5, or Ctrl-X"),
        ] {
            let found = read(written);
            assert!(found.starts_with(&format!("error: {error}")), "{found}");
        }
    }

    #[test]
    fn an_event_is_the_key_that_is_written_for_it() {
        let press = |code, modifiers| Key::pressed(KeyEvent::new(code, modifiers)).to_string();
        assert_eq!(press(KeyCode::Char('G'), KeyModifiers::SHIFT), "G");
        assert_eq!(press(KeyCode::Char('X'), KeyModifiers::CONTROL | KeyModifiers::SHIFT), "Ctrl-X");
        assert_eq!(press(KeyCode::BackTab, KeyModifiers::SHIFT), "Shift-Tab");
        assert_eq!(press(KeyCode::Up, KeyModifiers::SHIFT), "Shift-↑");
        // Keys that have no name here.
        assert_eq!(press(KeyCode::CapsLock, KeyModifiers::NONE), "this key");
        assert_eq!(press(KeyCode::Null, KeyModifiers::CONTROL), "this key");
    }
}
