//! How `reverse_proxy` chooses.

use stickylb::api::{ResolvedBackend, ResolvedPool, StickyBy, Strategy};

use super::text::{self, token};
use crate::export::feature::Feature;
use crate::export::writer::Writer;

/// Writes how one of these backends is chosen, of at least one, for a request whose client is bound to none by a cookie.
pub(super) fn write(pool: &ResolvedPool, backends: &[&ResolvedBackend], to: &mut Writer) {
    let name = &pool.name;
    let moves = |what: &str| {
        format!(
            "{what} of {name}: the function of Caddy is another one, and takes no notice of weights: clients move once, and then stay"
        )
    };
    match &pool.sticky.by {
        StickyBy::Ip => {
            to.cannot(Feature::StickyIp, moves("sticky ip"));
            to.line("lb_policy client_ip_hash");
        }
        StickyBy::Header(field) => {
            to.cannot(Feature::StickyHeader, moves("sticky header"));
            by_key("header", field, pool, backends, to);
        }
        StickyBy::Query(field) => {
            to.cannot(Feature::StickyQuery, moves("sticky query"));
            by_key("query", field, pool, backends, to);
        }
        StickyBy::Learn(_) | StickyBy::Custom => {
            to.cannot(
                Feature::StickyLearn,
                format!(
                    "sticky {} of {name}: Caddy learns nothing, clients are bound by their address instead",
                    text::name(&pool.sticky.by.to_string())
                ),
            );
            to.line("lb_policy client_ip_hash");
        }
        StickyBy::Cookie if pool.sticky.fixed_without_key => to.line("lb_policy first"),
        _ => {
            if pool.strategy == Strategy::Hash {
                to.cannot(Feature::Hash, moves("strategy hash"));
            }
            let policy = strategy(pool, backends, to);
            to.line(format!("lb_policy {policy}"));
        }
    }
    if pool.sticky.fails && !matches!(pool.sticky.by, StickyBy::Cookie | StickyBy::Off) {
        to.cannot(
            Feature::OnFailure,
            format!("sticky.onFailure fail of {name}: Caddy sends the clients of a backend that is out to the others, unless a cookie binds them"),
        );
    }
}

/// By the hash of a header field or a parameter, and by the strategy where there is none.
fn by_key(policy: &str, field: &str, pool: &ResolvedPool, backends: &[&ResolvedBackend], to: &mut Writer) {
    let otherwise = match pool.strategy {
        _ if pool.sticky.fixed_without_key => "first".to_owned(),
        _ => strategy(pool, backends, to),
    };
    let Some(field) = token(field) else {
        to.cannot(
            Feature::StickyQuery,
            format!("sticky of {}: its name has braces, which Caddy would replace: nobody is bound", pool.name),
        );
        return to.line(format!("lb_policy {otherwise}"));
    };
    to.line(format!("lb_policy {policy} {field} {{"));
    to.indented(|to| to.line(format!("fallback {otherwise}")));
    to.line("}");
}

/// The policy that is nearest to a strategy.
fn strategy(pool: &ResolvedPool, backends: &[&ResolvedBackend], to: &mut Writer) -> String {
    let name = &pool.name;
    let are_equal = backends.iter().all(|backend| backend.weight == backends[0].weight);
    let turns = |to: &mut Writer, feature: Feature, words: &str| {
        if are_equal {
            return "round_robin".to_owned();
        }
        if !words.is_empty() {
            to.cannot(feature, format!("strategy {} of {name}: {words}", pool.strategy));
        }
        let weights: Vec<String> = backends.iter().map(|backend| backend.weight.to_string()).collect();
        format!("weighted_round_robin {}", weights.join(" "))
    };
    let unweighted = |to: &mut Writer| {
        if !are_equal {
            to.cannot(
                Feature::LeastConnections,
                format!(
                    "weights of {name}: Caddy counts none with the strategy {}, all backends are equal",
                    pool.strategy
                ),
            );
        }
    };
    match pool.strategy {
        Strategy::RoundRobin => turns(to, Feature::RoundRobin, ""),
        Strategy::SmoothRoundRobin => turns(
            to,
            Feature::SmoothRoundRobin,
            "Caddy gives each backend its turns in a row, and not mixed; the shares are the same",
        ),
        Strategy::Random if are_equal => "random".to_owned(),
        Strategy::Random => turns(
            to,
            Feature::Random,
            "Caddy draws without weights, the backends take turns instead; the shares are the same",
        ),
        Strategy::PowerOfTwo => {
            // `random_choose 2` takes the first of its two in the file's order while both are idle: some backends get nothing.
            to.cannot(
                Feature::PowerOfTwo,
                format!("strategy power-of-two of {name}: Caddy draws two unevenly, it takes the backend with the fewest requests of all, without weights"),
            );
            "least_conn".to_owned()
        }
        Strategy::LeastConnections => {
            unweighted(to);
            "least_conn".to_owned()
        }
        Strategy::Hash => "client_ip_hash".to_owned(),
        Strategy::First => "first".to_owned(),
        // Least latency, and what is yet to come.
        _ => {
            to.cannot(
                Feature::LeastLatency,
                format!("strategy {} of {name}: Caddy does not choose by response times, it takes the backend with the fewest requests", pool.strategy),
            );
            "least_conn".to_owned()
        }
    }
}
