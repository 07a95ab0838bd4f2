//! A limit on requests that each copy keeps for itself, where no header tells of it.

use super::CHANCE;
use super::answers::Taken;
use super::found::Found;

/// What a limit answers (RFC 6585 section 4).
const LIMITED: &str = "429";

/// While one copy always refused, another always answered, asked in between and after: with a limit that they share, both would have been
/// refused. The longest such time counts, and it must not be chance.
pub(super) fn of_each_copy(taken: &[Taken], copies: usize) -> Option<Found> {
    let window = (0..taken.len()).map(|from| from..from + steady(&taken[from..])).max_by_key(ExactSizeIterator::len)?;
    let taken = &taken[window];
    let refused = taken.iter().filter(|one| is_limited(one)).count();
    let likely = |part: usize| (part as f64 / taken.len() as f64).powi(i32::try_from(part).unwrap_or(i32::MAX));
    if refused == 0 || refused == taken.len() || likely(refused) * likely(taken.len() - refused) > CHANCE {
        return None;
    }
    let outcome = |copy| taken.iter().find(|one| one.copy == copy).map_or("", |one| one.facts.outcome.as_str());
    Some(Found { place: "status".to_owned(), values: (0..copies).map(|copy| outcome(copy).to_owned()).collect() })
}

fn is_limited(one: &Taken) -> bool {
    one.facts.outcome.starts_with(LIMITED)
}

/// How many from the first on are either refused by a limit or answered, each copy's always in the same way.
fn steady(taken: &[Taken]) -> usize {
    let is_other = |at: usize| {
        let one = &taken[at];
        let first = taken.iter().find(|first| first.copy == one.copy).unwrap_or(one);
        is_limited(one) != is_limited(first) || !(is_limited(one) || one.facts.outcome.starts_with('2'))
    };
    (0..taken.len()).find(|at| is_other(*at)).unwrap_or(taken.len())
}
