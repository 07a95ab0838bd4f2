//! Records what passes the user's balancer.

use std::collections::HashMap;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::{Duration, SystemTime};
use stickylb_survive::{Exchange, OwnDoing};

use super::copies::Copies;
use super::exchange::exchange;
use super::unprompted_output::UnpromptedOutput;
use crate::api::{BackendId, Event, RequestEvent};
use crate::state::{BodyWatch, EventReader};

/// The most exchanges that are kept.
pub(crate) const MOST: usize = 5000;

/// The most bytes of them.
const BYTES: usize = 64 << 20;

/// How often what passed is fetched: heads are kept for a thousand requests of each worker.
const EVERY: Duration = Duration::from_millis(50);

/// Records requests and what copies write by themselves. Without it neither is kept.
pub(crate) struct Recorder {
    events: EventReader,
    _bodies: BodyWatch,
    began: SystemTime,
    /// Events of all readers that were lost before.
    dropped: u64,
    connections: HashMap<SocketAddr, u64>,
    recorded: Recorded,
    bytes: usize,
    quiet: UnpromptedOutput,
}

/// What was recorded.
#[derive(Default)]
pub(crate) struct Recorded {
    /// Requests and their answers, in the order in which the answers began.
    pub(crate) exchanges: Vec<Exchange>,
    /// Requests that passed, and could not be kept.
    pub(crate) missed: u64,
    /// Lines that several copies wrote by themselves.
    pub(crate) in_every_copy: Vec<OwnDoing>,
}

impl Recorder {
    /// Records from now on.
    pub(crate) fn begin(copies: &Copies) -> Self {
        let telemetry = &copies.shared.telemetry;
        let bodies = telemetry.heads.record();
        let events = EventReader::new(Arc::clone(&telemetry.journal));
        Recorder {
            dropped: events.dropped(),
            events,
            _bodies: bodies,
            began: SystemTime::now(),
            connections: HashMap::new(),
            recorded: Recorded::default(),
            bytes: 0,
            quiet: UnpromptedOutput::new(copies.each.len()),
        }
    }

    /// Records until it is dropped; it can be called again then.
    pub(crate) async fn watch(&mut self, copies: &Copies) {
        loop {
            // What is idle is looked at, too: copies write lines, and are checked.
            let _ = tokio::time::timeout(Duration::from_secs(1), self.events.wait()).await;
            tokio::time::sleep(EVERY).await;
            self.take(copies);
            copies.shared.survive.show(|view| {
                view.recorded = self.recorded.exchanges.len() as u64;
                view.missed = self.missed();
            });
        }
    }

    /// Whether several copies wrote a line by themselves of which more time would tell whether it comes again.
    pub(crate) fn may_come_again(&self) -> bool {
        self.quiet.may_come_again()
    }

    /// How many requests have passed since it began and were not kept.
    fn missed(&self) -> u64 {
        self.recorded.missed + (self.events.dropped() - self.dropped)
    }

    fn take(&mut self, copies: &Copies) {
        let mut batch = Vec::new();
        self.recorded.missed += self.events.take(&mut batch);
        let cookie = copies.pool.current.load().sticky.cookie_name().map(ToString::to_string);
        for event in &batch {
            match &**event {
                Event::Request(request) if request.time >= self.began => {
                    self.note(request, copies, cookie.as_deref());
                }
                Event::Output(output) => {
                    if let Some(copy) = copies.place(output.backend.id) {
                        self.quiet.line(copy, output.time, output.line.raw());
                    }
                }
                _ => {}
            }
        }
        self.note_checks(copies);
        let busy = |copy: usize| {
            let counters = &copies.each[copy].counters;
            counters.active() > counters.tunnels()
        };
        self.quiet.judge(SystemTime::now(), busy);
    }

    /// Keeps a request, where one of the copies answered it.
    fn note(&mut self, event: &RequestEvent, copies: &Copies, cookie: Option<&str>) {
        let Some(copy) = event.to.as_ref().and_then(|to| copies.place(to.id)) else { return };
        self.quiet.was_busy(copy, event.time, event.time + event.took);
        let heads = event.number.and_then(|number| copies.shared.telemetry.heads.get(number));
        let Some(heads) = heads else {
            self.recorded.missed += 1;
            return;
        };
        if heads.answer.bytes.is_empty() {
            // The balancer answered in its place, or its client did not wait for an answer.
            self.recorded.missed += 1;
            return;
        }
        let next = self.connections.len() as u64 + 1;
        let connection = *self.connections.entry(heads.peer).or_insert(next);
        let waited = waited(event);
        let at = event.time.duration_since(self.began).unwrap_or_default() + waited;
        match exchange(event, &heads, copy, connection, (at, waited), cookie) {
            Some(exchange) if self.recorded.exchanges.len() < MOST && self.bytes + heads.size() <= BYTES => {
                self.bytes += heads.size();
                self.recorded.exchanges.push(exchange);
            }
            _ => self.recorded.missed += 1,
        }
    }

    /// Checks ask something of copies, too.
    fn note_checks(&mut self, copies: &Copies) {
        let records = copies.shared.registry.records();
        let of =
            |id: BackendId| records.checks.get(&id).map(|history| history.marks.iter().cloned().collect::<Vec<_>>());
        let checks: Vec<_> = copies.each.iter().map(|backend| of(backend.id()).unwrap_or_default()).collect();
        drop(records);
        for (copy, marks) in checks.into_iter().enumerate() {
            for mark in marks {
                self.quiet.was_busy(copy, mark.time, mark.time + Duration::from_micros(mark.micros));
            }
        }
    }

    /// How many WebSockets and other tunnels are open still: their requests have not ended, and are not recorded.
    pub(crate) fn open_tunnels(copies: &Copies) -> u64 {
        copies.each.iter().map(|backend| u64::from(backend.counters.tunnels())).sum()
    }

    /// Ends the recording.
    pub(crate) fn end(mut self, copies: &Copies) -> Recorded {
        self.take(copies);
        let missed = self.missed();
        let in_every_copy = self.quiet.found();
        let mut exchanges = self.recorded.exchanges;
        exchanges.sort_by_key(|exchange| exchange.at);
        Recorded { exchanges, missed, in_every_copy }
    }
}

/// How long a client waited until its answer began.
fn waited(event: &RequestEvent) -> Duration {
    let phases = &event.phases;
    let Some(first_byte) = phases.first_byte else { return event.took };
    Duration::from_micros(phases.head + phases.queue + phases.connect.unwrap_or_default() + first_byte)
}
