//! What a moved run lost that every control had.

use super::class::Class;
use super::cookies;
use super::kind::Refused;
use super::links::Links;
use super::loss::{Loss, LossKind};
use super::replay;
use super::words::is_csrf;
use crate::{Answer, Exchange, Facts, differing, facts};

/// One run's answers, by step.
pub(super) type Run = Vec<Option<Answer>>;

/// Whether a run did at a step what was recorded.
pub(super) fn reproduced(steps: &[Exchange], step: usize, run: &[Option<Answer>]) -> bool {
    let Some(Some(now)) = run.get(step) else { return false };
    let (recorded, now) = (Class::of(&steps[step].answer), Class::of(now));
    // A client that left saw nothing to compare with.
    recorded.like(&now) || (recorded == Class::Cut && now.is_good())
}

/// Statuses that tell of load or of a dead copy, and not of a client that was moved.
const fn is_of_load(status: u16) -> bool {
    matches!(status, 0 | 429 | 502 | 503 | 504)
}

/// The first step at which a moved run had an answer that tells of load, and no control did: nothing that follows counts.
pub(super) fn spoiled(steps: &[Exchange], controls: &[Run], moved: &[Run]) -> Option<usize> {
    let of_load = |run: &Run, step: usize| {
        let Some(Some(answer)) = run.get(step) else { return false };
        // Some servers refuse an upgrade by closing the connection.
        let refused =
            answer.status == 0 && steps.get(step).is_some_and(|step| step.request.fields.text("upgrade").is_some());
        is_of_load(answer.status) && answer.end != crate::End::Held && !refused
    };
    let steps = moved.iter().map(Vec::len).max().unwrap_or(0);
    (0..steps)
        .find(|step| moved.iter().any(|run| of_load(run, *step)) && !controls.iter().any(|run| of_load(run, *step)))
}

/// See [`Journey::needs_left_out`](super::Journey::needs_left_out).
pub(super) fn needs_left_out(
    steps: &[Exchange],
    links: &[Links],
    step: usize,
    run: &[Option<Answer>],
) -> Option<usize> {
    let left_out = |step: usize| !matches!(run.get(step), Some(Some(_)));
    // Along what is carried, back to what gave it first.
    let (mut ahead, mut seen) = (vec![step], vec![false; steps.len()]);
    let mut nearest = None;
    while let Some(at) = ahead.pop() {
        for from in links.get(at).into_iter().flat_map(Links::steps) {
            if !std::mem::replace(&mut seen[from], true) {
                if left_out(from) {
                    nearest = nearest.max(Some(from));
                }
                ahead.push(from);
            }
        }
    }
    nearest.or_else(|| (0..step.min(steps.len())).rev().find(|at| left_out(*at) && !steps[*at].request.is_safe()))
}

/// What all moved runs lost that all controls had, each only where it does not follow from one before it.
pub(super) fn losses(steps: &[Exchange], links: &[Links], controls: &[Run], moved: &[Run]) -> Vec<Loss> {
    if controls.len() < 2 || moved.is_empty() {
        return Vec::new();
    }
    let end = spoiled(steps, controls, moved).unwrap_or(steps.len());
    let mut found: Vec<Loss> = Vec::new();
    for step in 0..end {
        let Some(loss) = loss(steps, links, step, controls, moved) else { continue };
        if !follows(steps, links, &found, &loss) {
            found.push(loss);
        }
    }
    found
}

fn loss(steps: &[Exchange], links: &[Links], step: usize, controls: &[Run], moved: &[Run]) -> Option<Loss> {
    let at = |run: &'_ Run| run.get(step).and_then(Option::as_ref).cloned();
    let control: Vec<Answer> = controls.iter().map(at).collect::<Option<_>>()?;
    let now: Vec<Answer> = moved.iter().map(at).collect::<Option<_>>()?;
    let classes: Vec<Class> = control.iter().map(Class::of).collect();
    let stable = classes.iter().all(|class| class.like(&classes[0]));
    if !stable || !controls.iter().all(|run| reproduced(steps, step, run)) || is_of_load(control[0].status) {
        return None;
    }
    let refused = Refused { steps, links, step };
    let otherwise = now.iter().all(|answer| !classes[0].like(&Class::of(answer)));
    if otherwise {
        let kinds: Vec<_> = now.iter().map(|answer| refused.kind(&classes[0], answer)).collect();
        let (kind, words) = kinds.first()?.clone();
        let sure = !now.iter().any(|answer| matches!(Class::of(answer), Class::Cut | Class::Held));
        return kinds.iter().all(|(other, _)| *other == kind).then_some(Loss { step, kind, words, sure });
    }
    if now.iter().any(|answer| !classes[0].like(&Class::of(answer))) {
        return None;
    }
    let cut = |answer: &Answer| answer.end == crate::End::Cut;
    if classes[0] == Class::Upgraded {
        let lost = now.iter().all(cut) && !control.iter().any(cut);
        return lost.then(|| Loss { step, kind: LossKind::WebSocket, words: "WebSocket cut".to_owned(), sure: false });
    }
    cookie_anew(steps, links, step, controls, moved, &refused).or_else(|| another_body(step, &control, &now, &refused))
}

/// A cookie that the moved runs' answers set, or delete, though the client had it, and that the controls left as it was.
fn cookie_anew(
    steps: &[Exchange],
    links: &[Links],
    step: usize,
    controls: &[Run],
    moved: &[Run],
    refused: &Refused<'_>,
) -> Option<Loss> {
    let changes = |run: &Run| -> Vec<(String, bool)> {
        let Some(Some(answer)) = run.get(step) else { return Vec::new() };
        if answer.fields.named("set-cookie").next().is_none() {
            return Vec::new();
        }
        let sent = replay::request(steps, links, step, run);
        let carried = cookies::carried(&sent);
        let anew = |set: &cookies::Set<'_>| {
            let had = carried.iter().find(|one| one.name == set.name);
            had.is_some_and(|had| set.deleted || (had.value != set.value && set.value.len() >= super::limits::SHORTEST))
        };
        cookies::set(answer).filter(anew).map(|set| (set.name.to_owned(), set.deleted)).collect()
    };
    let of_controls: Vec<(String, bool)> = controls.iter().flat_map(changes).collect();
    let of_moved: Vec<Vec<(String, bool)>> = moved.iter().map(changes).collect();
    let (name, deleted) = of_moved.first()?.iter().find(|(name, deleted)| {
        !is_csrf(name)
            && !of_controls.iter().any(|(other, _)| other == name)
            && of_moved.iter().all(|run| run.iter().any(|one| one == &(name.clone(), *deleted)))
    })?;
    let name = super::words::masked(name);
    Some(if *deleted {
        Loss { step, kind: refused.session_kind(), words: format!("session lost (cookie {name} deleted)"), sure: false }
    } else {
        Loss { step, kind: LossKind::CookieAnew, words: format!("session begun anew (cookie {name})"), sure: false }
    })
}

/// The same status with other facts: what varies between the controls aside, each moved run differs at the same place.
fn another_body(step: usize, control: &[Answer], now: &[Answer], refused: &Refused<'_>) -> Option<Loss> {
    let controls: Vec<Facts> = control.iter().map(facts).collect();
    let mut places: Option<Vec<String>> = None;
    for answer in now {
        let differs: Vec<String> = differing(&controls, &facts(answer)).into_iter().map(|one| one.place).collect();
        places = Some(match places {
            None => differs,
            Some(before) => before.into_iter().filter(|place| differs.contains(place)).collect(),
        });
    }
    let place = super::words::masked(places?.first()?);
    Some(if refused.authority().next().is_some() {
        Loss { step, kind: refused.session_kind(), words: format!("session lost (other answer: {place})"), sure: false }
    } else {
        Loss { step, kind: LossKind::Answer, words: format!("other answer: {place}"), sure: false }
    })
}

/// Whether a loss follows from one before it: what it carries was not given, or what it tells of was not done.
fn follows(steps: &[Exchange], links: &[Links], before: &[Loss], loss: &Loss) -> bool {
    let needs_lost = before.iter().filter(|earlier| earlier.kind != LossKind::CookieAnew).any(|earlier| {
        let failed = earlier.sure;
        failed && needs(links, loss.step, earlier.step)
    });
    if needs_lost {
        return true;
    }
    // Of a body one can tell nothing any more once the client's state is another.
    let of_body = |loss: &Loss| loss.words.contains("other answer");
    if of_body(loss) && !before.is_empty() {
        return !before.iter().all(of_body);
    }
    // A request that was to change something and failed: what comes after it shows that, unless it fails in the same way by itself.
    before.iter().any(|earlier| !steps[earlier.step].request.is_safe() && earlier.sure && earlier.kind != loss.kind)
}

/// Whether a step carries what another's answer gave first, or nothing else gave.
fn needs(links: &[Links], step: usize, given: usize) -> bool {
    let ids = &links[step].ids;
    let only = |link: &super::links::Link| {
        link.from.iter().all(|(from, _)| *from >= given) && link.from.iter().any(|(from, _)| *from == given)
    };
    ids.iter().any(only) || links[step].cookies.iter().any(|cookie| cookie.from == Some(given))
}
