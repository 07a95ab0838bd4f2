//! What may follow `traffic` and `chaos` in the palette: values to take, and what each setting means.

use stickylb::api::BackendView;

use super::control;
use super::state::State;
use super::traffic::under_way;
use crate::screen::action::Action;
use crate::words::{FAULTS, named};

/// The settings with what one writes for each, of open traffic, of closed traffic, or of both.
const TRAFFIC: [(&str, Of, &str); 9] = [
    ("rate", Of::Open, "1 to 500 requests a second; without it 24"),
    ("spacing", Of::Open, "even, or poisson: at random; without it even"),
    ("clients", Of::Both, "1 to 250, each with an address and cookies of its own; without it 12"),
    ("think", Of::Closed, "a time such as 100ms, or exp:100ms for one that differs; without it 100ms"),
    ("cookies", Of::Both, "keep, none or the share of clients that keeps them, such as 50%; without it keep"),
    ("heavy", Of::Both, "how many of the clients ask ten times as often; without it none"),
    ("mix", Of::Both, "what is asked for: \"90% GET /, 8% GET /slow?ms=800, 2% POST /echo\"; without it GET /"),
    ("seed", Of::Both, "the same seed sends the same requests at the same moments; without it 7"),
    ("for", Of::Both, "1s to 60m: then it ends by itself; without it 10m"),
];

#[derive(Clone, Copy, PartialEq, Eq)]
enum Of {
    Open,
    Closed,
    Both,
}

/// The settings of a fault, with what one writes for each.
const CHAOS: [(&str, &str); 6] = [
    ("for", "up to 10m: then it ends by itself; without it 30s"),
    ("share", "which share of the requests it touches, 0% to 100%, drawn for each; without it 100%"),
    ("first", "how many requests it touches at most; without it all"),
    ("match", "which requests it touches, by path and method: \"path~^/api !method=POST\"; without it all"),
    ("checks", "hit: checks see it too; spare: the backend stays UP and fails; without it hit"),
    ("seed", "the same seed touches the same requests"),
];

/// What follows each kind of fault that needs a word.
const AMOUNTS: [(&str, &str); 6] = [
    ("latency", "a time up to 10m, such as 300ms, or 300ms±50"),
    ("error", "a status from 400 to 599, such as 503"),
    ("slow", "a pace such as 10KB/s"),
    ("truncate", "so many bytes of the body, such as 1KB"),
    ("reset", "after=1KB resets inside the body; without it before the answer"),
    ("flaky", "up=5s down=5s: for how long it is well, and refuses then"),
];

/// Whether this has a say in what follows the command of an action.
pub(crate) const fn is_of(action: Action) -> bool {
    matches!(action, Action::Traffic | Action::Chaos)
}

/// The values that may stand behind the words before, of which this is typed already.
pub(crate) fn candidates(state: &State, action: Action, before: &[&str], typed: &str) -> Vec<String> {
    let all = match (action, before) {
        (Action::Traffic, []) if under_way(state.live()).is_some() => owned(&["off", "open", "closed"]),
        (Action::Traffic, []) => owned(&["open", "closed", "off"]),
        (Action::Chaos, []) => {
            let faults = control::backend(state).map(|_| owned(&FAULTS)).unwrap_or_default();
            backends(state).into_iter().chain(faults).chain(owned(&["off"])).collect()
        }
        (Action::Chaos, [name]) if named(state.live(), name).is_ok() => {
            let burns = named(state.live(), name).is_ok_and(|backend| backend.chaos.is_some());
            let off = if burns { owned(&["off"]) } else { Vec::new() };
            owned(&FAULTS).into_iter().chain(off).collect()
        }
        // An empty word has no proposal here: Enter would take it for the end of the line.
        (_, ["off", ..]) => Vec::new(),
        _ if typed.is_empty() || quoted(before).is_some() => Vec::new(),
        (Action::Traffic, [model, ..]) => settings(model).flat_map(|(key, _)| values(key)).collect(),
        _ => CHAOS.into_iter().flat_map(|(key, _)| values(key)).collect(),
    };
    let typed = typed.to_lowercase();
    all.into_iter().filter(|word| word.to_lowercase().starts_with(&typed)).collect()
}

/// The words to take for a backend: its name, or its id where the name would be read as several words. The selected one first:
/// Enter takes the first.
pub(crate) fn backends(state: &State) -> Vec<String> {
    let word = |b: &BackendView| if b.name.raw().contains(' ') { b.id.to_string() } else { b.name.to_string() };
    let mut backends: Vec<&BackendView> = state.live().backends.iter().collect();
    backends.sort_by_key(|b| Some(b.id) != state.selected);
    backends.into_iter().map(word).collect()
}

fn owned(words: &[&str]) -> Vec<String> {
    words.iter().map(|word| (*word).to_owned()).collect()
}

/// The settings of open or closed traffic.
fn settings(model: &str) -> impl Iterator<Item = (&'static str, &'static str)> {
    let other = if model == "open" { Of::Closed } else { Of::Open };
    TRAFFIC.into_iter().filter(move |(_, of, _)| *of != other).map(|(key, _, help)| (key, help))
}

/// A setting with each of its values, or up to where one writes on.
fn values(key: &str) -> Vec<String> {
    let values: &[&str] = match key {
        "spacing" => &["even", "poisson"],
        "cookies" => &["keep", "none"],
        "checks" => &["hit", "spare"],
        "mix" | "match" => &["\""],
        _ => &[""],
    };
    values.iter().map(|value| format!("{key}={value}")).collect()
}

/// The word whose quotation mark is not closed yet.
fn quoted<'t>(before: &[&'t str]) -> Option<&'t str> {
    let is_open = before.iter().flat_map(|word| word.matches('"')).count() % 2 == 1;
    before.iter().rev().copied().find(|word| is_open && word.contains('"'))
}

/// What is to be typed now.
pub(crate) fn hint(state: &State, action: Action, before: &[&str], typed: &str) -> Option<String> {
    let word = quoted(before).unwrap_or(typed);
    let key = word.split_once('=').map(|(key, _)| key);
    match (action, before) {
        (_, ["off", ..]) => None,
        (Action::Traffic, []) => {
            Some("open: so many a second; closed: as fast as its clients get answers; off ends it".to_owned())
        }
        (Action::Traffic, [model, ..]) => {
            let help = settings(model).find(|(name, _)| Some(*name) == key);
            Some(help.map_or_else(|| listed(settings(model).map(|(name, _)| name)), |(_, help)| help.to_owned()))
        }
        (_, []) => {
            let known = candidates(state, action, before, typed);
            let none = || format!("no backend and no fault matches '{typed}'");
            let selected = control::backend(state).map(|backend| backend.name.to_string());
            let whose = || selected.map(|name| format!("a backend, or a fault for {name}, which is selected"));
            if known.is_empty() { Some(none()) } else { whose().ok() }
        }
        (_, [.., last]) => {
            let kind = AMOUNTS.iter().find(|(kind, _)| kind == last).filter(|_| quoted(before).is_none());
            let setting = CHAOS.iter().find(|(name, _)| Some(*name) == key);
            let is_kind = before.len() == 1 && named(state.live(), last).is_ok();
            match kind.or(setting) {
                Some((_, help)) => Some((*help).to_owned()),
                None if is_kind => None,
                None => Some(listed(CHAOS.into_iter().map(|(name, _)| name))),
            }
        }
    }
}

/// `then perhaps rate=…, for=…`.
fn listed(keys: impl Iterator<Item = &'static str>) -> String {
    let keys: Vec<String> = keys.map(|key| format!("{key}=…")).collect();
    format!("then perhaps {}", keys.join(" "))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::screen::glyphs::Glyphs;
    use crate::screen::theme::{Colors, Theme};
    use stickylb::api::{Chaos, Snapshot, TrafficOptions};

    fn state() -> State {
        let mut state = State::new(Theme { glyphs: Glyphs::Unicode, colors: Colors::Dark });
        let mut snapshot = Snapshot::default();
        for (id, name) in [(1, "alpha"), (2, "bravo"), (3, "with blank")] {
            let mut backend = BackendView::default();
            (backend.id, backend.name) = (id.into(), name.into());
            snapshot.backends.push(backend);
        }
        state.refresh(snapshot);
        state
    }

    #[test]
    fn what_may_follow_is_proposed_by_its_beginning_and_nothing_where_the_line_may_end() {
        let state = state();
        let traffic = |before: &[&str], typed| candidates(&state, Action::Traffic, before, typed).join(" ");
        assert_eq!(traffic(&[], ""), "open closed off");
        assert_eq!(traffic(&[], "o"), "open off");
        assert_eq!(traffic(&["open"], ""), "");
        assert_eq!(traffic(&["open"], "s"), "spacing=even spacing=poisson seed=");
        assert_eq!(traffic(&["closed"], "t"), "think=");
        assert_eq!(traffic(&["closed"], "r"), "");
        assert_eq!(traffic(&["open", "mix=\"90%"], "s"), "", "inside a quotation");
        assert_eq!(traffic(&["off"], "r"), "");
        let chaos = |before: &[&str], typed| candidates(&state, Action::Chaos, before, typed).join(" ");
        assert!(chaos(&[], "").starts_with("alpha bravo 3 latency 300ms error 503 "), "{}", chaos(&[], ""));
        assert_eq!(chaos(&["bravo"], "re"), "refuse reset");
        assert_eq!(chaos(&["bravo", "latency", "300ms"], ""), "");
        assert_eq!(chaos(&["latency", "300ms"], "ch"), "checks=hit checks=spare");
    }

    #[test]
    fn what_is_to_be_typed_is_said() {
        let state = state();
        let hint = |action, before: &[&str], typed| hint(&state, action, before, typed).unwrap_or_default();
        assert!(hint(Action::Traffic, &["open"], "").starts_with("then perhaps rate=… spacing=… clients=… cookies=…"));
        assert!(hint(Action::Traffic, &["open"], "rate=").starts_with("1 to 500 requests a second"));
        assert!(hint(Action::Traffic, &["open", "mix=\"90%"], "GET").starts_with("what is asked for"));
        assert_eq!(hint(Action::Chaos, &[], ""), "a backend, or a fault for alpha, which is selected");
        assert_eq!(hint(Action::Chaos, &[], "zulu"), "no backend and no fault matches 'zulu'");
        assert!(hint(Action::Chaos, &["bravo", "latency"], "3").starts_with("a time up to 10m"));
        assert!(hint(Action::Chaos, &["bravo", "hang"], "checks=").starts_with("hit: checks see it too"));
    }

    #[test]
    fn the_settings_that_are_told_are_those_there_are() {
        let unknown = |line: &str, by: fn(&str) -> String| by(line);
        let of_traffic = unknown("open x=1", |line| line.parse::<TrafficOptions>().expect_err("unknown"));
        assert!(TRAFFIC.iter().all(|(key, ..)| of_traffic.contains(key)), "{of_traffic}");
        let of_chaos = unknown("hang x=1", |line| line.parse::<Chaos>().expect_err("unknown"));
        assert!(CHAOS.iter().all(|(key, _)| of_chaos.contains(key)), "{of_chaos}");
        let default = TrafficOptions::default().to_string();
        for said in ["rate=24", "spacing=even", "clients=12", "cookies=keep", "seed=7", "for=10m"] {
            let (key, value) = said.split_once('=').expect("a setting");
            let help = TRAFFIC.iter().find(|(name, ..)| *name == key).expect(key).2;
            assert!(default.contains(said) && help.ends_with(&format!("without it {value}")), "{help}");
        }
    }
}
