//! How many requests of each kind there were in the last minute; for kinds that are rare.

use std::collections::{HashMap, VecDeque};
use std::time::SystemTime;

use super::trips::Lane;

/// How far back is counted, in seconds.
const SECONDS: u64 = 60;

/// Counts by second, the latest last, at most [`SECONDS`] of each kind.
#[derive(Default)]
pub(crate) struct Lately(HashMap<Lane, VecDeque<(u64, u64)>>);

fn second(time: SystemTime) -> u64 {
    time.duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default().as_secs()
}

impl Lately {
    pub(crate) fn note(&mut self, lane: Lane, time: SystemTime) {
        let counts = self.0.entry(lane).or_default();
        let now = second(time);
        match counts.back_mut() {
            // One that is told late counts with the latest.
            Some((latest, count)) if *latest >= now => *count += 1,
            _ => counts.push_back((now, 1)),
        }
        while counts.front().is_some_and(|(first, _)| first + SECONDS <= now) {
            counts.pop_front();
        }
    }

    /// How many there were of all kinds in the minute before this moment.
    pub(crate) fn all(&self, moment: SystemTime) -> u64 {
        self.0.keys().map(|lane| self.count(*lane, moment)).sum()
    }

    /// How many there were in the minute before this moment.
    pub(crate) fn count(&self, lane: Lane, moment: SystemTime) -> u64 {
        let now = second(moment);
        let counts = self.0.get(&lane).into_iter().flatten();
        counts.filter(|(second, _)| second + SECONDS > now).map(|(_, count)| count).sum()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    #[test]
    fn what_is_a_minute_old_is_not_counted() {
        let at = |second| SystemTime::UNIX_EPOCH + Duration::from_secs(second);
        let mut lately = Lately::default();
        for second in 0..100 {
            lately.note(Lane::Lost, at(second));
            lately.note(Lane::Lost, at(second / 2));
        }
        assert_eq!(lately.count(Lane::Lost, at(99)), 120);
        assert_eq!(lately.count(Lane::Lost, at(150)), 18);
        assert_eq!(lately.count(Lane::Refused, at(99)), 0);
        assert_eq!(lately.0[&Lane::Lost].len(), 60);
    }
}
