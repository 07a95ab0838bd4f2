//! Counts each request exactly once, however it ends, and tells the log.

use std::mem;
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant, SystemTime};

use crate::api::{BodyCut, Decision, Ended, RequestEvent, Rule, Text};
use crate::balancer::{Active, Backend, Learning, OpenId, Ticket};
use crate::proxy::connection::{Client, Stage};
use crate::proxy::worker::Proxy;
use crate::state::{Listener, Moments, Recording, Slot, Tried, time_of_day};

/// The status logged for a client that disconnected before the response began, as in nginx.
pub(crate) const CLIENT_GONE: u16 = 499;

/// Most bytes of a path that are kept for the log.
const PATH_KEPT: usize = 512;

/// Most bytes of a method that are kept for the log.
const METHOD_KEPT: usize = 32;

/// One request from its first byte to its end. Dropped early, it is booked as a client that disconnected.
pub(crate) struct Exchange<'c> {
    proxy: &'c Proxy,
    /// The event, filled in place so that it need not be copied; `None` after it is booked.
    event: Option<Slot>,
    moments: Moments,
    status: Option<u16>,
    active: Option<Active>,
    /// What is kept of it, while somebody watches.
    pub(crate) recording: Option<Box<Recording>>,
    /// What learns from the response's body, where ids are learned from bodies.
    pub(crate) learning: Option<Box<Learning>>,
    /// The learned id that it belongs to, where its response stays open.
    pub(crate) open: Option<OpenId>,
    booked: bool,
}

impl<'c> Exchange<'c> {
    pub(crate) fn begin(client: &mut Client<'c>, now: Instant) -> Self {
        // Counted from the first byte of the head, where that was seen arriving.
        let began = client.clock.began(now);
        client.clock.enter(Stage::Waiting, now);
        client.proxy.shared.telemetry.counters.begin();
        let recording = client.proxy.shelf.begin(client.listener.address, SocketAddr::new(client.ip, client.port));
        if let (Some(replay), Some(recording)) = (&client.replay, &recording) {
            replay.number.store(recording.heads.number.get(), Ordering::Relaxed);
        }
        let mut exchange = Exchange {
            proxy: client.proxy,
            event: None,
            moments: Moments::new(began, now),
            status: None,
            active: None,
            recording,
            learning: None,
            open: None,
            booked: false,
        };
        exchange.is_from(client.ip);
        exchange.decision().traffic = client.traffic;
        exchange
    }

    /// The event that is being filled in, until it is booked.
    fn event(&mut self) -> &mut RequestEvent {
        self.event.get_or_insert_with(|| self.proxy.ring.slot())
    }

    /// The decision, to be filled in.
    pub(crate) fn decision(&mut self) -> &mut Decision {
        &mut self.event().decision
    }

    /// The client's address, as far as its proxies are trusted.
    pub(crate) fn is_from(&mut self, ip: IpAddr) {
        self.event().ip = ip;
    }

    /// No backend is chosen: the balancer replies locally.
    pub(crate) fn undecided(&mut self, client: &Client<'_>, rule: Rule) {
        let decision = self.decision();
        decision.strategy = client.listener.routing.load().strategy();
        decision.rule = rule;
    }

    /// Method and path, for the log.
    pub(crate) fn asked(&mut self, method: &[u8], path: [&[u8]; 2]) {
        let event = self.event();
        event.method = Text::from_utf8_lossy(&method[..method.len().min(METHOD_KEPT)]).into();
        let path = match path {
            [b"", path] => Text::from_utf8_lossy(shortened(path)),
            parts => Text::from_utf8_lossy(shortened(&parts.concat())),
        };
        event.path = path.into();
    }

    /// The request is assigned to this backend since then, and to no other; `ticket` is the record of that choice.
    pub(crate) fn assign(&mut self, backend: &Arc<Backend>, since: Instant, ticket: Option<Ticket>) {
        self.active = Some(Active::chosen(Arc::clone(backend), since, ticket));
    }

    /// The backend that it is assigned to took so long to answer, or to fail; `counts` where a strategy goes by that.
    pub(crate) fn took(&self, took: Duration, at: Instant, counts: bool) {
        if let Some(active) = &self.active {
            active.took(took, at, counts);
        }
    }

    /// The record of the choice that led to its backend.
    pub(crate) fn ticket(&self) -> Option<Ticket> {
        self.active.as_ref().and_then(Active::ticket)
    }

    /// It is assigned to no backend any more.
    pub(crate) fn release(&mut self) {
        if let Some(active) = self.active.take() {
            active.give_up();
        }
    }

    /// It has waited for a backend.
    pub(crate) fn waited(&mut self, time: Duration) {
        self.moments.queued += time;
    }

    /// A backend answered.
    pub(crate) fn tried(&mut self, tried: Tried) {
        self.moments.tried = Some(tried);
    }

    /// The response head is being sent to the client.
    pub(crate) fn answered(&mut self, status: u16) {
        self.status = Some(status);
    }

    /// The backend cut its response short, which lacks this.
    pub(crate) fn lacks(&mut self, cut: BodyCut) {
        if !self.booked {
            self.event().cut = Some(cut);
        }
    }

    /// Bytes of the response body relayed so far, and bytes of the request body received so far.
    pub(crate) fn carried(&mut self, down: u64, up: u64) {
        if !self.booked {
            let event = self.event();
            (event.bytes, event.up) = (down, up);
        }
    }

    /// Books the request as ended this way; only the first call counts.
    pub(crate) fn end(&mut self, ended: Ended, now: Instant) {
        if mem::replace(&mut self.booked, true) {
            return;
        }
        let took = now.saturating_duration_since(self.moments.began);
        let status = self.status.unwrap_or(CLIENT_GONE);
        let shared = &self.proxy.shared;
        let backend = self.active.take();
        shared.telemetry.counters.end(status, backend.is_none());
        let to = backend.as_ref().map(|active| Arc::clone(&active.backend().identity));
        if let Some(active) = &backend {
            let backend = active.backend();
            backend.counters.count_request(status);
            if status >= 500 || ended == Ended::CutByBackend {
                backend.counters.count_error();
            } else if ended == Ended::Complete {
                backend.counters.latencies.record(took);
            }
        }
        // The counts must be right before anyone can read the event.
        if let Some(active) = backend {
            active.end(now);
        }
        let Exchange { proxy, moments, ref mut recording, .. } = *self;
        let mut event = self.event.take().unwrap_or_else(|| proxy.ring.slot());
        event.time = time_of_day(moments.began, now);
        event.took = took;
        event.status = status;
        event.to = to;
        event.phases = moments.phases(now);
        event.ended = ended;
        event.number = recording.as_ref().map(|recording| recording.heads.number);
        // Kept before anyone can read the event, and ask for them.
        if let Some(recording) = recording.take() {
            proxy.shelf.keep(recording.into_heads([event.bytes, event.up], ended == Ended::Complete));
        }
        proxy.ring.push(event);
    }
}

impl Drop for Exchange<'_> {
    fn drop(&mut self) {
        if !self.booked {
            let ended = if self.status.is_some() { Ended::Complete } else { Ended::ClientGone };
            self.end(ended, Instant::now());
        }
    }
}

/// Books a connection that is refused before anything of it is parsed.
pub(crate) fn book_refused(proxy: &Proxy, listener: &Listener, ip: IpAddr, method: &str, why: String) {
    const REFUSED: u16 = 400;
    let totals = &proxy.shared.telemetry.counters;
    totals.begin();
    totals.end(REFUSED, true);
    let mut event = proxy.ring.slot();
    event.time = SystemTime::now();
    event.ip = ip.to_canonical();
    event.method = method.into();
    event.status = REFUSED;
    event.decision.strategy = listener.routing.load().strategy();
    event.decision.rule = Rule::Refused { why: why.into() };
    proxy.ring.push(event);
}

fn shortened(path: &[u8]) -> &[u8] {
    let mut cut = path.len().min(PATH_KEPT);
    // Not in the middle of a character.
    while cut < path.len() && cut > 0 && path[cut] & 0xc0 == 0x80 {
        cut -= 1;
    }
    &path[..cut]
}
