//! Which handler answers which path.

use hyper::body::Incoming;
use hyper::header::{CACHE_CONTROL, HeaderName, HeaderValue};
use hyper::{Method, Request};
use tokio::sync::mpsc;

use crate::handlers::chat::Participant;
use crate::handlers::session::{self, Endpoint, Session};
use crate::handlers::{awkward, echo, events, health, page, visit, whoami};
use crate::response::{self, Response};
use crate::state::backend::Backend;

const SERVED_BY: HeaderName = HeaderName::from_static("x-served-by");
/// Tells the page's script which colour belongs to the backend that answered.
const SERVED_COLOR: HeaderName = HeaderName::from_static("x-served-color");

/// Answers one request. Where it opens a WebSocket, its session is sent to `sessions`.
pub(crate) async fn answer(
    backend: &Backend,
    request: Request<Incoming>,
    sessions: &mpsc::Sender<Session>,
) -> Response {
    // A balancer checks health all the time; counted, its checks would hide the
    // requests that people make.
    if !request.uri().path().starts_with("/health") {
        backend.count_request();
    }
    let mut response = route(backend, request, sessions).await;
    let headers = response.headers_mut();
    headers.insert(SERVED_BY, backend.identity.served_by.clone());
    headers.insert(SERVED_COLOR, backend.identity.served_color.clone());
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response
}

async fn route(backend: &Backend, request: Request<Incoming>, sessions: &mpsc::Sender<Session>) -> Response {
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
        ("slow", None) => awkward::slow(backend, query).await,
        ("status", Some(code)) => awkward::status(backend, code),
        ("health", Some("fail")) => health::fail(backend, method, query),
        ("health", Some("ok")) => health::heal(backend, method),
        ("ws", None) => session::upgrade(request, Endpoint::Echo, sessions),
        ("chat", None) => {
            let participant = Participant::join(backend, query);
            session::upgrade(request, Endpoint::Chat(participant), sessions)
        }
        ("" | "whoami" | "session" | "chunks" | "events" | "health", None) | ("bytes", Some(_))
            if method != Method::GET && method != Method::HEAD =>
        {
            response::not_allowed("GET, HEAD")
        }
        ("", None) => page::page(backend, &request),
        ("whoami", None) => whoami::whoami(backend),
        ("session", None) => visit::session(backend, &request),
        ("chunks", None) => awkward::chunks(backend, query),
        ("bytes", Some(count)) => awkward::bytes(count),
        ("events", None) => events::events(backend),
        ("health", None) => health::check(backend),
        _ => page::not_found(backend, &request),
    }
}
