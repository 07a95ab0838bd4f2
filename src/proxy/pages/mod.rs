//! The balancer's own pages, below `/_lb/`: how things stand ([`health`]), every figure ([`metrics`]), and what happens
//! ([`events`]). Read only, and only for this machine's own names: a page of a
//! foreign site that resolves its name to this address (DNS rebinding) must learn nothing.

mod events;
mod metrics;

use std::net::IpAddr;

use bytes::Bytes;
use http::header::{ALLOW, CACHE_CONTROL, CONTENT_TYPE, HOST, HeaderValue, ORIGIN, SEC_WEBSOCKET_VERSION};
use http::{Method, Request, Response, StatusCode, Version};
use serde_json::{Value, json};

use super::answer::Answer;
use super::body::ResponseBody;
use super::client::{Client, Upgraded};
use super::headers::{authority, is_local_host, wanted_upgrade, without_port};
use crate::balancer::{Backend, State};
use crate::config::{CheckAlgorithm, Expect};
use crate::engine::{Shared, rfc3339};
use crate::visible::escaped_json;

pub(super) use events::{Feed, websocket};

/// The answer to a request below `/_lb/`.
pub(super) fn answer<B>(client: &Client, request: &Request<B>) -> Response<ResponseBody> {
    let shared = &client.proxy.shared;
    if !is_own_host(shared, request) {
        let why = "This page is only for the names of the machine the balancer runs on.";
        return Answer::refused(StatusCode::MISDIRECTED_REQUEST, why).response(request.headers());
    }
    if !is_own_origin(shared, request) {
        let why = "This page is not for scripts of other sites.";
        return Answer::refused(StatusCode::FORBIDDEN, why).response(request.headers());
    }
    let path = request.uri().path();
    if !matches!(path, "/_lb/health" | "/_lb/metrics" | "/_lb/events") {
        let why = "The balancer has no such page: there are /_lb/health, /_lb/metrics and /_lb/events.";
        return Answer::refused(StatusCode::NOT_FOUND, why).response(request.headers());
    }
    if !matches!(*request.method(), Method::GET | Method::HEAD) {
        let why = "This page can only be read.";
        let mut response = Answer::refused(StatusCode::METHOD_NOT_ALLOWED, why).response(request.headers());
        response.headers_mut().insert(ALLOW, HeaderValue::from_static("GET, HEAD"));
        return response;
    }
    let own = |text: String| ResponseBody::Own(Some(Bytes::from(text)));
    match path {
        "/_lb/health" => page("application/json", own(escaped_json(health(shared).to_string()))),
        "/_lb/metrics" => page(metrics::CONTENT_TYPE, own(metrics::text(shared))),
        _ => events(client, request),
    }
}

fn page(media: &'static str, body: ResponseBody) -> Response<ResponseBody> {
    let mut response = Response::new(body);
    response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static(media));
    response.headers_mut().insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response
}

/// The stream of events: as a body, or over the WebSocket that is asked for.
fn events<B>(client: &Client, request: &Request<B>) -> Response<ResponseBody> {
    let headers = request.headers();
    if *request.method() == Method::HEAD {
        return page(events::MEDIA, ResponseBody::Empty);
    }
    let Some(feed) = events::Feed::open(&client.proxy.shared, client.engine.clone()) else {
        let why = "There are as many readers of events as there may be: end one of them.";
        return Answer::refused(StatusCode::SERVICE_UNAVAILABLE, why).response(headers);
    };
    let websocket = request.version() == Version::HTTP_11
        && wanted_upgrade(headers).is_some_and(|protocol| protocol.as_bytes().eq_ignore_ascii_case(b"websocket"));
    if !websocket {
        return page(events::MEDIA, ResponseBody::Events(events::server_sent(feed)));
    }
    match events::switch(headers) {
        Ok(response) => {
            client.leave(Upgraded::Events(feed));
            response.map(|()| ResponseBody::Empty)
        }
        Err(why) => {
            let mut response = Answer::refused(StatusCode::UPGRADE_REQUIRED, why).response(headers);
            response.headers_mut().insert(SEC_WEBSOCKET_VERSION, HeaderValue::from_static("13"));
            response
        }
    }
}

/// Whether the request names this machine, or the address the balancer was told to listen on.
fn is_own_host<B>(shared: &Shared, request: &Request<B>) -> bool {
    let host = authority(request.uri()).or_else(|| request.headers().get(HOST).cloned());
    host.is_some_and(|host| is_own(shared, &host))
}

/// Whether a browser sends it for one of these names' own pages, or it is sent by no page at all (RFC 6454 7).
fn is_own_origin<B>(shared: &Shared, request: &Request<B>) -> bool {
    request.headers().get_all(ORIGIN).iter().all(|origin| {
        let host = origin.as_bytes().strip_prefix(b"http://").or_else(|| origin.as_bytes().strip_prefix(b"https://"));
        host.and_then(|host| HeaderValue::from_bytes(host).ok()).is_some_and(|host| is_own(shared, &host))
    })
}

fn is_own(shared: &Shared, host: &HeaderValue) -> bool {
    is_local_host(host)
        || host.to_str().is_ok_and(|host| {
            let host = without_port(host);
            let bare = host.strip_prefix('[').and_then(|h| h.strip_suffix(']')).unwrap_or(host);
            let listened =
                |ip: IpAddr| !ip.is_unspecified() && shared.setup().config.listeners.iter().any(|l| l.host == ip);
            bare.parse().is_ok_and(listened)
        })
}

/// The direct predecessor's fields with their names, and ours beside them. No header values, no mail addresses.
fn health(shared: &Shared) -> Value {
    let snapshot = shared.snapshot();
    let setup = shared.setup();
    let several = snapshot.pools.len() > 1;
    let backends: Vec<Value> = snapshot
        .backends
        .iter()
        .filter_map(|view| Some((view, setup.find(view.id)?.1)))
        .map(|(view, backend)| {
            let (checked, last_error) = last_check(shared, &backend);
            let check = &backend.health();
            let mut value = json!({
                "id": view.id,
                "url": view.url,
                "healthy": is_healthy(view.state),
                "weight": view.weight,
                "requests": view.requests,
                "activeConnections": view.active,
                "lastChecked": checked,
                "healthCheck": {
                    "path": check.path,
                    "method": check.method.as_str(),
                    "algorithm": check.algorithm,
                    "timeout": check.timeout.as_millis(),
                    "hasCustomHeaders": !check.headers.is_empty(),
                    "hasCustomFunction": shared.check.is_some()
                        || check.algorithm == CheckAlgorithm::Command
                        || check.expect != Expect::default(),
                },
                "name": view.name,
                "state": view.state,
                "latency": view.latency,
                "sticky": view.sessions,
                "errors": view.errors,
                "lastError": last_error,
            });
            if several {
                value["pool"] = json!(view.pool);
            }
            value
        })
        .collect();
    let healthy = snapshot.backends.iter().filter(|b| is_healthy(b.state)).count();
    let mut value = json!({
        "timestamp": rfc3339(std::time::SystemTime::now()),
        "strategy": snapshot.pools.first().map(|pool| pool.strategy),
        "total": backends.len(),
        "healthy": healthy,
        "unhealthy": backends.len() - healthy,
        "backends": backends,
    });
    if several {
        value["pools"] = json!(snapshot.pools);
    }
    value
}

fn is_healthy(state: State) -> bool {
    matches!(state, State::Up | State::Drain)
}

fn last_check(shared: &Shared, backend: &Backend) -> (Option<String>, Option<String>) {
    let control = shared.control();
    let Some(history) = control.checks.get(&backend.id()) else { return (None, None) };
    (history.last.map(rfc3339), history.last_error.clone())
}
