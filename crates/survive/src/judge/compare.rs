//! The same places in many answers: what varies within a copy is noise, what is stable in each and differs is not.

use std::collections::{BTreeMap, HashMap};

use super::answers::{Answers, are_equal};
use super::found::{Compared, Found};
use super::names::Context;
use super::places::Fact;
use super::value::judge_value;

/// One place through all answers.
type Series<'f> = Vec<Option<&'f Fact>>;

/// Compares the facts of all answers.
pub(super) fn compare(answers: &Answers) -> Compared {
    let mut all: BTreeMap<&str, Vec<Vec<&Fact>>> = BTreeMap::new();
    for (at, taken) in answers.taken.iter().enumerate() {
        for fact in &taken.facts.places {
            all.entry(&fact.alike).or_insert_with(|| vec![Vec::new(); answers.taken.len()])[at].push(fact);
        }
    }
    let mut out = Compared::default();
    for (alike, lists) in &all {
        judge_alike(answers, alike, lists, &mut out);
    }
    out
}

/// Judges all places that are alike but for their order.
fn judge_alike<'f>(answers: &Answers<'f>, alike: &str, lists: &[Vec<&'f Fact>], out: &mut Compared) {
    let in_any_order: Vec<Vec<&str>> = lists
        .iter()
        .map(|list| {
            let mut values: Vec<&str> = list.iter().map(|fact| fact.value.as_str()).collect();
            values.sort_unstable();
            values
        })
        .collect();
    if are_equal(&in_any_order) {
        let in_order = |list: &Vec<&'f Fact>| list.iter().map(|fact| (&fact.place, &fact.value)).collect::<Vec<_>>();
        out.noise += usize::from(!are_equal(&lists.iter().map(in_order).collect::<Vec<_>>()));
        return;
    }
    let mut places: BTreeMap<&str, Series> = BTreeMap::new();
    for (at, list) in lists.iter().enumerate() {
        for fact in list {
            places.entry(&fact.place).or_insert_with(|| vec![None; lists.len()])[at] = Some(fact);
        }
    }
    if let (1, Some((place, series))) = (places.len(), places.iter().next()) {
        out.add(judge_place(answers, place, series));
    } else if answers.is_stable(&in_any_order) && answers.are_whole() {
        judge_stable_lists(answers, alike, &in_any_order, &places, out);
    } else if answers.few && !answers.is_stable(&in_any_order) {
        // What a list that varies has at one place is easily the same in two answers.
        out.noise += places.len();
    } else {
        judge_varying_lists(answers, &places, out);
    }
}

/// Lists of which each copy always gives the same items: they differ in these, whatever their order.
fn judge_stable_lists(
    answers: &Answers,
    alike: &str,
    in_any_order: &[Vec<&str>],
    places: &BTreeMap<&str, Series>,
    out: &mut Compared,
) {
    let beyond = beyond_common(&answers.of_copies(in_any_order));
    let values = |series: &Series| series.iter().map(|fact| fact.map(|fact| fact.value.clone())).collect::<Vec<_>>();
    let ordered = places.values().all(|series| {
        let values = values(series);
        values.iter().all(Option::is_some) && answers.is_stable(&values)
    });
    let differing: Vec<_> = places.iter().filter(|(_, series)| !are_equal(&values(series))).collect();
    if ordered && differing.len() <= beyond.iter().map(Vec::len).max().unwrap_or(0) {
        for (place, series) in differing {
            out.add(judge_place(answers, place, series));
        }
    } else if beyond.iter().all(|list| list.len() == 1) {
        let values: Vec<&str> = answers.taken.iter().map(|taken| beyond[taken.copy][0]).collect();
        out.add(judge_value(answers, &Context::of(alike, alike, None), &values));
    } else {
        let values = beyond.iter().map(|list| list.join(", ")).collect();
        out.differences.push(Found { place: alike.to_owned(), values });
    }
}

/// What each list has more of than another has.
fn beyond_common<'v>(lists: &[Vec<&'v str>]) -> Vec<Vec<&'v str>> {
    let mut counts: HashMap<&str, Vec<usize>> = HashMap::new();
    for (at, list) in lists.iter().enumerate() {
        for value in list {
            counts.entry(value).or_insert_with(|| vec![0; lists.len()])[at] += 1;
        }
    }
    let beyond = |list: &Vec<&'v str>| {
        let mut common: HashMap<&str, usize> = HashMap::new();
        let mut beyond = list.clone();
        beyond.retain(|value| {
            let left = common.entry(value).or_insert_with(|| counts[value].iter().copied().min().unwrap_or(0));
            let is_common = *left > 0;
            *left = left.saturating_sub(1);
            !is_common
        });
        beyond
    };
    lists.iter().map(beyond).collect()
}

/// Lists whose items vary within a copy. Where they keep their order, a place in them may be stable nevertheless.
fn judge_varying_lists(answers: &Answers, places: &BTreeMap<&str, Series>, out: &mut Compared) {
    // Where each value stands; `None` where that is in several places.
    let mut stands: HashMap<&str, Option<&str>> = HashMap::new();
    for (place, series) in places {
        for fact in series.iter().flatten() {
            let at = stands.entry(&fact.value).or_insert(Some(place));
            *at = at.filter(|at| at == place);
        }
    }
    for (place, series) in places {
        let here = judge_place(answers, place, series);
        // A list that is shuffled has each of its values at other places as well.
        let moves = || series.iter().flatten().any(|fact| stands[fact.value.as_str()].is_none());
        if !(here.differences.is_empty() && here.names.is_empty()) && moves() {
            out.noise += 1;
        } else {
            out.add(here);
        }
    }
}

/// Judges one place.
fn judge_place(answers: &Answers, place: &str, series: &Series) -> Compared {
    let mut out = Compared::default();
    let present: Option<Vec<&Fact>> = series.iter().copied().collect();
    if let Some(facts) = present {
        let values: Vec<&str> = facts.iter().map(|fact| fact.value.as_str()).collect();
        if are_equal(&values) {
            return out;
        }
        let context = Context::of(place, &facts[0].alike, facts[0].label.as_deref());
        return judge_value(answers, &context, &values);
    }
    let there: Vec<bool> = series.iter().map(Option::is_some).collect();
    if answers.is_stable(&there) && answers.are_whole() {
        let values =
            answers.of_copies(series).iter().map(|fact| fact.map_or("", |fact| &fact.value).to_owned()).collect();
        out.differences.push(Found { place: place.to_owned(), values });
    } else {
        out.noise += 1;
    }
    out
}
