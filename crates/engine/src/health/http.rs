//! Health checks by HTTP. Redirects are not followed, and only the beginning of the body is read.

use serde_json::Value;
use std::fmt::Write as _;
use stickylb_http1::{BadBody, FieldKind, HeadLimits, ResponseHead};
use tokio::time::error::Elapsed;
use tokio::time::{Instant, timeout_at};

use super::agent::Report;
use super::exchange::{self, Body, CheckAnswer};
use super::finding::Finding;
use super::request::CheckRequest;
use crate::balancer::Backend;
use crate::config::{CheckAlgorithm, Expect};
use crate::upstream::Stream;
use crate::upstream::response::cut_of;

/// Most bytes read of a body.
const BODY_READ: usize = 65_536;

/// Sends the request, and checks the response against the rules for traffic and the configured expectations.
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
            // The same text as in the log for a request that fails like this.
            Err(bad) => Err(cut_of(bad, answer.framing).words().to_owned()),
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
    /// Adds the agent report from a response's fields.
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

/// Reads the body. Malformed and truncated bodies fail as in traffic. If nothing is expected of it, a body that does
/// not end within the deadline, such as an event stream, counts as valid.
async fn body(answer: &mut CheckAnswer, expect: &Expect, deadline: Instant) -> Result<Result<Body, BadBody>, Elapsed> {
    let is_looked_at = expect.body.is_some() || !expect.json.is_empty();
    if !is_looked_at && is_event_stream(&answer.head) {
        return Ok(Ok(Body::default()));
    }
    match timeout_at(deadline, answer.body(BODY_READ)).await {
        // Traffic would accept a body that takes longer than this, too.
        Err(_) if !is_looked_at => Ok(Ok(Body::default())),
        read => read,
    }
}

/// Whether the response is an event stream, whose body does not end by itself.
fn is_event_stream(head: &ResponseHead) -> bool {
    const EVENTS: &[u8] = b"text/event-stream";
    head.value(FieldKind::ContentType)
        .and_then(|value| value.get(..EVENTS.len()))
        .is_some_and(|start| start.eq_ignore_ascii_case(EVENTS))
}

/// Whether the status is as expected: as configured, or by default any for `http`, and 2xx for other algorithms.
fn is_good(algorithm: CheckAlgorithm, expect: &Expect, status: u16) -> bool {
    match &expect.status {
        Some(statuses) => statuses.contains(status),
        None => algorithm == CheckAlgorithm::Http || (200..300).contains(&status),
    }
}

/// Checks the body against the expectations; the error describes what is missing.
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

/// Whether two JSON values are equal, where 1 equals 1.0.
fn same(found: &Value, wanted: &Value) -> bool {
    found == wanted || found.as_f64().is_some_and(|number| Some(number) == wanted.as_f64())
}

/// A value as JSON, shortened if it is long.
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
