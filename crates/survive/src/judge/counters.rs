//! Numbers that count a copy's own requests.

use std::time::Duration;

use super::tokens::number;

/// With fewer samples of a copy than this, equal steps are no proof.
const ENOUGH: usize = 4;
/// The largest step.
const LARGEST_STEP: i64 = 100;
/// Rates, in steps a second, of clocks that stand still long enough to step evenly for a while.
const CLOCKS: [f64; 2] = [1.0, 10.0];
/// How much later than it was asked for a sample may have been answered, in seconds.
const LATE: f64 = 0.1;

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
pub(super) fn per_copy(readings: &[Reading], copies: usize) -> bool {
    let Some(numbers) = numbers(readings) else { return false };
    let own = |copy| readings.iter().zip(&numbers).filter(move |(reading, _)| reading.copy == copy).map(|(_, n)| *n);
    let mut step = None;
    for copy in 0..copies {
        let own: Vec<i64> = own(copy).collect();
        if own.len() < ENOUGH {
            return false;
        }
        for pair in own.windows(2) {
            if *step.get_or_insert(pair[1] - pair[0]) != pair[1] - pair[0] {
                return false;
            }
        }
    }
    let Some(step) = step.filter(|step| *step != 0 && step.abs() <= LARGEST_STEP) else { return false };
    let shared = numbers.windows(2).all(|pair| (pair[1] - pair[0]).signum() == step.signum());
    !shared && !CLOCKS.iter().any(|rate| may_be_clock(readings, &numbers, copies, *rate))
}

/// The number of each, where all are one number in the same words.
fn numbers(readings: &[Reading]) -> Option<Vec<i64>> {
    let (before, _, after) = number(readings.first()?.value)?;
    readings
        .iter()
        .map(|reading| number(reading.value).filter(|n| n.0 == before && n.2 == after).map(|n| n.1))
        .collect()
}

/// Whether a clock of this rate could have shown these numbers: any two of one copy are as far apart as their times are.
fn may_be_clock(readings: &[Reading], numbers: &[i64], copies: usize, rate: f64) -> bool {
    (0..copies).all(|copy| {
        let mut own = readings.iter().zip(numbers).filter(|(reading, _)| reading.copy == copy);
        let Some((first, from)) = own.next() else { return true };
        own.all(|(reading, number)| {
            let passed = reading.at.saturating_sub(first.at).as_secs_f64() * rate;
            ((number - from) as f64 - passed).abs() < 1.0 + LATE * rate
        })
    })
}
