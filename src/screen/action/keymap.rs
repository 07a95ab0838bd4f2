//! The current key bindings: those of the table, where the user has not chosen others.

use crossterm::event::KeyEvent;
use std::fmt::Write as _;

use super::key::Key;
use super::{ACTIONS, Action, Entry};

/// The keys of every action. No key does two things, and Ctrl-C always quits.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Keymap {
    /// In the order of [`ACTIONS`].
    keys: Vec<Vec<Key>>,
}

impl Default for Keymap {
    fn default() -> Self {
        Keymap { keys: ACTIONS.iter().map(usual).collect() }
    }
}

/// The keys of the table.
fn usual(entry: &Entry) -> Vec<Key> {
    entry.bound.iter().copied().map(Key::new).collect()
}

fn entry(action: Action) -> (usize, &'static Entry) {
    ACTIONS.iter().enumerate().find(|(_, entry)| entry.action == action).expect("every action is in the table")
}

impl Keymap {
    /// Gives an action these keys and no others, but Ctrl-C to quit.
    pub(crate) fn bind(&mut self, action: Action, mut keys: Vec<Key>) {
        if action == Action::Quit && !keys.contains(&Key::CTRL_C) {
            keys.push(Key::CTRL_C);
        }
        self.keys[entry(action).0] = keys;
    }

    /// The action bound to a key.
    pub(crate) fn action_of(&self, event: KeyEvent) -> Option<Action> {
        self.bound(event).map(|(action, _)| action)
    }

    /// The action bound to a key, and which of the action's keys it is, from 0.
    pub(crate) fn bound(&self, event: KeyEvent) -> Option<(Action, usize)> {
        let pressed = Key::pressed(event);
        self.find(pressed).or_else(|| self.find(pressed.unshifted()))
    }

    fn find(&self, key: Key) -> Option<(Action, usize)> {
        let place = |keys: &Vec<Key>| keys.iter().position(|one| *one == key);
        ACTIONS.iter().zip(&self.keys).find_map(|(entry, keys)| Some((entry.action, place(keys)?)))
    }

    /// Its keys.
    pub(crate) fn keys(&self, action: Action) -> &[Key] {
        &self.keys[entry(action).0]
    }

    /// Its keys as help shows them, separated by spaces: of the usual ones, those that are worth knowing.
    pub(crate) fn shown(&self, action: Action) -> String {
        let (place, entry) = entry(action);
        if self.keys[place] == usual(entry) {
            return entry.keys.to_owned();
        }
        self.keys[place].iter().map(Key::to_string).collect::<Vec<_>>().join(" ")
    }

    /// The first of them; empty if there is none.
    pub(crate) fn first(&self, action: Action) -> String {
        self.shown(action).split(' ').next().unwrap_or_default().to_owned()
    }

    /// What to type for an action, in a sentence: its first key, else its command.
    pub(crate) fn say(&self, action: Action) -> String {
        match (self.first(action), entry(action).1.name()) {
            (key, _) if !key.is_empty() => key,
            (_, "") => format!("(no key does {})", entry(action).1.word()),
            (_, command) => format!("{}{command}", self.first(Action::Palette)),
        }
    }

    /// The current keys, as a table: keys, name, what it does.
    pub(crate) fn table(&self) -> String {
        let keys = |entry: &Entry| match self.keys(entry.action) {
            [] => "(none)".to_owned(),
            keys => keys.iter().map(Key::to_string).collect::<Vec<_>>().join(" "),
        };
        let rows: Vec<[String; 2]> = ACTIONS.iter().map(|entry| [keys(entry), entry.word().to_owned()]).collect();
        let width = |n: usize| rows.iter().map(|row| row[n].chars().count()).max().unwrap_or(0);
        let (first, second) = (width(0), width(1));
        let mut table = String::new();
        for (entry, [keys, word]) in ACTIONS.iter().zip(&rows) {
            // Writing to a string cannot fail.
            let _ = writeln!(table, "{keys:<first$}  {word:<second$}  {}", entry.help());
        }
        table
    }

    /// The current keys, as a file that gives each action the keys it has now.
    pub(crate) fn json(&self) -> String {
        let quoted = |key: &Key| serde_json::Value::from(key.to_string()).to_string();
        let line = |entry: &Entry| {
            let keys: Vec<String> = self.keys(entry.action).iter().map(quoted).collect();
            format!("    \"{}\": [{}]", entry.word(), keys.join(", "))
        };
        let lines: Vec<String> = ACTIONS.iter().map(line).collect();
        format!("{{\n  \"keys\": {{\n{}\n  }}\n}}\n", lines.join(",\n"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crossterm::event::{KeyCode, KeyModifiers};

    fn press(code: KeyCode, modifiers: KeyModifiers) -> KeyEvent {
        KeyEvent::new(code, modifiers)
    }

    #[test]
    fn what_help_shows_of_the_usual_keys_are_keys_of_the_action() {
        let keymap = Keymap::default();
        for entry in ACTIONS.iter().filter(|entry| entry.keys != "1-9") {
            for key in entry.keys.split(' ').filter(|key| !key.is_empty()) {
                let key: Key = key.parse().expect("a key");
                assert!(keymap.keys(entry.action).contains(&key), "{key} does not {}", entry.help());
            }
        }
        assert_eq!(keymap.keys(Action::Pick).len(), 9);
    }

    #[test]
    fn every_action_has_a_word_of_its_own() {
        let mut words: Vec<&str> = ACTIONS.iter().map(Entry::word).collect();
        words.sort_unstable();
        let count = words.len();
        words.dedup();
        assert!(words.len() == count && !words.contains(&""), "{words:?}");
    }

    #[test]
    fn an_action_has_the_keys_it_was_given_and_no_others() {
        let mut keymap = Keymap::default();
        keymap.bind(Action::Drain, vec!["Shift-F5".parse().expect("a key")]);
        assert_eq!(keymap.action_of(press(KeyCode::Char('d'), KeyModifiers::NONE)), None);
        assert_eq!(keymap.action_of(press(KeyCode::F(5), KeyModifiers::SHIFT)), Some(Action::Drain));
        assert_eq!(keymap.action_of(press(KeyCode::F(5), KeyModifiers::NONE)), None);
        assert_eq!(keymap.action_of(press(KeyCode::Up, KeyModifiers::SHIFT)), Some(Action::Up));
        assert_eq!((keymap.shown(Action::Drain), keymap.shown(Action::First)), ("Shift-F5".into(), "g".into()));
        keymap.bind(Action::Drain, Vec::new());
        assert_eq!(keymap.say(Action::Drain), ":drain");
    }

    #[test]
    fn control_c_quits_whatever_is_bound() {
        let mut keymap = Keymap::default();
        keymap.bind(Action::Quit, Vec::new());
        assert_eq!(keymap.action_of(press(KeyCode::Char('c'), KeyModifiers::CONTROL)), Some(Action::Quit));
        assert_eq!(keymap.action_of(press(KeyCode::Char('q'), KeyModifiers::NONE)), None);
        assert_eq!(keymap.shown(Action::Quit), "Ctrl-C");
    }

    #[test]
    fn each_of_the_keys_that_pick_has_its_row() {
        let keymap = Keymap::default();
        assert_eq!(keymap.bound(press(KeyCode::Char('3'), KeyModifiers::NONE)), Some((Action::Pick, 2)));
    }
}
