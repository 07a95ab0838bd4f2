//! The least that has to be configured, found by runs with it.

use std::collections::HashSet;
use stickylb_survive::Journey;

use super::client::Client;
use super::copies::Copies;
use super::groups::group;
use super::lab::OpenLab;
use super::proof::{Candidate, Proof};
use super::replay::{Allowed, Replayed};
use super::report::Findings;
use crate::api::{SmallestConfig, StickyBy};

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
    let proof = Proof { copies, lab, client, allowed, cookie };
    let needs = findings.need_stickiness().next().is_some();
    let learnt = Candidate::learn(&to_learn(findings));
    if journeys.is_empty() {
        let candidate = needs.then(|| learnt.unwrap_or_else(Candidate::cookie));
        let smallest = candidate.map(|candidate| SmallestConfig { sticky: candidate.section, proven: false });
        return Ok(Proven { smallest, has_enough: false });
    }
    let mut proven = Proven::default();
    let mut smallest = |candidate: Candidate| {
        proven.smallest = Some(SmallestConfig { sticky: candidate.section, proven: true });
    };
    if !needs {
        if proof.lost(&StickyBy::Off, journeys).await?.concat().is_empty() {
            smallest(Candidate::off());
        } else {
            left_out.push("no stickiness is recommended: a run without any lost something that no test did".to_owned());
        }
        return Ok(proven);
    }
    let with_cookie = proof.lost(&StickyBy::Cookie, journeys).await?;
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
        return Ok(proven);
    }
    let is_learning_enough = match &learnt {
        Some(learnt) => is_enough(&proof.lost(&learnt.sticky, journeys).await?),
        None => false,
    };
    if let Some(learnt) = learnt.filter(|_| is_learning_enough) {
        smallest(learnt);
    } else if is_enough(&with_cookie) {
        smallest(Candidate::cookie());
    }
    let own = copies.pool.current.load().sticky.by.clone();
    if own != StickyBy::default() && own != StickyBy::Off && own != StickyBy::Custom {
        proven.has_enough = is_enough(&proof.lost(&own, journeys).await?);
    }
    Ok(proven)
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
