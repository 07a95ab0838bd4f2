//! The health check, and the requests that make it fail and pass.

use std::time::Duration;

use hyper::{Method, StatusCode};
use serde::Serialize;

use crate::query;
use crate::response::{self, Response};
use crate::state::backend::Backend;

const MAX_FAILURE_SECONDS: u64 = 3600;

#[derive(Serialize)]
struct Status {
    status: &'static str,
}

#[derive(Serialize)]
struct Switched<'a> {
    status: &'static str,
    backend: &'a str,
    port: u16,
    #[serde(rename = "forSeconds", skip_serializing_if = "Option::is_none")]
    for_seconds: Option<u64>,
}

/// `/health`.
pub(crate) fn check(backend: &Backend) -> Response {
    if backend.health.is_failing() {
        let status = "failing";
        response::json(StatusCode::SERVICE_UNAVAILABLE, &Status { status })
    } else {
        response::json(StatusCode::OK, &Status { status: "ok" })
    }
}

/// `/health/fail`, with `?for=20` for 20 seconds only.
pub(crate) fn fail(backend: &Backend, method: &Method, query: Option<&str>) -> Response {
    if method != Method::POST {
        return response::not_allowed("POST");
    }
    let seconds = match query::number(query, "for", 0, MAX_FAILURE_SECONDS) {
        Ok(0) => None,
        Ok(seconds) => Some(seconds),
        Err(sentence) => return response::text(StatusCode::BAD_REQUEST, sentence),
    };
    backend.health.fail(seconds.map(Duration::from_secs));
    switched(backend, "failing", seconds)
}

/// `/health/ok`.
pub(crate) fn heal(backend: &Backend, method: &Method) -> Response {
    if method != Method::POST {
        return response::not_allowed("POST");
    }
    backend.health.heal();
    switched(backend, "ok", None)
}

fn switched(backend: &Backend, status: &'static str, for_seconds: Option<u64>) -> Response {
    response::json(
        StatusCode::OK,
        &Switched { status, backend: &backend.identity.name, port: backend.identity.port, for_seconds },
    )
}
