//! What is learned: the sources of ids, as configured.

use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::sync::atomic::Ordering::Relaxed;
use std::time::Instant;
use stickylb_http1::{RequestHead, ResponseHead};

use super::source::Source;
use super::table::{IdHash, Learned, LearnedTable};
use super::watch::{BroughtId, Watch};
use crate::api::{LearnFrom, StickyBy, StickyKey, Text};
use crate::balancer::rendezvous::Fingerprint;
use crate::untrusted::Untrusted;

/// An id of so many bytes is a secret though its first four are shown.
const LONG: usize = 16;

/// What is learned.
pub(crate) struct Learner {
    sources: Vec<Source>,
    /// Whether requests bring ids in their bodies.
    pub(crate) looks_into_requests: bool,
    pub(super) probe: Option<Probe>,
}

/// Where ids are hashed and not learned: what is said once a backend is seen to make them.
pub(super) struct Probe {
    said: String,
    is_said: AtomicBool,
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
        let sources: Vec<_> = sources.iter().flat_map(Source::of).collect();
        Learner { looks_into_requests: sources.iter().any(Source::is_in_requests_body), sources, probe: None }
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

    /// The id that a request brings, and for display where it is known: the first that is, in the order of the sources, else
    /// the first of all. `query` is without the question mark.
    pub(crate) fn brought(
        &self,
        table: &LearnedTable,
        head: &RequestHead,
        query: &[u8],
        now: Instant,
    ) -> (Watch, Option<StickyKey>) {
        let mut first = None;
        for source in &self.sources {
            let known = source.brought(head, query, |id| {
                let (brought, key) = brought_id(source, table, id, now)?;
                first.get_or_insert(brought);
                Some((brought, Some(key?)))
            });
            if let Some((brought, key)) = known {
                return (Watch { brought: Some(brought) }, key);
            }
        }
        (Watch { brought: first }, None)
    }

    /// The id that a request brings in its body, of which as much is there.
    pub(crate) fn brought_in_body(
        &self,
        table: &LearnedTable,
        text: &[u8],
        now: Instant,
    ) -> (Watch, Option<StickyKey>) {
        let id = |source: &Source| brought_id(source, table, source.brought_in_body(text)?.as_bytes(), now);
        match self.sources.iter().find_map(id) {
            Some((brought, key)) => (Watch { brought: Some(brought) }, key),
            None => (Watch::default(), None),
        }
    }

    /// Takes the ids that a response's head gives out.
    pub(super) fn written_in_head(&self, table: &LearnedTable, head: &ResponseHead, mut take: impl FnMut(IdHash)) {
        for source in &self.sources {
            source.written_in_head(head, |id| {
                if let Some(id) = table.hash(source.place, id) {
                    take(id);
                }
            });
        }
    }

    /// Whether the body behind this head may give out ids. `brought` is the place of the id that the request had.
    pub(super) fn looks_at_body(&self, head: &ResponseHead, brought: Option<Fingerprint>) -> bool {
        self.sources.iter().any(|source| source.is_in_body_of(head, brought))
    }

    /// The ids that a body gives out, of which as much is there, and whether no better one may come. Of sources for the same
    /// place the first is taken that is there.
    pub(super) fn written_in_body(&self, table: &LearnedTable, text: &[u8]) -> (Vec<IdHash>, bool) {
        let (mut ids, mut places, mut all) = (Vec::new(), Vec::new(), true);
        for source in self.sources.iter().filter(|source| source.is_in_bodies()) {
            if places.contains(&source.place) {
                continue;
            }
            let Some(id) = source.written_in_body(text) else {
                all = false;
                continue;
            };
            places.push(source.place);
            ids.extend(table.hash(source.place, id.as_bytes()));
        }
        (ids, all)
    }
}

/// An id at this source, and for display where it is known; `None` where it is empty or too long.
fn brought_id(
    source: &Source,
    table: &LearnedTable,
    id: &[u8],
    now: Instant,
) -> Option<(BroughtId, Option<StickyKey>)> {
    let hash = table.hash(source.place, id)?;
    let learned = table.look_up(hash, now);
    let key = learned.map(|Learned { number, .. }| {
        let from = Arc::clone(&source.words).into();
        StickyKey::Learned { from, id: masked(id), number }
    });
    let brought = BroughtId {
        hash,
        place: source.place,
        backend: learned.map(|learned| learned.backend),
        binds_on_use: source.binds_on_use,
        ends_by_delete: source.ends_by_delete,
    };
    Some((brought, key))
}

/// An id so that it can be told from others, and not be used. In ASCII, because a line of a log is written faster where all of
/// it is.
fn masked(id: &[u8]) -> Untrusted<Text> {
    match id {
        [a, b, c, d, ..] if id.len() >= LONG => Text::from_utf8_lossy(&[*a, *b, *c, *d, b'.', b'.', b'.']).into(),
        _ => Text::from_static("...").into(),
    }
}
