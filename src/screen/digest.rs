//! Summaries updated with every event, so that drawing a frame need not walk the log: changes, recent failures and clients
//! per backend, notices, picks, and the flow.

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::SystemTime;
use stickylb::api::Event;

use super::changes::Changes;
use super::flow::Flow;
use super::per_backend::PerBackend;
use super::picks::Picks;

/// Notices kept, state changes included.
const NOTICES: usize = 500;

/// The summaries of the log at one moment.
#[derive(Default)]
pub(crate) struct Digest {
    pub(crate) changes: Changes,
    pub(crate) per_backend: PerBackend,
    pub(crate) notices: Notices,
    pub(crate) picks: Picks,
    pub(crate) flow: Flow,
}

impl Digest {
    /// Adds an event.
    pub(crate) fn follow(&mut self, event: &Arc<Event>) {
        self.changes.follow(event);
        self.per_backend.follow(event);
        self.notices.follow(event);
        self.picks.follow(event);
        self.flow.follow(event);
    }

    /// Rebuilds the digest as of `moment` from the log's lines, the oldest first.
    pub(crate) fn at<'l>(&self, moment: SystemTime, mut lines: impl Iterator<Item = &'l Arc<Event>>) -> Digest {
        let mut then = Digest { notices: self.notices.until(moment), ..Digest::default() };
        let Some(first) = lines.next() else { return then };
        then.changes = self.changes.before(first.time());
        for event in std::iter::once(first).chain(lines).take_while(|event| event.time() <= moment) {
            then.changes.follow(event);
            then.per_backend.follow(event);
            then.picks.follow(event);
            then.flow.follow(event);
        }
        then
    }
}

/// The event pane's state changes and notices, numbered from 1.
#[derive(Default)]
pub(crate) struct Notices {
    kept: VecDeque<Arc<Event>>,
    /// The number of the latest; 0 if there is none.
    pub(crate) last: u64,
}

impl Notices {
    fn follow(&mut self, event: &Arc<Event>) {
        if !matches!(**event, Event::Update(_) | Event::Notice(_)) {
            return;
        }
        if self.kept.len() == NOTICES {
            self.kept.pop_front();
        }
        self.kept.push_back(Arc::clone(event));
        self.last += 1;
    }

    /// The notices up to and including `moment`.
    fn until(&self, moment: SystemTime) -> Notices {
        let later = self.kept.iter().rev().take_while(|event| event.time() > moment).count();
        let kept = self.kept.iter().take(self.kept.len() - later).cloned().collect();
        Notices { kept, last: self.last - later as u64 }
    }

    /// The kept notices with numbers above `number`.
    pub(crate) fn after(&self, number: u64) -> impl Iterator<Item = &Event> {
        let new = usize::try_from(self.last.saturating_sub(number)).unwrap_or(usize::MAX);
        self.kept.iter().skip(self.kept.len().saturating_sub(new)).map(|event| &**event)
    }
}
