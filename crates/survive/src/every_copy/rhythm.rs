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
        if those.len() > best.len() && !takes_turns(copies, &those, *period) {
            best = those;
        }
    }
    if best.len() >= 2 {
        return Verdict::Rhythm(best);
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

/// Within a third of each other.
fn is_near(one: Duration, other: Duration) -> bool {
    one.abs_diff(other) <= one.min(other) / 3
}

/// Whether these copies can be taking turns: few times, and each one's about in the middle (for three, at a third) of the
/// others'.
fn takes_turns(copies: &[&[Duration]], those: &[usize], period: Duration) -> bool {
    if those.iter().any(|place| copies[*place].len() >= 4) || those.len() < 2 {
        return false;
    }
    let share = period / u32::try_from(those.len()).unwrap_or(u32::MAX);
    let mut all: Vec<Duration> = those.iter().flat_map(|place| copies[*place].iter().copied()).collect();
    all.sort_unstable();
    all.windows(2).all(|pair| is_near(pair[1].saturating_sub(pair[0]), share))
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
        assert_eq!(of(&[&[20, 30, 40, 50, 60], &[25, 35, 45, 55, 65]]), Verdict::Rhythm(vec![0, 1]));
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
    }
}
