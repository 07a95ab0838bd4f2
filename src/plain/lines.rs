//! Log lines: which are shown, which wait while the prompt stands, and the requests that can be asked for.

use std::collections::VecDeque;
use std::sync::Arc;

use stickylb::api::{Event, Level, RequestEvent, RequestNumber, State};

use super::reply::Reply;
use crate::headless::{Lines, LogFormat};
use crate::screen::filter::{Filter, failed};

/// Lines that wait at most; then the oldest are left out.
const WAITING: usize = 100;

/// Requests that can be asked for.
const REQUESTS: usize = 1000;

/// Which log lines are shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum LogShown {
    All,
    Errors,
    Nothing,
}

/// The log.
pub(super) struct LogLines {
    format: Lines,
    pub(super) shown: LogShown,
    pub(super) filter: Option<Filter>,
    waiting: VecDeque<String>,
    left_out: u64,
    /// A report that waits behind the lines.
    reported: String,
    /// The latest requests.
    requests: VecDeque<Arc<Event>>,
}

impl LogLines {
    pub(super) fn new() -> Self {
        LogLines {
            format: Lines::new(LogFormat::Text),
            shown: LogShown::All,
            filter: None,
            waiting: VecDeque::new(),
            left_out: 0,
            reported: String::new(),
            requests: VecDeque::new(),
        }
    }

    /// Adds the lines of these events, and one that says how many were missed.
    pub(super) fn add(&mut self, events: impl Iterator<Item = Arc<Event>>, missed: u64) {
        if missed > 0 && self.shown != LogShown::Nothing {
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

    /// Lets a report wait as lines do: it is no answer to what is typed. Only the latest is kept.
    pub(super) fn report(&mut self, report: &Reply) {
        self.reported = report.marked();
    }

    /// Takes what waits.
    pub(super) fn take(&mut self) -> String {
        let left_out = std::mem::take(&mut self.left_out);
        let told = if left_out > 0 { format!("{left_out} earlier log lines left out\n") } else { String::new() };
        told + &self.waiting.drain(..).collect::<String>() + &std::mem::take(&mut self.reported)
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
        let requests = self.requests.iter().rev().filter_map(|event| match &**event {
            Event::Request(request) => Some(request),
            _ => None,
        });
        let is_it = |request: &&RequestEvent| number.is_none() || request.number.map(RequestNumber::get) == number;
        requests.into_iter().find(is_it).ok_or_else(|| match number {
            None => "there was no request yet".to_owned(),
            Some(number) => format!("there is no request {number} among the last {}", self.requests.len()),
        })
    }

    /// Keeps a request; its number for the end of its line: ` #17`. One whose head was not kept has none.
    fn number(&mut self, event: &Arc<Event>) -> String {
        let Event::Request(request) = &**event else { return String::new() };
        if self.requests.len() == REQUESTS {
            self.requests.pop_front();
        }
        self.requests.push_back(Arc::clone(event));
        request.number.map(|number| format!(" #{number}")).unwrap_or_default()
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
            LogShown::All => true,
            LogShown::Errors => is_trouble(event),
            LogShown::Nothing => false,
        };
        wanted && self.filter.as_ref().is_none_or(|filter| filter.line(event, false))
    }
}

/// Whether a line tells of something that went wrong: besides requests that `failed` of the filter finds, states and
/// warnings.
fn is_trouble(event: &Event) -> bool {
    match event {
        Event::Request(request) => failed(request),
        Event::Update(update) => matches!(update.to, State::Down | State::Ejected),
        Event::Notice(notice) => notice.level == Level::Warning,
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use stickylb::api::{Decision, Ended, Strategy};

    use super::*;

    /// A request with this status, whose number is its last two digits.
    fn request(status: u16) -> Arc<Event> {
        let mut request = RequestEvent::default();
        request.decision = Decision::new(Strategy::RoundRobin);
        request.status = status;
        request.number = Some(u64::from(status % 100).into());
        Arc::new(Event::Request(request))
    }

    /// The same, of which the backend left out the end.
    fn cut(status: u16) -> Arc<Event> {
        let Event::Request(mut request) = (*request(status)).clone() else { unreachable!("it is a request") };
        request.ended = Ended::CutByBackend;
        Arc::new(Event::Request(request))
    }

    #[test]
    fn lines_that_wait_are_bounded_and_those_left_out_are_counted() {
        let mut log = LogLines::new();
        log.add((0..WAITING + 3).map(|_| request(217)), 0);
        let text = log.take();
        assert_eq!(text.lines().count(), WAITING + 1);
        assert!(text.starts_with("3 earlier log lines left out\n") && text.ends_with(" #17\n"), "{text}");
        assert_eq!(log.take(), "");
    }

    #[test]
    fn only_what_was_asked_for_is_shown() {
        let mut log = LogLines::new();
        log.shown = LogShown::Errors;
        log.add([201, 502].into_iter().map(request), 0);
        assert!(log.take().ends_with(" #2\n"));
        log.add(std::iter::once(cut(204)), 0);
        assert!(log.take().ends_with(" #4\n"), "an answer that was cut is a failure");
        log.shown = LogShown::All;
        log.filter = Filter::parse("status>=500").expect("a filter");
        log.add([203, 504].into_iter().map(request), 0);
        assert_eq!(log.take().lines().count(), 1);
        log.shown = LogShown::Nothing;
        log.add([505].into_iter().map(request), 4);
        assert_eq!(log.take(), "");
    }

    #[test]
    fn a_request_is_found_by_its_number_while_it_is_kept() {
        let mut log = LogLines::new();
        assert!(log.request(None).is_err());
        log.add([201, 502].into_iter().map(request), 0);
        let status = |log: &LogLines, number| log.request(number).map(|request| request.status).ok();
        assert_eq!([status(&log, None), status(&log, Some(1)), status(&log, Some(3))], [Some(502), Some(201), None]);
        log.add((0..REQUESTS).map(|_| request(203)), 0);
        assert_eq!([status(&log, Some(1)), status(&log, Some(3))], [None, Some(203)]);
    }
}
