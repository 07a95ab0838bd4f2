//! Binds the listeners of a configuration, before anything else starts.

use std::sync::Arc;

use super::self_target;
use super::start_error::StartError;
use crate::balancer::KeyFunction;
use crate::config::Config;
use crate::state::Topology;
use crate::tls::{TlsStore, terminations};
#[cfg(unix)]
use crate::{listener, process};

/// Binds the listeners and builds the pools of a configuration without [problems](Config::problems), then drops root's
/// privileges if configured, so that nothing later runs with them.
///
/// # Errors
///
/// A listener cannot be bound, the user is unusable, or a backend is this balancer itself.
pub(crate) fn open(config: Config, key: Option<KeyFunction>) -> Result<Topology, StartError> {
    let topology = bound(config, key)?;
    // After dropping privileges, because this may start a thread, which would keep root's privileges.
    let problems = self_target::problems(&topology.config);
    if problems.is_empty() { Ok(topology) } else { Err(StartError::Config(problems)) }
}

fn bound(config: Config, key: Option<KeyFunction>) -> Result<Topology, StartError> {
    // Keys may be root's.
    let store = Arc::new(TlsStore::default());
    let terminations = terminations(&config, &store, &[])?;
    let tls = (store, terminations);
    let Some(user) = &config.downgrade_to_user else { return Ok(Topology::new(config, tls, key)?) };
    #[cfg(unix)]
    {
        let user = listener::Downgrade::to(user).map_err(StartError::user)?;
        let topology = Topology::new(config, tls, key)?;
        process::belong_to(&user.name, &user.home);
        user.run().map_err(StartError::user)?;
        Ok(topology)
    }
    #[cfg(not(unix))]
    Err(StartError::user(format!("downgradeToUser: this system has no root to become '{user}': leave the key out")))
}
