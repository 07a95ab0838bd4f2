//! The strip of picks: which backend each of the last requests went to, and where something changed between them.

use std::collections::VecDeque;
use stickylb::api::{BackendId, Event};

/// Picks and changes kept.
const KEPT: usize = 240;

/// One sign of the strip.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Pick {
    /// A request went to this backend.
    To(BackendId),
    /// A strategy, a weight, a stickiness or a state changed.
    Change,
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
            Event::Update(_) => self.change(),
            Event::Notice(notice) if notice.change.is_some() => self.change(),
            _ => {}
        }
    }

    /// Several changes between two requests are one.
    fn change(&mut self) {
        if self.0.back().is_some_and(|last| *last != Pick::Change) {
            self.add(Pick::Change);
        }
    }

    fn add(&mut self, pick: Pick) {
        if self.0.len() == KEPT {
            self.0.pop_front();
        }
        self.0.push_back(pick);
    }

    /// The picks, the latest first.
    pub(crate) fn latest(&self) -> impl Iterator<Item = Pick> {
        self.0.iter().rev().copied()
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
        assert_eq!(picks.latest().collect::<Vec<_>>(), [Pick::To(7.into()), Pick::Change, Pick::To(7.into())]);
        (0..KEPT * 2).for_each(|_| picks.follow(&request));
        assert_eq!(picks.0.len(), KEPT);
    }
}
