//! What a run is warned about before it starts.

use stickylb::config::{Config, Encryption, PoolConfig};
use stickylb::program::is_local_name;

/// Called as root before `downgradeToUser` applies: lets root's `ctl` and `list` find the balancer of that user.
#[cfg(unix)]
pub(super) fn lead_root(config: &Config) -> Option<String> {
    use crate::control::Server;
    use stickylb::program::Downgrade;
    // If it cannot become that user, the start reports that.
    let user = Downgrade::to(config.downgrade_to_user.as_deref()?).ok()?;
    let error = Server::lead_root_to(user.uid()).err()?;
    Some(format!("root's ctl, list and stop do not find this balancer: {error}"))
}

/// Warnings about stickiness by a hash of what backends are known to make.
pub(super) fn hashed_ids(config: &Config) -> Vec<String> {
    let several = config.pools.len() > 1;
    let warning = |pool: &PoolConfig| {
        let warning = pool.sticky.by.is_known_to_come_from_backends()?;
        Some(if several { format!("pool {}: {warning}", pool.name) } else { warning })
    };
    config.pools.iter().filter_map(warning).collect()
}

/// Warnings about risky settings.
pub(super) fn warnings(config: &Config) -> Vec<String> {
    let mut warnings = hashed_ids(config);
    for listener in config.listeners.iter().filter(|listener| listener.host.is_unspecified()) {
        let host = listener.host;
        warnings.push(format!("listening on {host}: everyone on your network can reach the backends through it"));
    }
    if let Some(email) = &config.email
        && email.auth.is_some()
        && email.encryption == Encryption::None
        && !is_local_name(&email.host)
    {
        warnings
            .push(format!("email.encryption is none: the password goes to {} readable by anyone between", email.host));
    }
    warnings
}
