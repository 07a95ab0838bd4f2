//! The parts of a request's hot path that `cargo bench --bench hot_path` measures. Not part of the library's interface.

use std::net::{IpAddr, Ipv4Addr};
use std::sync::Arc;
use std::time::{Duration, Instant};
use stickylb_http1::{Fate, FieldKind, HeadLimits, ReadBuffer, RequestHead};

use crate::api::{BackendId, Decision, Event, StickyBy, Strategy};
use crate::balancer::{Backend, Bound, Pool, Sticky, Verdict};
use crate::config::{Address, BackendConfig, StickyConfig};
use crate::state::{EventReader, Journal};

const CLIENT: IpAddr = IpAddr::V4(Ipv4Addr::LOCALHOST);

/// A pool to choose backends from.
pub struct Choices {
    pool: Pool,
    client: Bound,
    now: Instant,
    random: fastrand::Rng,
}

impl Choices {
    /// A pool of this many backends, all UP, with weights 1 to 3.
    pub fn new(strategy: Strategy, backends: u32) -> Self {
        let backend = |id: u32| {
            let config =
                BackendConfig { weight: 1 + id % 3, ..BackendConfig::new(id, id.to_string(), Address::local(1)) };
            let backend = Backend::new(&config, None);
            backend.status.set_verdict(Verdict::Healthy);
            Arc::new(backend)
        };
        let sticky = Sticky::new(&StickyConfig::default(), &StickyBy::Off, None);
        let pool = Pool::new((0..backends).map(backend).collect(), strategy, sticky, Arc::default());
        let client = pool.sticky.read_connection(CLIENT, None);
        Choices { pool, client, now: Instant::now(), random: fastrand::Rng::with_seed(1) }
    }

    /// Chooses a backend for a new client; returns its id.
    pub fn choose(&mut self) -> Option<BackendId> {
        let mut decision = Decision::new(self.pool.strategy);
        let choice = self.pool.choose(&self.client, &[], &mut self.random, &mut decision, self.now);
        choice.ok().map(|choice| choice.backend.id())
    }
}

/// Parses a request head and writes its fields without the hop-by-hop ones. Returns the length of `out`; 0 if there is
/// no valid head.
pub fn rewrite(bytes: &[u8], out: &mut Vec<u8>) -> usize {
    let mut read_buffer = ReadBuffer::default();
    read_buffer.add(bytes);
    let limits = HeadLimits { bytes: 65_536, fields: 128 };
    let Ok(Some(head)) = read_buffer.head(&limits) else { return 0 };
    let head: RequestHead = head;
    let decide = |kind: FieldKind, _: &[u8], _: &[u8]| if kind.is_hop_by_hop() { Fate::Ends } else { Fate::Keeps };
    head.write_fields(out, decide, |_, _, _, _| {});
    out.len()
}

/// A worker's event ring with a reader.
pub struct Ring {
    journal: Arc<Journal>,
    reader: EventReader,
    read: Vec<Arc<Event>>,
}

impl Default for Ring {
    fn default() -> Self {
        let journal = Arc::new(Journal::new(1));
        Ring { reader: EventReader::new(Arc::clone(&journal)), journal, read: Vec::new() }
    }
}

impl Ring {
    /// Pushes this many events.
    pub fn push(&self, events: usize) {
        let ring = self.journal.ring(0);
        for _ in 0..events {
            let mut slot = ring.slot();
            slot.took = Duration::from_millis(3);
            slot.ip = CLIENT;
            slot.method = "GET".into();
            slot.path = "/api/cart".into();
            slot.status = 200;
            slot.bytes = 4711;
            ring.push(slot);
        }
    }

    /// Takes all events; returns how many there were.
    pub fn take(&mut self) -> usize {
        self.read.clear();
        self.reader.take(&mut self.read);
        self.read.len()
    }
}
