//! The command palette: fuzzy search for commands, completion with Tab, and parsing on Enter.

use stickylb::api::{BackendView, Strategy};

use super::columns;
use super::input::Line;
use super::palette_line::Palette;
use super::state::{Side, State};
use super::table::Column;
use crate::screen::action::{ACTIONS, Action, Entry};
use crate::screen::export::Export;

/// One completion.
pub(crate) struct Proposal {
    /// The proposed command, or the command the argument belongs to.
    pub(crate) entry: &'static Entry,
    /// An argument, which replaces the last word of the line; `None` proposes the command itself.
    pub(crate) word: Option<String>,
}

/// What a line means when Enter is pressed.
pub(crate) enum Meaning {
    /// Carry out this action with these arguments.
    Do(Action, Vec<String>),
    /// The line must be edited: the line to continue from, and what is wrong.
    More(String, String),
    /// No such command; a sentence for the user.
    Unknown(String),
}

/// The completions of a line, the best match first.
pub(crate) fn proposals(state: &State, text: &str) -> Vec<Proposal> {
    if let Some((name, rest)) = text.trim_start().split_once(' ') {
        let Some(entry) = named(name) else { return Vec::new() };
        let words: Vec<&str> = rest.split(' ').filter(|word| !word.is_empty()).collect();
        let last = if rest.ends_with(' ') { "" } else { words.last().copied().unwrap_or_default() };
        let at = words.len() - usize::from(!last.is_empty());
        let Some(argument) = entry.arguments().nth(at) else { return Vec::new() };
        let mut found: Vec<(i32, String)> = candidates(state, argument, last)
            .into_iter()
            .filter_map(|word| Some((score(last, &word)?, word)))
            .collect();
        found.sort_by_key(|(score, _)| std::cmp::Reverse(*score));
        return found.into_iter().map(|(_, word)| Proposal { entry, word: Some(word) }).collect();
    }
    let text = text.trim();
    let commands = ACTIONS.iter().filter(|entry| !entry.command.is_empty());
    let mut found: Vec<(i32, &Entry)> = commands
        .filter_map(|entry| {
            // Search the descriptions too; such matches rank last.
            let described = || entry.help.to_lowercase().contains(&text.to_lowercase()).then_some(-1000);
            Some((score(text, entry.name()).or_else(described)?, entry))
        })
        .collect();
    found.sort_by_key(|(score, _)| std::cmp::Reverse(*score));
    found.into_iter().map(|(_, entry)| Proposal { entry, word: None }).collect()
}

impl Palette {
    /// The palette that asks for what the command of an action cannot do without; `None` if it needs nothing.
    pub(crate) fn asking(action: Action) -> Option<Self> {
        let entry = ACTIONS.iter().find(|entry| entry.action == action)?;
        match needs_more(entry, 0)? {
            Meaning::More(line, trouble) => {
                Some(Palette { line: Line::new(&line), trouble: Some(trouble), ..Palette::default() })
            }
            _ => None,
        }
    }

    /// Inserts the chosen proposal into the line.
    pub(crate) fn complete(&mut self, state: &State) {
        let Some(proposal) = proposals(state, self.line.text()).into_iter().nth(self.chosen) else { return };
        let text = match &proposal.word {
            None => proposal.entry.name().to_owned(),
            Some(word) => {
                let before = self.line.text().rfind(' ').map_or("", |space| &self.line.text()[..space]);
                format!("{before} {word}")
            }
        };
        let more = proposal.entry.arguments().count() > text.split(' ').count() - 1;
        *self = Palette { line: Line::new(&if more { format!("{text} ") } else { text }), ..Palette::default() };
    }

    /// The meaning of Enter: the line if its first word is a command's name, else the chosen proposal.
    pub(crate) fn meaning(&self, state: &State) -> Meaning {
        let mut words = self.line.text().split_whitespace();
        let Some(first) = words.next() else { return self.chosen_meaning(state) };
        let Some(entry) = named(first) else { return self.chosen_meaning(state) };
        let mut words: Vec<String> = words.map(str::to_owned).collect();
        // An incomplete last word is completed if there is only one proposal.
        if let Some(last) = words.last_mut()
            && let [Proposal { word: Some(only), .. }] = proposals(state, self.line.text()).as_slice()
        {
            last.clone_from(only);
        }
        let most = entry.arguments().count();
        if words.len() > most && !entry.takes_the_rest() {
            let too_much = words[most..].join(" ");
            return Meaning::More(self.line.text().to_owned(), format!("'{too_much}' is too much: {}", entry.command));
        }
        needs_more(entry, words.len()).unwrap_or(Meaning::Do(entry.action, words))
    }

    fn chosen_meaning(&self, state: &State) -> Meaning {
        match proposals(state, self.line.text()).get(self.chosen) {
            Some(Proposal { entry, .. }) => needs_more(entry, 0).unwrap_or(Meaning::Do(entry.action, Vec::new())),
            None => Meaning::Unknown(format!(
                "there is no command '{}': {} shows them all",
                self.line.text().trim(),
                state.key(Action::Help)
            )),
        }
    }
}

/// [`Meaning::More`] if this many arguments are too few for the command.
fn needs_more(entry: &'static Entry, words: usize) -> Option<Meaning> {
    let needed = entry.arguments().filter(|argument| !argument.starts_with('[')).count();
    let more = || Meaning::More(format!("{} ", entry.name()), format!("go on: {}", entry.command));
    (words < needed).then(more)
}

fn named(name: &str) -> Option<&'static Entry> {
    ACTIONS.iter().find(|entry| !entry.command.is_empty() && entry.name() == name)
}

/// The known values of an argument of which this is typed already.
fn candidates(state: &State, argument: &str, typed: &str) -> Vec<String> {
    let names = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect();
    match argument.trim_matches(['[', ']']) {
        "BACKEND" => {
            // A name with spaces would be read as several arguments, so propose the number instead.
            let word = |b: &BackendView| if b.name.raw().contains(' ') { b.id.to_string() } else { b.name.to_string() };
            state.live().backends.iter().map(word).collect()
        }
        // Nothing that what is typed could be taken for the beginning of.
        "WHEN…" => names(&["off"]),
        "STRATEGY" => Strategy::ALL.iter().map(|s| s.name().to_owned()).collect(),
        "FORMAT" => Export::ALL.iter().map(|export| export.name().to_owned()).collect(),
        "THEME" => state.themes.names().map(str::to_owned).collect(),
        "COLUMN" => Column::ALL.iter().map(|column| column.name().to_owned()).collect(),
        "COLUMNS" => columns::proposals(typed),
        "VIEW" => Side::NAMES.iter().map(|(name, _)| (*name).to_owned()).collect(),
        "MODE" => state.snapshot.pools.iter().flat_map(|p| &p.sticky_modes).map(ToString::to_string).collect(),
        choice if choice.contains('|') => names(&choice.split('|').collect::<Vec<_>>()),
        _ => Vec::new(),
    }
}

/// Fuzzy match score, higher is better; `None` if the letters do not occur in this order. Letters at word beginnings
/// score most, then consecutive letters; long names score slightly less.
fn score(letters: &str, name: &str) -> Option<i32> {
    if letters.is_empty() {
        // Equal scores keep the order of the table.
        return Some(0);
    }
    let mut score = -i32::try_from(name.chars().count()).unwrap_or(i32::MAX / 2);
    let mut rest = name.char_indices().peekable();
    let mut before = None;
    for letter in letters.chars().flat_map(char::to_lowercase) {
        let (at, _) = rest.by_ref().find(|(_, c)| c.to_lowercase().eq([letter]))?;
        let begins = at == 0 || name[..at].ends_with(['-', ' ', '_']);
        score += if begins {
            30
        } else if before.is_some_and(|before| before + 1 == at) {
            20
        } else {
            1
        };
        before = Some(at);
    }
    Some(score)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::screen::glyphs::Glyphs;
    use crate::screen::theme::{Colors, Theme};

    fn state() -> State {
        State::new(Theme { glyphs: Glyphs::Unicode, colors: Colors::Dark })
    }

    fn best(text: &str) -> Option<&'static str> {
        proposals(&state(), text).first().map(|proposal| proposal.entry.name())
    }

    #[test]
    fn a_few_letters_find_a_command() {
        assert_eq!(best("wei"), Some("weight"));
        assert_eq!(best("stra"), Some("strategy"));
        assert_eq!(best("drn"), Some("drain"));
        assert_eq!(best("Q"), Some("quit"));
        assert_eq!(best("xyzzy"), None);
        // Found by its description.
        assert_eq!(best("take back"), None);
        assert_eq!(best("clients"), Some("maint"));
        assert_eq!(proposals(&state(), "").len(), ACTIONS.iter().filter(|e| !e.command.is_empty()).count());
    }

    #[test]
    fn what_follows_a_command_is_proposed_and_completed() {
        let state = state();
        let mut palette = Palette { line: Line::new("strategy least-c"), ..Palette::default() };
        palette.complete(&state);
        assert_eq!(palette.line.text(), "strategy least-connections");
        palette = Palette { line: Line::new("strat"), ..Palette::default() };
        palette.complete(&state);
        assert_eq!(palette.line.text(), "strategy ");
    }

    #[test]
    fn enter_does_what_the_line_says_or_asks_for_what_is_missing() {
        let state = state();
        let meaning = |text: &str| Palette { line: Line::new(text), ..Palette::default() }.meaning(&state);
        assert!(matches!(meaning("strategy ran"), Meaning::Do(Action::Strategy, words) if words == ["random"]));
        assert!(matches!(meaning("strategy"), Meaning::Do(Action::Strategy, words) if words.is_empty()));
        assert!(matches!(meaning("und"), Meaning::Do(Action::Undo, _)));
        assert!(matches!(meaning("wei"), Meaning::More(line, _) if line == "weight "));
        assert!(matches!(meaning("undo it now"), Meaning::More(_, why) if why.contains("'it now' is too much")));
        assert!(matches!(meaning("xyzzy"), Meaning::Unknown(_)));
    }
}
