//! The balancer's own pages, below `/_lb/`: how things stand ([`health`]), every figure ([`metrics`]), and what happens
//! ([`event_stream`]). Read only, and only for this machine's own names: a page of a
//! foreign site that resolves its name to this address (DNS rebinding) must learn nothing.

mod metrics;

use bytes::Bytes;
use http::StatusCode;
use serde_json::{Value, json};
use std::net::IpAddr;
use stickylb_http1::FieldKind;
use tokio::sync::mpsc;

use crate::api::{State, rfc3339};
use crate::balancer::Backend;
use crate::config::{CheckAlgorithm, Expect};
use crate::proxy::connection::Client;
use crate::proxy::event_stream;
use crate::proxy::event_stream::Feed;
use crate::proxy::exchange::Request;
use crate::proxy::host::{is_local_host, without_port};
use crate::proxy::local_reply::reply::{LocalReply, Reply};
use crate::state::Shared;
use crate::untrusted::{Untrusted, json_value};

/// What all of these pages' paths begin with.
const PREFIX: &[u8] = b"/_lb/";

/// An answer to a request below `/_lb/`.
pub(crate) enum Page {
    Whole(Reply),
    /// The events as they come.
    Events(mpsc::Receiver<Bytes>),
    /// The same over a WebSocket, whose handshake is accepted with this.
    Switch(String, Box<Feed>),
}

/// Whether a request is for the balancer itself: for one of these pages, or an OPTIONS that goes no further.
pub(crate) fn is_own(request: &Request) -> bool {
    is_page(request) || request.hops_left() == Some(0)
}

fn is_page(request: &Request) -> bool {
    request.path()[1].starts_with(PREFIX)
}

/// The answer to a request for the balancer itself.
pub(crate) fn answer(client: &Client<'_>, request: &Request) -> Page {
    if is_page(request) { page_of(client, request) } else { Page::Whole(Reply::options()) }
}

/// The answer to a request below `/_lb/`.
fn page_of(client: &Client<'_>, request: &Request) -> Page {
    let shared = &client.proxy.shared;
    let refused = |status, why| Page::Whole(LocalReply::refused(status, why).reply(request.wants_page()));
    if !request.host().is_some_and(|host| is_own_host(shared, host)) {
        let why = "This page is only for the names of the machine the balancer runs on.";
        return refused(StatusCode::MISDIRECTED_REQUEST, why);
    }
    if !is_own_origin(shared, request) {
        return refused(StatusCode::FORBIDDEN, "This page is not for scripts of other sites.");
    }
    let path = request.path()[1].split(|b| *b == b'?').next().unwrap_or_default();
    if !matches!(path, b"/_lb/health" | b"/_lb/metrics" | b"/_lb/events") {
        let why = "The balancer has no such page: there are /_lb/health, /_lb/metrics and /_lb/events.";
        return refused(StatusCode::NOT_FOUND, why);
    }
    if !matches!(request.head.method(), b"GET" | b"HEAD") {
        let answer = LocalReply::refused(StatusCode::METHOD_NOT_ALLOWED, "This page can only be read.");
        return Page::Whole(answer.reply(request.wants_page()).with("allow", "GET, HEAD"));
    }
    match path {
        b"/_lb/health" => page("application/json", json_value(&health(shared))),
        b"/_lb/metrics" => page(metrics::CONTENT_TYPE, metrics::text(shared)),
        _ => events(client, request),
    }
}

fn page(media: &'static str, text: String) -> Page {
    Page::Whole(Reply::new(StatusCode::OK, media, text))
}

/// The stream of events: as a body, or over the WebSocket that is asked for.
fn events(client: &Client<'_>, request: &Request) -> Page {
    if request.is_head() {
        return page(event_stream::MEDIA, String::new());
    }
    let Some(feed) = Feed::open(&client.proxy.shared.telemetry, client.engine.clone()) else {
        let why = "There are as many readers of events as there may be: end one of them.";
        let answer = LocalReply::refused(StatusCode::SERVICE_UNAVAILABLE, why);
        return Page::Whole(answer.reply(request.wants_page()));
    };
    let websocket = request.upgrades && request.protocols().any(|protocol| protocol.eq_ignore_ascii_case(b"websocket"));
    if !websocket {
        return Page::Events(event_stream::server_sent(feed));
    }
    match event_stream::accepted(&request.head) {
        Ok(accept) => Page::Switch(accept, Box::new(feed)),
        Err(why) => {
            let answer = LocalReply::refused(StatusCode::UPGRADE_REQUIRED, why);
            // RFC 9110 15.5.22 and 7.8: it says to what, and that this is between the two alone.
            let reply = answer.reply(request.wants_page()).with("upgrade", "websocket").with("connection", "upgrade");
            Page::Whole(reply.with("sec-websocket-version", "13"))
        }
    }
}

/// Whether a browser sends it for one of these names' own pages, or it is sent by no page at all (RFC 6454 7).
fn is_own_origin(shared: &Shared, request: &Request) -> bool {
    request.head.values(FieldKind::Origin).all(|origin| {
        let host = origin.strip_prefix(b"http://").or_else(|| origin.strip_prefix(b"https://"));
        host.is_some_and(|host| is_own_host(shared, host))
    })
}

/// Whether this names the machine, or the address the balancer was told to listen on.
fn is_own_host(shared: &Shared, host: &[u8]) -> bool {
    is_local_host(host)
        || std::str::from_utf8(host).is_ok_and(|host| {
            let host = without_port(host);
            let bare = host.strip_prefix('[').and_then(|h| h.strip_suffix(']')).unwrap_or(host);
            let listened = |ip: IpAddr| {
                !ip.is_unspecified() && shared.topology.load().config.listeners.iter().any(|l| l.host == ip)
            };
            bare.parse().is_ok_and(listened)
        })
}

/// smart-stick-loadbalancer's fields with their names, and ours beside them. No header values, no mail addresses.
fn health(shared: &Shared) -> Value {
    let snapshot = shared.snapshot();
    let topology = shared.topology.load();
    let several = snapshot.pools.len() > 1;
    let backends: Vec<Value> = snapshot
        .backends
        .iter()
        .filter_map(|view| Some((view, topology.find(view.id)?.1)))
        .map(|(view, backend)| {
            let (checked, last_error) = last_check(shared, &backend);
            let check = &backend.settings.health();
            let mut value = json!({
                "id": view.id,
                "url": view.url,
                "healthy": is_healthy(view.state),
                "weight": view.weight,
                "requests": view.requests,
                "activeConnections": view.active,
                "queued": view.queued,
                "lastChecked": checked,
                "healthCheck": {
                    "path": check.path,
                    "method": check.method.as_str(),
                    "algorithm": check.algorithm,
                    "timeout": check.timeout.as_millis(),
                    "hasCustomHeaders": !check.headers.is_empty(),
                    "hasCustomFunction": shared.checks.of(backend.id()).is_some()
                        || check.algorithm == CheckAlgorithm::Command
                        || check.expect != Expect::default(),
                },
                "name": view.name,
                "state": view.state,
                "latency": view.latency,
                "sticky": view.sessions,
                "errors": view.errors,
                "lastError": last_error,
                "checkInterval": backend.check_interval().as_millis(),
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

fn last_check(shared: &Shared, backend: &Backend) -> (Option<String>, Option<Untrusted<String>>) {
    let records = shared.registry.records();
    let Some(history) = records.checks.get(&backend.id()) else { return (None, None) };
    (history.last.map(rfc3339), history.last_error.clone())
}
