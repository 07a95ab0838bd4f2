//! A step's request with the ids of a new run.

use std::ops::Range;

use super::cookies;
use super::jar::{Jar, Now};
use super::limits::SHORTEST;
use super::links::{Link, Links};
use super::origin::{self, Origin};
use super::slot::Slot;
use super::url::Codec;
use crate::{Answer, Exchange, Request};

/// Fields that are not sent again: those of the connection, and those that make an answer less than whole.
const LEFT_OUT: [&str; 14] = [
    "accept-encoding",
    "connection",
    "content-length",
    "expect",
    "if-modified-since",
    "if-none-match",
    "if-range",
    "keep-alive",
    "proxy-connection",
    "range",
    "te",
    "trailer",
    "transfer-encoding",
    "x-forwarded-for",
];

/// The request of a step, with the cookies and ids that `so_far` gave.
pub(super) fn request(steps: &[Exchange], links: &[Links], step: usize, so_far: &[Option<Answer>]) -> Request {
    let mut request = steps[step].request.clone();
    let mut edits: Vec<(Slot, Range<usize>, String)> = Vec::new();
    for link in &links[step].ids {
        let written = given(steps, link, so_far).and_then(|value| link.at.codec.write(&value));
        let in_cookie = matches!(link.at.slot, Slot::Cookie(_));
        if let Some(written) = written.filter(|written| !in_cookie || !written.contains(';')) {
            edits.push((link.at.slot.clone(), link.at.span.clone(), written));
        }
    }
    let mut dropped: Vec<(usize, Range<usize>)> = Vec::new();
    let jar = Jar::new(links, step, so_far);
    for (cookie, link) in cookies::carried(&steps[step].request).into_iter().zip(&links[step].cookies) {
        match jar.in_place_of(&link.name, &link.value) {
            None => {}
            Some(Now::Value(value)) => {
                edits.retain(|(slot, span, _)| *slot != Slot::Cookie(cookie.field) || *span != cookie.span);
                edits.push((Slot::Cookie(cookie.field), cookie.span, value.clone()));
            }
            Some(Now::Deleted) => dropped.push((cookie.field, cookie.span)),
        }
    }
    // From behind, so that what is before keeps its place.
    edits.sort_by_key(|(_, span, _)| std::cmp::Reverse(span.start));
    for (slot, span, written) in edits {
        if let Slot::Cookie(field) = slot
            && dropped.contains(&(field, span.clone()))
        {
            continue;
        }
        match slot {
            Slot::Target(_) => request.target.replace_range(span, &written),
            Slot::Body => drop(request.body.splice(span, written.into_bytes())),
            Slot::Field(at) | Slot::Cookie(at) => drop(request.fields.0[at].1.splice(span, written.into_bytes())),
        }
    }
    drop_cookies(&mut request, &steps[step].request, &dropped);
    request.fields.0.retain(|(name, value)| {
        let left_out = LEFT_OUT.iter().any(|left_out| name.eq_ignore_ascii_case(left_out));
        !left_out && (!value.is_empty() || !name.eq_ignore_ascii_case("cookie"))
    });
    request
}

/// Takes cookies out by their places in the recorded request.
fn drop_cookies(request: &mut Request, recorded: &Request, dropped: &[(usize, Range<usize>)]) {
    if dropped.is_empty() {
        return;
    }
    let carried = cookies::carried(recorded);
    for field in 0..request.fields.0.len() {
        if !dropped.iter().any(|(one, _)| *one == field) {
            continue;
        }
        let gone =
            carried.iter().filter(|one| one.field == field).map(|one| dropped.contains(&(field, one.span.clone())));
        let now = cookies::carried(request);
        let kept = now.iter().filter(|one| one.field == field).zip(gone).filter(|(_, gone)| !gone);
        let kept: Vec<String> = kept.map(|(one, _)| format!("{}={}", one.name, one.value)).collect();
        request.fields.0[field].1 = kept.join("; ").into_bytes();
    }
}

/// What a new run gave in place of an id; `None` where it gave nothing there.
pub(super) fn given(steps: &[Exchange], link: &Link, so_far: &[Option<Answer>]) -> Option<String> {
    let recorded = &link.at.value;
    link.from.iter().rev().find_map(|(step, origin)| {
        let answer = so_far.get(*step)?.as_ref()?;
        if let Origin::Cookie(_) = origin {
            let value = origin.read(answer)?;
            let encoded = origin.read(&steps[*step].answer).is_some_and(|raw| raw != *recorded);
            return Some(if encoded { Codec::Percent.read(&value).into_owned() } else { value });
        }
        // What is still there, in whatever place, is data that stays, and no id of a run.
        if recorded.len() >= SHORTEST && origin::has(answer, recorded) {
            Some(recorded.clone())
        } else {
            origin.read_like(&steps[*step].answer, recorded, answer)
        }
    })
}
