//! A check by HTTP: redirects are not followed, and no more of the body is read than is looked at.

use bytes::{Buf as _, Bytes};
use http::header::{CONNECTION, HOST, HeaderValue, USER_AGENT};
use http::{HeaderMap, Request, StatusCode};
use http_body_util::{BodyExt as _, Empty};
use hyper::body::Incoming;
use hyper_util::rt::TokioIo;
use serde_json::Value;
use std::fmt::Write as _;
use std::pin::pin;

use super::agent::Report;
use super::finding::Finding;
use crate::balancer::Backend;
use crate::config::{CheckAlgorithm, Expect};
use crate::upstream::Stream;

/// How much of a body is read, in bytes.
const BODY_READ: usize = 65_536;

/// An answer, as far as it is looked at.
struct Answer {
    status: StatusCode,
    headers: HeaderMap,
    body: Body,
}

/// The beginning of a body; nothing where it is not looked at.
#[derive(Default)]
struct Body {
    bytes: Vec<u8>,
    /// Whether there was more.
    cut: bool,
}

/// Asks, and judges the answer.
pub(crate) async fn ask(backend: &Backend, stream: Stream) -> Finding {
    let health = &backend.settings.health();
    let answer = match exchange(backend, stream).await {
        Ok(answer) => answer,
        Err(error) => return Finding::failed(format_args!("no good HTTP answer: {error}")),
    };
    let said = format!("{} {} {}", health.method, health.path, answer.status.as_u16());
    let mut finding = match judge(health.algorithm, &health.expect, answer.status, &answer.body) {
        Ok(()) => Finding::passed(said),
        Err(None) => Finding::failed(said),
        Err(Some(lack)) => Finding::failed(format_args!("{said}: {lack}")),
    };
    if health.agent {
        finding.take_report(&answer.headers);
    }
    finding
}

impl Finding {
    /// Takes what the backend says of itself from its answer.
    pub(crate) fn take_report(&mut self, headers: &HeaderMap) {
        let report = Report::read(headers);
        if report.percent < 100 {
            // Writing to a string cannot fail.
            let _ = write!(self.reason, "; weight {} %", report.percent);
        }
        self.reason.push_str(&report.nonsense);
        self.report = Some(report);
    }
}

async fn exchange(backend: &Backend, stream: Stream) -> Result<Answer, hyper::Error> {
    let (mut sender, driver) = hyper::client::conn::http1::handshake(TokioIo::new(stream)).await?;
    let mut driver = pin!(driver);
    let expect = &backend.settings.health().expect;
    let looks_at_body = expect.body.is_some() || !expect.json.is_empty();
    let mut answer = pin!(async {
        let (head, body) = sender.send_request(request(backend)).await?.into_parts();
        let body = if looks_at_body { beginning(body).await? } else { Body::default() };
        Ok(Answer { status: head.status, headers: head.headers, body })
    });
    tokio::select! {
        biased;
        answer = &mut answer => answer,
        // The connection ended; whatever came of the answer is there.
        _ = &mut driver => answer.await,
    }
}

async fn beginning(mut body: Incoming) -> Result<Body, hyper::Error> {
    let mut read = Body::default();
    while let Some(frame) = body.frame().await {
        let Ok(mut data) = frame?.into_data() else { continue };
        let taken = data.remaining().min(BODY_READ - read.bytes.len());
        read.bytes.extend_from_slice(&data.split_to(taken));
        if data.has_remaining() {
            read.cut = true;
            break;
        }
    }
    Ok(read)
}

fn request(backend: &Backend) -> Request<Empty<Bytes>> {
    let health = &backend.settings.health();
    let mut request = Request::new(Empty::new());
    *request.method_mut() = health.method.clone();
    // Base and check path are each checked when they are read.
    if let Ok(uri) = format!("{}{}", backend.endpoint.address.base_path, health.path).parse() {
        *request.uri_mut() = uri;
    }
    request.headers_mut().insert(CONNECTION, HeaderValue::from_static("close"));
    add_headers(backend, request.headers_mut());
    request
}

/// What every check says of itself, and the configured fields.
pub(crate) fn add_headers(backend: &Backend, headers: &mut HeaderMap) {
    headers.insert(HOST, backend.endpoint.host_header.clone());
    headers.insert(USER_AGENT, HeaderValue::from_static(concat!("stickylb-tui/", env!("CARGO_PKG_VERSION"))));
    for (name, value) in &backend.settings.health().headers {
        // Checked when it was read.
        if let Ok(mut value) = HeaderValue::from_str(value.reveal()) {
            value.set_sensitive(true);
            headers.insert(name, value);
        }
    }
}

/// Whether the answer is what is expected; else what it lacks, where its status does not say it.
fn judge(algorithm: CheckAlgorithm, expect: &Expect, status: StatusCode, body: &Body) -> Result<(), Option<String>> {
    let good = match &expect.status {
        Some(statuses) => statuses.contains(status.as_u16()),
        None => algorithm == CheckAlgorithm::Http || status.is_success(),
    };
    if !good {
        return Err(None);
    }
    if let Some(text) = &expect.body
        && !body.bytes.windows(text.len()).any(|part| part == text.as_bytes())
    {
        return Err(Some(format!("body lacks {}", shown(&Value::from(text.as_str())))));
    }
    if expect.json.is_empty() {
        return Ok(());
    }
    if body.cut {
        return Err(Some(format!("its JSON is longer than {BODY_READ} bytes")));
    }
    let found: Value =
        serde_json::from_slice(&body.bytes).map_err(|error| Some(format!("body is no JSON: {error}")))?;
    for (pointer, wanted) in &expect.json {
        match found.pointer(pointer) {
            None => return Err(Some(format!("body has no {pointer}"))),
            Some(value) if !same(value, wanted) => {
                return Err(Some(format!("{pointer} is {}, not {}", shown(value), shown(wanted))));
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
        let status = StatusCode::from_u16(status).expect("a status");
        let body = Body { bytes: body.into(), cut: false };
        judge(CheckAlgorithm::HttpStatus, expect, status, &body)
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
