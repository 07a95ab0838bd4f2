//! What is known of the request that is looked at, and of one that is sent again.

use std::sync::Arc;
use stickylb::api::{BackendId, Event, Heads, Replayed, RequestEvent, RequestNumber};

use super::message::Effect;

/// What is known of the heads of one request.
#[derive(Debug, Default)]
pub(crate) struct Inspected {
    /// Whose.
    pub(super) number: Option<RequestNumber>,
    pub(super) found: Found,
    /// Their secrets are shown.
    pub(crate) shows_secrets: bool,
    /// They are to be copied as a command line when they are there.
    pub(super) copy: bool,
    /// Asked for, and not answered yet: one at a time, however fast the selection moves.
    pub(super) asked: Option<RequestNumber>,
    /// The request that is being sent again.
    pub(super) replaying: Option<Arc<Event>>,
}

/// What came of asking.
#[derive(Debug, Default)]
pub(crate) enum Found {
    /// Nothing yet.
    #[default]
    Awaited,
    There(Box<Heads>),
    /// They are not there, and why.
    Missing(String),
}

/// Why heads are not there.
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

    /// Nothing is known of another one, and its secrets are hidden.
    pub(super) fn turn_to(&mut self, number: Option<RequestNumber>) {
        let (asked, replaying) = (self.asked, self.replaying.take());
        *self = Inspected { number, asked, replaying, ..Inspected::default() };
    }

    /// What is to be asked for now that this request is selected.
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

/// Where a request is to be sent again.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct ReplayChoice {
    pub(crate) event: Arc<Event>,
    pub(crate) number: RequestNumber,
    /// The backends, by id and name as it is shown, after `None`: as it is balanced.
    pub(crate) places: Vec<(Option<BackendId>, String)>,
    pub(crate) chosen: usize,
}

/// A request that was sent again, beside what it was before.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Shown {
    pub(crate) before: Arc<Event>,
    pub(crate) replayed: Box<Replayed>,
    /// Lines it is scrolled by.
    pub(crate) scroll: u16,
}
