//! What of a pool Traefik cannot do.

use stickylb::api::{ResolvedBackend, StickyBy, Strategy};

use super::super::text::{name_of, shown};
use super::plan::Plan;
use crate::export::feature::Feature;
use crate::export::writer::Writer;

pub(super) fn of_pool(plan: &Plan, to: &mut Writer) {
    sticky(plan, to);
    strategy(plan, to);
    for backend in &plan.pool.backends {
        of_backend(plan, backend, to);
    }
}

fn sticky(plan: &Plan, to: &mut Writer) {
    let (name, sticky) = (&plan.pool.name, &plan.pool.sticky);
    let cookie = "it binds by a cookie in its place, and clients move once";
    match &sticky.by {
        StickyBy::Cookie if !plan.is_checked => to.cannot(
            Feature::StickyCookie,
            format!("sticky cookie of {name}: without HTTP checks Traefik's cookies name no ids, clients move once"),
        ),
        StickyBy::Ip => to.cannot(
            Feature::StickyIp,
            format!(
                "sticky ip of {name}: Traefik has another function of the address that connects, clients move once"
            ),
        ),
        StickyBy::Header(header) => {
            let sentence = format!("sticky header {} of {name}: Traefik has none, {cookie}", shown(header));
            to.cannot(Feature::StickyHeader, sentence);
        }
        StickyBy::Query(parameter) => {
            let sentence = format!("sticky query {} of {name}: Traefik has none, {cookie}", shown(parameter));
            to.cannot(Feature::StickyQuery, sentence);
        }
        StickyBy::Learn(_) => {
            to.cannot(Feature::StickyLearn, format!("sticky learn of {name}: Traefik has none, {cookie}"));
        }
        StickyBy::Custom => {
            to.cannot(Feature::StickyHeader, format!("sticky of {name}: Traefik has no such key, {cookie}"));
        }
        _ => {}
    }
    if sticky.fixed_without_key && sticky.by != StickyBy::Off {
        let sentence = format!("sticky.missing of {name}: Traefik sends clients without a key where its strategy says");
        to.cannot(Feature::Missing, sentence);
    }
    if sticky.fails && sticky.by != StickyBy::Off {
        let sentence =
            format!("sticky.onFailure of {name}: Traefik sends clients of a backend that is down to another");
        to.cannot(Feature::OnFailure, sentence);
    }
}

fn strategy(plan: &Plan, to: &mut Writer) {
    let (name, strategy) = (&plan.pool.name, plan.pool.strategy);
    let backends: Vec<&ResolvedBackend> = plan.pool.backends.iter().collect();
    let in_turn = "new clients go to each in turn";
    let is_of_services = plan.is_of_services(&backends);
    if plan.by_address {
        if strategy == Strategy::Hash && plan.pool.sticky.by == StickyBy::Off {
            let sentence =
                format!("hash of {name}: Traefik has another function of the address that connects, clients move once");
            to.cannot(Feature::Hash, sentence);
        }
        return;
    }
    let lacks = match strategy {
        Strategy::LeastConnections if is_of_services => Some(Feature::LeastConnections),
        Strategy::PowerOfTwo if is_of_services => Some(Feature::PowerOfTwo),
        Strategy::LeastLatency if is_of_services => Some(Feature::LeastLatency),
        Strategy::Hash => Some(Feature::Hash),
        Strategy::Random => Some(Feature::Random),
        Strategy::First if plan.by_cookie || !plan.is_checked => Some(Feature::First),
        _ => None,
    };
    if let Some(feature) = lacks {
        let why = if strategy == Strategy::Random { "Traefik has none" } else { "Traefik cannot here" };
        to.cannot(feature, format!("{} of {name}: {why}, {in_turn}", strategy.name()));
    } else if strategy == Strategy::LeastConnections {
        let sentence = format!("least-connections of {name}: Traefik takes the less busy of two that it draws");
        to.cannot(Feature::LeastConnections, sentence);
    }
    let same = backends.iter().all(|backend| backend.weight == backends[0].weight);
    if plan.strategy() == "p2c" && !is_of_services && !same {
        to.cannot(Feature::Weight, format!("weights of {name}: Traefik's p2c has none, all have the same"));
    }
}

fn of_backend(plan: &Plan, backend: &ResolvedBackend, to: &mut Writer) {
    let name = name_of(backend);
    if backend.weight == 0 && plan.by_cookie {
        to.cannot(Feature::WeightZero, format!("weight 0 of {name}: Traefik sends clients that it has to others"));
    }
    if backend.backup && !plan.is_checked {
        let sentence = format!("backup {name}: without HTTP checks Traefik has no failover, it is left out");
        to.cannot(Feature::Backup, sentence);
    }
    if backend.max_connections > 0 {
        let sentence = format!(
            "maxConnections of {name}: Traefik counts for each host that is asked for, and answers 429 beyond them"
        );
        to.cannot(Feature::MaxConnections, sentence);
    }
    if backend.max_queue > 0 {
        to.cannot(Feature::Queue, format!("maxQueue of {name}: Traefik has none, requests do not wait"));
    }
    if backend.min_idle > 0 {
        to.cannot(Feature::Idle, format!("minIdle of {name}: Traefik opens no connections ahead"));
    }
    if backend.slow_start_millis > 0 {
        to.cannot(Feature::SlowStart, format!("slowStart of {name}: Traefik has none, it gets its full share at once"));
    }
    if backend.proxy_protocol > 0 {
        let sentence = format!("proxyProtocol of {name}: Traefik sends none before HTTP, switch it off there");
        to.cannot(Feature::ProxyToBackends, sentence);
    }
}
