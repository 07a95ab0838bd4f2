//! What is kept up beside the log's lines, so that no frame walks them: the last changes of states, what each backend had
//! to do with, and the notices.

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::SystemTime;
use stickylb::api::Event;

use super::changes::Changes;
use super::per_backend::PerBackend;

/// Notices kept.
const NOTICES: usize = 500;

/// A digest of the log at one moment.
#[derive(Default)]
pub(crate) struct Digest {
    pub(crate) changes: Changes,
    pub(crate) per_backend: PerBackend,
    pub(crate) notices: Notices,
}

impl Digest {
    /// Takes in what happened.
    pub(crate) fn follow(&mut self, event: &Arc<Event>) {
        self.changes.follow(event);
        self.per_backend.follow(event);
        self.notices.follow(event);
    }

    /// How it was at a moment, when of these lines the first ones had come.
    pub(crate) fn at<'l>(&self, moment: SystemTime, mut lines: impl Iterator<Item = &'l Arc<Event>>) -> Digest {
        let mut then = Digest { notices: self.notices.until(moment), ..Digest::default() };
        let Some(first) = lines.next() else { return then };
        then.changes = self.changes.before(first.time());
        for event in std::iter::once(first).chain(lines).take_while(|event| event.time() <= moment) {
            then.changes.follow(event);
            then.per_backend.follow(event);
        }
        then
    }
}

/// What a person should know beside requests: changes of states, and notices. Each has a number, from 1 on.
#[derive(Default)]
pub(crate) struct Notices {
    kept: VecDeque<Arc<Event>>,
    /// The last one's number; 0 where there is none.
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

    /// Those of before this moment.
    fn until(&self, moment: SystemTime) -> Notices {
        let later = self.kept.iter().rev().take_while(|event| event.time() > moment).count();
        let kept = self.kept.iter().take(self.kept.len() - later).cloned().collect();
        Notices { kept, last: self.last - later as u64 }
    }

    /// Those that are kept of the ones after this number.
    pub(crate) fn after(&self, number: u64) -> impl Iterator<Item = &Event> {
        let new = usize::try_from(self.last.saturating_sub(number)).unwrap_or(usize::MAX);
        self.kept.iter().skip(self.kept.len().saturating_sub(new)).map(|event| &**event)
    }
}
