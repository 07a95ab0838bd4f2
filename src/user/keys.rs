//! The key `keys`: which keys do what.

use stickylb::program::{Location, Node};

use crate::screen::{ACTIONS, Action, Key, Keymap};

/// A key that the file gives to an action.
struct Given {
    action: Action,
    word: &'static str,
    key: Key,
    place: Location,
}

/// The built-in keys with the file's in their place. Each action that the file names has the file's keys and no others.
pub(super) fn keys(n: Node<'_, '_>) -> Option<Keymap> {
    let mut given: Vec<Given> = Vec::new();
    let mut keymap = Keymap::default();
    let mut named = Vec::new();
    n.object(|keys| {
        keys.called("action");
        for entry in ACTIONS {
            let (action, word) = (entry.action, entry.word());
            let key = |n: Node<'_, '_>| Some(Given { action, word, key: n.parsed(str::parse)?, place: n.place() });
            if let Some(list) = keys.get(word, entry.help(), |n| n.list(key)) {
                keymap.bind(action, list.iter().map(|given| given.key).collect());
                given.extend(list);
                named.push(action);
            }
        }
    })?;
    for (at, one) in given.iter().enumerate() {
        if let Some(problem) = problem(one, &given[..at]).or_else(|| usual(one, &named)) {
            n.wrong_there(&one.place, problem);
        }
    }
    Some(keymap)
}

/// Why this key cannot do what the file asks for; `before` is what the file gave before it.
fn problem(given: &Given, before: &[Given]) -> Option<String> {
    let Given { action, word, key, .. } = given;
    if *key == Key::CTRL_C && *action != Action::Quit {
        return Some(format!("{key} always quits, so that there is a way out: choose another key for {word}"));
    }
    let other = before.iter().find(|other| other.key == *key)?;
    Some(if other.action == *action {
        format!("{key} is written twice: leave one")
    } else {
        format!("{key} is given to both {} and {word}: a key does one thing", other.word)
    })
}

/// Says that a key is still that of an action which the file does not name.
fn usual(Given { action, word, key, .. }: &Given, named: &[Action]) -> Option<String> {
    let usual = Keymap::default();
    let has_it = |other: Action| other != *action && !named.contains(&other) && usual.keys(other).contains(key);
    let other = ACTIONS.iter().find(|entry| has_it(entry.action))?.word();
    Some(format!(
        "{key} is the key of {other}: choose another for {word}, or give {other} others (\"{other}\": [] is none)"
    ))
}
