//! The words of a request's line that are of no fixed length.

use std::borrow::Cow;
use stickylb::api::RequestEvent;

use crate::screen::format::count;

/// A path as the log shows it; of a raw connection the bytes both ways.
pub(super) fn path(request: &RequestEvent) -> Cow<'_, str> {
    if request.is_raw() {
        return format!("up {} B, down {} B", count(request.up), count(request.bytes)).into();
    }
    request.path.shown()
}

/// Why a request went where it went, and how it ended where it did not end well.
pub(super) fn reason(request: &RequestEvent) -> String {
    match request.ending() {
        None => request.decision.reason(),
        Some(how) => format!("{}; {how}", request.decision),
    }
}
