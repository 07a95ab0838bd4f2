//! What each strategy would have done with the last requests.

use std::sync::Arc;

use super::start::Balancer;
use crate::api::{BackendId, CommandError, MAX_WEIGHT, WhatIf, WhatIfOptions};
use crate::state::LivePool;
use crate::what_if::what_if;

impl Balancer {
    /// What each strategy would have done with the last requests of a pool: at most 500, since its strategy, stickiness, weights,
    /// states and backends are what they are.
    ///
    /// Requests are recorded while a front end shows them, and for good from the first time that this is asked. It takes some
    /// tenths of a second and belongs on a thread that may block.
    ///
    /// # Errors
    /// There is no such pool, no such backend in it, or no such weight; as one sentence.
    pub fn what_if(&self, options: &WhatIfOptions) -> Result<WhatIf, String> {
        let live = self.pool_of(options)?;
        let pool = live.current.load_full();
        for id in [options.without, options.weight.map(|(id, _)| id)].into_iter().flatten() {
            if pool.index_of(id).is_none() {
                return Err(self.not_in(&live, id));
            }
        }
        if options.weight.is_some_and(|(_, weight)| weight > MAX_WEIGHT) {
            return Err(CommandError::BadWeight.to_string());
        }
        let recorded = pool.recorded();
        Ok(what_if(&pool, live.name(), recorded, options))
    }

    /// The pool that is named, or else the one of the backend that is, or the first.
    fn pool_of(&self, options: &WhatIfOptions) -> Result<Arc<LivePool>, String> {
        let named = options.without.or(options.weight.map(|(id, _)| id));
        if let (None, Some(id)) = (&options.pool, named) {
            let found = self.shared.topology.find(id).ok_or(CommandError::UnknownBackend { id });
            return found.map(|(pool, _)| pool).map_err(|error| error.to_string());
        }
        let pools = self.pools(options.pool.as_deref()).map_err(|error| error.to_string())?;
        pools.into_iter().next().ok_or_else(|| "there is no pool".to_owned())
    }

    fn not_in(&self, live: &LivePool, id: BackendId) -> String {
        match self.shared.topology.find(id) {
            Some((_, backend)) => format!("{} is no backend of the pool {}", backend.name(), live.name()),
            None => CommandError::UnknownBackend { id }.to_string(),
        }
    }
}
