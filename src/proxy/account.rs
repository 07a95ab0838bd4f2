//! Counts each request once, whatever becomes of it, and tells the log.

use std::net::IpAddr;
use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime};

use compact_str::CompactString;
use http::StatusCode;

use super::Proxy;
use super::client::Client;
use super::clock::Phase;
use crate::balancer::{Active, Backend, Decision, Rule};
use crate::engine::{Ended, Listener, RequestEvent};
use crate::upstream::Connection;

/// What the log calls a request whose client left before the response began, as nginx does.
const CLIENT_GONE: u16 = 499;

/// Longest part of a path that is kept for the log.
const PATH_KEPT: usize = 512;

/// One request from its first byte to its end. Dropped early, it books a client that left.
pub(crate) struct Exchange {
    pub(super) client: Arc<Client>,
    pub(super) decision: Decision,
    /// The client, as far as its proxies are believed.
    pub(super) ip: IpAddr,
    started: Instant,
    method: CompactString,
    path: CompactString,
    status: Option<StatusCode>,
    active: Option<Active>,
    bytes: u64,
    booked: bool,
}

impl Exchange {
    pub(super) fn begin(client: &Arc<Client>, method: &str, path: &str, decision: Decision) -> Box<Self> {
        let now = Instant::now();
        // Counted from the first byte of the head, where that was seen arriving.
        let started = if client.clock.phase() == Phase::Head { client.clock.since() } else { now };
        client.clock.enter(Phase::Waiting, now);
        client.proxy.shared.totals.begin();
        let mut cut = path.len().min(PATH_KEPT);
        while !path.is_char_boundary(cut) {
            cut -= 1;
        }
        // Boxed, because it is handed on from the head to the end of the body.
        Box::new(Exchange {
            client: Arc::clone(client),
            decision,
            ip: client.ip,
            started,
            method: CompactString::new(method),
            path: CompactString::new(&path[..cut]),
            status: None,
            active: None,
            bytes: 0,
            booked: false,
        })
    }

    pub(super) fn proxy(&self) -> &Arc<Proxy> {
        &self.client.proxy
    }

    /// The request is on its way to this backend, and to no other.
    pub(super) fn assign(&mut self, backend: &Arc<Backend>) {
        self.active = Some(Active::new(Arc::clone(backend)));
    }

    /// It no longer is with any.
    pub(super) fn release(&mut self) {
        self.active = None;
    }

    pub(super) fn backend(&self) -> Option<&Arc<Backend>> {
        self.active.as_ref().map(Active::backend)
    }

    /// The response's head is on its way to the client.
    pub(super) fn answered(&mut self, status: StatusCode, now: Instant) {
        self.status = Some(status);
        self.client.clock.enter(Phase::Streaming, now);
    }

    pub(super) fn sent(&mut self, bytes: usize) {
        self.bytes += bytes as u64;
    }

    /// The whole response is on its way; gives the backend's connection back for the next request, if it is good.
    pub(super) fn complete(&mut self, connection: Option<Box<Connection>>) {
        let now = Instant::now();
        if let (Some(backend), Some(connection)) = (self.backend(), connection) {
            self.proxy().idle.put(backend.number, connection, now);
        }
        self.book(Ended::Complete, now);
    }

    /// Books the request as ended this way; only the first call counts.
    pub(super) fn end(&mut self, ended: Ended) {
        self.book(ended, Instant::now());
    }

    fn book(&mut self, ended: Ended, now: Instant) {
        if std::mem::replace(&mut self.booked, true) {
            return;
        }
        let took = now.saturating_duration_since(self.started);
        if self.client.clock.phase() != Phase::Idle {
            self.client.clock.enter(Phase::Idle, now);
        }
        let status = self.status.map_or(CLIENT_GONE, |status| status.as_u16());
        let shared = &self.client.proxy.shared;
        let backend = self.active.take();
        shared.totals.end(status, backend.is_none());
        let to = backend.as_ref().map(|active| Arc::clone(&active.backend().identity));
        if let Some(active) = &backend {
            let backend = active.backend();
            backend.count_request(status);
            if status >= 500 || ended == Ended::CutByBackend {
                backend.count_error();
            } else if ended == Ended::Complete {
                backend.latencies.record(took);
            }
        }
        // The figures must be right before anyone can read of the event.
        drop(backend);
        let proxy = &self.client.proxy;
        if proxy.ring.is_read() {
            let strategy = self.decision.strategy;
            proxy.ring.push(RequestEvent {
                time: SystemTime::now().checked_sub(took).unwrap_or(SystemTime::UNIX_EPOCH),
                took,
                ip: self.ip,
                method: std::mem::take(&mut self.method),
                path: std::mem::take(&mut self.path),
                status,
                to,
                bytes: self.bytes,
                up: None,
                ended,
                decision: std::mem::replace(&mut self.decision, Decision::new(strategy)),
            });
        }
    }
}

impl Drop for Exchange {
    fn drop(&mut self) {
        let ended = if self.status.is_some() { Ended::Complete } else { Ended::ClientGone };
        self.end(ended);
    }
}

/// Books a connection that is closed before anything of it is looked at.
pub(super) fn book_refused(proxy: &Proxy, listener: &Listener, ip: IpAddr, method: &str, why: String) {
    const REFUSED: u16 = 400;
    let totals = &proxy.shared.totals;
    totals.begin();
    totals.end(REFUSED, true);
    if proxy.ring.is_read() {
        let mut decision = Decision::new(listener.routing.load().pool.in_force.load().strategy);
        decision.rule = Rule::Refused { why };
        proxy.ring.push(RequestEvent {
            time: SystemTime::now(),
            took: Duration::ZERO,
            ip: ip.to_canonical(),
            method: CompactString::new(method),
            path: CompactString::const_new("-"),
            status: REFUSED,
            to: None,
            bytes: 0,
            up: None,
            ended: Ended::Complete,
            decision,
        });
    }
}

/// Books a request that hyper could not read and has answered itself.
pub(super) fn book_unreadable(client: &Arc<Client>, error: &hyper::Error) {
    let mut decision = client.undecided();
    decision.rule = Rule::Refused { why: format!("it is no good HTTP: {error}") };
    let status =
        if error.is_parse_too_large() { StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE } else { StatusCode::BAD_REQUEST };
    let mut exchange = Exchange::begin(client, "-", "-", decision);
    exchange.answered(status, Instant::now());
    exchange.complete(None);
}
