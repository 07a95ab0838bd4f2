//! Numbers that count a copy's own requests.

use std::time::Duration;

use super::tokens::number;

/// With fewer samples of a copy than this, equal steps are no proof.
const ENOUGH: usize = 4;
/// With fewer, steps are no proof of which some are longer.
const ENOUGH_UNEVEN: usize = 6;
/// How many requests of others, such as a health check, may have come between two samples.
const OTHERS: i64 = 8;
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
/// their order are not what one counter for all would give. Half of the steps must be the same, and the others a few times as
/// long, so that health checks in between do not hide a counter. Where others move it more often, it cannot be told from a
/// gauge, and is noise.
pub(super) fn per_copy(readings: &[Reading], copies: usize) -> Counts {
    let Some(numbers) = numbers(readings) else { return Counts::No };
    let own = |copy| readings.iter().zip(&numbers).filter(move |(reading, _)| reading.copy == copy).map(|(_, n)| *n);
    let steps_of = |copy| {
        let own: Vec<i64> = own(copy).collect();
        own.windows(2).map(|pair| pair[1] - pair[0]).collect::<Vec<i64>>()
    };
    let all: Vec<Vec<i64>> = (0..copies).map(steps_of).collect();
    let Some(step) = all.iter().flatten().copied().min_by_key(|step| step.abs()) else { return Counts::No };
    if step == 0 || step.abs() > LARGEST_STEP {
        return Counts::No;
    }
    let fewest = all.iter().map(Vec::len).min().unwrap_or(0) + 1;
    let are_even = all.iter().flatten().all(|one| *one == step);
    let are_nearly = all.iter().all(|steps| {
        let same = steps.iter().filter(|one| **one == step).count();
        let times = |one: &i64| one % step == 0 && (1..=1 + OTHERS).contains(&(one / step));
        same * 2 >= steps.len() && steps.iter().all(times)
    });
    if fewest < ENOUGH || !are_nearly {
        return Counts::No;
    }
    let shared = numbers.windows(2).all(|pair| (pair[1] - pair[0]).signum() == step.signum());
    let clock = || CLOCKS.iter().any(|rate| may_be_clock(readings, &numbers, copies, *rate * step.signum() as f64));
    match () {
        () if shared => Counts::No,
        () if clock() || !are_even && fewest < ENOUGH_UNEVEN => Counts::Perhaps,
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
