//! The table of actions, from which keys, commands, footer, help and the tables in the docs are made.

mod key;
mod keymap;
mod table;
mod word;

use crossterm::event::{KeyCode, KeyModifiers};
use std::fmt::Write as _;

pub(crate) use key::Key;
pub(crate) use keymap::Keymap;
pub(crate) use table::ACTIONS;

use crate::words::word;

/// What a key or a palette command does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Action {
    Up,
    Down,
    PageUp,
    PageDown,
    First,
    Last,
    NextPane,
    Pick,
    Back,
    ToggleMaintenance,
    Drain,
    InService,
    TakeOut,
    WeightUp,
    WeightDown,
    SetWeight,
    CheckNow,
    Kill,
    Strategy,
    Sticky,
    SpawnDemo,
    Restart,
    RestartAll,
    NextSide,
    Follow,
    Filter,
    Everything,
    NextMatch,
    PreviousMatch,
    Mark,
    PreviousColumn,
    NextColumn,
    Columns,
    Sort,
    Reverse,
    Export,
    ExportConfig,
    Mouse,
    Freeze,
    StepBack,
    StepForward,
    Detail,
    Why,
    Zoom,
    Copy,
    CopyCurl,
    Secrets,
    Bodies,
    Replay,
    Undo,
    Baseline,
    Survive,
    Traffic,
    TrafficFaster,
    TrafficSlower,
    Chaos,
    WhatIf,
    Flow,
    Presenter,
    Reload,
    Theme,
    Notify,
    Alert,
    Palette,
    Help,
    Suspend,
    Quit,
}

/// One action with its keys, its command and its texts.
pub(crate) struct Entry {
    pub(crate) action: Action,
    /// The usual keys as help and docs show them, separated by spaces; empty if there is only a command.
    keys: &'static str,
    /// All usual keys.
    bound: &'static [(KeyModifiers, KeyCode)],
    /// The footer label and its priority: the lowest is dropped first when space runs out.
    pub(crate) footer: Option<(&'static str, u8)>,
    /// The command's name and its arguments: a placeholder in capitals or the alternatives separated by `|`; brackets
    /// mark optional ones. Empty if there is only a key.
    pub(crate) command: &'static str,
    /// What its keys do; empty where the command's word says all of it.
    help: &'static str,
}

impl Entry {
    /// The command's name; empty if there is only a key.
    pub(crate) fn name(&self) -> &'static str {
        self.command.split(' ').next().unwrap_or_default()
    }

    /// The command's arguments, one word each.
    pub(crate) fn arguments(&self) -> impl Iterator<Item = &'static str> + use<> {
        self.command.split(' ').skip(1)
    }

    /// The description in help and docs.
    pub(crate) fn help(&self) -> &'static str {
        if self.help.is_empty() { self.help_of_command() } else { self.help }
    }

    /// What the command does when it is typed; the keys may do more.
    pub(crate) fn help_of_command(&self) -> &'static str {
        word(self.name()).map_or(self.help, |word| word.help)
    }

    /// Whether its last argument may be several words.
    pub(crate) fn takes_the_rest(&self) -> bool {
        self.command.trim_end_matches(']').ends_with('…')
    }
}

/// The actions as a Markdown table, for docs/keys.md.
pub fn keys_table() -> String {
    let mut table = String::from("| keys | command | do |\n|---|---|---|\n");
    for entry in ACTIONS {
        let keys: Vec<String> = entry.keys.split(' ').filter(|k| !k.is_empty()).map(|k| format!("`{k}`")).collect();
        let command = match entry.command.replace('|', "\\|") {
            none if none.is_empty() => none,
            some => format!("`{some}`"),
        };
        // Writing to a string cannot fail.
        let _ = writeln!(table, "| {} | {command} | {} |", keys.join(" "), entry.help());
    }
    table
}

#[cfg(test)]
mod tests {
    use super::*;
    use crossterm::event::KeyEvent;

    #[test]
    fn no_key_and_no_command_does_two_things() {
        let (mut seen, mut named) = (Vec::new(), Vec::new());
        for entry in ACTIONS {
            for key in entry.bound {
                assert!(!seen.contains(key), "{key:?}");
                seen.push(*key);
            }
            assert!(entry.name().is_empty() || !named.contains(&entry.name()), "{}", entry.name());
            named.push(entry.name());
            assert!(!(entry.keys.is_empty() && entry.command.is_empty()), "{:?} cannot be reached", entry.action);
        }
    }

    #[test]
    fn a_command_without_a_key_reads_the_same_wherever_it_is_explained() {
        for entry in ACTIONS {
            assert!(!entry.help().is_empty(), "{:?}", entry.action);
            if let (Some(word), []) = (word(entry.name()), entry.bound) {
                assert_eq!(entry.help(), word.help, "{}", word.name);
            }
        }
    }

    #[test]
    fn shift_reported_beside_a_capital_changes_nothing() {
        let keymap = Keymap::default();
        let with = |modifiers| keymap.action_of(KeyEvent::new(KeyCode::Char('X'), modifiers));
        assert_eq!(with(KeyModifiers::NONE), Some(Action::Kill));
        assert_eq!(with(KeyModifiers::SHIFT), Some(Action::Kill));
        assert_eq!(with(KeyModifiers::CONTROL), None);
    }

    #[test]
    fn the_documents_show_these_keys() {
        let page = include_str!("../../../docs/keys.md").replace("\r\n", "\n");
        if std::env::var_os("UPDATE").is_some() {
            let (before, rest) = page.split_once("| keys |").expect("the table");
            let (_, after) = rest.split_once("\n\n").expect("what follows the table");
            let path = concat!(env!("CARGO_MANIFEST_DIR"), "/docs/keys.md");
            std::fs::write(path, format!("{before}{}\n{after}", keys_table())).expect("written");
            return;
        }
        assert!(page.contains(&keys_table()), "run with UPDATE=1 to put this into docs/keys.md:\n{}", keys_table());
    }

    #[test]
    fn the_readme_shows_some_of_these_keys_in_the_same_words() {
        let table = keys_table();
        let readme = include_str!("../../../README.md").replace("\r\n", "\n");
        let (_, shown) = readme.split_once("| keys | command | do |\n").expect("the table");
        let rows: Vec<&str> = shown.lines().take_while(|line| line.starts_with('|')).collect();
        assert!(rows.len() > 10, "{rows:?}");
        for row in rows {
            assert!(table.lines().any(|line| line == row), "README.md has {row}, which is not in:\n{table}");
        }
    }
}
