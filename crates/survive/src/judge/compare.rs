//! The same places in many answers: what varies within a copy is noise, what is stable in each and differs is not.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use super::counters::{Counts, Reading, per_copy};
use super::names::{Context, CopyNames, without_names};
use super::places::Facts;
use super::tokens::{has_digit, tokens};

/// One answer among those compared.
#[derive(Clone, Copy, Debug)]
pub(super) struct Taken<'f> {
    pub(super) copy: usize,
    pub(super) at: Duration,
    pub(super) facts: &'f Facts,
}

/// A place that was found, with what each copy has there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Found {
    pub(super) place: String,
    pub(super) values: Vec<String>,
}

/// What the comparison found.
#[derive(Clone, Debug, Default)]
pub(super) struct Compared {
    pub(super) differences: Vec<Found>,
    pub(super) counters: Vec<Found>,
    pub(super) names: Vec<Found>,
    pub(super) noise: usize,
    /// Whether a place among the noise may be a counter, which samples after a longer pause would tell.
    pub(super) may_count: bool,
}

/// Answers to be compared, in the order in which they were asked for.
#[derive(Debug)]
pub(super) struct Comparison<'f> {
    pub(super) taken: Vec<Taken<'f>>,
    pub(super) copies: &'f [CopyNames],
}

/// One place through all answers.
type Series<'f> = Vec<Option<&'f str>>;

/// What is alike in one answer: places with their values.
type Alike<'f> = Vec<(&'f str, &'f str)>;

impl<'f> Comparison<'f> {
    pub(super) fn run(&self) -> Compared {
        let mut all: BTreeMap<&str, Vec<Alike>> = BTreeMap::new();
        for (at, taken) in self.taken.iter().enumerate() {
            for fact in &taken.facts.places {
                let of = all.entry(&fact.alike).or_insert_with(|| vec![Vec::new(); self.taken.len()]);
                of[at].push((&fact.place, &fact.value));
            }
        }
        let mut out = Compared::default();
        for (alike, samples) in &all {
            self.alike(alike, samples, &mut out);
        }
        out
    }

    /// Judges all places that are alike but for their order.
    fn alike(&self, alike: &str, samples: &[Alike<'f>], out: &mut Compared) {
        let lists: Vec<Vec<&str>> = samples
            .iter()
            .map(|sample| {
                let mut values: Vec<&str> = sample.iter().map(|(_, value)| *value).collect();
                values.sort_unstable();
                values
            })
            .collect();
        if lists.windows(2).all(|pair| pair[0] == pair[1]) {
            out.noise += usize::from(samples.windows(2).any(|pair| pair[0] != pair[1]));
            return;
        }
        let mut places: BTreeMap<&str, Series> = BTreeMap::new();
        for (at, sample) in samples.iter().enumerate() {
            for (place, value) in sample {
                places.entry(place).or_insert_with(|| vec![None; samples.len()])[at] = Some(value);
            }
        }
        if let (1, Some((place, series))) = (places.len(), places.iter().next()) {
            self.place(place, series, false, out);
        } else if self.is_stable(&lists) && self.whole() {
            self.stable_lists(alike, &lists, &places, out);
        } else {
            self.varying_lists(samples, &places, out);
        }
    }

    /// Lists of which each copy always gives the same items: they differ in these, whatever their order.
    fn stable_lists(&self, alike: &str, lists: &[Vec<&str>], places: &BTreeMap<&str, Series>, out: &mut Compared) {
        let of_copies: Vec<Vec<&str>> = self.first_of_each(lists);
        let mut beyond: Vec<Vec<&str>> = of_copies.clone();
        for value in of_copies.first().into_iter().flatten() {
            let at: Vec<Option<usize>> = beyond.iter().map(|list| list.iter().position(|one| one == value)).collect();
            if at.iter().all(Option::is_some) {
                for (list, at) in beyond.iter_mut().zip(at.into_iter().flatten()) {
                    list.remove(at);
                }
            }
        }
        let ordered = places.values().all(|series| self.is_stable(series) && series.iter().all(Option::is_some));
        let differing: Vec<_> = places.iter().filter(|(_, series)| series.windows(2).any(|p| p[0] != p[1])).collect();
        if ordered && differing.len() <= beyond.iter().map(Vec::len).max().unwrap_or(0) {
            for (place, series) in differing {
                self.place(place, series, true, out);
            }
        } else if beyond.iter().all(|list| list.len() == 1) {
            let series: Series = self.taken.iter().map(|taken| Some(beyond[taken.copy][0])).collect();
            self.place(alike, &series, true, out);
        } else {
            out.differences
                .push(Found { place: alike.to_owned(), values: beyond.iter().map(|list| list.join(", ")).collect() });
        }
    }

    /// Lists whose items vary within a copy. Where they keep their order, a place in them may be stable nevertheless.
    fn varying_lists(&self, samples: &[Alike], places: &BTreeMap<&str, Series>, out: &mut Compared) {
        for (place, series) in places {
            let mut here = Compared::default();
            self.place(place, series, true, &mut here);
            // A list that is shuffled has each of its values at other places as well.
            let values: BTreeSet<&str> = series.iter().flatten().copied().collect();
            let elsewhere = || samples.iter().flatten().any(|(other, value)| other != place && values.contains(value));
            if here.differences.is_empty() && here.names.is_empty() || !elsewhere() {
                out.add(here);
            } else {
                out.noise += 1;
            }
        }
    }

    /// Judges one place.
    fn place(&self, place: &str, series: &Series, in_list: bool, out: &mut Compared) {
        if series.windows(2).all(|pair| pair[0] == pair[1]) {
            return;
        }
        let present: Option<Vec<&str>> = series.iter().copied().collect();
        if let Some(values) = present {
            self.value(place, &values, in_list, out);
            return;
        }
        let there: Vec<bool> = series.iter().map(Option::is_some).collect();
        if self.is_stable(&there) && self.whole() {
            let values = self.first_of_each(series).into_iter().map(|value| value.unwrap_or("").to_owned()).collect();
            out.differences.push(Found { place: place.to_owned(), values });
        } else {
            out.noise += 1;
        }
    }

    /// Judges a value that is there in every answer.
    fn value(&self, place: &str, values: &[&str], in_list: bool, out: &mut Compared) {
        let pieces: Vec<Vec<&str>> = values.iter().map(|value| tokens(value)).collect();
        let mut found = self.pieces(place, &pieces, in_list);
        if found == Pieces::default() {
            // Nothing but what stands between the pieces differs.
            found.differs = self.is_stable(values);
            found.noise = usize::from(!found.differs);
        }
        if !found.differs {
            out.add(found.into_compared(place, self, values));
            return;
        }
        // A copy's own name may have any number of words.
        let blank: Vec<String> =
            self.taken.iter().zip(values).map(|(taken, value)| self.without_names(taken.copy, value)).collect();
        let pieces: Vec<Vec<&str>> = blank.iter().map(|value| tokens(value)).collect();
        let blanked = self.pieces(place, &pieces, in_list);
        if blanked.differs || blank.iter().zip(values).all(|(blank, value)| blank == value) {
            out.add(found.into_compared(place, self, values));
        } else {
            out.add(Pieces { names: true, ..blanked }.into_compared(place, self, values));
        }
    }

    fn pieces(&self, place: &str, pieces: &[Vec<&str>], in_list: bool) -> Pieces {
        let mut out = Pieces::default();
        let count = pieces.first().map_or(0, Vec::len);
        if pieces.iter().any(|pieces| pieces.len() != count) {
            out.differs = self.is_stable(pieces);
            out.noise = usize::from(!out.differs);
            return out;
        }
        let column = |at: usize| pieces.iter().map(|pieces| pieces[at]).collect::<Vec<&str>>();
        let varying: Vec<bool> = (0..count).map(|at| !self.is_stable(&column(at))).collect();
        for at in 0..count {
            let values = column(at);
            if values.windows(2).all(|pair| pair[0] == pair[1]) {
                continue;
            }
            let context = Context {
                place: place.to_owned(),
                before: pieces[0][..at].iter().rev().take(3).rev().map(|piece| (*piece).to_owned()).collect(),
                after: pieces[0].get(at + 1).map_or_else(String::new, |piece| (*piece).to_owned()),
                in_list,
            };
            if varying[at] {
                let readings: Vec<Reading> = self
                    .taken
                    .iter()
                    .zip(&values)
                    .map(|(taken, value)| Reading { copy: taken.copy, at: taken.at, value })
                    .collect();
                match per_copy(&readings, self.copies.len()) {
                    Counts::Own if !context.is_of_a_moment(values[0]) => out.counters.push(at),
                    counts => {
                        out.may_count |= counts == Counts::Perhaps;
                        out.noise += 1;
                    }
                }
                continue;
            }
            // `1 h 2 min 3 s`: the parts of a time or an amount that stand still beside those that move.
            let beside = at.saturating_sub(4)..(at + 5).min(count);
            let digits = values.iter().all(|value| has_digit(value));
            let moves_beside = digits && beside.into_iter().any(|other| varying[other] && has_digit(pieces[0][other]));
            if moves_beside || context.is_of_a_moment(values[0]) {
                out.noise += 1;
            } else if context.names_copies(&self.first_of_each(&values), self.copies) {
                out.names = true;
            } else {
                out.differs = true;
            }
        }
        out
    }

    fn without_names(&self, copy: usize, value: &str) -> String {
        self.copies.get(copy).map_or_else(|| value.to_owned(), |names| without_names(value, names))
    }

    /// Whether each copy always has the same.
    fn is_stable<T: PartialEq>(&self, of_samples: &[T]) -> bool {
        let first = self.first_of_each_at();
        self.taken.iter().zip(of_samples).all(|(taken, value)| *value == of_samples[first[taken.copy]])
    }

    /// What each copy has, where that is stable.
    fn first_of_each<T: Clone>(&self, of_samples: &[T]) -> Vec<T> {
        self.first_of_each_at().into_iter().map(|at| of_samples[at].clone()).collect()
    }

    fn first_of_each_at(&self) -> Vec<usize> {
        let of = |copy| self.taken.iter().position(|taken| taken.copy == copy).unwrap_or(0);
        (0..self.copies.len()).map(of).collect()
    }

    fn whole(&self) -> bool {
        self.taken.iter().all(|taken| taken.facts.whole)
    }
}

/// What was found in the pieces of one value.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
struct Pieces {
    differs: bool,
    names: bool,
    /// Which pieces count.
    counters: Vec<usize>,
    /// Whether another may count.
    may_count: bool,
    noise: usize,
}

impl Pieces {
    fn into_compared(self, place: &str, of: &Comparison, values: &[&str]) -> Compared {
        let mut out = Compared { noise: self.noise, may_count: self.may_count, ..Compared::default() };
        let found = |values: Vec<String>| Found { place: place.to_owned(), values };
        if self.differs {
            out.differences.push(found(of.first_of_each(values).into_iter().map(str::to_owned).collect()));
        } else if self.names {
            out.names.push(found(of.first_of_each(values).into_iter().map(str::to_owned).collect()));
        }
        for at in self.counters {
            let of_copy = |copy| {
                let own = of.taken.iter().zip(values).filter(move |(taken, _)| taken.copy == copy);
                own.filter_map(|(_, value)| tokens(value).get(at).copied()).take(6).collect::<Vec<_>>().join(", ")
            };
            out.counters.push(found((0..of.copies.len()).map(of_copy).collect()));
        }
        out
    }
}

impl Compared {
    fn add(&mut self, other: Compared) {
        self.differences.extend(other.differences);
        self.counters.extend(other.counters);
        self.names.extend(other.names);
        self.noise += other.noise;
        self.may_count |= other.may_count;
    }
}
