//! Binds the listeners of a configuration, before anything else starts.

use super::self_target;
use super::start_error::StartError;
use crate::balancer::KeyFunction;
use crate::config::Config;
use crate::state::Topology;
#[cfg(unix)]
use crate::{listener, process};

/// The listeners and pools of a configuration whose [problems](Config::problems) were looked for, where no backend is this
/// balancer itself, and root's rights given up where the configuration says so: nothing that comes after has them.
pub(crate) fn open(config: Config, key: Option<KeyFunction>) -> Result<Topology, StartError> {
    let setup = bound(config, key)?;
    // Only now, for it may take a thread, which would keep root's rights.
    let problems = self_target::problems(&setup.config);
    if problems.is_empty() { Ok(setup) } else { Err(StartError::Config(problems)) }
}

fn bound(config: Config, key: Option<KeyFunction>) -> Result<Topology, StartError> {
    let Some(user) = &config.downgrade_to_user else { return Ok(Topology::new(config, key)?) };
    #[cfg(unix)]
    {
        let user = listener::Downgrade::to(user).map_err(StartError::user)?;
        let setup = Topology::new(config, key)?;
        process::belong_to(&user.name, &user.home);
        user.run().map_err(StartError::user)?;
        Ok(setup)
    }
    #[cfg(not(unix))]
    Err(StartError::user(format!("downgradeToUser: this system has no root to become '{user}': leave the key out")))
}
