//! The backend as JSON.

use hyper::StatusCode;
use serde::Serialize;

use crate::response::{self, Response};
use crate::state::backend::Backend;
use crate::state::identity::Identity;

/// Who answered, and how many requests it has had.
#[derive(Serialize)]
pub(crate) struct WhoAmI<'a> {
    #[serde(flatten)]
    identity: &'a Identity,
    requests: u64,
}

impl<'a> WhoAmI<'a> {
    pub(crate) fn of(backend: &'a Backend) -> Self {
        Self { identity: &backend.identity, requests: backend.requests() }
    }
}

/// `/whoami`.
pub(crate) fn whoami(backend: &Backend) -> Response {
    response::json(StatusCode::OK, &WhoAmI::of(backend))
}
