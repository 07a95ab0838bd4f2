//! The command palette: commands found by a few letters, and their arguments one after the other. Enter takes what is
//! highlighted, and asks for what is missing.

use stickylb::api::{MAX_WEIGHT, Strategy};
use stickylb::program::nearest;
use stickylb_convert::Engine;

use super::columns;
use super::completion;
use super::control;
use super::fuzzy::score;
use super::input::Line;
use super::palette_line::Palette;
use super::state::{Side, State};
use super::table::Column;
use crate::screen::action::{ACTIONS, Action, Entry};
use crate::screen::export::Export;
use crate::words::{Argument, named};

/// One completion.
pub(crate) struct Proposal {
    /// The proposed command, or the command the argument belongs to.
    pub(crate) entry: &'static Entry,
    /// An argument, which replaces the last word of the line; `None` proposes the command itself.
    pub(crate) word: Option<String>,
}

/// What a line means when Enter is pressed.
pub(crate) enum Meaning {
    /// Carry out this command with these arguments.
    Do(&'static Entry, Vec<String>),
    /// An argument is missing: the line to go on from.
    More(String),
    /// It cannot be carried out; a sentence for the user.
    Unknown(String),
}

/// A command and its arguments as far as they are typed.
struct Typed<'t> {
    entry: &'static Entry,
    /// The arguments before the one being typed.
    before: Vec<&'t str>,
    /// The argument being typed; empty after a space.
    last: &'t str,
}

impl<'t> Typed<'t> {
    /// `None` while the command's own name is being typed, or if there is no such command.
    fn of(text: &'t str) -> Option<Self> {
        let (name, rest) = text.trim_start().split_once(' ')?;
        let entry = commands().find(|entry| entry.name() == name)?;
        let mut before: Vec<&str> = rest.split(' ').filter(|word| !word.is_empty()).collect();
        let last = if rest.ends_with(' ') { "" } else { before.pop().unwrap_or_default() };
        Some(Typed { entry, before, last })
    }

    /// The argument being typed; `None` behind the last.
    fn argument(&self) -> Option<&'static str> {
        let last = self.entry.arguments().count().saturating_sub(1);
        let goes_on = completion::is_of(self.entry.action);
        self.entry.arguments().nth(if goes_on { self.before.len().min(last) } else { self.before.len() })
    }

    /// Whether a weight is being typed where its backend could stand: it is for the selected one.
    fn is_weight_alone(&self) -> bool {
        self.before.is_empty() && takes_weight(self.entry) && self.last.parse::<u32>().is_ok()
    }
}

fn commands() -> impl Iterator<Item = &'static Entry> {
    ACTIONS.iter().filter(|entry| !entry.command.is_empty())
}

fn takes_weight(entry: &Entry) -> bool {
    entry.arguments().any(|argument| argument == "N")
}

/// The completions of a line, the best match first.
pub(crate) fn proposals(state: &State, text: &str) -> Vec<Proposal> {
    if let Some(typed) = Typed::of(text) {
        let Some(argument) = typed.argument().filter(|_| !typed.is_weight_alone()) else { return Vec::new() };
        let found = candidates(state, typed.entry, argument, &typed.before, typed.last).into_iter();
        let mut found: Vec<(i32, String)> = found.filter_map(|word| Some((score(typed.last, &word)?, word))).collect();
        found.sort_by_key(|(score, _)| std::cmp::Reverse(*score));
        return found.into_iter().map(|(_, word)| Proposal { entry: typed.entry, word: Some(word) }).collect();
    }
    let text = text.trim();
    let mut found: Vec<(i32, &Entry)> = commands()
        .filter_map(|entry| {
            // Search the descriptions too; such matches rank last.
            let described = || entry.help_of_command().to_lowercase().contains(&text.to_lowercase()).then_some(-1000);
            Some((score(text, entry.name()).or_else(described)?, entry))
        })
        .collect();
    found.sort_by_key(|(score, _)| std::cmp::Reverse(*score));
    found.into_iter().map(|(_, entry)| Proposal { entry, word: None }).collect()
}

/// What is to be typed now, or that nothing matches; one sentence.
pub(crate) fn hint(state: &State, text: &str) -> Option<String> {
    let Some(typed) = Typed::of(text) else {
        return proposals(state, text).is_empty().then(|| no_command(text));
    };
    let Typed { entry, before, last } = &typed;
    let selected = || control::backend(state).map(|backend| backend.name.to_string()).unwrap_or_default();
    match typed.argument()?.trim_matches(['[', ']']) {
        _ if completion::is_of(entry.action) => completion::hint(state, entry.action, before, last),
        "N" => {
            let backend = named(state.live(), before.first()?).ok();
            let now = backend.map(|b| format!("; {} has {} now", b.name, b.weight)).unwrap_or_default();
            Some(format!("a whole number from 0 to {MAX_WEIGHT}{now}"))
        }
        _ if typed.is_weight_alone() => Some(format!("the weight of {}, which is selected", selected())),
        "BACKEND" if last.is_empty() && takes_weight(entry) => {
            Some(format!("then a number from 0 to {MAX_WEIGHT}; a number alone is for {}", selected()))
        }
        "WHEN…" => Some(Argument::When.help().to_owned()),
        "MODE" => proposals(state, text).is_empty().then(|| Argument::Mode.help().to_owned()),
        argument if !argument.contains('|') && proposals(state, text).is_empty() && !last.is_empty() => {
            Some(format!("no {} matches '{last}'", argument.to_lowercase()))
        }
        _ => None,
    }
}

fn no_command(text: &str) -> String {
    let name = text.split_whitespace().next().unwrap_or_default();
    format!("no command matches '{name}'{}", nearest(name, commands().map(Entry::name)))
}

impl Palette {
    /// The palette that asks for what the command of an action cannot do without; `None` if it needs nothing.
    pub(crate) fn asking(action: Action) -> Option<Self> {
        let entry = ACTIONS.iter().find(|entry| entry.action == action)?;
        // These take the next one where none is named.
        if matches!(action, Action::Strategy | Action::Sticky) {
            return None;
        }
        match complete(entry, Vec::new()) {
            Meaning::More(line) => Some(Palette { line: Line::new(&line), ..Palette::default() }),
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
        let before: Vec<&str> = text.split(' ').skip(1).collect();
        let next = proposal.entry.arguments().nth(before.len());
        let follow = |next| !candidates(state, proposal.entry, next, &before, "").is_empty();
        let more = next.is_some_and(|next| !next.starts_with('[') || follow(next));
        *self = Palette { line: Line::new(&if more { format!("{text} ") } else { text }), ..Palette::default() };
    }

    /// The meaning of Enter: the line with what is highlighted in the place of its last word.
    pub(crate) fn meaning(&self, state: &State) -> Meaning {
        let text = self.line.text();
        let chosen = proposals(state, text).into_iter().nth(self.chosen);
        let Some(Typed { entry, before, last }) = Typed::of(text) else {
            return match chosen {
                Some(Proposal { entry, .. }) => complete(entry, Vec::new()),
                None => Meaning::Unknown(no_command(text)),
            };
        };
        let taken = chosen.and_then(|proposal| proposal.word).or_else(|| (!last.is_empty()).then(|| last.to_owned()));
        let words: Vec<String> = before.into_iter().map(str::to_owned).chain(taken).collect();
        // A backend alone is to have no fault yet.
        if let (Action::Chaos, [one]) = (entry.action, words.as_slice())
            && one != "off"
            && named(state.live(), one).is_ok()
        {
            return Meaning::More(format!("{} {one} ", entry.name()));
        }
        let most = entry.arguments().count();
        if words.len() > most && !entry.takes_the_rest() {
            let too_much = words[most..].join(" ");
            return Meaning::Unknown(format!("'{too_much}' is too much: {}", entry.command));
        }
        complete(entry, words)
    }
}

/// [`Meaning::More`] if an argument is missing.
fn complete(entry: &'static Entry, words: Vec<String>) -> Meaning {
    let needed = entry.arguments().filter(|argument| !argument.starts_with('[')).count();
    let is_for_selected = takes_weight(entry) && words.first().is_some_and(|word| word.parse::<i64>().is_ok());
    let is_short = words.len() < needed || takes_weight(entry) && words.len() == needed && !is_for_selected;
    if is_short {
        let line = std::iter::once(entry.name()).chain(words.iter().map(String::as_str));
        return Meaning::More(line.collect::<Vec<_>>().join(" ") + " ");
    }
    Meaning::Do(entry, words)
}

/// The known values of an argument of which this is typed already.
fn candidates(state: &State, entry: &Entry, argument: &str, before: &[&str], typed: &str) -> Vec<String> {
    if completion::is_of(entry.action) {
        return completion::candidates(state, entry.action, before, typed);
    }
    let names = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect();
    match argument.trim_matches(['[', ']']) {
        "BACKEND" => completion::backends(state),
        "POOL" => {
            let own = control::backend(state).ok().map(|backend| backend.pool.clone());
            let mut pools: Vec<_> = state.live().pools.iter().map(|pool| pool.name.clone()).collect();
            pools.sort_by_key(|pool| Some(pool) != own.as_ref());
            if pools.len() > 1 { pools.iter().map(ToString::to_string).collect() } else { Vec::new() }
        }
        // Nothing that what is typed could be taken for the beginning of.
        "WHEN…" => names(&["off"]),
        "STRATEGY" => Strategy::ALL.iter().map(|s| s.name().to_owned()).collect(),
        "FORMAT" => Export::ALL.iter().map(|export| export.name().to_owned()).collect(),
        "ENGINE" => names(&Engine::ALL.map(Engine::word)),
        "THEME" => state.themes.names().map(str::to_owned).collect(),
        "COLUMN" => Column::ALL.iter().map(|column| column.name().to_owned()).collect(),
        "COLUMNS" => columns::proposals(typed),
        "VIEW" => Side::NAMES.iter().map(|(name, _)| (*name).to_owned()).collect(),
        "MODE" => state.snapshot.pools.iter().flat_map(|p| &p.sticky_modes).map(ToString::to_string).collect(),
        choice if choice.contains('|') => names(&choice.split('|').collect::<Vec<_>>()),
        _ => Vec::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::screen::glyphs::Glyphs;
    use crate::screen::theme::{Colors, Theme};
    use crate::words::WORDS;

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
        assert_eq!(best("take back"), Some("undo"));
        assert_eq!(best("clients"), Some("drain"));
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

    fn meaning(text: &str) -> Meaning {
        Palette { line: Line::new(text), ..Palette::default() }.meaning(&state())
    }

    #[test]
    fn enter_takes_what_is_highlighted() {
        let taken = |text: &str| match meaning(text) {
            Meaning::Do(entry, words) => format!("{} {}", entry.name(), words.join(" ")),
            Meaning::More(line) => format!("{line}…"),
            Meaning::Unknown(trouble) => trouble,
        };
        for (typed, wanted) in [
            ("strategy rnd", "strategy random"),
            ("strategy ran", "strategy random"),
            ("und", "undo "),
            ("drain", "drain "),
            ("mute", "mute "),
        ] {
            let shown = proposals(&state(), typed).into_iter().next();
            let Some(Proposal { entry, word }) = shown else {
                assert!(taken(typed).starts_with("no command matches"), "{typed}");
                continue;
            };
            assert_eq!(taken(typed), wanted);
            assert_eq!(format!("{} {}", entry.name(), word.unwrap_or_default()), wanted, "the first proposal");
        }
        let second = Palette { line: Line::new("strategy r"), chosen: 1, ..Palette::default() };
        let shown = proposals(&state(), "strategy r").remove(1).word;
        assert!(matches!(second.meaning(&state()), Meaning::Do(_, words) if words.first() == shown.as_ref()));
    }

    #[test]
    fn enter_asks_for_what_is_missing_and_says_what_matches_nothing() {
        assert!(matches!(meaning("wei"), Meaning::More(line) if line == "weight "));
        assert!(matches!(meaning("weight alpha"), Meaning::More(line) if line == "weight alpha "));
        assert!(matches!(meaning("weight 3"), Meaning::Do(_, words) if words == ["3"]));
        assert!(matches!(meaning("weight -3"), Meaning::Do(_, words) if words == ["-3"]));
        assert!(matches!(meaning("strategy"), Meaning::More(line) if line == "strategy "));
        assert!(matches!(meaning("select"), Meaning::More(line) if line == "select "));
        assert!(matches!(meaning("undo it now"), Meaning::Unknown(why) if why == "'it now' is too much: undo"));
        assert!(matches!(meaning("xyzzy"), Meaning::Unknown(why) if why == "no command matches 'xyzzy'"));
        let hint = |text| hint(&state(), text).unwrap_or_default();
        assert_eq!(hint("xyzzy"), "no command matches 'xyzzy'");
        assert_eq!(hint("drian"), "no command matches 'drian', did you mean 'drain'?");
        assert_eq!(hint("weight alpha "), "a whole number from 0 to 1000");
        assert_eq!(hint("strategy q"), "no strategy matches 'q'");
        assert_eq!(hint("strat"), "");
    }

    #[test]
    fn each_word_of_the_language_is_a_row_of_the_palette_with_the_same_arguments() {
        for word in WORDS {
            let entry = commands().find(|entry| entry.name() == word.name).expect(word.name);
            let bare = |argument: &str| argument.trim_matches(['[', ']']).to_owned();
            let row: Vec<String> = entry.arguments().map(bare).collect();
            let told: Vec<String> = word.arguments.iter().map(|argument| bare(argument.placeholder())).collect();
            assert_eq!(row, told, "{}", word.name);
        }
    }
}
