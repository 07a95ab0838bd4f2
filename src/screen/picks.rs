//! The strip of picks: which backend each of the last requests went to, and where something changed between them.

use std::collections::VecDeque;
use stickylb::api::{BackendId, Event, Notice};
use stickylb::untrusted::Untrusted;

/// Picks and changes kept.
const KEPT: usize = 240;

/// One sign of the strip.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Pick {
    /// A request went to this backend.
    To(BackendId),
    /// A strategy, a weight, a stickiness or a state changed in this pool; `None` if there is only one.
    Change(Option<Untrusted<String>>),
}

/// The last picks, the latest last.
#[derive(Clone, Default)]
pub(crate) struct Picks(VecDeque<Pick>);

impl Picks {
    pub(crate) fn follow(&mut self, event: &Event) {
        match event {
            Event::Request(request) => {
                if let Some(to) = &request.to {
                    self.add(Pick::To(to.id));
                }
            }
            Event::Update(update) => {
                self.change(update.backend.pool.as_ref().map(|pool| pool.raw().to_owned().into()));
            }
            Event::Notice(Notice { change: Some(change), .. }) => self.change(Some(change.pool.clone())),
            _ => {}
        }
    }

    /// Several changes of a pool between two requests are one.
    fn change(&mut self, pool: Option<Untrusted<String>>) {
        let change = Pick::Change(pool);
        let since = self.0.iter().rev().take_while(|pick| matches!(pick, Pick::Change(_)));
        if !self.0.is_empty() && !since.into_iter().any(|before| *before == change) {
            self.add(change);
        }
    }

    fn add(&mut self, pick: Pick) {
        if self.0.len() == KEPT {
            self.0.pop_front();
        }
        self.0.push_back(pick);
    }

    /// The picks, the latest first.
    pub(crate) fn latest(&self) -> impl Iterator<Item = &Pick> {
        self.0.iter().rev()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::Arc;
    use std::time::SystemTime;
    use stickylb::api::{Decision, Identity, RequestEvent, State, Strategy, UpdateEvent};

    #[test]
    fn the_strip_has_each_request_and_one_bar_for_changes_between_two() {
        let who = Arc::new(Identity::new(7, "b", ""));
        let mut request = RequestEvent::sample(Decision::new(Strategy::Random));
        request.to = Some(Arc::clone(&who));
        let request = Event::Request(request);
        let states = [State::Up, State::Down];
        let update = Event::Update(UpdateEvent::new(SystemTime::UNIX_EPOCH, who, states, ""));
        let mut picks = Picks::default();
        for event in [&update, &request, &update, &update, &request] {
            picks.follow(event);
        }
        let to = Pick::To(7.into());
        assert_eq!(picks.latest().collect::<Vec<_>>(), [&to, &Pick::Change(None), &to]);
        (0..KEPT * 2).for_each(|_| picks.follow(&request));
        assert_eq!(picks.0.len(), KEPT);
    }
}
