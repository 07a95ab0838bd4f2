//! Matches one filter test against a log line or a table row.

use stickylb::api::{BackendView, Ended, Event, Outcome, RequestEvent, UpdateEvent};

use super::fields::Text;
use super::test::{Flag, Match, Test, contains};

/// Whether the log line matches; `None` if the test applies only to backends.
pub(super) fn line(test: &Test, event: &Event, marked: bool) -> Option<bool> {
    if let Test::Flag(Flag::Marked) = test {
        return Some(marked);
    }
    match (test, event) {
        (Test::Number(field, ..), _) if !field.is_of_a_request() => None,
        (Test::Text(Text::Address, _), _) => None,
        (_, Event::Request(request)) => Some(of_request(test, request)),
        (_, Event::Update(update)) => Some(of_update(test, update)),
        (Test::Word(word), Event::Notice(notice)) => Some(contains(notice.text.raw(), word)),
        (Test::Word(word), Event::Output(output)) => Some(contains(output.line.raw(), word)),
        _ => Some(false),
    }
}

/// Whether the table row matches; `None` if the test applies only to log lines.
pub(super) fn row(test: &Test, backend: &BackendView) -> Option<bool> {
    match test {
        Test::Word(word) => Some(
            [&backend.name, &backend.address].iter().any(|text| contains(text.raw(), word))
                || contains(backend.state.word(), word),
        ),
        Test::Text(Text::Backend, wanted) => Some(wanted.holds(backend.name.raw())),
        Test::Text(Text::State, wanted) => Some(wanted.holds(backend.state.word())),
        Test::Text(Text::Address, wanted) => Some(wanted.holds(backend.address.raw())),
        Test::Number(field, compare, with) => field.of_backend(backend).map(|value| compare.holds(value, *with)),
        Test::Text(..) | Test::Flag(_) => None,
    }
}

fn of_request(test: &Test, request: &RequestEvent) -> bool {
    let decision = &request.decision;
    match test {
        Test::Flag(Flag::Retried) => decision.attempts.len() > 1,
        Test::Flag(Flag::Moved) => {
            decision.moved_from.is_some() || (decision.key.is_some() && some_attempt_failed(request))
        }
        Test::Flag(Flag::Failed) => failed(request),
        Test::Flag(Flag::WebSocket) => request.status == 101,
        Test::Flag(Flag::Traffic) => decision.traffic.is_some(),
        Test::Flag(Flag::Change | Flag::Marked) | Test::Text(Text::State | Text::Address, _) => false,
        Test::Text(Text::Method, wanted) => wanted.holds(request.method.raw()),
        Test::Text(Text::Path, wanted) => wanted.holds(request.path.raw()),
        Test::Text(Text::Client, wanted) => wanted.holds(&request.ip.to_string()),
        Test::Text(Text::Why, wanted) => wanted.holds(&decision.reason()),
        Test::Text(Text::Backend, Match::IsNot(name)) => {
            !backends_of(request).any(|backend| backend.eq_ignore_ascii_case(name))
        }
        Test::Text(Text::Backend, wanted) => backends_of(request).any(|name| wanted.holds(name)),
        Test::Number(field, compare, with) => compare.holds(field.of_request(request), *with),
        Test::Word(word) => {
            contains(request.path.raw(), word)
                || contains(request.method.raw(), word)
                || backends_of(request).any(|name| contains(name, word))
                || contains(&request.ip.to_string(), word)
                || request.status.to_string() == *word
                || contains(&decision.reason(), word)
        }
    }
}

/// Whether a request went wrong on the balancer's side of it: a 5xx, a try that failed, or an answer or tunnel that was cut.
pub(crate) fn failed(request: &RequestEvent) -> bool {
    let cut = !matches!(request.ended, Ended::Complete | Ended::ClientGone);
    request.status >= 500 || some_attempt_failed(request) || cut
}

fn some_attempt_failed(request: &RequestEvent) -> bool {
    request.decision.attempts.iter().any(|attempt| attempt.outcome != Outcome::Answered)
}

/// The backend that got the request, then the backend of every attempt.
fn backends_of(request: &RequestEvent) -> impl Iterator<Item = &str> {
    let tried = request.decision.attempts.iter().map(|attempt| attempt.backend.name.raw());
    request.to.iter().map(|to| to.name.raw()).chain(tried)
}

fn of_update(test: &Test, update: &UpdateEvent) -> bool {
    match test {
        Test::Flag(Flag::Change) => true,
        Test::Text(Text::Backend, wanted) => wanted.holds(update.backend.name.raw()),
        Test::Text(Text::State, wanted) => wanted.holds(update.to.word()),
        Test::Text(Text::Why, wanted) => wanted.holds(update.reason.raw()),
        Test::Word(word) => {
            contains(update.backend.name.raw(), word)
                || contains(update.reason.raw(), word)
                || contains(update.to.word(), word)
        }
        Test::Flag(_) | Test::Text(..) | Test::Number(..) => false,
    }
}
