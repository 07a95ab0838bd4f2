//! What is known of the selected request, and of a request that is sent again.

use std::sync::Arc;
use stickylb::api::{BackendId, Event, Heads, Replayed, RequestEvent, RequestNumber};

use super::message::Effect;

/// What is known of the heads of one request.
#[derive(Debug, Default)]
pub(crate) struct Inspected {
    /// The request they belong to.
    pub(super) number: Option<RequestNumber>,
    pub(super) found: Found,
    /// Whether their secrets are shown.
    pub(crate) shows_secrets: bool,
    /// Copy them as a command line once they have come.
    pub(super) copy: bool,
    /// Asked for and not answered yet. One at a time, however fast the selection moves.
    pub(super) asked: Option<RequestNumber>,
    /// The request that is being sent again.
    pub(super) replaying: Option<Arc<Event>>,
}

/// The answer, so far.
#[derive(Debug, Default)]
pub(crate) enum Found {
    /// Nothing yet.
    #[default]
    Awaited,
    There(Box<Heads>),
    /// There are none, and why.
    Missing(String),
}

/// Why there are no heads.
pub(super) const NOBODY_LOOKED: &str = "its heads were not kept: no screen was there when it passed";

pub(super) const FORGOTTEN: &str = "its heads are not kept any more: only those of the last requests are";

impl Inspected {
    /// What is known of this request's heads.
    pub(crate) fn of(&self, request: &RequestEvent) -> Result<Option<&Heads>, &str> {
        if request.number.is_none() {
            return Err(NOBODY_LOOKED);
        }
        match &self.found {
            _ if self.number != request.number => Ok(None),
            Found::Awaited => Ok(None),
            Found::There(heads) => Ok(Some(heads)),
            Found::Missing(why) => Err(why),
        }
    }

    /// Turns to another request: nothing is known of it, and its secrets are hidden.
    pub(super) fn turn_to(&mut self, number: Option<RequestNumber>) {
        let (asked, replaying) = (self.asked, self.replaying.take());
        *self = Inspected { number, asked, replaying, ..Inspected::default() };
    }

    /// The heads to ask for when this request is selected.
    pub(super) fn follow(&mut self, number: Option<RequestNumber>) -> Option<Effect> {
        if self.number != number {
            self.turn_to(number);
        }
        if self.asked.is_some() || !matches!(self.found, Found::Awaited) {
            return None;
        }
        self.asked = number;
        number.map(Effect::Heads)
    }
}

/// The choice of where to send a request again.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct ReplayChoice {
    pub(crate) event: Arc<Event>,
    pub(crate) number: RequestNumber,
    /// The backends by id and shown name; first `None`, which leaves the choice to the balancer.
    pub(crate) places: Vec<(Option<BackendId>, String)>,
    pub(crate) chosen: usize,
}

/// A request that was sent again, with the original.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Shown {
    pub(crate) before: Arc<Event>,
    pub(crate) replayed: Box<Replayed>,
    /// Lines it is scrolled by.
    pub(crate) scroll: u16,
}
