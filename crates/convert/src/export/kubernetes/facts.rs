//! What is true of a pool and its backends, whatever is written of them.

use stickylb::api::{Intent, Mode, ResolvedBackend, ResolvedConfig, ResolvedPool, ResolvedScheme, StickyBy};

/// The backends that take clients of a pool as a rule; backups only where there are no others.
pub(super) fn replicas(pool: &ResolvedPool) -> Vec<&ResolvedBackend> {
    let is_taken = |backend: &&ResolvedBackend| backend.intent == Intent::InService && backend.weight > 0;
    let (backups, mains): (Vec<_>, Vec<_>) = pool.backends.iter().filter(is_taken).partition(|backend| backend.backup);
    if mains.is_empty() { backups } else { mains }
}

/// The port that the pods of a pool listen at: that of the first backend which has one.
pub(super) fn port(pool: &ResolvedPool) -> u16 {
    pool.backends.iter().map(|backend| backend.port).find(|port| *port > 0).unwrap_or(8080)
}

/// Milliseconds as whole seconds, which are all that Kubernetes counts: never fewer.
pub(super) fn seconds(millis: u64) -> u64 {
    millis.div_ceil(1000).max(1)
}

/// Whether a pool is spoken to over TLS.
pub(super) fn is_https(pool: &ResolvedPool) -> bool {
    pool.backends.iter().any(|backend| backend.scheme == ResolvedScheme::Https)
}

/// Whether anything is tried again.
pub(super) fn retries(config: &ResolvedConfig) -> bool {
    let retry = &config.retry;
    retry.attempts > 1 && (retry.on_connect || retry.on_no_response || !retry.statuses.is_empty())
}

/// The statuses that a route can name.
pub(super) fn codes(config: &ResolvedConfig) -> Vec<String> {
    config.retry.statuses.iter().filter(|status| **status >= 400).map(ToString::to_string).collect()
}

/// Keys that a route has not are replaced by a cookie of the Gateway's.
pub(super) fn is_by_cookie(pool: &ResolvedPool) -> bool {
    pool.mode == Mode::Http && !matches!(pool.sticky.by, StickyBy::Ip | StickyBy::Off)
}
