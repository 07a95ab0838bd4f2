//! A check by HTTP: redirects are not followed, and no more of the body is read than a little.

use serde_json::Value;
use std::fmt::Write as _;
use stickylb_http1::{BadBody, FieldKind, HeadLimits, ResponseHead};
use tokio::time::error::Elapsed;
use tokio::time::{Instant, timeout_at};

use super::agent::Report;
use super::exchange::{self, Body, CheckAnswer};
use super::finding::Finding;
use super::request::CheckRequest;
use crate::api::Ended;
use crate::balancer::Backend;
use crate::config::{CheckAlgorithm, Expect};
use crate::upstream::Stream;

/// How much of a body is read, in bytes.
const BODY_READ: usize = 65_536;

/// Asks, and judges the answer by the rules for traffic and by what is expected of it.
pub(crate) async fn ask(
    backend: &Backend,
    stream: Stream,
    limits: &HeadLimits,
    deadline: Instant,
) -> Result<Finding, Elapsed> {
    let health = &backend.settings.health();
    let request = CheckRequest::new(backend, health.method.clone(), &[("Connection", "close")]);
    let mut answer = match timeout_at(deadline, exchange::ask(stream, &request, limits)).await? {
        Ok(answer) => answer,
        Err(outcome) => return Ok(Finding::failed(outcome)),
    };
    let status = answer.head.line.status;
    let said = format!("{} {} {status}", health.method, health.path);
    let judged = if is_good(health.algorithm, &health.expect, status) {
        match body(&mut answer, &health.expect, deadline).await? {
            Ok(body) => judge(&health.expect, &body),
            // As the log has it of a request.
            Err(bad) => Err(format!("{}: {bad}", Ended::CutByBackend.words().unwrap_or_default())),
        }
        .map_err(Some)
    } else {
        Err(None)
    };
    let mut finding = match judged {
        Ok(()) => Finding::passed(said),
        Err(None) => Finding::failed(said),
        Err(Some(lack)) => Finding::failed(format_args!("{said}: {lack}")),
    };
    if health.agent {
        finding.take_report(&answer.head);
    }
    Ok(finding)
}

impl Finding {
    /// Takes what the backend says of itself from its answer.
    pub(crate) fn take_report(&mut self, head: &ResponseHead) {
        let report = Report::read(|name| head.named(name.as_bytes()).next());
        if report.percent < 100 {
            // Writing to a string cannot fail.
            let _ = write!(self.reason, "; weight {} %", report.percent);
        }
        self.reason.push_str(&report.nonsense);
        self.report = Some(report);
    }
}

/// The answer's body, which breaks off here where it would in traffic.
async fn body(answer: &mut CheckAnswer, expect: &Expect, deadline: Instant) -> Result<Result<Body, BadBody>, Elapsed> {
    let is_looked_at = expect.body.is_some() || !expect.json.is_empty();
    if !is_looked_at && is_event_stream(&answer.head) {
        return Ok(Ok(Body::default()));
    }
    match timeout_at(deadline, answer.body(BODY_READ)).await {
        // One that goes on for longer than a check may take is one that traffic takes, too.
        Err(_) if !is_looked_at => Ok(Ok(Body::default())),
        read => read,
    }
}

/// Whether its body goes on for as long as somebody listens.
fn is_event_stream(head: &ResponseHead) -> bool {
    const EVENTS: &[u8] = b"text/event-stream";
    head.value(FieldKind::ContentType)
        .and_then(|value| value.get(..EVENTS.len()))
        .is_some_and(|start| start.eq_ignore_ascii_case(EVENTS))
}

/// Whether the status is what is expected.
fn is_good(algorithm: CheckAlgorithm, expect: &Expect, status: u16) -> bool {
    match &expect.status {
        Some(statuses) => statuses.contains(status),
        None => algorithm == CheckAlgorithm::Http || (200..300).contains(&status),
    }
}

/// Whether the body holds what is expected; else what it lacks.
fn judge(expect: &Expect, body: &Body) -> Result<(), String> {
    if let Some(text) = &expect.body
        && !body.bytes.windows(text.len()).any(|part| part == text.as_bytes())
    {
        return Err(format!("body lacks {}", shown(&Value::from(text.as_str()))));
    }
    if expect.json.is_empty() {
        return Ok(());
    }
    if body.cut {
        return Err(format!("its JSON is longer than {BODY_READ} bytes"));
    }
    let found: Value = serde_json::from_slice(&body.bytes).map_err(|error| format!("body is no JSON: {error}"))?;
    for (pointer, wanted) in &expect.json {
        match found.pointer(pointer) {
            None => return Err(format!("body has no {pointer}")),
            Some(value) if !same(value, wanted) => {
                return Err(format!("{pointer} is {}, not {}", shown(value), shown(wanted)));
            }
            Some(_) => {}
        }
    }
    Ok(())
}

/// Equal as JSON: 1 and 1.0 are one number.
fn same(found: &Value, wanted: &Value) -> bool {
    found == wanted || found.as_f64().is_some_and(|number| Some(number) == wanted.as_f64())
}

/// A value as JSON, its beginning where it is long.
fn shown(value: &Value) -> String {
    const SHOWN: usize = 60;
    let text = value.to_string();
    match text.char_indices().nth(SHOWN) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn judged(expect: &Expect, status: u16, body: &str) -> Result<(), Option<String>> {
        if !is_good(CheckAlgorithm::HttpStatus, expect, status) {
            return Err(None);
        }
        judge(expect, &Body { bytes: body.into(), cut: false }).map_err(Some)
    }

    #[test]
    fn a_status_of_ones_own_takes_the_place_of_2xx() {
        let expect = Expect { status: "401, 500-502".parse().ok(), ..Expect::default() };
        assert_eq!(judged(&expect, 401, ""), Ok(()));
        assert_eq!(judged(&expect, 502, ""), Ok(()));
        assert_eq!(judged(&expect, 200, ""), Err(None));
        assert_eq!(judged(&Expect::default(), 299, ""), Ok(()));
    }

    #[test]
    fn values_in_a_body_are_compared_as_json() {
        let pairs = [("/status", json!(200)), ("/db/0", json!("up"))];
        let expect = Expect { json: pairs.map(|(p, v)| (p.to_owned(), v)).to_vec(), ..Expect::default() };
        assert_eq!(judged(&expect, 200, r#"{"status": 200.0, "db": ["up"]}"#), Ok(()));
        let lacks = |body| judged(&expect, 200, body).expect_err("it lacks something").expect("in words");
        assert_eq!(lacks(r#"{"status": 500, "db": ["up"]}"#), "/status is 500, not 200");
        assert_eq!(lacks(r#"{"status": 200, "db": "up"}"#), "body has no /db/0");
        assert!(lacks("<html>").starts_with("body is no JSON: "));
    }

    #[test]
    fn a_text_that_is_missing_is_named() {
        let expect = Expect { body: Some("ok".to_owned()), ..Expect::default() };
        assert_eq!(judged(&expect, 200, "all ok here"), Ok(()));
        assert_eq!(judged(&expect, 200, "o k"), Err(Some("body lacks \"ok\"".to_owned())));
    }
}
