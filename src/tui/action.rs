//! The one table of actions: keys, commands, footer, help, and the README's table are made from it.

use std::fmt::Write as _;

use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};

/// What a key or a command can do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Action {
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
    WeightUp,
    WeightDown,
    SetWeight,
    CheckNow,
    Kill,
    Strategy,
    Sticky,
    SpawnDemo,
    RestartAll,
    NextSide,
    Follow,
    Filter,
    Everything,
    NextMatch,
    LastMatch,
    Mark,
    LastColumn,
    NextColumn,
    Sort,
    Reverse,
    Export,
    Mouse,
    Freeze,
    StepBack,
    StepForward,
    Detail,
    Why,
    Zoom,
    Copy,
    Undo,
    Theme,
    Notify,
    Palette,
    Help,
    Suspend,
    Quit,
}

/// One line of the table.
pub(super) struct Entry {
    pub(super) action: Action,
    /// The keys, as they are written in help and README; empty where there is a command alone.
    pub(super) keys: &'static str,
    bound: &'static [(KeyModifiers, KeyCode)],
    /// One or two words for the footer, and how much they matter there: the least first goes.
    pub(super) footer: Option<(&'static str, u8)>,
    /// The command's name and what may follow it, in capitals, in brackets where it can be left out; alternatives are
    /// written out. Empty where there is a key alone.
    pub(super) command: &'static str,
    /// What it does, for help and README.
    pub(super) help: &'static str,
}

impl Entry {
    /// The command's name.
    pub(super) fn name(&self) -> &'static str {
        self.command.split(' ').next().unwrap_or_default()
    }

    /// What may follow it, a word each.
    pub(super) fn arguments(&self) -> impl Iterator<Item = &'static str> + use<> {
        self.command.split(' ').skip(1)
    }

    /// The first of its keys.
    pub(super) fn key(&self) -> &'static str {
        self.keys.split(' ').next().unwrap_or_default()
    }
}

const NONE: KeyModifiers = KeyModifiers::NONE;
const CONTROL: KeyModifiers = KeyModifiers::CONTROL;

const fn entry(
    action: Action,
    keys: &'static str,
    bound: &'static [(KeyModifiers, KeyCode)],
    footer: Option<(&'static str, u8)>,
    command: &'static str,
    help: &'static str,
) -> Entry {
    Entry { action, keys, bound, footer, command, help }
}

/// Every action, in the order of help and README.
pub(super) const ACTIONS: &[Entry] = &[
    entry(Action::Up, "k ↑", &[(NONE, KeyCode::Char('k')), (NONE, KeyCode::Up)], None, "", "up"),
    entry(Action::Down, "j ↓", &[(NONE, KeyCode::Char('j')), (NONE, KeyCode::Down)], None, "", "down"),
    entry(Action::PageUp, "PgUp", &[(NONE, KeyCode::PageUp)], None, "", "ten lines up"),
    entry(Action::PageDown, "PgDn", &[(NONE, KeyCode::PageDown)], None, "", "ten lines down"),
    entry(Action::First, "g", &[(NONE, KeyCode::Char('g')), (NONE, KeyCode::Home)], None, "", "to the top"),
    entry(
        Action::Last,
        "G",
        &[(NONE, KeyCode::Char('G')), (NONE, KeyCode::End)],
        None,
        "",
        "to the bottom; in the log, follow again",
    ),
    entry(Action::NextPane, "Tab", &[(NONE, KeyCode::Tab)], None, "", "next pane"),
    entry(Action::Pick, "1-9", &[], None, "select BACKEND", "pick the backend in that row"),
    entry(Action::Back, "Esc", &[(NONE, KeyCode::Esc)], None, "", "back"),
    entry(
        Action::ToggleMaintenance,
        "space",
        &[(NONE, KeyCode::Char(' '))],
        Some(("on/off", 100)),
        "maint [BACKEND]",
        "take the selected backend out (MAINT), or put it back in service; its clients move at once",
    ),
    entry(
        Action::Drain,
        "d",
        &[(NONE, KeyCode::Char('d'))],
        Some(("drain", 90)),
        "drain [BACKEND]",
        "drain: it keeps its sessions and connections and gets no new ones; again to end it",
    ),
    entry(Action::InService, "", &[], None, "up [BACKEND]", "put it in service, whatever it was before"),
    entry(
        Action::WeightUp,
        "+",
        &[(NONE, KeyCode::Char('+')), (NONE, KeyCode::Char('='))],
        Some(("weight", 40)),
        "",
        "one more weight",
    ),
    entry(Action::WeightDown, "-", &[(NONE, KeyCode::Char('-'))], None, "", "one less weight; 0 gets no new clients"),
    entry(Action::SetWeight, "", &[], None, "weight [BACKEND] N", "set its weight, from 0 to 1000"),
    entry(Action::CheckNow, "R", &[(NONE, KeyCode::Char('R'))], Some(("check", 30)), "check [BACKEND]", "check it now"),
    entry(
        Action::Kill,
        "X",
        &[(NONE, KeyCode::Char('X'))],
        Some(("kill", 60)),
        "kill [BACKEND]",
        "kill the process of a demo backend (asks first)",
    ),
    entry(
        Action::Strategy,
        "s",
        &[(NONE, KeyCode::Char('s'))],
        Some(("strategy", 80)),
        "strategy [STRATEGY]",
        "next strategy",
    ),
    entry(
        Action::Sticky,
        "t",
        &[(NONE, KeyCode::Char('t'))],
        Some(("sticky", 35)),
        "sticky [MODE]",
        "what clients stick by: the next of cookie, ip, the configured header or query, off",
    ),
    entry(
        Action::SpawnDemo,
        "a",
        &[(NONE, KeyCode::Char('a'))],
        Some(("demo", 70)),
        "demo",
        "start a demo backend; on one that was killed, start that one again",
    ),
    entry(
        Action::RestartAll,
        "A",
        &[(NONE, KeyCode::Char('A'))],
        None,
        "restart-all",
        "restart all processes one after the other, without losing a request",
    ),
    entry(
        Action::Follow,
        "f",
        &[(NONE, KeyCode::Char('f'))],
        Some(("follow", 20)),
        "follow",
        "follow the log, or hold it",
    ),
    entry(
        Action::Filter,
        "/",
        &[(NONE, KeyCode::Char('/'))],
        Some(("filter", 75)),
        "filter",
        "filter log and table: backend:alpha status>=500 path~^/api !ws",
    ),
    entry(
        Action::Everything,
        "F",
        &[(NONE, KeyCode::Char('F'))],
        None,
        "",
        "show the lines that do not match the filter, too; again to hide them",
    ),
    entry(
        Action::NextMatch,
        "n",
        &[(NONE, KeyCode::Char('n'))],
        None,
        "",
        "next line that matches; without a filter, the next marked one",
    ),
    entry(Action::LastMatch, "N", &[(NONE, KeyCode::Char('N'))], None, "", "the one before"),
    entry(
        Action::Mark,
        "m",
        &[(NONE, KeyCode::Char('m'))],
        None,
        "mark",
        "mark the selected line of the log, or unmark it",
    ),
    entry(
        Action::LastColumn,
        "h ←",
        &[(NONE, KeyCode::Char('h')), (NONE, KeyCode::Left)],
        None,
        "",
        "choose the column to the left",
    ),
    entry(
        Action::NextColumn,
        "l →",
        &[(NONE, KeyCode::Char('l')), (NONE, KeyCode::Right)],
        None,
        "",
        "choose the column to the right",
    ),
    entry(
        Action::Sort,
        "o",
        &[(NONE, KeyCode::Char('o'))],
        None,
        "sort",
        "sort by the chosen column; again for the configuration's order",
    ),
    entry(Action::Reverse, "O", &[(NONE, KeyCode::Char('O'))], None, "reverse", "turn the order round"),
    entry(
        Action::Mouse,
        "M",
        &[(NONE, KeyCode::Char('M'))],
        None,
        "mouse",
        "let the mouse select, scroll and press the keys below, or leave it to the terminal again",
    ),
    entry(
        Action::Export,
        "E",
        &[(NONE, KeyCode::Char('E'))],
        None,
        "export [FORMAT]",
        "write the screen, the log or a report into a file here",
    ),
    entry(
        Action::Freeze,
        "p",
        &[(NONE, KeyCode::Char('p'))],
        Some(("freeze", 45)),
        "freeze",
        "let the display stand still, or live again; the proxy goes on",
    ),
    entry(
        Action::StepBack,
        ",",
        &[(NONE, KeyCode::Char(','))],
        None,
        "",
        "show the second before, up to five minutes back",
    ),
    entry(Action::StepForward, ".", &[(NONE, KeyCode::Char('.'))], None, "", "show the second after"),
    entry(
        Action::Detail,
        "Enter",
        &[(NONE, KeyCode::Enter)],
        None,
        "detail",
        "the selected backend or request with all that is known of it",
    ),
    entry(
        Action::Why,
        "w",
        &[(NONE, KeyCode::Char('w'))],
        Some(("why", 65)),
        "why",
        "why the selected request went where it went; without one, the last",
    ),
    entry(
        Action::NextSide,
        "v",
        &[(NONE, KeyCode::Char('v'))],
        Some(("view", 25)),
        "view",
        "next view beside the log: figures, inspector, the process's output, events, none",
    ),
    entry(
        Action::Copy,
        "y",
        &[(NONE, KeyCode::Char('y'))],
        None,
        "copy",
        "copy all that is known of the selected request or backend, as text",
    ),
    entry(Action::Zoom, "z", &[(NONE, KeyCode::Char('z'))], None, "zoom", "give the pane the whole screen, or not"),
    entry(
        Action::Undo,
        "u",
        &[(NONE, KeyCode::Char('u'))],
        Some(("undo", 25)),
        "undo",
        "take back the last change of weight, state, strategy or stickiness; again for the one before",
    ),
    entry(
        Action::Palette,
        ":",
        &[(NONE, KeyCode::Char(':'))],
        Some(("commands", 105)),
        "",
        "find a command by a few of its letters, and give it what it needs",
    ),
    entry(Action::Theme, "", &[], None, "theme [THEME]", "other colours, for this terminal and these eyes"),
    entry(
        Action::Notify,
        "",
        &[],
        None,
        "notify [off|bell|desktop]",
        "tell you when a backend goes DOWN while you look elsewhere",
    ),
    entry(Action::Help, "?", &[(NONE, KeyCode::Char('?'))], Some(("help", 110)), "help", "this help"),
    entry(
        Action::Suspend,
        "Ctrl-Z",
        &[(CONTROL, KeyCode::Char('z'))],
        None,
        "suspend",
        "back to the shell; `bg` there lets the proxy serve on without the screen, `fg` brings it back",
    ),
    entry(
        Action::Quit,
        "q Ctrl-C",
        &[(NONE, KeyCode::Char('q')), (CONTROL, KeyCode::Char('c'))],
        Some(("quit", 120)),
        "quit",
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

/// The actions as a Markdown table, for the README.
pub fn keys_table() -> String {
    let mut table = String::from("| keys | command | do |\n|---|---|---|\n");
    for entry in ACTIONS {
        let keys: Vec<String> = entry.keys.split(' ').filter(|k| !k.is_empty()).map(|k| format!("`{k}`")).collect();
        let command = match entry.command.replace('|', "\\|") {
            none if none.is_empty() => none,
            some => format!("`{some}`"),
        };
        // Writing to a string cannot fail.
        let _ = writeln!(table, "| {} | {command} | {} |", keys.join(" "), entry.help);
    }
    table
}

#[cfg(test)]
mod tests {
    use super::*;

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
    fn shift_reported_beside_a_capital_changes_nothing() {
        let with = |modifiers| action_of(KeyEvent::new(KeyCode::Char('X'), modifiers));
        assert_eq!(with(KeyModifiers::NONE), Some(Action::Kill));
        assert_eq!(with(KeyModifiers::SHIFT), Some(Action::Kill));
        assert_eq!(with(KeyModifiers::CONTROL), None);
    }

    #[test]
    fn the_readme_shows_these_keys() {
        let readme = include_str!("../../README.md").replace("\r\n", "\n");
        if std::env::var_os("UPDATE").is_some() {
            let (before, rest) = readme.split_once("| keys |").expect("the table");
            let (_, after) = rest.split_once("\n\n").expect("what follows the table");
            let path = concat!(env!("CARGO_MANIFEST_DIR"), "/README.md");
            std::fs::write(path, format!("{before}{}\n{after}", keys_table())).expect("written");
            return;
        }
        assert!(readme.contains(&keys_table()), "run with UPDATE=1 to put this into README.md:\n{}", keys_table());
    }
}
