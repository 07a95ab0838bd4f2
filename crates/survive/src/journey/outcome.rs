//! What a moved run lost that every control had.

use std::collections::{HashMap, HashSet};

use super::class::Class;
use super::cookies;
use super::jar::{Jar, Now};
use super::kind::Refused;
use super::limits::SHORTEST;
use super::links::Links;
use super::loss::{Loss, LossKind};
use super::words::{is_csrf, masked};
use crate::{Answer, End, Exchange, Facts, differing, facts};

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
        is_of_load(answer.status) && answer.end != End::Held && !refused
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
    let mut controls: Vec<Followed<'_>> = controls.iter().map(Followed::new).collect();
    let mut moved: Vec<Followed<'_>> = moved.iter().map(Followed::new).collect();
    for (step, links_here) in links.iter().enumerate().take(end) {
        let refused = Refused { steps, links, step };
        if let Some(loss) = loss(&refused, links_here, &controls, &moved)
            && !follows(steps, links, &found, &loss)
        {
            found.push(loss);
        }
        controls.iter_mut().chain(&mut moved).for_each(|run| run.go_on(step, links_here));
    }
    found
}

/// A run, with the jar that its client has before a step.
struct Followed<'r> {
    run: &'r Run,
    jar: Jar<'r>,
}

impl<'r> Followed<'r> {
    fn new(run: &'r Run) -> Self {
        Followed { run, jar: Jar::default() }
    }

    fn at(&self, step: usize) -> Option<&'r Answer> {
        self.run.get(step)?.as_ref()
    }

    fn go_on(&mut self, step: usize, links: &'r Links) {
        if let Some(answer) = self.at(step) {
            self.jar.take_in(links, answer);
        }
    }

    /// Cookies that the answer to a step sets to something else than the client has, each with whether it deletes it.
    fn changed(&self, step: usize, links: &'r Links) -> Vec<(&'r str, bool)> {
        let Some(answer) = self.at(step) else { return Vec::new() };
        let had: HashMap<&str, &str> =
            links.cookies.iter().map(|cookie| (cookie.name.as_str(), cookie.value.as_str())).collect();
        let changes = |set: &cookies::Set<'_>| {
            let recorded = had.get(set.name)?;
            let had = match self.jar.in_place_of(set.name, recorded) {
                None => recorded,
                Some(Now::Value(value)) => value.as_str(),
                Some(Now::Deleted) => return None,
            };
            (set.deleted || (had != set.value && set.value.len() >= SHORTEST)).then_some(())
        };
        cookies::set(answer).filter(|set| changes(set).is_some()).map(|set| (set.name, set.deleted)).collect()
    }
}

fn loss(refused: &Refused<'_>, links: &Links, controls: &[Followed<'_>], moved: &[Followed<'_>]) -> Option<Loss> {
    let step = refused.step;
    let control: Vec<&Answer> = controls.iter().map(|run| run.at(step)).collect::<Option<_>>()?;
    let now: Vec<&Answer> = moved.iter().map(|run| run.at(step)).collect::<Option<_>>()?;
    let classes: Vec<Class> = control.iter().map(|answer| Class::of(answer)).collect();
    let stable = classes.iter().all(|class| class.like(&classes[0]));
    if !stable || !controls.iter().all(|run| reproduced(refused.steps, step, run.run)) || is_of_load(control[0].status)
    {
        return None;
    }
    let alike = now.iter().filter(|answer| classes[0].like(&Class::of(answer))).count();
    if alike == 0 {
        let kinds: Vec<_> = now.iter().map(|answer| refused.kind(&classes[0], answer)).collect();
        let (kind, words) = kinds.first()?.clone();
        // A refusal is no chance; where a redirect leads may be drawn.
        let is_sure =
            |answer: &&Answer| matches!(Class::of(answer), Class::Refused(_)) || Class::of(answer).is_to_login();
        let sure = now.iter().all(is_sure);
        return kinds.iter().all(|(other, _)| *other == kind).then_some(Loss { step, kind, words, sure });
    }
    if alike < now.len() {
        return None;
    }
    if classes[0] == Class::Upgraded {
        let cut = |answer: &&Answer| answer.end == End::Cut;
        let lost = now.iter().all(cut) && !control.iter().any(cut);
        return lost.then(|| Loss { step, kind: LossKind::WebSocket, words: "WebSocket cut".to_owned(), sure: false });
    }
    let (kind, words) =
        another_cookie(refused, links, controls, moved).or_else(|| another_body(refused, &control, &now))?;
    Some(Loss { step, kind, words, sure: false })
}

/// A cookie that the moved runs' answers set anew, or delete, though the client had it, and that the controls left as it was.
fn another_cookie<'r>(
    refused: &Refused<'_>,
    links: &'r Links,
    controls: &[Followed<'r>],
    moved: &[Followed<'r>],
) -> Option<(LossKind, String)> {
    let step = refused.step;
    let of_moved: Vec<Vec<(&str, bool)>> = moved.iter().map(|run| run.changed(step, links)).collect();
    if of_moved.first()?.is_empty() {
        return None;
    }
    let of_controls: HashSet<&str> =
        controls.iter().flat_map(|run| run.changed(step, links)).map(|(name, _)| name).collect();
    let (name, deleted) = of_moved.first()?.iter().find(|change| {
        !is_csrf(change.0) && !of_controls.contains(change.0) && of_moved.iter().all(|run| run.contains(change))
    })?;
    let name = masked(name);
    Some(if *deleted {
        (refused.session_kind(), format!("session lost (cookie {name} deleted)"))
    } else {
        (LossKind::CookieAnew, format!("session begun anew (cookie {name})"))
    })
}

/// The same status with other facts: what varies between the controls aside, each moved run differs at the same place.
fn another_body(refused: &Refused<'_>, control: &[&Answer], now: &[&Answer]) -> Option<(LossKind, String)> {
    let same = |one: &Answer, other: &Answer| one.body == other.body && one.status == other.status;
    if now.iter().any(|answer| control.iter().any(|control| same(control, answer))) {
        return None;
    }
    let controls: Vec<Facts> = control.iter().map(|answer| facts(answer)).collect();
    let mut places: Option<Vec<String>> = None;
    for answer in now {
        // Fields differ for many reasons that no client notices.
        let of_field = |place: &str| place.starts_with("header ") || place.starts_with("cookie ");
        let differs = differing(&controls, &facts(answer)).into_iter().map(|one| one.place);
        let differs: Vec<String> = differs.filter(|place| !of_field(place)).collect();
        places = Some(match places {
            None => differs,
            Some(before) => before.into_iter().filter(|place| differs.contains(place)).collect(),
        });
    }
    let place = masked(places?.first()?);
    Some(if refused.authority().next().is_some() {
        (refused.session_kind(), format!("session lost (other answer: {place})"))
    } else {
        (LossKind::Answer, format!("other answer: {place}"))
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
    // A cookie that the client had before it keeps where it is not set anew.
    let had = |name: &str| links[given].cookies.iter().any(|cookie| cookie.name == name);
    ids.iter().any(only) || links[step].cookies.iter().any(|cookie| cookie.from == Some(given) && !had(&cookie.name))
}
