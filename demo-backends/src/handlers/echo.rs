//! The request, returned as JSON.

use http_body_util::BodyExt;
use hyper::body::Incoming;
use hyper::{HeaderMap, Request, StatusCode};
use serde::Serialize;

use crate::response::{self, Response};
use crate::state::backend::Backend;

/// A longer body is counted and not returned.
const MAX_BODY: usize = 64 * 1024;

#[derive(Serialize)]
struct Echo<'a> {
    backend: Who<'a>,
    method: &'a str,
    path: &'a str,
    query: Option<&'a str>,
    #[serde(rename = "httpVersion")]
    http_version: String,
    headers: Vec<(&'a str, String)>,
    #[serde(rename = "bodyBytes")]
    body_bytes: u64,
    body: Option<String>,
}

#[derive(Serialize)]
struct Who<'a> {
    name: &'a str,
    port: u16,
    pid: u32,
}

/// `/echo` and every path below it.
pub(crate) async fn echo(backend: &Backend, request: Request<Incoming>) -> Response {
    let (head, body) = request.into_parts();
    let Ok((body_bytes, body)) = read(body).await else {
        return response::text(StatusCode::BAD_REQUEST, "The request's body ended too early or was malformed.");
    };
    let identity = &backend.identity;
    response::json(
        StatusCode::OK,
        &Echo {
            backend: Who { name: &identity.name, port: identity.port, pid: identity.pid },
            method: head.method.as_str(),
            path: head.uri.path(),
            query: head.uri.query(),
            http_version: format!("{:?}", head.version),
            headers: in_order(&head.headers),
            body_bytes,
            body,
        },
    )
}

/// In the order in which they were received, except that the header map puts
/// fields of one name together, where the first of them was.
fn in_order(headers: &HeaderMap) -> Vec<(&str, String)> {
    headers
        .iter()
        .map(|(name, value)| {
            let value = String::from_utf8_lossy(value.as_bytes()).into_owned();
            (name.as_str(), value)
        })
        .collect()
}

/// The body's length, and its text if it is UTF-8 and not too long.
async fn read(mut body: Incoming) -> Result<(u64, Option<String>), hyper::Error> {
    let mut length: u64 = 0;
    let mut kept = Vec::new();
    while let Some(frame) = body.frame().await {
        let Ok(data) = frame?.into_data() else {
            continue;
        };
        length += data.len() as u64;
        if length <= MAX_BODY as u64 {
            kept.extend_from_slice(&data);
        } else {
            // Too long to return, so its beginning is not needed either.
            kept = Vec::new();
        }
    }
    let text = (length <= MAX_BODY as u64).then(|| String::from_utf8(kept).ok()).flatten();
    Ok((length, text))
}
