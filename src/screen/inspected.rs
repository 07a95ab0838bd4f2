//! State of the inspected request's heads and of a replay.

use std::sync::Arc;
use stickylb::api::{BackendId, Event, Heads, Replayed, RequestEvent, RequestNumber};

use super::draft::Draft;
use super::message::Effect;

/// The heads of the inspected request, as far as they were fetched.
#[derive(Debug, Default)]
pub(crate) struct Inspected {
    /// The inspected request; `None` if none is selected or it has no number.
    pub(super) number: Option<RequestNumber>,
    pub(super) found: Found,
    /// Whether secret values are shown.
    pub(crate) shows_secrets: bool,
    /// Whether to copy the request as a curl command once the heads arrive.
    pub(super) copy: bool,
    /// The request whose heads are being fetched. Only one fetch at a time, however fast the selection moves.
    pub(super) asked: Option<RequestNumber>,
    /// The request being replayed.
    pub(super) replaying: Option<Arc<Event>>,
    /// What the inspected request was edited to, where a question stood before it was sent, and was answered with no.
    pub(super) unsent: Option<Box<Draft>>,
}

/// The result of fetching heads.
#[derive(Debug, Default)]
pub(crate) enum Found {
    /// No response yet.
    #[default]
    Awaited,
    There(Box<Heads>),
    /// Not available, with the reason.
    Missing(String),
}

/// Reasons why heads are not available.
pub(super) const NOBODY_LOOKED: &str = "its heads were not kept: no screen was there when it passed";

pub(super) const FORGOTTEN: &str = "its heads are not kept any more: only those of the last requests are";

impl Inspected {
    /// The heads of this request; `None` until they arrive.
    ///
    /// # Errors
    /// Why they are not available.
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

    /// Switches to another request: its heads are unknown and its secrets hidden.
    pub(super) fn turn_to(&mut self, number: Option<RequestNumber>) {
        let (asked, replaying) = (self.asked, self.replaying.take());
        *self = Inspected { number, asked, replaying, ..Inspected::default() };
    }

    /// Switches to another request, whose heads are not to be had, and why.
    pub(super) fn turn_away(&mut self, number: Option<RequestNumber>, why: &str) {
        if self.number != number {
            self.turn_to(number);
            self.found = Found::Missing(why.to_owned());
        }
    }

    /// Forgets the bodies of the inspected request, as the engine does.
    pub(super) fn forget_bodies(&mut self) {
        if let Found::There(heads) = &mut self.found {
            (heads.request_body, heads.answer_body) = (None, None);
        }
    }

    /// Follows the selection; returns the effect that fetches the heads if that is necessary.
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

/// The open choice of where to replay a request.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct ReplayChoice {
    pub(crate) event: Arc<Event>,
    pub(crate) number: RequestNumber,
    /// Backend ids with the names shown; the first entry is `None`, which lets the balancer choose.
    pub(crate) places: Vec<(Option<BackendId>, String)>,
    pub(crate) chosen: usize,
}

/// A replayed request and the original.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Shown {
    pub(crate) before: Arc<Event>,
    pub(crate) replayed: Box<Replayed>,
    /// Scroll offset in lines.
    pub(crate) scroll: u16,
}
