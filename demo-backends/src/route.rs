//! Which address is answered by what.

use hyper::body::Incoming;
use hyper::header::{CACHE_CONTROL, HeaderName, HeaderValue};
use hyper::{Method, Request, StatusCode};
use tokio::sync::mpsc;

use crate::backend::Backend;
use crate::chat::Seat;
use crate::reply::{self, Reply};
use crate::socket::{self, Kind, Session};
use crate::{echo, events, health, page, shapes};

const SERVED_BY: HeaderName = HeaderName::from_static("x-served-by");
/// Lets the page colour any answer, whatever its body.
const SERVED_COLOR: HeaderName = HeaderName::from_static("x-served-color");

/// Answers one request; a WebSocket's session goes out through `sessions`.
pub(crate) async fn answer(backend: &Backend, request: Request<Incoming>, sessions: &mpsc::Sender<Session>) -> Reply {
    // A balancer asks after its backends' health all the time; counting that
    // would drown what the audience does.
    if !request.uri().path().starts_with("/health") {
        backend.count_request();
    }
    let mut reply = route(backend, request, sessions).await;
    let headers = reply.headers_mut();
    headers.insert(SERVED_BY, backend.served_by.clone());
    headers.insert(SERVED_COLOR, HeaderValue::from_static(backend.identity().color));
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    reply
}

async fn route(backend: &Backend, request: Request<Incoming>, sessions: &mpsc::Sender<Session>) -> Reply {
    let method = request.method();
    let query = request.uri().query();
    let path = request.uri().path();
    let path = path.strip_prefix('/').unwrap_or(path);
    let (first, rest) = match path.split_once('/') {
        Some((first, rest)) => (first, Some(rest)),
        None => (path, None),
    };
    match (first, rest) {
        ("echo", _) => echo::echo(backend, request).await,
        ("slow", None) => shapes::slow(backend, query).await,
        ("status", Some(code)) => shapes::status(backend, code),
        ("health", Some("fail")) => health::fail(backend, method, query),
        ("health", Some("ok")) => health::heal(backend, method),
        ("ws", None) => socket::upgrade(request, Kind::Echo, sessions),
        ("chat", None) => {
            let seat = Seat::take(backend, query);
            socket::upgrade(request, Kind::Chat(seat), sessions)
        }
        ("" | "whoami" | "chunks" | "events" | "health", None) | ("bytes", Some(_))
            if method != Method::GET && method != Method::HEAD =>
        {
            reply::not_allowed("GET, HEAD")
        }
        ("", None) => page::page(backend, &request),
        ("whoami", None) => reply::json(StatusCode::OK, &backend.identity()),
        ("chunks", None) => shapes::chunks(backend, query),
        ("bytes", Some(count)) => shapes::bytes(count),
        ("events", None) => events::events(backend),
        ("health", None) => health::check(backend),
        _ => page::not_found(backend, &request),
    }
}
