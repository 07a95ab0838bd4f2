//! Requests on their way through a lane: how many ended in each short step of time, so that a busy lane costs no more than a
//! quiet one.

use std::collections::{HashMap, VecDeque};
use std::time::{Duration, SystemTime};
use stickylb::api::BackendId;

/// How long a request is seen on its way after it has ended.
pub(crate) const TRAVEL: Duration = Duration::from_secs(2);

/// The length of a step in milliseconds.
const STEP: u64 = 50;

/// Steps kept: more than [`TRAVEL`], so that the scale does not change with each request that leaves the picture.
const KEPT: usize = 80;

/// Where a request ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Lane {
    Backend(BackendId),
    /// No backend answered it: 502, 503 or 504.
    Lost,
    /// It was not admitted, such as 429 where all queues are full.
    Refused,
}

/// What is drawn in one place of a lane.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Sign {
    #[default]
    Nothing,
    /// As many requests as the scale says.
    Dot,
    /// Requests that failed on this backend and went on to another, or to none.
    Failed,
}

/// What ended in one lane in one step.
#[derive(Clone, Copy, Default)]
struct Passed {
    /// How many had ended in this lane before: every k-th of them is drawn, so that a dot stays one while it moves.
    before: u64,
    ended: u32,
    failed: u32,
}

struct Step {
    number: u64,
    lanes: HashMap<Lane, Passed>,
}

/// The requests of the last seconds.
#[derive(Default)]
pub(crate) struct Trips {
    /// In the order of time.
    steps: VecDeque<Step>,
    /// How many have ended in each lane.
    ended: HashMap<Lane, u64>,
}

/// Milliseconds since 1970.
fn millis(time: SystemTime) -> u64 {
    let since = time.duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
    u64::try_from(since.as_millis()).unwrap_or(u64::MAX)
}

/// [`TRAVEL`] in milliseconds.
fn travel() -> u64 {
    u64::try_from(TRAVEL.as_millis()).unwrap_or(u64::MAX)
}

impl Trips {
    /// A request ended in this lane.
    pub(crate) fn end(&mut self, lane: Lane, time: SystemTime) {
        let all = self.ended.entry(lane).or_default();
        let before = *all;
        *all += 1;
        if let Some(step) = self.step(time) {
            step.lanes.entry(lane).or_insert(Passed { before, ..Passed::default() }).ended += 1;
        }
    }

    /// An attempt failed in this lane, and the request went elsewhere.
    pub(crate) fn fail(&mut self, lane: Lane, time: SystemTime) {
        let before = self.ended.get(&lane).copied().unwrap_or_default();
        if let Some(step) = self.step(time) {
            step.lanes.entry(lane).or_insert(Passed { before, ..Passed::default() }).failed += 1;
        }
    }

    /// The step of this time; `None` if it is older than all that are kept.
    fn step(&mut self, time: SystemTime) -> Option<&mut Step> {
        let number = millis(time) / STEP;
        let mut at = self.steps.len();
        while at > 0 && self.steps[at - 1].number > number {
            at -= 1;
        }
        if at > 0 && self.steps[at - 1].number == number {
            return self.steps.get_mut(at - 1);
        }
        if self.steps.len() == KEPT {
            if at == 0 {
                return None;
            }
            self.steps.pop_front();
            at -= 1;
        }
        self.steps.insert(at, Step { number, lanes: HashMap::new() });
        self.steps.get_mut(at)
    }

    /// Whether any request is on its way at this moment.
    pub(crate) fn any(&self, moment: SystemTime) -> bool {
        let moment = millis(moment);
        self.steps.back().is_some_and(|step| age(step, moment) < travel())
    }

    /// How many ended in a lane, and how many failed in it, within [`TRAVEL`] before this moment.
    pub(crate) fn within(&self, lane: Lane, moment: SystemTime) -> (u64, u64) {
        let moment = millis(moment);
        let steps = self.steps.iter().filter(|step| age(step, moment) < travel());
        let passed = steps.filter_map(|step| step.lanes.get(&lane));
        passed.fold((0, 0), |(ended, failed), one| (ended + u64::from(one.ended), failed + u64::from(one.failed)))
    }

    /// How many requests a dot is, so that the fullest of these lanes has room for its dots: 1, 2, 5, 10, and so on.
    pub(crate) fn scale(&self, lanes: impl Iterator<Item = Lane>, moment: SystemTime, room: usize) -> u64 {
        let most = lanes.map(|lane| self.within(lane, moment).0).max().unwrap_or(0);
        let room = (room as u64 * 2 / 3).max(1);
        let sizes = (0..18).flat_map(|power| [1, 2, 5].map(|digit| digit * 10_u64.pow(power)));
        sizes.into_iter().find(|size| most / size <= room).unwrap_or(u64::MAX)
    }

    /// What is on its way in a lane: so many rows of so many columns, those that ended last at the left.
    pub(crate) fn way(
        &self,
        lane: Lane,
        moment: SystemTime,
        (columns, rows): (usize, usize),
        scale: u64,
    ) -> Vec<Vec<Sign>> {
        let mut way = vec![vec![Sign::Nothing; columns]; rows];
        if columns == 0 || rows == 0 {
            return way;
        }
        let moment = millis(moment);
        for step in &self.steps {
            let (Some(passed), age) = (step.lanes.get(&lane), age(step, moment)) else { continue };
            if age >= travel() {
                continue;
            }
            let column = usize::try_from(age * columns as u64 / travel()).unwrap_or(0).min(columns - 1);
            let (first, last) = (passed.before / scale, (passed.before + u64::from(passed.ended)) / scale);
            // No more than what has room: the rest would be drawn over each other.
            for dot in (first..last).take(columns * rows) {
                let row = usize::try_from(dot % rows as u64).unwrap_or(0);
                let free = (0..=column).rev().take(3).find(|at| way[row][*at] == Sign::Nothing);
                way[row][free.unwrap_or(column)] = Sign::Dot;
            }
            if passed.failed > 0 {
                way[0][column] = Sign::Failed;
            }
        }
        way
    }
}

/// How long before this moment, in milliseconds, a step was; 0 if it is later.
fn age(step: &Step, moment: u64) -> u64 {
    moment.saturating_sub(step.number * STEP)
}

#[cfg(test)]
mod tests {
    use super::*;

    const A: Lane = Lane::Backend(BackendId::new(1));

    fn at(millis: u64) -> SystemTime {
        SystemTime::UNIX_EPOCH + Duration::from_secs(1_000) + Duration::from_millis(millis)
    }

    fn drawn(trips: &Trips, moment: u64, scale: u64) -> String {
        let way = trips.way(A, at(moment), (20, 1), scale);
        let sign = |sign: &Sign| match sign {
            Sign::Nothing => '.',
            Sign::Dot => 'o',
            Sign::Failed => 'x',
        };
        way[0].iter().map(sign).collect()
    }

    #[test]
    fn a_request_goes_from_left_to_right_in_two_seconds_and_is_gone() {
        let mut trips = Trips::default();
        trips.end(A, at(0));
        trips.fail(A, at(1000));
        assert_eq!(drawn(&trips, 500, 1), "x....o..............", "what is told early waits at the left");
        assert_eq!(drawn(&trips, 1000, 1), "x.........o.........");
        assert_eq!(drawn(&trips, 1900, 1), ".........x.........o");
        assert_eq!(drawn(&trips, 2000, 1), "..........x.........");
        assert!(trips.any(at(2999)) && !trips.any(at(3000)));
        assert_eq!(trips.within(A, at(1000)), (1, 1));
    }

    #[test]
    fn a_dot_is_several_requests_where_there_are_many_and_stays_itself_while_it_moves() {
        let mut trips = Trips::default();
        (0..100).for_each(|n| trips.end(A, at(n * 20)));
        assert_eq!(trips.scale([A].into_iter(), at(1999), 200), 1);
        assert_eq!(trips.scale([A].into_iter(), at(1999), 20), 10);
        let (early, late) = (drawn(&trips, 2000, 10), drawn(&trips, 2100, 10));
        assert_eq!(early.matches('o').count(), 10);
        assert_eq!(late[1..], early[..19]);
    }

    #[test]
    fn however_many_there_are_what_is_kept_is_bounded() {
        let mut trips = Trips::default();
        for n in 0..100_000 {
            trips.end(A, at(n));
            // Told late, as by a tunnel that ends after hours.
            trips.end(A, at(0));
        }
        assert_eq!(trips.steps.len(), KEPT);
        assert!(trips.steps.iter().zip(trips.steps.iter().skip(1)).all(|(one, next)| one.number < next.number));
        assert!(trips.way(A, at(100_000), (0, 3), 1).iter().all(Vec::is_empty));
        trips.way(A, at(100_000), (3, 2), 1);
    }
}
