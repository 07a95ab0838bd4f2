//! One value that is there in every answer, judged piece by piece.

use super::answers::{Answers, Taken, are_equal};
use super::counters::{Counts, Reading, per_copy};
use super::found::{Compared, Found};
use super::names::{Context, may_be_ports, without_names};
use super::tokens::{has_digit, time, tokens};

/// How many pieces beside one that moves may be parts of the same time or amount.
const BESIDE: usize = 4;

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

/// Judges the value at a place.
pub(super) fn judge_value(answers: &Answers, context: &Context, values: &[&str]) -> Compared {
    let pieces: Vec<Vec<&str>> = values.iter().map(|value| tokens(value)).collect();
    let mut in_any_order = pieces.clone();
    for pieces in &mut in_any_order {
        pieces.sort_unstable();
    }
    if in_any_order[0].len() > 1 && are_equal(&in_any_order) && !are_equal(&pieces) {
        // A set in a text may have another order in each process.
        return Compared { noise: 1, ..Compared::default() };
    }
    let mut found = judge_pieces(answers, context, &pieces);
    if found == Pieces::default() {
        // Nothing but what stands between the pieces differs.
        found.differs = answers.is_stable(values);
        found.noise = usize::from(!found.differs);
    }
    if !found.differs {
        return found.into_compared(answers, context, values, &pieces);
    }
    // A copy's own name may have any number of pieces.
    let blank: Vec<String> = answers
        .taken
        .iter()
        .zip(values)
        .map(|(taken, value)| {
            answers.copies.get(taken.copy).map_or_else(|| (*value).to_owned(), |names| without_names(value, names))
        })
        .collect();
    let blank_pieces: Vec<Vec<&str>> = blank.iter().map(|value| tokens(value)).collect();
    let blanked = judge_pieces(answers, context, &blank_pieces);
    if blanked.differs || blank.iter().zip(values).all(|(blank, value)| blank == value) {
        found.into_compared(answers, context, values, &pieces)
    } else {
        Pieces { names: true, ..blanked }.into_compared(answers, context, values, &blank_pieces)
    }
}

fn judge_pieces(answers: &Answers, context: &Context, pieces: &[Vec<&str>]) -> Pieces {
    let mut out = Pieces::default();
    let count = pieces.first().map_or(0, Vec::len);
    if pieces.iter().any(|pieces| pieces.len() != count) {
        out.differs = answers.is_stable(pieces);
        out.noise = usize::from(!out.differs);
        return out;
    }
    let column = |at: usize| pieces.iter().map(|pieces| pieces[at]).collect::<Vec<&str>>();
    let moves: Vec<bool> = (0..count).map(|at| !answers.is_stable(&column(at))).collect();
    for at in 0..count {
        let values = column(at);
        if are_equal(&values) {
            continue;
        }
        let here = context.at_piece(&pieces[0], at);
        if moves[at] {
            let read = |(taken, value): (&Taken, _)| Reading { copy: taken.copy, at: taken.at, value };
            let readings: Vec<Reading> = answers.taken.iter().zip(values.iter().copied()).map(read).collect();
            match per_copy(&readings, answers.copies.len()) {
                Counts::Own if !here.is_of_a_moment(values[0]) && !here.is_of_the_request() => out.counters.push(at),
                counts => {
                    out.may_count |= counts == Counts::Perhaps;
                    out.noise += 1;
                }
            }
            continue;
        }
        // `1 h 2 min 3 s`: the parts of a time or an amount that stand still beside those that move.
        let mut beside = at.saturating_sub(BESIDE)..(at + BESIDE + 1).min(count);
        let digits = values.iter().all(|value| has_digit(value));
        let moves_beside = digits && beside.any(|other| moves[other] && has_digit(pieces[0][other]));
        let of_copies = answers.of_copies(&values);
        let of_a_moment = || of_copies.iter().all(|value| here.is_of_a_moment(value)) || here.is_of_the_request();
        // Too few to rule out that a clock stood still, and nothing is known of the copies' names.
        let too_few = || answers.few && (values.iter().all(|value| time(value).is_some()) || may_be_ports(&values));
        if moves_beside || too_few() || of_a_moment() {
            out.noise += 1;
        } else if here.names_copies(&of_copies, answers.copies) {
            out.names = true;
        } else {
            out.differs = true;
        }
    }
    out
}

impl Pieces {
    fn into_compared(self, answers: &Answers, context: &Context, values: &[&str], pieces: &[Vec<&str>]) -> Compared {
        let mut out = Compared { noise: self.noise, may_count: self.may_count, ..Compared::default() };
        let found = |values: Vec<String>| Found { place: context.place.clone(), values };
        if self.differs || self.names {
            let of_copies = found(answers.of_copies(values).into_iter().map(str::to_owned).collect());
            let into = if self.differs { &mut out.differences } else { &mut out.names };
            into.push(of_copies);
        }
        for at in self.counters {
            let of_copy = |copy| {
                let own = answers.taken.iter().zip(pieces).filter(move |(taken, _)| taken.copy == copy);
                own.filter_map(|(_, pieces)| pieces.get(at).copied()).take(6).collect::<Vec<_>>().join(", ")
            };
            out.counters.push(found((0..answers.copies.len()).map(of_copy).collect()));
        }
        out
    }
}
