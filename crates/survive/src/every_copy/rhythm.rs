//! Whether several copies do a thing each by its own timer, or take turns.

use std::time::Duration;

/// Lines closer together than this are of one time.
pub(super) const ONE: Duration = Duration::from_millis(250);

/// How far apart a job that is due at the same time in each copy can be seen.
const TOGETHER: Duration = Duration::from_secs(2);

/// What the times of several copies tell.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Verdict {
    /// These, by their place, each wrote it more than once, at one rhythm.
    Rhythm(Vec<usize>),
    /// These wrote it once, and at about the same time.
    Once(Vec<usize>),
    /// It can be a lock, a chance, or one copy alone.
    Nothing,
}

/// Judges the times of each copy, which are in order.
pub(super) fn judge(copies: &[&[Duration]]) -> Verdict {
    let periods: Vec<Option<Duration>> = copies.iter().map(|times| period(times)).collect();
    // The rhythm that most copies have; of several, the first.
    let mut best = Vec::new();
    for period in periods.iter().flatten() {
        let same = |other: &Option<Duration>| other.is_some_and(|other| is_near(other, *period));
        let those: Vec<usize> = (0..copies.len()).filter(|place| same(&periods[*place])).collect();
        let those = at_once(copies, &those, *period);
        if those.len() > best.len() {
            best = those;
        }
    }
    if best.len() >= 2 {
        return if take_turns(copies) { Verdict::Nothing } else { Verdict::Rhythm(best) };
    }
    let once: Vec<usize> = (0..copies.len()).filter(|place| copies[*place].len() == 1).collect();
    let all = once.len() == copies.len() && once.len() >= 2;
    let first = once.iter().map(|place| copies[*place][0]).min().unwrap_or_default();
    let last = once.iter().map(|place| copies[*place][0]).max().unwrap_or_default();
    if all && last.saturating_sub(first) <= TOGETHER { Verdict::Once(once) } else { Verdict::Nothing }
}

/// The time between two, where at least two thirds are about the same.
fn period(times: &[Duration]) -> Option<Duration> {
    let mut gaps: Vec<Duration> = times.windows(2).map(|pair| pair[1].saturating_sub(pair[0])).collect();
    gaps.sort_unstable();
    let median = *gaps.get(gaps.len() / 2)?;
    let near = gaps.iter().filter(|gap| is_near(**gap, median)).count();
    (near * 3 >= gaps.len() * 2).then_some(median)
}

/// Those of these copies that go on while the others do. Where one leads and is followed by another, or a lock stays with
/// one for a while, each writes while the others do not.
fn at_once(copies: &[&[Duration]], those: &[usize], period: Duration) -> Vec<usize> {
    let Some(first) = those.first() else { return Vec::new() };
    let with_first = |one: &&usize| *one == first || are_at_once(copies[*first], copies[**one], period);
    those.iter().filter(with_first).copied().collect()
}

/// Whether both write nearly every time that is due in the time in which both do.
fn are_at_once(one: &[Duration], other: &[Duration], period: Duration) -> bool {
    let (Some(from), Some(to)) = (one.first().max(other.first()), one.last().min(other.last())) else { return false };
    let both = to.saturating_sub(*from);
    // In tenths of a period, from the first time due to the last.
    let due = (both.as_millis() * 10).checked_div(period.as_millis()).unwrap_or_default() + 10;
    let margin = period / 3;
    let written = |times: &[Duration]| {
        times.iter().filter(|at| (from.saturating_sub(margin)..=*to + margin).contains(at)).count() as u128 * 10
    };
    due >= 16 && written(one) * 10 >= due * 7 && written(other) * 10 >= due * 7
}

/// Within a third of each other.
fn is_near(one: Duration, other: Duration) -> bool {
    one.abs_diff(other) <= one.min(other) / 3
}

/// Whether the copies can be sharing one timer, each time being one copy's: all times together have one rhythm. Timers in
/// each copy look the same only where each ticks in the middle of the others' times. They do so in the same order for
/// ever, which is believed once each did six times: a lock that two copies get by chance does so once in two thousand times.
fn take_turns(copies: &[&[Duration]]) -> bool {
    let each = copies.iter().enumerate().filter(|(_, times)| !times.is_empty());
    let count = each.clone().count();
    let mut all: Vec<(Duration, usize)> =
        each.flat_map(|(copy, times)| times.iter().map(move |at| (*at, copy))).collect();
    all.sort_unstable();
    let mut gaps: Vec<Duration> = all.windows(2).map(|pair| pair[1].0.saturating_sub(pair[0].0)).collect();
    gaps.sort_unstable();
    let Some(median) = gaps.get(gaps.len() / 2) else { return true };
    let same_order = all.windows(count + 1).all(|some| some[0].1 == some[count].1);
    let is_certain = same_order && all.len() >= 6 * count;
    !is_certain && gaps.iter().all(|gap| is_near(*gap, *median))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn times(tenths: &[u64]) -> Vec<Duration> {
        tenths.iter().map(|tenths| Duration::from_millis(tenths * 100)).collect()
    }

    fn of(copies: &[&[u64]]) -> Verdict {
        let copies: Vec<Vec<Duration>> = copies.iter().map(|copy| times(copy)).collect();
        judge(&copies.iter().map(Vec::as_slice).collect::<Vec<_>>())
    }

    #[test]
    fn timers_in_each_copy_are_told() {
        assert_eq!(of(&[&[20, 30, 40, 50], &[21, 31, 41, 51]]), Verdict::Rhythm(vec![0, 1]));
        assert_eq!(of(&[&[20, 30, 40, 50, 60, 70], &[25, 35, 45, 55, 65, 75]]), Verdict::Rhythm(vec![0, 1]));
        assert_eq!(of(&[&[600, 1200], &[601, 1201], &[599, 1202]]), Verdict::Rhythm(vec![0, 1, 2]));
        assert_eq!(of(&[&[20, 30, 40], &[21, 31, 41], &[]]), Verdict::Rhythm(vec![0, 1]));
    }

    #[test]
    fn a_job_that_is_due_once_is_told_where_all_do_it_at_once() {
        assert_eq!(of(&[&[600], &[601]]), Verdict::Once(vec![0, 1]));
        assert_eq!(of(&[&[600], &[700]]), Verdict::Nothing);
        assert_eq!(of(&[&[600]]), Verdict::Nothing);
    }

    #[test]
    fn a_lock_that_goes_from_copy_to_copy_is_not() {
        assert_eq!(of(&[&[10, 30, 40, 80], &[20, 50, 60, 70]]), Verdict::Nothing);
        assert_eq!(of(&[&[10, 30], &[20, 40]]), Verdict::Nothing);
        assert_eq!(of(&[&[10, 40, 70], &[20, 50, 80], &[30, 60, 90]]), Verdict::Nothing);
        assert_eq!(of(&[&[10, 20, 30, 40, 50], &[]]), Verdict::Nothing);
        assert_eq!(of(&[&[10, 20, 30, 40], &[50, 60, 70, 80]]), Verdict::Nothing);
        assert_eq!(of(&[&[10, 20, 50, 60], &[30, 40, 70, 80]]), Verdict::Nothing);
        assert_eq!(of(&[&[10, 20, 30, 70, 80, 90], &[40, 50, 60, 100, 110]]), Verdict::Nothing);
    }
}
