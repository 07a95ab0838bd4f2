//! What a baseline is named after, where several changes came at once or shortly after each other.

use crate::api::Change;

/// Changes that a label names; of others it says only how many.
const NAMED: usize = 3;

/// Changes that are joined. In a pool without traffic all changes are, however many there are.
const KEPT: usize = 50;

/// Joins what changed shortly after other changes with those: of two changes of one thing, the way from the first to the last.
pub(super) fn joined_with(mut before: Vec<Change>, now: Vec<Change>) -> Vec<Change> {
    let is_begun = |change: &Change| matches!(change, Change::State { .. } | Change::Added { .. });
    if before == [Change::Start] && now.iter().all(is_begun) {
        return before;
    }
    before.retain(|change| !matches!(change, Change::Start | Change::Baseline));
    for change in &now {
        let joined = before.iter().position(|first| is_of_one(first, change));
        match joined {
            Some(at) => {
                let first = before.remove(at);
                before.extend(from_to(first, change));
            }
            None if *change != Change::Baseline && before.len() < KEPT => before.push(change.clone()),
            None => {}
        }
    }
    // There and back again: named after the last of it.
    if before.is_empty() { now } else { before }
}

/// The changes in words.
pub(super) fn in_words(changes: &[Change]) -> String {
    let words: Vec<String> = changes.iter().take(NAMED).map(Change::to_string).collect();
    match changes.len().saturating_sub(NAMED) {
        0 => words.join(", "),
        more => format!("{} and {more} more", words.join(", ")),
    }
}

/// Whether both are changes of the same thing.
fn is_of_one(one: &Change, other: &Change) -> bool {
    match (one, other) {
        (Change::Strategy { .. }, Change::Strategy { .. }) | (Change::Sticky { .. }, Change::Sticky { .. }) => true,
        (Change::Added { backend }, Change::Removed { backend: other })
        | (Change::Weight { backend, .. }, Change::Weight { backend: other, .. })
        | (Change::State { backend, .. }, Change::State { backend: other, .. })
        | (Change::Added { backend } | Change::Replaced { backend }, Change::State { backend: other, .. }) => {
            backend == other
        }
        _ => one == other,
    }
}

/// The way from where the first change began to where the last one led; `None` where that is the same.
fn from_to(first: Change, last: &Change) -> Option<Change> {
    match (first, last.clone()) {
        (Change::Strategy { from, .. }, Change::Strategy { to, .. }) => {
            (from != to).then_some(Change::Strategy { from, to })
        }
        (Change::Sticky { from, .. }, Change::Sticky { to, .. }) => (from != to).then_some(Change::Sticky { from, to }),
        (Change::Weight { from, .. }, Change::Weight { backend, to, .. }) => {
            (from != to).then_some(Change::Weight { backend, from, to })
        }
        (Change::State { from, .. }, Change::State { backend, to, .. }) => {
            (from != to).then_some(Change::State { backend, from, to })
        }
        // It came and went.
        (Change::Added { .. }, Change::Removed { .. }) => None,
        // It came, and is up.
        (first @ (Change::Added { .. } | Change::Replaced { .. }), Change::State { .. }) => Some(first),
        (_, last) => Some(last),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::api::{State, Strategy};

    fn strategy(from: Strategy, to: Strategy) -> Change {
        Change::Strategy { from, to }
    }

    fn bravo(from: State, to: State) -> Change {
        Change::State { backend: "bravo".into(), from, to }
    }

    #[test]
    fn steps_through_strategies_are_one_way_from_the_first_to_the_last() {
        let first = vec![strategy(Strategy::RoundRobin, Strategy::SmoothRoundRobin)];
        let then = joined_with(first, vec![strategy(Strategy::SmoothRoundRobin, Strategy::Random)]);
        assert_eq!(in_words(&then), "strategy round-robin → random");
        let back = joined_with(then, vec![strategy(Strategy::Random, Strategy::RoundRobin)]);
        assert_eq!(in_words(&back), "strategy random → round-robin", "the last step");
    }

    #[test]
    fn what_comes_up_at_the_start_is_the_start_and_a_baseline_gives_way_to_what_changed() {
        let up = bravo(State::Starting, State::Up);
        let added = Change::Added { backend: "bravo".into() };
        assert_eq!(joined_with(vec![Change::Start], vec![added.clone(), up.clone()]), [Change::Start]);
        assert_eq!(joined_with(vec![added.clone()], vec![up]), [added]);
        let random = strategy(Strategy::First, Strategy::Random);
        let both = joined_with(vec![Change::Baseline], vec![bravo(State::Up, State::Down), random]);
        assert_eq!(in_words(&both), "bravo DOWN, strategy first → random");
        assert_eq!(joined_with(both.clone(), vec![Change::Baseline]), both);
    }

    #[test]
    fn many_are_counted() {
        let names = ["a", "b", "c", "d", "e"];
        let added: Vec<Change> = names.map(|name| Change::Added { backend: name.into() }).into();
        assert_eq!(in_words(&added), "a added, b added, c added and 2 more");
    }
}
