//! What copies write while nobody asks anything of them.

use std::collections::VecDeque;
use std::time::{Duration, SystemTime};
use stickylb_survive::{EveryCopy, OwnDoing};

/// A line is judged this long after it came: a request that caused it may be told later.
const LATE: Duration = Duration::from_secs(1);

/// The most that is remembered of one copy's requests.
const REMEMBERED: usize = 256;

/// The most lines that wait to be judged.
const WAITING: usize = 10_000;

/// What copies wrote, and when each of them had something to do.
pub(crate) struct UnpromptedOutput {
    began: SystemTime,
    busy: Vec<VecDeque<(SystemTime, SystemTime)>>,
    waiting: VecDeque<(usize, SystemTime, String)>,
    every_copy: EveryCopy,
}

impl UnpromptedOutput {
    /// Of so many copies, from now on.
    pub(crate) fn new(copies: usize) -> Self {
        let mut every_copy = EveryCopy::default();
        for copy in 0..copies {
            every_copy.started(copy, Duration::ZERO);
        }
        UnpromptedOutput {
            began: SystemTime::now(),
            busy: vec![VecDeque::new(); copies],
            waiting: VecDeque::new(),
            every_copy,
        }
    }

    /// A copy had a request or a check at that time.
    pub(crate) fn was_busy(&mut self, copy: usize, from: SystemTime, to: SystemTime) {
        let busy = &mut self.busy[copy];
        if busy.iter().rev().any(|known| *known == (from, to)) {
            return;
        }
        if busy.len() == REMEMBERED {
            busy.pop_front();
        }
        busy.push_back((from, to));
    }

    /// A copy wrote a line.
    pub(crate) fn line(&mut self, copy: usize, at: SystemTime, line: &str) {
        if at >= self.began && self.waiting.len() < WAITING {
            self.waiting.push_back((copy, at, line.to_owned()));
        }
    }

    /// Judges the lines that have waited long enough. `busy` tells whether a copy has a request now, which no event has told
    /// of yet.
    pub(crate) fn judge(&mut self, now: SystemTime, busy: impl Fn(usize) -> bool) {
        let over = |at: SystemTime| now.duration_since(at).is_ok_and(|passed| passed >= LATE);
        while self.waiting.front().is_some_and(|(_, at, _)| over(*at)) {
            let Some((copy, at, line)) = self.waiting.pop_front() else { break };
            let since = at.duration_since(self.began).unwrap_or_default();
            // A line of a busy copy is told all the same: without it, the others would seem to come at no rhythm.
            let idle_for = if busy(copy) { Duration::ZERO } else { self.idle_for(copy, at) };
            self.every_copy.line(copy, since, idle_for, &line);
        }
    }

    /// How long a copy had had nothing to do then.
    fn idle_for(&self, copy: usize, at: SystemTime) -> Duration {
        let before = self.busy[copy].iter().filter(|(from, _)| *from <= at);
        let last = before.map(|(_, to)| *to).max().unwrap_or(self.began);
        at.duration_since(last).unwrap_or_default()
    }

    /// Whether more time would tell more.
    pub(crate) fn may_come_again(&self) -> bool {
        self.every_copy.may_come_again()
    }

    /// What more than one of them wrote by itself.
    pub(crate) fn found(&self) -> Vec<OwnDoing> {
        self.every_copy.found()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_copy_is_idle_since_the_end_of_its_last_request_and_not_during_one() {
        let mut quiet = UnpromptedOutput::new(2);
        let at = |seconds| quiet.began + Duration::from_secs(seconds);
        let (two, three, five, nine) = (at(2), at(3), at(5), at(9));
        quiet.was_busy(1, two, five);
        assert_eq!(quiet.idle_for(1, three), Duration::ZERO);
        assert_eq!(quiet.idle_for(1, nine), Duration::from_secs(4));
        assert_eq!(quiet.idle_for(0, nine), Duration::from_secs(9));
    }
}
