//! What nginx does in place of checks: it finds out who is down by the requests that fail.

use stickylb::api::{CheckAlgorithm, ResolvedBackend, ResolvedCheck, ResolvedPool};

use crate::export::feature::Feature;
use crate::export::usual::usual_passive;
use crate::export::writer::Writer;

/// Says once for each pool what is not checked.
pub(super) fn say(pool: &ResolvedPool, to: &mut Writer) {
    let mut told = Vec::new();
    for check in pool.backends.iter().map(|backend| &backend.check) {
        for (feature, what, instead) in missing(check) {
            if !told.contains(&feature) {
                told.push(feature);
                to.cannot(feature, format!("{what} of pool {}: nginx has none: {instead}", pool.name));
            }
        }
    }
}

/// What of a check is missing, and what is instead.
fn missing(check: &ResolvedCheck) -> Vec<(Feature, &'static str, &'static str)> {
    let (feature, what) = match check.algorithm {
        CheckAlgorithm::Tcp => (Feature::CheckTcp, "checks by tcp"),
        CheckAlgorithm::Websocket => (Feature::CheckWebsocket, "checks by websocket"),
        CheckAlgorithm::Command => (Feature::CheckCommand, "checks by command"),
        _ => (Feature::CheckHttp, "checks by http"),
    };
    let instead =
        "after max_fails failed requests it leaves a backend alone for fail_timeout, the last one that is up too";
    let mut all = vec![(feature, what, instead)];
    if check.expect.body.is_some() || !check.expect.json.is_empty() {
        all.push((Feature::CheckExpect, "health.expect", "answers are not looked at"));
    }
    if check.headers.iter().any(|header| !matches!(header.value, stickylb::api::ResolvedValue::Plain(_))) {
        all.push((Feature::CheckSecrets, "health.headers", "nothing is sent without a client"));
    }
    if check.rise > 1 || check.fall > 1 {
        all.push((Feature::RiseFall, "rise and fall", "one request that succeeds brings a backend back"));
    }
    if check.agent {
        all.push((Feature::Agent, "health.agent", "weights and states stay as they are written"));
    }
    all
}

/// Says what `max_fails` does not do of a backend's ejection, where that was asked for.
pub(super) fn say_of_ejection(backend: &ResolvedBackend, to: &mut Writer) {
    let passive = &backend.check.passive;
    let name = &backend.name;
    if !passive.statuses.is_empty() || passive.max_ejected_percent != usual_passive().max_ejected_percent {
        let sentence = format!(
            "health.passive of {name}: nginx counts connections and answers that fail, no statuses, and ejects all that fail, \
             each time for as long"
        );
        to.cannot(Feature::Ejection, sentence);
    } else if passive.failures == 0 {
        let sentence =
            format!("health.passive of {name}: nginx ejects it, since it has no other way to leave out who is down");
        to.cannot(Feature::Ejection, sentence);
    }
}
