//! The screen's routing log: its lines, filter matches, marks and selection.
//!
//! Every line keeps its number, so the selection stays on its line while others come and go. Matches and the digest are
//! updated with every line, so that no frame walks the log.

#[cfg(test)]
mod tests;

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::SystemTime;
use stickylb::api::{Event, PoolView};

use super::digest::Digest;
use crate::screen::filter::Filter;

/// Lines kept; older ones are dropped unless marked.
pub(crate) const LINES: usize = 100_000;

/// Maximum marks. Marked lines are kept when the lines around them are dropped.
pub(crate) const MARKS: usize = 100;

/// Why the log did not do what was asked for. Which keys help is known where the keys are.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Refused {
    /// There are [`MARKS`] marks already.
    TooManyMarks,
    /// There is neither a mark nor a filter to look for.
    NothingToFind,
    /// There is none that way; a sentence.
    NoneThere(String),
}

/// A line and its number.
#[derive(Clone)]
pub(crate) struct Line {
    pub(crate) number: u64,
    pub(crate) event: Arc<Event>,
}

/// The log's lines and the selection.
#[derive(Default)]
pub(crate) struct Log {
    lines: VecDeque<Arc<Event>>,
    /// The first line's number.
    first: u64,
    /// Marked lines older than `first`.
    kept: VecDeque<Line>,
    /// Numbers of the marked lines, ascending.
    marks: Vec<u64>,
    filter: Option<Filter>,
    /// Numbers of the lines from `first` on that match the filter, ascending.
    matching: VecDeque<u64>,
    /// Whether lines that do not match the filter are shown too.
    everything: bool,
    /// The selected line's number; `None` follows new lines.
    held: Option<u64>,
    /// Lines from this number on are hidden, because the display is frozen at an earlier moment.
    until: Option<u64>,
    requests: u64,
    /// The digest of the events up to the moment shown.
    pub(crate) digest: Digest,
    /// The digest of all events, while only earlier ones are shown.
    all: Option<Digest>,
}

impl Log {
    /// Adds events; beyond [`LINES`] the oldest lines are dropped.
    pub(crate) fn append(&mut self, events: Vec<Arc<Event>>) {
        for event in events {
            let number = self.first + self.lines.len() as u64;
            self.all.as_mut().unwrap_or(&mut self.digest).follow(&event);
            self.requests += u64::from(matches!(*event, Event::Request(_)));
            if self.filter.as_ref().is_some_and(|filter| filter.line(&event, false)) {
                self.matching.push_back(number);
            }
            self.lines.push_back(event);
            if self.lines.len() > LINES {
                self.let_go();
            }
        }
    }

    /// Notes what came of the last changes of settings.
    pub(crate) fn measure(&mut self, pools: &[PoolView]) {
        self.all.as_mut().unwrap_or(&mut self.digest).changes.measure(pools);
    }

    /// Drops the oldest line, or moves it to `kept` if it is marked.
    fn let_go(&mut self) {
        let Some(event) = self.lines.pop_front() else { return };
        let number = self.first;
        self.first += 1;
        if self.matching.front() == Some(&number) {
            self.matching.pop_front();
        }
        if self.marks.contains(&number) {
            self.kept.push_back(Line { number, event });
        }
        if self.held == Some(number) && self.kept.back().map(|line| line.number) != Some(number) {
            self.held = Some(self.first);
        }
    }

    /// Whether there was no request yet.
    pub(crate) fn is_quiet(&self) -> bool {
        self.requests == 0
    }

    /// Number of all lines, hidden ones included.
    pub(crate) fn len(&self) -> usize {
        self.kept.len() + self.lines.len()
    }

    fn hides(&self) -> Option<&Filter> {
        self.filter.as_ref().filter(|_| !self.everything)
    }

    /// Number of shown lines in `kept`.
    fn older(&self) -> usize {
        match self.hides() {
            None => self.kept.len(),
            Some(filter) => self.kept.iter().filter(|line| filter.line(&line.event, true)).count(),
        }
    }

    /// Number of lines shown.
    pub(crate) fn shown(&self) -> usize {
        let end = self.end();
        let shown = if self.hides().is_some() {
            self.matching.partition_point(|number| *number < end)
        } else {
            usize::try_from(end.saturating_sub(self.first)).unwrap_or(usize::MAX)
        };
        self.older() + shown
    }

    /// One past the number of the last line that can be shown.
    fn end(&self) -> u64 {
        self.until.unwrap_or(self.first + self.lines.len() as u64)
    }

    /// Shows only lines up to `time` and follows their end; `None` shows all lines again.
    pub(crate) fn show_until(&mut self, time: Option<SystemTime>) {
        let later = |time| self.lines.iter().rev().take_while(|event| event.time() > time).count();
        self.until = time.map(|time| self.first + (self.lines.len() - later(time)) as u64);
        if let Some(time) = time {
            self.held = None;
            let all = self.all.get_or_insert_with(|| std::mem::take(&mut self.digest));
            self.digest = all.at(time, self.lines.iter());
        } else if let Some(all) = self.all.take() {
            self.digest = all;
        }
    }

    /// Number of lines that match the filter, or of all lines without one.
    pub(crate) fn matches(&self) -> usize {
        match &self.filter {
            None => self.len(),
            Some(filter) => {
                self.matching.len() + self.kept.iter().filter(|line| filter.line(&line.event, true)).count()
            }
        }
    }

    /// The shown lines at places `from..to`, counted from 0.
    pub(crate) fn window(&self, from: usize, to: usize) -> Vec<Line> {
        let older: Vec<&Line> = match self.hides() {
            None => self.kept.iter().collect(),
            Some(filter) => self.kept.iter().filter(|line| filter.line(&line.event, true)).collect(),
        };
        (from..to.min(self.shown()))
            .filter_map(|place| match place.checked_sub(older.len()) {
                None => Some(older[place].clone()),
                Some(place) => self.line(self.number_at(place)),
            })
            .collect()
    }

    /// The number of the shown line at this place, not counting `kept`.
    fn number_at(&self, place: usize) -> u64 {
        if self.hides().is_some() {
            self.matching.get(place).copied().unwrap_or(u64::MAX)
        } else {
            self.first + place as u64
        }
    }

    fn line(&self, number: u64) -> Option<Line> {
        let event = match number.checked_sub(self.first) {
            Some(at) => self.lines.get(usize::try_from(at).ok()?)?,
            None => &self.kept.iter().find(|line| line.number == number)?.event,
        };
        Some(Line { number, event: Arc::clone(event) })
    }

    /// The place of the line with this number among those shown; if it is hidden, of one next to it.
    fn place_of(&self, number: u64) -> usize {
        let older = self.older();
        if number < self.first {
            let shown = |line: &&Line| self.hides().is_none_or(|filter| filter.line(&line.event, true));
            return self.kept.iter().filter(shown).take_while(|line| line.number < number).count();
        }
        let within = if self.hides().is_some() {
            self.matching.partition_point(|known| *known <= number).saturating_sub(1)
        } else {
            usize::try_from(number - self.first).unwrap_or(usize::MAX)
        };
        (older + within).min(self.shown().saturating_sub(1))
    }

    /// The place of the selected line; `None` while following.
    pub(crate) fn place(&self) -> Option<usize> {
        self.held.map(|number| self.place_of(number))
    }

    /// The selected line; while following, the last request among the last 200 lines.
    pub(crate) fn selected(&self) -> Option<Line> {
        const LOOKS: usize = 200;
        if let Some(place) = self.place() {
            return self.window(place, place + 1).pop();
        }
        let end = self.shown();
        let recent = self.window(end.saturating_sub(LOOKS), end);
        recent.into_iter().rev().find(|line| matches!(*line.event, Event::Request(_)))
    }

    /// Whether the log follows new lines.
    pub(crate) fn follows(&self) -> bool {
        self.held.is_none()
    }

    /// Clears the selection and follows new lines.
    pub(crate) fn follow(&mut self) {
        self.held = None;
    }

    /// Stops following: selects the last line unless a line is selected.
    pub(crate) fn hold(&mut self) {
        self.go(self.place().unwrap_or(usize::MAX));
    }

    /// Selects the line at this place, or the last line if there are fewer.
    pub(crate) fn go(&mut self, place: usize) {
        let place = place.min(self.shown().saturating_sub(1));
        self.held = self.window(place, place + 1).first().map(|line| line.number);
    }

    /// Selects the line with this number.
    pub(crate) fn select(&mut self, number: u64) {
        self.held = Some(number);
    }

    /// Moves the selection by this many lines.
    pub(crate) fn step(&mut self, by: isize) {
        // While following, the first step in either direction selects the last line.
        match self.place() {
            Some(place) => self.go(place.saturating_add_signed(by)),
            None => self.go(self.shown().saturating_sub(1)),
        }
    }

    /// The current filter.
    pub(crate) fn filter(&self) -> Option<&Filter> {
        self.filter.as_ref()
    }

    /// Whether this line matches the filter; `false` without a filter.
    pub(crate) fn is_match(&self, line: &Line) -> bool {
        self.filter.as_ref().is_some_and(|filter| filter.line(&line.event, self.is_marked(line.number)))
    }

    /// Sets or removes the filter, and hides lines that do not match.
    pub(crate) fn set_filter(&mut self, filter: Option<Filter>) {
        self.filter = filter;
        self.everything = false;
        self.index();
    }

    /// Shows or hides lines that do not match the filter.
    pub(crate) fn toggle_everything(&mut self) {
        self.everything = !self.everything;
    }

    /// Whether lines that do not match the filter are shown.
    pub(crate) fn shows_everything(&self) -> bool {
        self.everything
    }

    fn index(&mut self) {
        let Some(filter) = &self.filter else { return self.matching.clear() };
        let numbered = (self.first..).zip(&self.lines);
        self.matching = numbered
            .filter(|(number, event)| filter.line(event, self.marks.contains(number)))
            .map(|(number, _)| number)
            .collect();
    }

    /// Sets or removes the selected line's mark. While following, selects and marks the last line.
    ///
    /// # Errors
    /// There are [`MARKS`] marks already.
    pub(crate) fn toggle_mark(&mut self) -> Result<(), Refused> {
        self.hold();
        let Some(number) = self.held else { return Ok(()) };
        if let Some(at) = self.marks.iter().position(|mark| *mark == number) {
            self.marks.remove(at);
            self.kept.retain(|line| line.number != number);
            if number < self.first {
                self.held = Some(self.first);
            }
        } else if self.marks.len() == MARKS {
            return Err(Refused::TooManyMarks);
        } else {
            self.marks.push(number);
            self.marks.sort_unstable();
        }
        if self.filter.as_ref().is_some_and(Filter::asks_for_marks) {
            self.index();
        }
        Ok(())
    }

    pub(crate) fn is_marked(&self, number: u64) -> bool {
        self.marks.binary_search(&number).is_ok()
    }

    /// Selects the next or previous line that matches the filter or, without a filter, is marked.
    ///
    /// # Errors
    /// There is none.
    pub(crate) fn next_match(&mut self, forward: bool) -> Result<(), Refused> {
        let from = self.held.unwrap_or(u64::MAX);
        let end = self.end();
        let (what, next) = match &self.filter {
            None => ("mark", neighbour(self.marks.iter().copied().filter(|n| *n < end), from, forward)),
            Some(filter) => {
                let older = self.kept.iter().filter(|line| filter.line(&line.event, true)).map(|line| line.number);
                let all = older.chain(self.matching.iter().copied().filter(|n| *n < end));
                ("match", neighbour(all, from, forward))
            }
        };
        match next {
            Some(number) => {
                self.held = Some(number);
                Ok(())
            }
            None if what == "mark" && self.marks.is_empty() => Err(Refused::NothingToFind),
            None => Err(Refused::NoneThere(format!("there is no {what} {}", if forward { "below" } else { "above" }))),
        }
    }
}

/// The nearest number above (`forward`) or below `from`; `numbers` must ascend.
fn neighbour(numbers: impl Iterator<Item = u64>, from: u64, forward: bool) -> Option<u64> {
    if forward {
        let mut numbers = numbers;
        numbers.find(|number| *number > from)
    } else {
        numbers.take_while(|number| *number < from).last()
    }
}
