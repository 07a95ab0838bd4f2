//! Lines of the report for what was watched, and for what came of journeys.

use stickylb_survive::{CopyNames, Exchange, Framework, Journey, LossKind, Signature};

use super::allowed::Allowed;
use super::groups::group;
use super::ids::Ids;
use super::replay::{Lost, Replayed};
use super::report::details;
use crate::api::{SurviveEntry, SurviveKind, SurviveVerdict};

/// A client was answered so by another copy than its own, while it was watched.
pub(crate) fn watched(
    signature: &Signature,
    exchanges: &[Exchange],
    ids: &Ids,
    names: &[CopyNames],
) -> Option<SurviveEntry> {
    let (lost, worked) = (exchanges.get(signature.at)?, exchanges.get(signature.worked_at)?);
    let request = &lost.request;
    let (kind, is_cookies) = match signature.framework {
        Framework::Csrf => (SurviveKind::CsrfRefused, true),
        Framework::Session => (SurviveKind::SessionLost, true),
        _ => (SurviveKind::UnknownId, false),
    };
    let first_cookie = || ids.strip(request)?.ids.into_iter().find(|id| id.starts_with("cookie:"));
    let learn = signature.learn.clone().or_else(|| if is_cookies { first_cookie() } else { None });
    let words = signature.words.clone();
    let mut entry = SurviveEntry::new(SurviveVerdict::NeedsStickiness, &request.method, &group(request.path()), words);
    entry.kind = Some(kind);
    entry.learn = learn.map(Into::into);
    let line = |exchange: &Exchange| {
        let copy = exchange.copy.and_then(|copy| names.get(copy)).map_or("?", |copy| copy.name.as_str());
        format!("{copy}: {} to #{}", exchange.answer.status, exchange.number)
    };
    entry.details = details([line(worked), line(lost)]);
    Some(entry)
}

/// A client that was moved lost something.
pub(crate) fn moved(journey: &Journey, replayed: &Replayed, lost: &Lost, names: &[CopyNames]) -> SurviveEntry {
    let request = &journey.steps[lost.loss.step].request;
    let words = lost.loss.words.clone();
    let verdict = if lost.is_everyones { SurviveVerdict::BreaksEvenWithIt } else { SurviveVerdict::NeedsStickiness };
    let mut entry = SurviveEntry::new(verdict, &request.method, &group(request.path()), words);
    entry.kind = Some(kind_of(lost.loss.kind));
    entry.learn = lost.learn.as_ref().map(|learn| learn.0.clone().into());
    let [stayed, moved] = &lost.answers;
    let home = &names[replayed.home].name;
    entry.details =
        details([format!("a client that stays on {home}: {stayed}"), format!("a client that moves: {moved}")]);
    entry.times = replayed.moved;
    entry
}

fn kind_of(loss: LossKind) -> SurviveKind {
    match loss {
        LossKind::Session | LossKind::CookieAnew => SurviveKind::SessionLost,
        LossKind::Secret => SurviveKind::SecretPerCopy,
        LossKind::Csrf => SurviveKind::CsrfRefused,
        LossKind::Upload => SurviveKind::UploadGone,
        LossKind::UnknownId => SurviveKind::UnknownId,
        LossKind::WebSocket => SurviveKind::WebSocketCut,
        _ => SurviveKind::StatePerCopy,
    }
}

/// What is told where all copies answered the same: that it is safe, or that it is not what was recorded.
pub(crate) fn same(now: u16, then: u16, new: impl Fn(SurviveVerdict, String) -> SurviveEntry) -> SurviveEntry {
    let class = |status: u16| if status == 304 { 2 } else { status / 100 };
    match now {
        0 => new(SurviveVerdict::Inconclusive, "no copy answered".to_owned()),
        _ if class(now) != class(then) => {
            new(SurviveVerdict::Unknown, format!("answered {now} now, and {then} when it was recorded"))
        }
        _ => new(SurviveVerdict::Safe, String::new()),
    }
}

/// Why nothing is known of a step.
pub(crate) fn why_not(journey: &Journey, replayed: &Replayed, step: usize, allowed: &Allowed<'_>) -> String {
    if let Some(why) = allowed.why_not(&journey.steps[step].request) {
        return why.to_owned();
    }
    let needed = replayed.controls.first().and_then(|control| journey.needs_left_out(step, control));
    let Some(needed) = needed.and_then(|needed| journey.steps.get(needed)) else {
        return "a new client on one copy was not answered as recorded".to_owned();
    };
    let request = &needed.request;
    let why = allowed.why_not(request).unwrap_or("not sent");
    format!("needs {} {} ({why})", request.method, group(request.path()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_answered_otherwise_than_when_it_was_recorded_was_not_tried() {
        let told = |now, then| same(now, then, |verdict, words| SurviveEntry::new(verdict, "GET", "/", words)).verdict;
        assert_eq!(
            [told(200, 304), told(302, 200), told(0, 200), told(404, 404)],
            [SurviveVerdict::Safe, SurviveVerdict::Unknown, SurviveVerdict::Inconclusive, SurviveVerdict::Safe,]
        );
    }
}
