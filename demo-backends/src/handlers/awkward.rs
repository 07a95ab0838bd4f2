//! Awkward responses: slow ones, error statuses, large bodies, chunked bodies.

use std::time::Duration;

use bytes::Bytes;
use futures_util::stream;
use hyper::StatusCode;
use hyper::header::{CONTENT_LENGTH, HeaderValue};
use serde::Serialize;
use tokio::time::{Instant, sleep, sleep_until};

use crate::handlers::whoami::WhoAmI;
use crate::query;
use crate::response::{self, Response};
use crate::state::backend::Backend;

const MAX_WAIT_MS: u64 = 30_000;
const MAX_CHUNKS: u64 = 10_000;
const MAX_BYTES: u64 = 1 << 30;
const PIECE: usize = 16 * 1024;
/// Lines of 64 characters, so that a terminal can show them.
static FILLER: [u8; PIECE] = {
    let mut bytes = [b'.'; PIECE];
    let mut at = 63;
    while at < PIECE {
        bytes[at] = b'\n';
        at += 64;
    }
    bytes
};

#[derive(Serialize)]
struct Slow<'a> {
    #[serde(flatten)]
    who: WhoAmI<'a>,
    #[serde(rename = "waitedMs")]
    waited_ms: u64,
}

#[derive(Serialize)]
struct Status<'a> {
    status: u16,
    backend: &'a str,
}

/// `/slow?ms=2000`: so long after the request was here, however busy the backend is meanwhile.
pub(crate) async fn slow(backend: &Backend, query: Option<&str>) -> Response {
    let received = Instant::now();
    let waited_ms = match query::number(query, "ms", 2000, MAX_WAIT_MS) {
        Ok(ms) => ms,
        Err(sentence) => return response::text(StatusCode::BAD_REQUEST, sentence),
    };
    sleep_until(received + Duration::from_millis(waited_ms)).await;
    response::json(StatusCode::OK, &Slow { who: WhoAmI::of(backend), waited_ms })
}

/// `/status/NNN`.
pub(crate) fn status(backend: &Backend, code: &str) -> Response {
    let status =
        code.parse().ok().filter(|code| (200..=599).contains(code)).and_then(|code| StatusCode::from_u16(code).ok());
    match status {
        // Responses with these statuses have no body.
        Some(status @ (StatusCode::NO_CONTENT | StatusCode::RESET_CONTENT | StatusCode::NOT_MODIFIED)) => {
            let mut response = Response::default();
            *response.status_mut() = status;
            response
        }
        Some(status) => response::json(status, &Status { status: status.as_u16(), backend: &backend.identity.name }),
        None => response::text(StatusCode::BAD_REQUEST, "The status must be a number from 200 to 599."),
    }
}

/// `/bytes/N`.
pub(crate) fn bytes(count: &str) -> Response {
    let Some(count) = count.parse().ok().filter(|count| *count <= MAX_BYTES) else {
        return response::text(StatusCode::BAD_REQUEST, format!("The number of bytes must be from 0 to {MAX_BYTES}."));
    };
    let pieces = stream::unfold(count, |left: u64| async move {
        let size = usize::try_from(left).map_or(PIECE, |left| left.min(PIECE));
        let piece = Bytes::from_static(&FILLER[..size]);
        (size > 0).then(|| (piece, left - size as u64))
    });
    let mut response = response::streamed("application/octet-stream", pieces);
    let headers = response.headers_mut();
    headers.insert(CONTENT_LENGTH, HeaderValue::from(count));
    response
}

/// `/chunks?n=10&ms=100`.
pub(crate) fn chunks(backend: &Backend, query: Option<&str>) -> Response {
    let count = query::number(query, "n", 10, MAX_CHUNKS);
    let asked = count.and_then(|n| query::number(query, "ms", 100, MAX_WAIT_MS).map(|ms| (n, ms)));
    let (count, pause) = match asked {
        Ok((n, ms)) => (n, Duration::from_millis(ms)),
        Err(sentence) => return response::text(StatusCode::BAD_REQUEST, sentence),
    };
    let name = backend.identity.name.clone();
    let pieces = stream::unfold((1, name), move |(n, name)| async move {
        if n > count {
            return None;
        }
        if n > 1 {
            sleep(pause).await;
        }
        let piece = Bytes::from(format!("piece {n} of {count} from {name}\n"));
        Some((piece, (n + 1, name)))
    });
    response::streamed("text/plain; charset=utf-8", pieces)
}
