//! What is true of a pool and its backends, whatever is written of them.

use stickylb::api::{Intent, Mode, ResolvedBackend, ResolvedConfig, ResolvedPool, ResolvedScheme, StickyBy, Strategy};

use super::text::name_of;
use crate::export::feature::Feature;
use crate::export::writer::Writer;

/// The pools of a mode.
pub(super) fn pools(config: &ResolvedConfig, mode: Mode) -> impl Iterator<Item = &ResolvedPool> {
    config.pools.iter().filter(move |pool| pool.mode == mode)
}

/// The name of the service that a pool is. Services of backends are named by their id alone.
pub(super) fn service_of(pool: &str) -> String {
    format!("pool-{pool}")
}

/// Whether a request comes to the same backend again while that is not known to be down: by a cookie, an address, or an order.
/// A pool whose requests go round finds another by itself.
pub(super) fn asks_again(pool: &ResolvedPool) -> bool {
    let goes_round = matches!(
        pool.strategy,
        Strategy::RoundRobin
            | Strategy::SmoothRoundRobin
            | Strategy::Random
            | Strategy::LeastConnections
            | Strategy::PowerOfTwo
    );
    pool.sticky.by != StickyBy::Off || !goes_round || pool.backends.iter().any(|backend| backend.backup)
}

/// Whether Traefik gets it.
pub(super) fn is_there(backend: &ResolvedBackend) -> bool {
    backend.intent != Intent::Maint && !matches!(backend.scheme, ResolvedScheme::Unix(_))
}

/// Keys that Traefik does not know are replaced by its cookie.
pub(super) fn is_by_cookie(pool: &ResolvedPool) -> bool {
    !matches!(pool.sticky.by, StickyBy::Ip | StickyBy::Off)
}

/// Those that Traefik does not get, or as others than they are.
pub(super) fn left_out(pool: &ResolvedPool, to: &mut Writer) {
    for backend in &pool.backends {
        let name = name_of(backend);
        match backend.intent {
            Intent::Maint => to.comment(format!("{name} is in maintenance and left out.")),
            Intent::Drain => to.comment(format!("{name} is being drained: its weight is 0.")),
            Intent::InService => {}
        }
        if matches!(backend.scheme, ResolvedScheme::Unix(_)) {
            to.cannot(Feature::Unix, format!("{name}: Traefik knows no Unix sockets, it is left out"));
        }
    }
}
