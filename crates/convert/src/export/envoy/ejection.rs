//! Backends that fail, taken out by traffic.

use stickylb::api::{Mode, ResolvedPassive, ResolvedPool};

use super::block::{block, seconds};
use super::endpoints;
use super::facts::moves_clients;
use crate::export::feature::Feature;
use crate::export::writer::Writer;

/// Milliseconds that a backend is ejected for where nothing says it: long enough for a client to be moved.
const SHORT: u64 = 1000;
/// Milliseconds that an ejection lasts at most, however often a backend was ejected.
const LONGEST: u64 = 300_000;

/// Statuses that count as failures, as far as Envoy can tell them apart.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Statuses {
    None,
    Gateway,
    Server,
}

pub(super) fn write(pool: &ResolvedPool, to: &mut Writer) {
    let Some(passive) = pool.backends.first().map(|backend| &backend.check.passive) else { return };
    let moves = moves_clients(pool);
    // The last one is never ejected.
    if endpoints::count(pool) < 2 || (passive.failures == 0 && !moves) {
        return;
    }
    let statuses = statuses(pool, passive, to);
    if moves {
        to.comment("One request that fails is enough: a client is moved when its backend counts as out.");
    }
    block(to, "outlier_detection:", |to| {
        let lasts = if passive.failures == 0 { SHORT } else { passive.eject_for_millis };
        to.line("interval: 1s");
        to.line(format!("base_ejection_time: {}", seconds(lasts)));
        to.line(format!("max_ejection_time: {}", seconds(lasts.max(LONGEST))));
        to.line(format!("max_ejection_percent: {}", most(pool, passive, moves)));
        if moves {
            to.line("split_external_local_origin_errors: true");
            to.line("consecutive_local_origin_failure: 1");
            to.line("enforcing_consecutive_local_origin_failure: 100");
            to.line("enforcing_local_origin_success_rate: 0");
        }
        by_status(statuses, passive, to);
        if !passive.statuses.is_empty() {
            // A passed check says nothing of what traffic gets.
            to.line("successful_active_health_check_uneject_host: false");
        }
        to.line("enforcing_success_rate: 0");
    });
}

/// How many may be ejected, in per cent: one always may be.
fn most(pool: &ResolvedPool, passive: &ResolvedPassive, moves: bool) -> usize {
    let one = 100_usize.div_ceil(endpoints::count(pool));
    if moves { 100 } else { one.max(passive.max_ejected_percent as usize).min(100) }
}

/// What counts, and what of it cannot be written.
fn statuses(pool: &ResolvedPool, passive: &ResolvedPassive, to: &mut Writer) -> Statuses {
    let moves = moves_clients(pool);
    let name = &pool.name;
    match passive.statuses.as_slice() {
        _ if passive.failures == 0 => Statuses::None,
        [(500, 599)] => Statuses::Server,
        [(502, 504)] => Statuses::Gateway,
        [] if moves => Statuses::None,
        // There are none.
        [] if pool.mode == Mode::Tcp => Statuses::Gateway,
        [] => {
            let sentence = format!(
                "health.passive of {name}: Envoy does not tell answers 502 to 504 from none at all, they count as failures too"
            );
            to.cannot(Feature::Ejection, sentence);
            Statuses::Gateway
        }
        _ => {
            let sentence =
                format!("health.passive.statuses of {name}: Envoy counts 500-599 or 502-504, it counts 502-504 here");
            to.cannot(Feature::Ejection, sentence);
            Statuses::Gateway
        }
    }
}

/// Envoy counts what got no answer as 503 or 504, where it is not told to split that off.
fn by_status(statuses: Statuses, passive: &ResolvedPassive, to: &mut Writer) {
    match statuses {
        Statuses::None => to.line("enforcing_consecutive_5xx: 0"),
        Statuses::Server => to.line(format!("consecutive_5xx: {}", passive.failures)),
        Statuses::Gateway => {
            to.line("enforcing_consecutive_5xx: 0");
            to.line(format!("consecutive_gateway_failure: {}", passive.failures));
            to.line("enforcing_consecutive_gateway_failure: 100");
        }
    }
}
