//! Numbers that count a copy's own requests.

use std::time::Duration;

use super::tokens::number;

/// With fewer samples of a copy than this, equal steps are no proof.
const ENOUGH: usize = 4;
/// The largest step.
const LARGEST_STEP: i64 = 100;
/// Rates, in steps a second, of clocks that are slow enough to step evenly for a while.
const CLOCKS: [f64; 2] = [1.0, 10.0];
/// How much later than another a sample may have been answered after it was asked for, in seconds.
const LATE: f64 = 0.02;

/// What a place counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Counts {
    /// Nothing, or what all copies share.
    No,
    /// The requests of its own copy, or seconds: a longer pause between two samples tells.
    Perhaps,
    /// The requests of its own copy.
    Own,
}

/// One sample of a place, in the order in which they were asked for.
#[derive(Clone, Copy, Debug)]
pub(super) struct Reading<'v> {
    pub(super) copy: usize,
    pub(super) at: Duration,
    pub(super) value: &'v str,
}

/// Whether each copy counts by itself: its own numbers change by one same step from request to request, while all of them in
/// their order are not what one counter for all would give. A counter that other requests move as well has uneven steps, and
/// is not told from a clock or a gauge: it is noise.
pub(super) fn per_copy(readings: &[Reading], copies: usize) -> Counts {
    let Some(numbers) = numbers(readings) else { return Counts::No };
    let own = |copy| readings.iter().zip(&numbers).filter(move |(reading, _)| reading.copy == copy).map(|(_, n)| *n);
    let mut step = None;
    for copy in 0..copies {
        let own: Vec<i64> = own(copy).collect();
        let even = own.windows(2).all(|pair| *step.get_or_insert(pair[1] - pair[0]) == pair[1] - pair[0]);
        if own.len() < ENOUGH || !even {
            return Counts::No;
        }
    }
    let Some(step) = step.filter(|step| *step != 0 && step.abs() <= LARGEST_STEP) else { return Counts::No };
    let shared = numbers.windows(2).all(|pair| (pair[1] - pair[0]).signum() == step.signum());
    let clock = || CLOCKS.iter().any(|rate| may_be_clock(readings, &numbers, copies, *rate * step.signum() as f64));
    match () {
        () if shared => Counts::No,
        () if clock() => Counts::Perhaps,
        () => Counts::Own,
    }
}

/// The number of each, where all are one number in the same words.
fn numbers(readings: &[Reading]) -> Option<Vec<i64>> {
    let (before, _, after) = number(readings.first()?.value)?;
    readings
        .iter()
        .map(|reading| number(reading.value).filter(|n| n.0 == before && n.2 == after).map(|n| n.1))
        .collect()
}

/// Whether clocks of this rate could have shown these numbers: each copy's are as far ahead of the time as one another, but for
/// what the clock rounds off.
fn may_be_clock(readings: &[Reading], numbers: &[i64], copies: usize, rate: f64) -> bool {
    (0..copies).all(|copy| {
        let own = readings.iter().zip(numbers).filter(|(reading, _)| reading.copy == copy);
        let ahead = own.map(|(reading, number)| *number as f64 - reading.at.as_secs_f64() * rate);
        let (least, most) = ahead.fold((f64::MAX, f64::MIN), |(least, most), one| (least.min(one), most.max(one)));
        most - least < 1.0 + LATE * rate.abs()
    })
}
