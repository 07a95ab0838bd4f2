//! The screen's filter language.
//!
//! The target checks that an error has a position inside the text, and that a filter can judge every kind of event.

use std::sync::Arc;
use std::time::{Duration, SystemTime};
use stickylb::api::{
    Attempt, BackendView, Decision, Event, Identity, Level, Notice, Outcome, OutputEvent, RequestEvent, Rule, State,
    Strategy, UpdateEvent,
};
use stickylb_tui::fuzzing::Filter;

/// Tokens of the language.
pub const TOKENS: &[&str] = &[
    "backend", "client", "method", "path", "why", "state", "address", "status", "duration", "bytes", "attempts",
    "requests", "rate", "active", "sticky", "errors", "weight", "p95", "retried", "moved", "failed", "ws", "change",
    "marked", ":", "=", "!=", "~", "<", "<=", ">", ">=", "!", "-", "\"", " ", "5xx", "100ms", "2s", "10k", "1.5",
    "日本", "ẞ", "İ", "\u{301}", "\t", "\u{a0}", "\u{1b}", "^/", ".*", "(a|b)", "[^a-z]", "{2,1000}", "(?i)", "\\b",
];

fn who(name: &str) -> Arc<Identity> {
    Arc::new(Identity::new(1, name, ""))
}

/// One event of each kind, with unusual text.
fn events() -> [Event; 5] {
    let mut decision = Decision::new(Strategy::RoundRobin);
    decision.rule = Rule::Strategy { place: 1, of: 2, against: None };
    for (name, outcome) in [("alpha", Outcome::Refused), ("İ日本\u{1b}", Outcome::Answered)] {
        decision.attempts.push(Attempt::new(&who(name), outcome, Duration::from_micros(5)));
    }
    let mut request = RequestEvent::sample(decision);
    request.took = Duration::MAX;
    request.path = "/api/Stra\u{df}e?x=1".into();
    request.status = 502;
    request.to = Some(who("alpha"));
    request.bytes = u64::MAX;
    let time = SystemTime::UNIX_EPOCH;
    [
        Event::Request(RequestEvent::default()),
        Event::Request(request),
        Event::Update(UpdateEvent::new(time, who(""), [State::Up, State::Down], "its process ended")),
        Event::Notice(Notice::new(time, Level::Info, "")),
        Event::Output(OutputEvent::new(time, who("ß"), "\u{1b}[31mİ")),
    ]
}

fn backends() -> [BackendView; 3] {
    let named = |name: &str| {
        let mut backend = BackendView::default();
        (backend.name, backend.address, backend.state) = (name.into(), "[::1]:5000".into(), State::Up);
        backend
    };
    let mut busy = named("İ日本");
    busy.requests = u64::MAX;
    [BackendView::default(), named("alpha"), busy]
}

/// What the filter accepts of all events and backends.
fn left(filter: &Filter) -> (Vec<bool>, Vec<usize>) {
    let events = events();
    let lines = events.iter().flat_map(|event| [filter.line(event, false), filter.line(event, true)]).collect();
    let rows = filter.rows(&backends());
    assert!(rows.is_sorted() && rows.iter().all(|row| *row < backends().len()), "rows that are not there: {rows:?}");
    (lines, rows)
}

/// Text as a user types it.
pub fn target(data: &[u8]) {
    let text = String::from_utf8_lossy(data);
    match Filter::parse(&text) {
        Ok(Some(filter)) => {
            let again = Filter::parse(filter.text()).expect("it was taken before").expect("it was a filter before");
            assert_eq!(left(&again), left(&filter), "as it is shown, it is another filter");
        }
        Ok(None) => assert!(text.trim().is_empty(), "what was typed is forgotten"),
        Err(error) => {
            assert!(error.column <= text.chars().count(), "column {}: {error}", error.column);
            assert!(!error.message.is_empty(), "no word about what is wrong");
        }
    }
}
