//! What stands in a configuration that says nothing of it.
//!
//! A value that only guards, such as a limit, is left to an engine without a word for it; one that a person wrote is not.

use stickylb::api::{ResolvedConfig, ResolvedPassive, ResolvedRetry};
use stickylb::config::{Address, BackendConfig, Config};

/// A configuration that says where a backend is, and nothing else.
pub(super) fn usual() -> ResolvedConfig {
    Config::new(vec![BackendConfig::new(0, String::new(), Address::local(1))]).resolved()
}

/// Whether nothing is said of the budget of retries, and of the bodies that are kept for them.
pub(super) fn has_usual_budget(retry: &ResolvedRetry) -> bool {
    let usual = usual().retry;
    (retry.budget_percent, retry.body_limit) == (usual.budget_percent, usual.body_limit)
}

/// Ejection where nothing is said of it.
pub(super) fn usual_passive() -> ResolvedPassive {
    usual()
        .pools
        .into_iter()
        .flat_map(|pool| pool.backends)
        .map(|backend| backend.check.passive)
        .next()
        .unwrap_or_default()
}
