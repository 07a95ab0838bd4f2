//! The one table of actions: keys, footer, help, and the README's table are made from it.

use std::fmt::Write as _;

use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};

/// What a key can do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Action {
    Up,
    Down,
    First,
    Last,
    NextPane,
    Pick,
    Back,
    ToggleMaintenance,
    Drain,
    WeightUp,
    WeightDown,
    CheckNow,
    Kill,
    NextStrategy,
    NextSticky,
    SpawnDemo,
    Follow,
    Help,
    Quit,
}

/// One line of the table.
pub(super) struct Entry {
    pub(super) action: Action,
    /// The keys, as they are written in help and README.
    pub(super) keys: &'static str,
    bound: &'static [(KeyModifiers, KeyCode)],
    /// One or two words for the footer, and how much they matter there: the least first goes.
    pub(super) footer: Option<(&'static str, u8)>,
    /// What it does, for help and README.
    pub(super) help: &'static str,
}

const NONE: KeyModifiers = KeyModifiers::NONE;

const fn entry(
    action: Action,
    keys: &'static str,
    bound: &'static [(KeyModifiers, KeyCode)],
    footer: Option<(&'static str, u8)>,
    help: &'static str,
) -> Entry {
    Entry { action, keys, bound, footer, help }
}

/// Every action, in the order of help and README.
pub(super) const ACTIONS: [Entry; 19] = [
    entry(Action::Up, "k ↑", &[(NONE, KeyCode::Char('k')), (NONE, KeyCode::Up)], None, "up"),
    entry(Action::Down, "j ↓", &[(NONE, KeyCode::Char('j')), (NONE, KeyCode::Down)], None, "down"),
    entry(Action::First, "g", &[(NONE, KeyCode::Char('g')), (NONE, KeyCode::Home)], None, "to the top"),
    entry(
        Action::Last,
        "G",
        &[(NONE, KeyCode::Char('G')), (NONE, KeyCode::End)],
        None,
        "to the bottom; in the log, follow again",
    ),
    entry(Action::NextPane, "Tab", &[(NONE, KeyCode::Tab)], None, "next pane"),
    entry(Action::Pick, "1-9", &[], None, "pick the backend in that row"),
    entry(Action::Back, "Esc", &[(NONE, KeyCode::Esc)], None, "back"),
    entry(
        Action::ToggleMaintenance,
        "space",
        &[(NONE, KeyCode::Char(' '))],
        Some(("on/off", 100)),
        "take the selected backend out (MAINT), or put it back in service; its clients move at once",
    ),
    entry(
        Action::Drain,
        "d",
        &[(NONE, KeyCode::Char('d'))],
        Some(("drain", 90)),
        "drain: it keeps its sessions and connections and gets no new ones; again to end it",
    ),
    entry(
        Action::WeightUp,
        "+",
        &[(NONE, KeyCode::Char('+')), (NONE, KeyCode::Char('='))],
        Some(("weight", 40)),
        "one more weight",
    ),
    entry(Action::WeightDown, "-", &[(NONE, KeyCode::Char('-'))], None, "one less weight; 0 gets no new clients"),
    entry(Action::CheckNow, "R", &[(NONE, KeyCode::Char('R'))], Some(("check", 30)), "check it now"),
    entry(
        Action::Kill,
        "X",
        &[(NONE, KeyCode::Char('X'))],
        Some(("kill", 60)),
        "kill the process of a demo backend (asks first)",
    ),
    entry(Action::NextStrategy, "s", &[(NONE, KeyCode::Char('s'))], Some(("strategy", 80)), "next strategy"),
    entry(Action::NextSticky, "t", &[(NONE, KeyCode::Char('t'))], Some(("sticky", 35)), "stickiness on or off"),
    entry(
        Action::SpawnDemo,
        "a",
        &[(NONE, KeyCode::Char('a'))],
        Some(("demo", 70)),
        "start a demo backend; on one that was killed, start that one again",
    ),
    entry(Action::Follow, "f", &[(NONE, KeyCode::Char('f'))], Some(("follow", 20)), "follow the log, or hold it"),
    entry(Action::Help, "?", &[(NONE, KeyCode::Char('?'))], Some(("help", 110)), "this help"),
    entry(
        Action::Quit,
        "q Ctrl-C",
        &[(NONE, KeyCode::Char('q')), (KeyModifiers::CONTROL, KeyCode::Char('c'))],
        Some(("quit", 120)),
        "quit (asks if requests are in flight)",
    ),
];

/// The action of a key.
pub(super) fn action_of(key: KeyEvent) -> Option<Action> {
    if let KeyCode::Char('1'..='9') = key.code {
        return Some(Action::Pick);
    }
    // Shift is part of the character: some terminals report it beside `?` or `G`, some do not.
    let modifiers = key.modifiers - KeyModifiers::SHIFT;
    ACTIONS.iter().find(|entry| entry.bound.contains(&(modifiers, key.code))).map(|entry| entry.action)
}

/// The keys as a Markdown table, for the README.
pub fn keys_table() -> String {
    let mut table = String::from("| keys | do |\n|---|---|\n");
    for entry in &ACTIONS {
        let keys: Vec<String> = entry.keys.split(' ').map(|key| format!("`{key}`")).collect();
        // Writing to a string cannot fail.
        let _ = writeln!(table, "| {} | {} |", keys.join(" "), entry.help);
    }
    table
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_key_does_two_things() {
        let mut seen = Vec::new();
        for entry in &ACTIONS {
            for key in entry.bound {
                assert!(!seen.contains(key), "{key:?}");
                seen.push(*key);
            }
        }
    }

    #[test]
    fn shift_reported_beside_a_capital_changes_nothing() {
        let with = |modifiers| action_of(KeyEvent::new(KeyCode::Char('X'), modifiers));
        assert_eq!(with(KeyModifiers::NONE), Some(Action::Kill));
        assert_eq!(with(KeyModifiers::SHIFT), Some(Action::Kill));
        assert_eq!(with(KeyModifiers::CONTROL), None);
    }

    #[test]
    fn the_readme_shows_these_keys() {
        let readme = include_str!("../../README.md").replace("\r\n", "\n");
        assert!(readme.contains(&keys_table()), "put this into README.md:\n{}", keys_table());
    }
}
