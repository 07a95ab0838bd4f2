//! One check: on a connection of its own, dialled as traffic is, redirects not followed, the body not read.

use std::pin::pin;

use bytes::Bytes;
use http::header::{CONNECTION, HOST, HeaderValue, USER_AGENT};
use http::{Request, StatusCode};
use http_body_util::Empty;
use hyper_util::rt::TokioIo;

use crate::balancer::Backend;
use crate::config::CheckAlgorithm;
use crate::upstream::{DialError, Stream, dial};

/// Why a check failed, as people are told.
#[derive(Debug, thiserror::Error)]
pub(super) enum ProbeError {
    #[error("{0}")]
    Connect(DialError),
    #[error("no answer within {0} ms")]
    Timeout(u128),
    #[error("no good HTTP answer: {0}")]
    Http(hyper::Error),
    #[error("status {}", .0.as_u16())]
    Status(StatusCode),
}

impl ProbeError {
    /// Whether this says nothing of the backend.
    pub(super) fn is_ours(&self) -> bool {
        matches!(self, ProbeError::Connect(DialError::Exhausted))
    }
}

/// Checks a backend once; says what passed.
pub(super) async fn probe(backend: &Backend) -> Result<String, ProbeError> {
    let limit = backend.health.timeout;
    match tokio::time::timeout(limit, ask(backend)).await {
        Ok(result) => result,
        Err(_) => Err(ProbeError::Timeout(limit.as_millis())),
    }
}

async fn ask(backend: &Backend) -> Result<String, ProbeError> {
    let health = &backend.health;
    let stream = dial(&backend.address, &backend.tls, health.timeout).await.map_err(ProbeError::Connect)?;
    if health.algorithm == CheckAlgorithm::Tcp {
        return Ok("connects".to_owned());
    }
    let status = status_of(backend, stream).await.map_err(ProbeError::Http)?;
    if health.algorithm == CheckAlgorithm::Http || status.is_success() {
        Ok(format!("status {}", status.as_u16()))
    } else {
        Err(ProbeError::Status(status))
    }
}

async fn status_of(backend: &Backend, stream: Stream) -> Result<StatusCode, hyper::Error> {
    let (mut sender, driver) = hyper::client::conn::http1::handshake(TokioIo::new(stream)).await?;
    let mut driver = pin!(driver);
    let mut response = pin!(sender.send_request(request(backend)));
    let response = tokio::select! {
        biased;
        response = &mut response => response?,
        // The connection ended; whatever came of the request is there.
        _ = &mut driver => response.await?,
    };
    Ok(response.status())
}

fn request(backend: &Backend) -> Request<Empty<Bytes>> {
    let health = &backend.health;
    let mut request = Request::new(Empty::new());
    *request.method_mut() = health.method.clone();
    // Base and check path are each checked when they are read.
    if let Ok(uri) = format!("{}{}", backend.address.base_path, health.path).parse() {
        *request.uri_mut() = uri;
    }
    let headers = request.headers_mut();
    headers.insert(HOST, backend.host_header.clone());
    headers.insert(USER_AGENT, HeaderValue::from_static(concat!("stickylb-tui/", env!("CARGO_PKG_VERSION"))));
    headers.insert(CONNECTION, HeaderValue::from_static("close"));
    for (name, value) in &health.headers {
        // Checked when it was read.
        if let Ok(mut value) = HeaderValue::from_str(value.reveal()) {
            value.set_sensitive(true);
            headers.insert(name, value);
        }
    }
    request
}
