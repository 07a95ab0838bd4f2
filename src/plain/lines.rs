//! Log lines: which are shown, which wait while the prompt stands, and the requests that can be asked for.

use std::collections::VecDeque;
use std::sync::Arc;

use stickylb::api::{Ended, Event, Level, Outcome, RequestEvent, State};

use crate::headless::{Lines, LogFormat};
use crate::screen::filter::Filter;

/// Lines that wait at most; then the oldest are left out.
const WAITING: usize = 100;

/// Requests that can be asked for.
const REQUESTS: usize = 1000;

/// Which log lines are shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Shown {
    All,
    Errors,
    Nothing,
}

/// The log.
pub(super) struct LogLines {
    format: Lines,
    pub(super) shown: Shown,
    pub(super) filter: Option<Filter>,
    waiting: VecDeque<String>,
    left_out: u64,
    /// The latest requests, and the number of the last.
    requests: VecDeque<Arc<Event>>,
    last: u64,
}

impl LogLines {
    pub(super) fn new() -> Self {
        LogLines {
            format: Lines::new(LogFormat::Text),
            shown: Shown::All,
            filter: None,
            waiting: VecDeque::new(),
            left_out: 0,
            requests: VecDeque::new(),
            last: 0,
        }
    }

    /// Adds the lines of these events, and one that says how many were missed.
    pub(super) fn add(&mut self, events: impl Iterator<Item = Arc<Event>>, missed: u64) {
        if missed > 0 && self.shown != Shown::Nothing {
            self.format.clear();
            self.format.dropped(missed);
            let line = self.format.text().to_owned();
            self.wait(line);
        }
        for event in events {
            let number = self.number(&event);
            if self.shows(&event) {
                let line = format!("{}{number}\n", self.in_words(&event));
                self.wait(line);
            }
        }
    }

    /// Takes the lines that wait.
    pub(super) fn take(&mut self) -> String {
        let left_out = std::mem::take(&mut self.left_out);
        let told = if left_out > 0 { format!("{left_out} earlier log lines left out\n") } else { String::new() };
        told + &self.waiting.drain(..).collect::<String>()
    }

    /// The log line of an event, without its end.
    pub(super) fn in_words(&mut self, event: &Event) -> String {
        self.format.clear();
        self.format.event(event);
        self.format.text().trim_end().to_owned()
    }

    /// The request with this number, or the last one.
    ///
    /// # Errors
    /// It is not kept; a sentence.
    pub(super) fn request(&self, number: Option<u64>) -> Result<&RequestEvent, String> {
        let none = || match number {
            None => "there was no request yet".to_owned(),
            Some(number) => format!("there is no request {number} among the last {}", self.requests.len()),
        };
        let back = self.last.checked_sub(number.unwrap_or(self.last)).ok_or_else(none)?;
        let at = self.requests.len().checked_sub(1 + usize::try_from(back).unwrap_or(usize::MAX)).ok_or_else(none)?;
        match self.requests.get(at).map(|event| &**event) {
            Some(Event::Request(request)) => Ok(request),
            _ => Err(none()),
        }
    }

    /// Keeps a request; the mark at the end of its line: ` #17`.
    fn number(&mut self, event: &Arc<Event>) -> String {
        let Event::Request(_) = **event else { return String::new() };
        if self.requests.len() == REQUESTS {
            self.requests.pop_front();
        }
        self.requests.push_back(Arc::clone(event));
        self.last += 1;
        format!(" #{}", self.last)
    }

    fn wait(&mut self, line: String) {
        if self.waiting.len() == WAITING {
            self.waiting.pop_front();
            self.left_out += 1;
        }
        self.waiting.push_back(line);
    }

    fn shows(&self, event: &Event) -> bool {
        let wanted = match self.shown {
            Shown::All => true,
            Shown::Errors => is_trouble(event),
            Shown::Nothing => false,
        };
        wanted && self.filter.as_ref().is_none_or(|filter| filter.line(event, false))
    }
}

/// Whether a line tells of something that went wrong.
fn is_trouble(event: &Event) -> bool {
    match event {
        Event::Request(request) => {
            let failed = request.decision.attempts.iter().any(|attempt| attempt.outcome != Outcome::Answered);
            request.status >= 500 || failed || !matches!(request.ended, Ended::Complete | Ended::ClientGone)
        }
        Event::Update(update) => matches!(update.to, State::Down | State::Ejected),
        Event::Notice(notice) => notice.level == Level::Warning,
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use stickylb::api::{Decision, Strategy};

    use super::*;

    fn request(status: u16) -> Arc<Event> {
        let mut request = RequestEvent::default();
        request.decision = Decision::new(Strategy::RoundRobin);
        request.status = status;
        Arc::new(Event::Request(request))
    }

    #[test]
    fn lines_that_wait_are_bounded_and_those_left_out_are_counted() {
        let mut log = LogLines::new();
        log.add((0..WAITING + 3).map(|_| request(200)), 0);
        let text = log.take();
        assert_eq!(text.lines().count(), WAITING + 1);
        assert!(text.starts_with("3 earlier log lines left out\n") && text.ends_with(" #103\n"), "{text}");
        assert_eq!(log.take(), "");
    }

    #[test]
    fn only_what_was_asked_for_is_shown_and_numbers_count_all() {
        let mut log = LogLines::new();
        log.shown = Shown::Errors;
        log.add([200, 502].into_iter().map(request), 0);
        assert!(log.take().ends_with(" #2\n"));
        log.shown = Shown::All;
        log.filter = Filter::parse("status>=500").expect("a filter");
        log.add([200, 503].into_iter().map(request), 0);
        assert_eq!(log.take().lines().count(), 1);
        log.shown = Shown::Nothing;
        log.add([503].into_iter().map(request), 4);
        assert_eq!(log.take(), "");
    }

    #[test]
    fn a_request_is_found_by_its_number_while_it_is_kept() {
        let mut log = LogLines::new();
        assert!(log.request(None).is_err());
        let kept = u16::try_from(REQUESTS).expect("a small number");
        log.add((1..=kept + 1).map(request), 0);
        let status = |number| log.request(number).map(|request| request.status).ok();
        assert_eq!([status(None), status(Some(2)), status(Some(1))], [Some(kept + 1), Some(2), None]);
        assert_eq!([status(Some(0)), status(Some(5000))], [None, None]);
    }
}
