//! The few kinds of answer every handler builds on.

use std::convert::Infallible;

use bytes::Bytes;
use futures_util::{Stream, StreamExt};
use http_body_util::{BodyExt, Full, StreamBody, combinators::UnsyncBoxBody};
use hyper::body::Frame;
use hyper::header::{ALLOW, CONTENT_TYPE, HeaderValue};
use hyper::{Response, StatusCode};
use serde::Serialize;

/// What this crate sends: at once or as a stream, but never with an error
/// half-way, because nothing it streams can fail.
pub(crate) type Body = UnsyncBoxBody<Bytes, Infallible>;
/// An answer on its way out.
pub(crate) type Reply = Response<Body>;

/// An answer held whole, with its content type.
pub(crate) fn full(status: StatusCode, content_type: &'static str, body: impl Into<Bytes>) -> Reply {
    with(status, content_type, Full::new(body.into()).boxed_unsync())
}

/// An answer sent piece by piece as `pieces` yields it.
pub(crate) fn streamed(content_type: &'static str, pieces: impl Stream<Item = Bytes> + Send + 'static) -> Reply {
    let frames = pieces.map(|piece| Ok(Frame::data(piece)));
    with(StatusCode::OK, content_type, UnsyncBoxBody::new(StreamBody::new(frames)))
}

/// `value` as JSON.
pub(crate) fn json(status: StatusCode, value: &impl Serialize) -> Reply {
    let body = serde_json::to_vec(value)
        .expect("this crate's answers hold only text, numbers and lists, which JSON can express");
    full(status, "application/json", body)
}

/// One plain sentence.
pub(crate) fn text(status: StatusCode, sentence: impl Into<String>) -> Reply {
    let mut sentence = sentence.into();
    sentence.push('\n');
    full(status, "text/plain; charset=utf-8", sentence)
}

/// 405, naming the methods that would have worked.
pub(crate) fn not_allowed(allow: &'static str) -> Reply {
    let mut reply = text(StatusCode::METHOD_NOT_ALLOWED, format!("Only {allow} works here."));
    let headers = reply.headers_mut();
    headers.insert(ALLOW, HeaderValue::from_static(allow));
    reply
}

fn with(status: StatusCode, content_type: &'static str, body: Body) -> Reply {
    let mut reply = Response::new(body);
    *reply.status_mut() = status;
    let headers = reply.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static(content_type));
    reply
}
