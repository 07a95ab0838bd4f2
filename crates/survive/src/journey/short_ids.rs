//! Ids of fewer characters than others, such as the `17` of `/items/17`, where it is plain what they are.

use std::ops::ControlFlow;

use super::json;
use super::limits::SHORTEST;
use super::origin::Origin;
use super::slot::{Carried, Slot};
use super::url::{Codec, Part, parts};
use crate::{Exchange, Request};

/// An id that the answer to an unsafe request gave to what it made.
pub(super) struct ShortId {
    step: usize,
    origin: Origin,
    value: String,
    /// The path that stands before it where it is used.
    before: String,
}

/// The short ids of what a step made: by `Location`, or as `id` in JSON.
pub(super) fn given(step: usize, exchange: &Exchange, found: &mut Vec<ShortId>) {
    let (request, answer) = (&exchange.request, &exchange.answer);
    if request.is_safe() || !(200..400).contains(&answer.status) {
        return;
    }
    let mut push = |origin: Origin, value: &str, before: &str| {
        if !value.is_empty() && value.len() < SHORTEST {
            found.push(ShortId { step, origin, value: value.to_owned(), before: before.to_owned() });
        }
    };
    if let Some(to) = answer.fields.text("location")
        && let Some((part, span, _)) = parts(to).into_iter().rfind(|(part, ..)| matches!(part, Part::Segment(_)))
    {
        let before = Part::Path.of(&to[..span.start]).or_else(|| Part::Target.of(&to[..span.start]));
        let value = &to[span];
        if value.bytes().any(|byte| byte.is_ascii_digit()) {
            push(Origin::Header("location".to_owned(), part), value, before.as_deref().unwrap_or_default());
        }
    }
    let before = format!("{}/", request.path().trim_end_matches('/'));
    let Some(begin) = json::begin(&answer.body) else { return };
    json::scalars(&answer.body[begin..], |scalar| {
        let key = scalar.pointer.rsplit('/').next().unwrap_or_default();
        let deep = scalar.pointer.matches('/').count() > 2;
        if !deep && (key.eq_ignore_ascii_case("id") || key == "_id") {
            push(Origin::Json(scalar.pointer.to_owned(), Part::Whole), &scalar.text, &before);
        }
        ControlFlow::Continue(())
    });
}

/// Where a request carries one of them: as a segment behind the path that made it.
pub(super) fn carried<'g>(request: &Request, given: &'g [ShortId]) -> Option<(Carried, &'g ShortId)> {
    let path = request.path();
    parts(path).into_iter().filter(|(part, ..)| matches!(part, Part::Segment(_))).find_map(|(part, span, _)| {
        let value = &path[span.clone()];
        let id = given.iter().rev().find(|id| id.value == value && id.before == path[..span.start])?;
        let at = Carried {
            slot: Slot::Target(part),
            span,
            codec: Codec::Percent,
            value: value.to_owned(),
            name: String::new(),
        };
        Some((at, id))
    })
}

impl ShortId {
    /// The step and the place that gave it.
    pub(super) fn from(&self) -> (usize, Origin) {
        (self.step, self.origin.clone())
    }
}
