//! The lines of the servers.

use stickylb::api::{Intent, Mode, ResolvedBackend, ResolvedPool, ResolvedScheme, StickyBy};

use super::check::Checks;
use super::place::{is_looked_up, place, verified_name};
use super::quote::time;
use super::weights::scaled;
use super::{Feature, Writer};
use crate::export::usual::usual_passive;

/// Milliseconds that a connection may lie idle, where nothing else is said.
const IDLE: u64 = 4000;

pub(super) fn write(pool: &ResolvedPool, names: &[String], checks: &Checks, to: &mut Writer) {
    let weights = weights(pool, to);
    let checked: Vec<String> =
        pool.backends.iter().enumerate().map(|(number, backend)| checks.words(number, backend)).collect();
    // What all have in common is said once.
    let shared = checked.first().filter(|first| checked.len() > 1 && checked.iter().all(|other| other == *first));
    if let Some(words) = shared {
        to.line(format!("default-server {words}"));
    }
    for (number, backend) in pool.backends.iter().enumerate() {
        say(backend, to);
        say_of_ejection(backend, to);
        let mut words = vec!["server".to_owned(), names[number].clone(), place(backend)];
        words.extend(binding(pool, backend, weights[number]));
        words.extend(limits(backend));
        words.extend(shared.is_none().then(|| checked[number].clone()));
        to.line(words.join(" "));
    }
}

/// The weights that are written, each 0 where a person drains it. Backups share among themselves.
fn weights(pool: &ResolvedPool, to: &mut Writer) -> Vec<u32> {
    let weight = |backend: &ResolvedBackend| if backend.intent == Intent::Drain { 0 } else { backend.weight };
    let mut weights: Vec<u32> = pool.backends.iter().map(weight).collect();
    let mut all_exact = true;
    for group in [false, true] {
        let members: Vec<usize> = (0..weights.len()).filter(|n| pool.backends[*n].backup == group).collect();
        let (new, exact) = scaled(&members.iter().map(|n| weights[*n]).collect::<Vec<_>>());
        for (member, weight) in members.into_iter().zip(new) {
            weights[member] = weight;
        }
        all_exact &= exact;
    }
    if !all_exact {
        to.cannot(
            Feature::Weight,
            format!("the weights of {} beyond 256: HAProxy's end there, these are the nearest shares", pool.name),
        );
    }
    weights
}

/// What a person made of it since, and what HAProxy lacks for it.
fn say(backend: &ResolvedBackend, to: &mut Writer) {
    let name = &backend.name;
    match backend.intent {
        Intent::InService => {}
        Intent::Drain => to.comment(format!("{name} is in DRAIN: its weight was {}", backend.weight)),
        Intent::Maint => to.comment(format!("{name} is in MAINT: without \"disabled\" it is back")),
    }
    if is_looked_up(backend) {
        to.comment(format!(
            "{} is looked up at the start alone: add resolvers default for DNS to be asked again",
            backend.host
        ));
    }
    if backend.min_idle > 0 {
        to.cannot(Feature::Idle, format!("minIdle of {name}: HAProxy opens connections when they are asked for"));
    }
    if backend.check.agent {
        to.cannot(
            Feature::Agent,
            format!("agent of {name}: HAProxy does not follow x-lb-weight, x-lb-state and x-lb-load"),
        );
    }
    if backend.scheme == ResolvedScheme::Https && backend.verify && verified_name(backend).is_none() {
        to.cannot(
            Feature::BackendTls,
            format!("the address {} in the certificate of {name}: HAProxy looks at names alone", backend.host),
        );
    }
}

/// What HAProxy does in another way where traffic fails.
fn say_of_ejection(backend: &ResolvedBackend, to: &mut Writer) {
    let passive = &backend.check.passive;
    let usual = usual_passive();
    let is_usual = (passive.failures, passive.eject_for_millis, passive.max_ejected_percent)
        == (usual.failures, usual.eject_for_millis, usual.max_ejected_percent);
    let name = &backend.name;
    if passive.failures == 0 {
        return;
    }
    if !is_usual {
        to.cannot(
            Feature::Ejection,
            format!(
                "ejectFor and maxEjectedPercent of {name}: in HAProxy it is back when a check passes, and any number may \
                 be out"
            ),
        );
    }
    if !passive.statuses.is_empty() {
        to.cannot(Feature::Ejection, format!("the statuses that eject {name}: HAProxy counts each that begins with 5"));
    }
}

fn binding(pool: &ResolvedPool, backend: &ResolvedBackend, weight: u32) -> Vec<String> {
    let mut words = Vec::new();
    if pool.sticky.by == StickyBy::Cookie && pool.mode == Mode::Http {
        words.push(format!("cookie {}", backend.id));
    }
    if weight != 1 {
        words.push(format!("weight {weight}"));
    }
    if backend.backup {
        words.push("backup".to_owned());
    }
    if backend.intent == Intent::Maint {
        words.push("disabled".to_owned());
    }
    if backend.slow_start_millis > 0 {
        words.push(format!("slowstart {}", time(backend.slow_start_millis)));
    }
    words
}

fn limits(backend: &ResolvedBackend) -> Vec<String> {
    let mut words = Vec::new();
    if backend.max_connections > 0 {
        words.push(format!("maxconn {}", backend.max_connections));
        if backend.max_queue > 0 {
            words.push(format!("maxqueue {}", backend.max_queue));
        }
    }
    if backend.idle_timeout_millis != IDLE {
        words.push(format!("pool-purge-delay {}", time(backend.idle_timeout_millis)));
    }
    words
}
