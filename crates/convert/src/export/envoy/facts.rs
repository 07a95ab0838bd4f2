//! What several parts of the file need to know of a pool.

use stickylb::api::{Intent, Mode, ResolvedBackend, ResolvedCookie, ResolvedPool, StickyBy, Strategy};

/// Metadata of endpoints that clients without a cookie come to, where not all are.
pub(super) const TAKES_NEW: &str = "takes_new: \"yes\"";

/// The cookie that binds a pool's clients, if one does.
pub(super) fn cookie(pool: &ResolvedPool) -> Option<&ResolvedCookie> {
    (pool.mode == Mode::Http && pool.sticky.by == StickyBy::Cookie).then_some(&pool.sticky.cookie)
}

/// Whether a client whose backend is out gets another one by cookie.
pub(super) fn moves_clients(pool: &ResolvedPool) -> bool {
    cookie(pool).is_some() && !pool.sticky.fails
}

/// Whether a backend is chosen by a hash: of what binds clients, or because the strategy says so.
pub(super) fn hashes(pool: &ResolvedPool) -> bool {
    match &pool.sticky.by {
        StickyBy::Off | StickyBy::Cookie => pool.strategy == Strategy::Hash,
        _ => true,
    }
}

/// Whether a backend gets no clients that are new to it.
pub(super) fn is_drained(backend: &ResolvedBackend) -> bool {
    backend.weight == 0 || backend.intent == Intent::Drain
}

/// Whether a drained backend keeps its clients, which only a cookie can name.
pub(super) fn has_drained(pool: &ResolvedPool) -> bool {
    cookie(pool).is_some() && pool.backends.iter().any(is_drained)
}
