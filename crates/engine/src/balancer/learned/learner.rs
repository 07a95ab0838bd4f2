//! What is learned: the sources of ids, as configured.

use std::sync::atomic::AtomicBool;
use std::sync::atomic::Ordering::Relaxed;
use std::time::Instant;
use stickylb_http1::{RequestHead, ResponseHead};

use super::source::Source;
use super::table::{IdHash, Learned, LearnedTable};
use crate::api::{LearnFrom, StickyBy, StickyKey, Text};
use crate::untrusted::Untrusted;

/// An id of so many bytes is a secret though its first four are shown.
const LONG: usize = 16;

/// What is learned.
pub(crate) struct Learner {
    sources: Vec<Source>,
    pub(super) probe: Option<Probe>,
}

/// Where ids are hashed and not learned: what is said once a backend is seen to make them.
pub(super) struct Probe {
    said: String,
    is_said: AtomicBool,
}

/// An id that a request brought.
#[derive(Clone)]
pub(super) struct BroughtId {
    pub(super) hash: IdHash,
    /// `None` where it is not known.
    pub(super) learned: Option<Learned>,
    pub(super) binds_on_use: bool,
    /// It, for display.
    pub(super) key: StickyKey,
}

impl BroughtId {
    /// An id at this source; `None` where it is empty or too long.
    fn new(source: &Source, table: &LearnedTable, id: &[u8], now: Instant) -> Option<Self> {
        let hash = table.hash(&source.place, id)?;
        let learned = table.get(hash, now);
        let number = learned.and_then(|learned| learned.number);
        let key = StickyKey::Learned { from: source.place.clone().into(), id: masked(id), number };
        Some(BroughtId { hash, learned, binds_on_use: source.binds_on_use, key })
    }
}

impl Probe {
    /// What is said, once.
    pub(super) fn say(&self) -> Option<String> {
        (!self.is_said.swap(true, Relaxed)).then(|| self.said.clone())
    }
}

impl Learner {
    /// Learns from these sources.
    pub(crate) fn new(sources: &[LearnFrom]) -> Self {
        Learner { sources: sources.iter().flat_map(Source::of).collect(), probe: None }
    }

    /// What finds out whether backends make the ids that this stickiness hashes; `None` where they do not, or there are none.
    pub(crate) fn probing(by: &StickyBy) -> Option<Self> {
        let StickyBy::Learn(sources) = by.learned()? else { return None };
        let probe = Probe { said: by.hashes_what_backends_make()?, is_said: AtomicBool::new(false) };
        Some(Learner { probe: Some(probe), ..Learner::new(&sources) })
    }

    /// Whether it only finds out.
    pub(crate) fn is_probing(&self) -> bool {
        self.probe.is_some()
    }

    /// Whether it has found out.
    pub(crate) fn has_said(&self) -> bool {
        self.probe.as_ref().is_some_and(|probe| probe.is_said.load(Relaxed))
    }

    /// The id that a request brings: the first that is known, in the order of the sources, else the first of all.
    pub(super) fn brought(
        &self,
        table: &LearnedTable,
        head: &RequestHead,
        query: &[u8],
        now: Instant,
    ) -> Option<BroughtId> {
        let mut first = None;
        for source in &self.sources {
            let id = source.brought(head, query).and_then(|id| BroughtId::new(source, table, &id, now));
            if id.as_ref().is_some_and(|id| id.learned.is_some()) {
                return id;
            }
            first = first.or(id);
        }
        first
    }

    /// Whether requests bring ids in their bodies.
    pub(super) fn looks_into_requests(&self) -> bool {
        self.sources.iter().any(Source::is_in_requests_body)
    }

    /// The id that a request brings in its body, of which as much is there.
    pub(super) fn brought_in_body(&self, table: &LearnedTable, text: &[u8], now: Instant) -> Option<BroughtId> {
        let id = |source: &Source| BroughtId::new(source, table, source.brought_in_body(text)?.as_bytes(), now);
        self.sources.iter().find_map(id)
    }

    /// The ids that a response's head gives out.
    pub(super) fn written_in_head(&self, table: &LearnedTable, head: &ResponseHead) -> impl Iterator<Item = IdHash> {
        self.sources.iter().filter_map(|source| table.hash(&source.place, source.written_in_head(head)?))
    }

    /// Whether the body behind this head may give out ids.
    pub(super) fn looks_at_body(&self, head: &ResponseHead) -> bool {
        self.sources.iter().any(|source| source.is_in_body_of(head))
    }

    /// The ids that a body gives out, of which as much is there, and whether no better one may come. Of sources for the same
    /// place the first is taken that is there.
    pub(super) fn written_in_body(&self, table: &LearnedTable, text: &[u8]) -> (Vec<IdHash>, bool) {
        let (mut ids, mut places, mut all) = (Vec::new(), Vec::new(), true);
        for source in self.sources.iter().filter(|source| source.is_in_bodies()) {
            if places.contains(&&source.place) {
                continue;
            }
            let Some(id) = source.written_in_body(text) else {
                all = false;
                continue;
            };
            places.push(&source.place);
            ids.extend(table.hash(&source.place, id.as_bytes()));
        }
        (ids, all)
    }
}

/// An id so that it can be told from others, and not be used. In ASCII, because a line of a log is written faster where all of
/// it is.
fn masked(id: &[u8]) -> Untrusted<Text> {
    match id {
        [a, b, c, d, ..] if id.len() >= LONG => Text::from_utf8_lossy(&[*a, *b, *c, *d, b'.', b'.', b'.']).into(),
        _ => Text::from_static("...").into(),
    }
}
