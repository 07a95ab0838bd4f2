//! The least that has to be configured, found by runs with it.

use std::collections::HashSet;
use std::time::{Duration, Instant};
use stickylb_survive::Journey;

use super::allowed::Allowed;
use super::candidates::{Candidate, Proof};
use super::client::Client;
use super::copies::Copies;
use super::groups::group;
use super::lab::OpenLab;
use super::replay::Replayed;
use super::report::Findings;
use crate::api::{SmallestConfig, StickyBy, SurviveEntry};

/// The longest that all of it takes.
const LONGEST: Duration = Duration::from_secs(80);

/// What was proven.
#[derive(Default)]
pub(crate) struct Proven {
    /// The least that is enough.
    pub(crate) smallest: Option<SmallestConfig>,
    /// Whether the pool's own stickiness is.
    pub(crate) has_enough: bool,
}

/// Tries stickiness after stickiness with the journeys that could be sent again; what is lost with every one of them breaks
/// even with it.
///
/// # Errors
/// Why it could not go on, in one sentence.
pub(crate) async fn prove(
    copies: &Copies,
    lab: &dyn OpenLab,
    client: &Client,
    allowed: &Allowed<'_>,
    journeys: &[(Journey, Replayed)],
    findings: &mut Findings,
    left_out: &mut Vec<String>,
) -> Result<Proven, String> {
    let cookie = copies.pool.config.load().sticky.cookie.name.clone();
    let proof = Proof { copies, lab, client, allowed, cookie, until: Instant::now() + LONGEST };
    let needs = findings.need_stickiness().next().is_some();
    let learnt = Candidate::learn(&to_learn(findings));
    let unproven = needs.then(|| learnt.clone().unwrap_or_else(Candidate::cookie));
    let unproven = unproven.map(|candidate| SmallestConfig { sticky: candidate.section, proven: false });
    if journeys.is_empty() {
        return Ok(Proven { smallest: unproven, has_enough: false });
    }
    let Some(proven) = tried(&proof, journeys, learnt, needs, findings, left_out).await? else {
        left_out.push("no configuration is proven: its runs took too long".to_owned());
        return Ok(Proven { smallest: unproven, has_enough: false });
    };
    Ok(proven)
}

/// The runs with each stickiness; `None` where there was not the time.
async fn tried(
    proof: &Proof<'_>,
    journeys: &[(Journey, Replayed)],
    learnt: Option<Candidate>,
    needs: bool,
    findings: &mut Findings,
    left_out: &mut Vec<String>,
) -> Result<Option<Proven>, String> {
    let mut proven = Proven::default();
    // What no client's requests could show again is not proven by them.
    let is_shown = |entry: &SurviveEntry| journeys.iter().any(|(journey, replayed)| shows(journey, replayed, entry));
    let is_proof = findings.need_stickiness().all(is_shown);
    // A login that was not sent again may need what all that was sent again does not.
    let is_sent = |journey: &Journey| journey.steps.iter().all(|step| proof.allowed.why_not(&step.request).is_none());
    let is_proof = is_proof && (needs || journeys.iter().all(|(journey, _)| is_sent(journey)));
    let mut smallest = |candidate: Candidate| {
        proven.smallest = Some(SmallestConfig { sticky: candidate.section, proven: is_proof });
    };
    if !needs {
        let Some(lost) = proof.lost(&StickyBy::Off, journeys).await? else { return Ok(None) };
        if lost.concat().is_empty() {
            smallest(Candidate::off());
        } else {
            left_out.push("no stickiness is recommended: a run without any lost something that no test did".to_owned());
        }
        return Ok(Some(proven));
    }
    let Some(with_cookie) = proof.lost(&StickyBy::Cookie, journeys).await? else { return Ok(None) };
    let always: HashSet<(usize, usize)> = with_cookie
        .iter()
        .map(|lost| lost.iter().copied().collect::<HashSet<_>>())
        .reduce(|all, lost| &all & &lost)
        .unwrap_or_default();
    for (journey, step) in &always {
        let request = &journeys[*journey].0.steps[*step].request;
        findings.breaks_even_with_it(&request.method, &group(request.path()));
    }
    let is_enough = |lost: &[Vec<(usize, usize)>]| lost.iter().flatten().all(|one| always.contains(one));
    if findings.need_stickiness().next().is_none() {
        // Nothing is left that stickiness would help.
        return Ok(Some(proven));
    }
    let mut is_learning_enough = false;
    if let Some(learnt) = &learnt {
        let Some(lost) = proof.lost(&learnt.sticky, journeys).await? else { return Ok(None) };
        is_learning_enough = is_enough(&lost);
    }
    if let Some(learnt) = learnt.filter(|_| is_learning_enough) {
        smallest(learnt);
    } else if is_enough(&with_cookie) {
        smallest(Candidate::cookie());
    }
    let own = proof.copies.pool.current.load().sticky.by.clone();
    let is_asked_for = own != StickyBy::default() || proof.copies.pool.config.load().sticky.is_written;
    if is_proof && is_asked_for && own != StickyBy::Off && own != StickyBy::Custom {
        let Some(lost) = proof.lost(&own, journeys).await? else { return Ok(None) };
        proven.has_enough = is_enough(&lost);
    }
    Ok(Some(proven))
}

/// Whether a journey that was sent again has a request of this method and path in it.
fn shows(journey: &Journey, replayed: &Replayed, entry: &SurviveEntry) -> bool {
    journey.steps.iter().zip(&replayed.reproduced).any(|(step, reproduced)| {
        *reproduced && entry.method == step.request.method && entry.path == group(step.request.path())
    })
}

/// All that findings say is to be learnt, each once.
fn to_learn(findings: &Findings) -> Vec<String> {
    let mut learn: Vec<String> = Vec::new();
    for from in findings.need_stickiness().filter_map(|entry| entry.learn.as_ref()) {
        if !learn.iter().any(|known| known == from.raw()) {
            learn.push(from.raw().to_owned());
        }
    }
    learn
}
