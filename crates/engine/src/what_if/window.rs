//! What of the recorded choices can be made again: those of the pool as it is now.

use std::collections::HashSet;
use std::time::Instant;

use crate::api::BackendId;
use crate::balancer::{Affinity, Asked, Moment, Pool, Record, Recorded, Sample};

/// Requests that are given to each strategy at most.
const MOST: usize = 500;

/// The requests to give to each strategy, and what else there was.
pub(super) struct Window {
    pub(super) requests: Vec<Request>,
    /// What was in flight beside them, on the backends that it really was on: requests from before, those that a person sent
    /// again, and attempts that led nowhere.
    pub(super) beside: Vec<Request>,
    /// Everything that happened, in its order.
    pub(super) happened: Vec<Happened>,
    /// From the first request's choice to the present.
    pub(super) span: Option<(Instant, Instant)>,
    /// Attempts among them that led nowhere, so that their requests went elsewhere.
    pub(super) retried: usize,
    /// Requests that waited for a place.
    pub(super) waited: usize,
    pub(super) full: u64,
    pub(super) unseen: u32,
    pub(super) changed: Option<String>,
    /// Nobody had watched until now.
    pub(super) is_new: bool,
}

/// One request.
pub(super) struct Request {
    pub(super) asked: Asked,
    /// Where it really went.
    pub(super) to: BackendId,
    pub(super) chosen: Moment,
    pub(super) begun: Option<Moment>,
    pub(super) sample: Option<Sample>,
    pub(super) ended: Option<Moment>,
}

impl From<Record> for Request {
    fn from(Record { asked, to, chosen, begun, sample, ended, .. }: Record) -> Self {
        Request { asked, to, chosen, begun, sample, ended }
    }
}

/// Something that happened, and when.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Happened {
    pub(super) at: Instant,
    pub(super) order: u64,
    pub(super) what: What,
}

/// What happened, to the request with this index; the latter ones to one beside them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum What {
    Chosen(usize),
    Begun(usize),
    Answered(usize),
    Ended(usize),
    BegunBeside(usize),
    AnsweredBeside(usize),
    EndedBeside(usize),
}

impl Window {
    pub(super) fn new(pool: &Pool, recorded: Recorded) -> Self {
        let Recorded { records, until, unseen, full, changed, is_new } = recorded;
        let counts =
            |record: &&Record| record.asked.pool == pool.number && !record.leads_nowhere && !record.asked.is_by_person;
        let skipped = records.iter().filter(counts).count().saturating_sub(MOST);
        let first = records.iter().filter(counts).nth(skipped).map(|record| record.chosen);
        let mut window = Window {
            requests: Vec::new(),
            beside: Vec::new(),
            happened: Vec::new(),
            span: None,
            retried: 0,
            waited: 0,
            full,
            unseen,
            changed,
            is_new,
        };
        let Some(first) = first else { return window };
        window.span = Some((first.at, until));
        for record in records {
            let is_before = record.chosen.order < first.order;
            if !is_before && counts(&&record) {
                window.add(record);
            } else {
                window.add_beside(record, first);
            }
        }
        window.happened.sort_unstable();
        window
    }

    /// How long it took from the choice for the first request to that for the last one.
    pub(super) fn micros(&self) -> u64 {
        let chosen = self.happened.iter().filter(|one| matches!(one.what, What::Chosen(_))).map(|one| one.at);
        let (first, last) = (chosen.clone().min(), chosen.max());
        first.zip(last).map_or(0, |(first, last)| u64::try_from((last - first).as_micros()).unwrap_or(u64::MAX))
    }

    /// How many requests came from clients that no strategy chose for: they were bound before the first of these requests, or are
    /// bound by a key.
    pub(super) fn bound_before(&self) -> usize {
        let mut new = HashSet::new();
        let mut is_bound = |request: &&Request| {
            let client = request.asked.client.hash;
            match request.asked.own {
                Affinity::Nobody => {
                    new.insert((client, request.to));
                    false
                }
                Affinity::Suited => true,
                Affinity::Id(id) | Affinity::Learned(id) => !new.contains(&(client, id)),
            }
        };
        self.requests.iter().filter(|request| is_bound(request)).count()
    }

    fn add(&mut self, record: Record) {
        let index = self.requests.len();
        // One that waited was to be chosen for when it began to wait.
        let at = if record.asked.has_waited { record.asked.now } else { record.chosen.at };
        self.waited += usize::from(record.asked.has_waited);
        self.happened.push(Happened { at, order: record.chosen.order, what: What::Chosen(index) });
        let mut happens = |moment: Option<Moment>, what| {
            self.happened.extend(moment.map(|Moment { at, order }| Happened { at, order, what }));
        };
        happens(record.begun, What::Begun(index));
        happens(record.sample.map(|sample| sample.noted), What::Answered(index));
        happens(record.ended, What::Ended(index));
        self.requests.push(record.into());
    }

    fn add_beside(&mut self, record: Record, first: Moment) {
        let Some(begun) = record.begun else { return };
        if record.ended.is_some_and(|ended| ended.order < first.order) {
            return;
        }
        self.retried += usize::from(record.leads_nowhere && record.chosen.order > first.order);
        let index = self.beside.len();
        let begun = if begun.order < first.order { Moment { at: first.at, order: 0 } } else { begun };
        let mut happens = |moment: Option<Moment>, what| {
            let moment = moment.filter(|moment| moment.order == 0 || moment.order > first.order);
            self.happened.extend(moment.map(|Moment { at, order }| Happened { at, order, what }));
        };
        happens(Some(begun), What::BegunBeside(index));
        happens(record.sample.map(|sample| sample.noted), What::AnsweredBeside(index));
        happens(record.ended, What::EndedBeside(index));
        self.beside.push(record.into());
    }
}
