//! The session: how often this browser has been here, counted in this backend's memory.

use hyper::body::Incoming;
use hyper::header::{HeaderValue, SET_COOKIE};
use hyper::{Request, StatusCode};
use serde::Serialize;

use crate::handlers::cookie::cookie;
use crate::response::{self, Response};
use crate::state::backend::Backend;
use crate::state::visits::Visit;

/// The cookie that a session is known by. It is the app's own, and has nothing to do with the balancer's.
const COOKIE: &str = "demo-session";

#[derive(Serialize)]
struct Counted<'a> {
    backend: &'a str,
    session: String,
    visits: u64,
}

/// Counts a visit of the browser that sent this request.
pub(crate) fn count(backend: &Backend, request: &Request<Incoming>) -> Visit {
    let session = cookie(request.headers(), COOKIE).and_then(|id| u64::from_str_radix(id, 16).ok());
    backend.visits.count(session)
}

/// Lets the browser keep the session of its first visit.
pub(crate) fn keep(visit: Visit, response: &mut Response) {
    if visit.number == 1 {
        let cookie = format!("{COOKIE}={:016x}; Path=/; HttpOnly; SameSite=Lax", visit.session);
        let cookie = HeaderValue::from_str(&cookie).expect("a number and ASCII letters may be in a header");
        response.headers_mut().append(SET_COOKIE, cookie);
    }
}

/// `/session`.
pub(crate) fn session(backend: &Backend, request: &Request<Incoming>) -> Response {
    let visit = count(backend, request);
    let session = format!("{:016x}", visit.session);
    let found = Counted { backend: &backend.identity.name, session, visits: visit.number };
    let mut response = response::json(StatusCode::OK, &found);
    keep(visit, &mut response);
    response
}
