//! A request on its way out: sent once, and again only where that is safe.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Instant;

use http::request::Parts;
use http::{Method, Request, Response};
use http_body::Body as _;
use hyper::body::Incoming;

use super::client::Client;
use super::headers::{self, Asked};
use crate::balancer::{Backend, Outcome, Stopped};
use crate::proxy_protocol::announce;
use crate::upstream::{Broken, Connection, DialError, Progress, RequestBody, SendError, Upload, UploadLimits, dial};

/// A request while it may still have to be sent again.
pub(super) struct Sending {
    /// The request itself, while no byte of it is written: then it may go anywhere, whatever its method.
    request: Option<Request<RequestBody>>,
    /// Its head, where the method is safe or idempotent (RFC 9110 9.2): then it may be sent a second time.
    spare: Option<Parts>,
    upload: Option<Arc<Upload>>,
}

/// Why a backend's try gave no response.
pub(super) enum Failure {
    /// The backend's doing.
    Backend(Outcome),
    /// The client's: it left in the middle of its body.
    ClientGone,
    /// The client's: its body is framed wrongly.
    BadBody,
    /// The client's: its body is larger than `limits.bodyBytes`.
    TooLarge,
}

impl Sending {
    pub(super) fn new(parts: Parts, body: Incoming, client: &Arc<Client>) -> Self {
        let config = &client.config;
        let upload = (!body.is_end_stream()).then(|| {
            let limits = UploadLimits { replay: config.retry.body_limit, pass: config.limits.body_bytes };
            Upload::new(body, Arc::clone(client) as Arc<dyn Progress>, limits)
        });
        let idempotent =
            matches!(parts.method, Method::GET | Method::HEAD | Method::OPTIONS | Method::PUT | Method::DELETE);
        let spare = idempotent.then(|| parts.clone());
        let body = upload.as_ref().map_or(RequestBody::Empty, RequestBody::pass);
        Sending { request: Some(Request::from_parts(parts, body)), spare, upload }
    }

    /// Whether it may be sent now; else why not.
    pub(super) fn allowed(&self) -> Result<(), Stopped> {
        match (&self.request, &self.spare, &self.upload) {
            (Some(_), ..) | (None, Some(_), None) => Ok(()),
            (None, None, _) => Err(Stopped::Unsafe),
            (None, Some(_), Some(upload)) if upload.can_be_sent_again() => Ok(()),
            (None, Some(_), Some(_)) => Err(Stopped::BodyLimit),
        }
    }

    /// Whether not one byte of it was written yet.
    pub(super) fn is_unsent(&self) -> bool {
        self.request.is_some()
    }

    /// The client's body, where there is one.
    pub(super) fn upload(&self) -> Option<Arc<Upload>> {
        self.upload.clone()
    }

    fn take(&mut self) -> Option<Request<RequestBody>> {
        self.request.take().or_else(|| {
            let parts = self.spare.clone()?;
            let body = self.upload.as_ref().map_or(RequestBody::Empty, RequestBody::pass);
            Some(Request::from_parts(parts, body))
        })
    }

    /// Whether an idle connection will do. The backend may close it at the very moment it is used; what could not
    /// be sent again then goes on a connection of its own.
    fn may_reuse(&self) -> bool {
        self.spare.is_some() && self.upload.is_none()
    }
}

/// One backend's try. On failure, `sending` knows what can still be sent elsewhere.
pub(super) async fn attempt(
    client: &Client,
    backend: &Arc<Backend>,
    sending: &mut Sending,
    asked: &Asked,
    began: Instant,
) -> Result<(Response<Incoming>, Box<Connection>), Failure> {
    let config = &client.config;
    let failed = |outcome| Err(Failure::Backend(outcome));
    let mut reuse = sending.may_reuse();
    // The backend is told of this client at the beginning of a connection, which can then be no other's.
    let told = backend.proxy_protocol.map(|_| client.address(asked.ip));
    loop {
        let kept = if reuse { client.proxy.idle.take(backend.number, told, began) } else { None };
        let mut connection = match kept {
            Some(connection) => connection,
            // Boxed, here and where else the way is long and seldom gone: a client's connection holds the memory of the
            // longest way its requests could go for as long as it lives.
            None => Box::new(Box::pin(connect(client, backend, told)).await.map_err(Failure::Backend)?),
        };
        connection.reusable = sending.may_reuse();
        let Some(mut request) = sending.take() else { return failed(Outcome::NoAnswer) };
        headers::set_host(request.headers_mut(), backend, asked.host.as_ref(), config.host_header);
        match client.in_time(connection.send(request)).await {
            Some(Ok(response)) => {
                connection.heed(response.headers());
                return Ok((response, connection));
            }
            Some(Err(SendError { unsent, error })) => {
                sending.request = unsent;
                if let Some(broken) = sending.upload.as_ref().and_then(|upload| upload.broken()) {
                    return Err(match broken {
                        Broken::Gone => Failure::ClientGone,
                        Broken::BadFraming => Failure::BadBody,
                        Broken::TooLarge => Failure::TooLarge,
                    });
                }
                if connection.reused && sending.allowed().is_ok() {
                    // It was closed while it lay idle, which says nothing of the backend: once more, on a fresh one.
                    reuse = false;
                    continue;
                }
                return failed(if error.is_parse() { Outcome::BadAnswer } else { Outcome::NoAnswer });
            }
            None => return failed(Outcome::ResponseTimeout),
        }
    }
}

async fn connect(client: &Client, backend: &Backend, told: Option<SocketAddr>) -> Result<Connection, Outcome> {
    let config = &client.config;
    let header = backend.proxy_protocol.zip(told).map(|(version, from)| announce(version, from, client.local));
    let stream = dial(&backend.address, &backend.tls, header.as_deref(), config.timeouts.connect).await;
    let stream = stream.map_err(|error| outcome_of(&error))?;
    let mut connection = Connection::new(stream, &config.limits).await.map_err(|_| Outcome::Refused)?;
    connection.only_for = told;
    Ok(connection)
}

pub(super) fn outcome_of(error: &DialError) -> Outcome {
    match error {
        DialError::Exhausted => Outcome::Exhausted,
        DialError::Refused(_) => Outcome::Refused,
        DialError::Tls(_) => Outcome::TlsFailed,
        DialError::Timeout(_) => Outcome::ConnectTimeout,
    }
}
