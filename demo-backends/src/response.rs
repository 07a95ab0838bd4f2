//! The few kinds of response that every handler builds on.

use std::convert::Infallible;

use bytes::Bytes;
use futures_util::{Stream, StreamExt};
use http_body_util::{BodyExt, Full, StreamBody, combinators::UnsyncBoxBody};
use hyper::StatusCode;
use hyper::body::Frame;
use hyper::header::{ALLOW, CONTENT_TYPE, HeaderValue};
use serde::Serialize;

/// A response's body, whole or streamed. Nothing that is streamed can fail.
pub(crate) type Body = UnsyncBoxBody<Bytes, Infallible>;
/// What a handler returns.
pub(crate) type Response = hyper::Response<Body>;

/// A response with its whole body and its content type.
pub(crate) fn full(status: StatusCode, content_type: &'static str, body: impl Into<Bytes>) -> Response {
    with(status, content_type, Full::new(body.into()).boxed_unsync())
}

/// A response whose body is sent piece by piece, as `pieces` yields it.
pub(crate) fn streamed(content_type: &'static str, pieces: impl Stream<Item = Bytes> + Send + 'static) -> Response {
    let frames = pieces.map(|piece| Ok(Frame::data(piece)));
    with(StatusCode::OK, content_type, UnsyncBoxBody::new(StreamBody::new(frames)))
}

/// `value` as JSON.
pub(crate) fn json(status: StatusCode, value: &impl Serialize) -> Response {
    let body = serde_json::to_vec(value)
        .expect("this crate's responses hold only text, numbers and lists, which JSON can express");
    full(status, "application/json", body)
}

/// One plain sentence.
pub(crate) fn text(status: StatusCode, sentence: impl Into<String>) -> Response {
    let mut sentence = sentence.into();
    sentence.push('\n');
    full(status, "text/plain; charset=utf-8", sentence)
}

/// 405, naming the methods that are allowed.
pub(crate) fn not_allowed(allow: &'static str) -> Response {
    let mut response = text(StatusCode::METHOD_NOT_ALLOWED, format!("Only {allow} works here."));
    let headers = response.headers_mut();
    headers.insert(ALLOW, HeaderValue::from_static(allow));
    response
}

fn with(status: StatusCode, content_type: &'static str, body: Body) -> Response {
    let mut response = Response::new(body);
    *response.status_mut() = status;
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static(content_type));
    response
}
