//! What every copy does by itself, such as a timer that sends mails: once for each user with one copy, twice with two.
//!
//! It shows in the copies' output: the same kind of line from several of them, while none had a request. What differs each
//! time (dates, numbers, ids) is a `#` in the kind of a line (`template.rs`). To be no false alarm, a line counts only
//! where
//!
//! - its copy had had neither request nor check for half a second when it came at least once: what comes then is no answer
//!   to one, nor to what another copy told of its own request, which would have written it then too;
//! - its copy had started two seconds before, and ten where it came once only: what a copy does at its start, it must;
//! - it is no line of requests, garbage collection, signals or heartbeats, and says of no election or lock that this copy
//!   did not get it (`harmless.rs`);
//! - its copy started at most twice: the output of a crash loop is that of the crash;
//! - at least two copies write it at the same rhythm and at the same time. Where one copy leads, or holds a lock for each
//!   run, the times of all copies together have one rhythm (`rhythm.rs`).

mod harmless;
mod rhythm;
mod template;

use std::collections::BTreeMap;
use std::time::Duration;

use rhythm::{Verdict, judge};

/// How long a copy must have had nothing to do for its line to be its own doing.
const QUIET: Duration = Duration::from_millis(500);

/// How long after its start a copy's lines are those of starting.
const STARTING: Duration = Duration::from_secs(2);

/// The same for a line that comes once: what is put off at the start, such as filling a cache, comes once as well.
const STARTING_ONCE: Duration = Duration::from_secs(10);

/// How often a copy may start.
const STARTS: usize = 2;

/// The longest line, in bytes: of a longer one the beginning.
const LONGEST: usize = 4096;

/// How long lines in a row are of one time.
const LONGEST_TIME: Duration = Duration::from_secs(1);

/// The most kinds of lines that are known, and the most times that are kept of one in one copy.
const KINDS: usize = 4000;

const TIMES: usize = 64;

/// A line that several copies wrote by themselves.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OwnDoing {
    /// The line as one of them wrote it first.
    pub line: String,
    /// The same without what differs each time and stands before all else, and a `#` for each other date, number and id.
    pub kind: String,
    /// Each copy that wrote it, by its place, and how many times it did so. Lines of this kind that follow each other within
    /// a quarter of a second are one time, for a second.
    pub times: Vec<(usize, usize)>,
    /// Whether each of them did so more than once, and at one rhythm. Where not, each did so once, and all at about the
    /// same time, as a job does that is due once a minute.
    pub repeated: bool,
}

/// One kind of line.
#[derive(Debug)]
struct Kind {
    line: String,
    copies: BTreeMap<usize, Written>,
}

/// When one copy wrote it.
#[derive(Debug, Default)]
struct Written {
    count: usize,
    /// The first times.
    times: Vec<Duration>,
    /// For each of them, whether the copy had had nothing to do.
    idle: Vec<bool>,
    /// The first and the last line of the last time.
    begun: Duration,
    last: Duration,
}

/// Finds lines that several copies wrote while no request was in flight.
#[derive(Debug, Default)]
pub struct EveryCopy {
    kinds: BTreeMap<String, Kind>,
    /// When each copy last started, and how often it did.
    started: BTreeMap<usize, (Duration, usize)>,
}

impl EveryCopy {
    /// A copy is ready, at the beginning or once more: what it writes for two seconds is about that. A copy of which this
    /// is not said started when its first line came.
    pub fn started(&mut self, copy: usize, at: Duration) {
        let started = self.started.entry(copy).or_insert((at, 0));
        *started = (at, started.1 + 1);
    }

    /// A line of a copy's output, times in order. `idle_for` is how long the copies had had no request, and this one no
    /// check, when the line came: a request to one copy may be told to the others.
    pub fn line(&mut self, copy: usize, at: Duration, idle_for: Duration, line: &str) {
        let (started, _) = *self.started.entry(copy).or_insert((at, 1));
        if at < started + STARTING {
            return;
        }
        let line = beginning(line.trim_end());
        let template = template::template(line);
        if template.is_empty() || !self.kinds.contains_key(&template) && self.kinds.len() >= KINDS {
            return;
        }
        let new = || Kind { line: line.to_owned(), copies: BTreeMap::new() };
        let written = self.kinds.entry(template).or_insert_with(new).copies.entry(copy).or_default();
        written.add(at, idle_for >= QUIET);
    }

    /// The lines that more than one copy wrote by itself, each kind once.
    pub fn found(&self) -> Vec<OwnDoing> {
        let kinds = self.kinds.iter().filter(|(template, _)| !harmless::is_harmless(template));
        kinds.filter_map(|(template, kind)| self.doing(template, kind)).collect()
    }

    /// Whether several copies wrote a line by themselves of which more time would tell whether it comes again.
    pub fn may_come_again(&self) -> bool {
        self.kinds.iter().filter(|(template, _)| !harmless::is_harmless(template)).any(|(template, kind)| {
            let own =
                kind.copies.values().filter(|written| written.count == 1 && written.idle_times().next().is_some());
            own.count() >= 2 && self.doing(template, kind).is_none()
        })
    }

    fn doing(&self, template: &str, kind: &Kind) -> Option<OwnDoing> {
        let copies: Vec<(usize, &Written)> = kind.copies.iter().map(|(copy, written)| (*copy, written)).collect();
        let started = |copy: usize| self.started.get(&copy).copied().unwrap_or_default();
        let counts = |(copy, written): &&(usize, &Written)| {
            started(*copy).1 <= STARTS
                && written.idle_times().any(|at| !copies.iter().any(|(_, other)| other.was_busy(at)))
        };
        let is_late = |(copy, written): &(usize, &Written)| written.times[0] >= started(*copy).0 + STARTING_ONCE;
        // What a busy copy did is judged too: the lock may have been there.
        let times: Vec<&[Duration]> = copies.iter().map(|(_, written)| written.times.as_slice()).collect();
        let (repeated, those) = match judge(&times) {
            Verdict::Rhythm(those) => (true, those),
            Verdict::Once(those) => (false, those),
            Verdict::Nothing => return None,
        };
        let told: Vec<&(usize, &Written)> = those.iter().map(|place| &copies[*place]).filter(counts).collect();
        let is_told = told.len() >= 2 && (repeated || told.iter().all(|one| is_late(one)));
        let times = told.iter().map(|(copy, written)| (*copy, written.count)).collect();
        let is_place = |word: &&str| word.chars().all(|c| c.is_ascii_punctuation());
        let words = || template.split(' ').skip_while(is_place).collect::<Vec<_>>().join(" ");
        is_told.then(|| OwnDoing { line: kind.line.clone(), kind: words(), times, repeated })
    }
}

impl Written {
    /// One more line, which is of the time before where that is a moment ago.
    fn add(&mut self, at: Duration, idle: bool) {
        let last = self.last;
        self.last = at;
        if self.count > 0 && at.saturating_sub(last) < rhythm::ONE && at.saturating_sub(self.begun) < LONGEST_TIME {
            // What begins with a request can end later than it.
            return;
        }
        self.count += 1;
        self.begun = at;
        if self.times.len() < TIMES {
            self.times.push(at);
            self.idle.push(idle);
        }
    }

    /// The times at which the copy had had nothing to do.
    fn idle_times(&self) -> impl Iterator<Item = Duration> {
        self.times.iter().zip(&self.idle).filter(|(_, idle)| **idle).map(|(at, _)| *at)
    }

    /// Whether the copy wrote it at about this time and had something to do. Where it told the others of a request that it
    /// had, they write the same.
    fn was_busy(&self, then: Duration) -> bool {
        self.times.iter().zip(&self.idle).any(|(at, idle)| !idle && at.abs_diff(then) < rhythm::ONE)
    }
}

/// As much of a line as is kept.
fn beginning(line: &str) -> &str {
    &line[..line.floor_char_boundary(LONGEST)]
}

#[cfg(test)]
mod tests;
