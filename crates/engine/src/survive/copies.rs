//! The copies of one run: the backends of a pool that are UP when it begins.

use std::sync::Arc;
use stickylb_survive::CopyNames;

use crate::api::{BackendId, Mode, State};
use crate::balancer::Backend;
use crate::state::{LivePool, Shared};
use crate::untrusted::Untrusted;

/// The copies of one run, in the order of their pool.
pub(crate) struct Copies {
    /// What the engine's parts share.
    pub(crate) shared: Arc<Shared>,
    /// Their pool.
    pub(crate) pool: Arc<LivePool>,
    /// Each of them.
    pub(crate) each: Vec<Arc<Backend>>,
    /// The process of each when it began, where it was started here.
    pids: Vec<Option<u32>>,
}

impl Copies {
    /// The copies in this pool, or in the first one that speaks HTTP.
    ///
    /// # Errors
    /// Why nothing can be compared, and what to do, as one sentence.
    pub(crate) fn of(shared: &Arc<Shared>, pool: Option<&str>) -> Result<Copies, String> {
        let topology = shared.topology.load();
        let found = match pool {
            Some(name) => topology.pools.iter().find(|pool| *pool.name() == name),
            None => topology.pools.iter().find(|pool| pool.mode == Mode::Http),
        };
        let pool = match found {
            Some(pool) if pool.mode == Mode::Tcp => {
                return Err(format!("survive reads HTTP, and the pool '{}' passes on raw connections", pool.name()));
            }
            Some(pool) => Arc::clone(pool),
            None => {
                let named = pool.map(|name| format!(" '{}'", Untrusted::new(name))).unwrap_or_default();
                return Err(format!("survive compares copies of a web app, and there is no pool{named} of one"));
            }
        };
        let each: Vec<_> = pool.current.load().backends.iter().filter(|b| b.state() == State::Up).cloned().collect();
        if each.len() < 2 {
            let up = if each.is_empty() { "no backend is".to_owned() } else { format!("only {} is", each[0].name()) };
            return Err(format!(
                "survive compares copies: {up} UP, and it needs two or more; start more with run -n 2"
            ));
        }
        let pids = pids(shared, &each);
        Ok(Copies { shared: Arc::clone(shared), pool, each, pids })
    }

    /// What each may call itself in its answers.
    pub(crate) fn names(&self) -> Vec<CopyNames> {
        let name = |(instance, backend): (usize, &Arc<Backend>)| CopyNames {
            name: backend.name().raw().to_owned(),
            port: Some(backend.endpoint.address.port).filter(|port| *port != 0),
            pid: self.pids[instance],
            instance: Some(instance),
        };
        self.each.iter().enumerate().map(name).collect()
    }

    /// The URL that leads to them.
    pub(crate) fn url(&self) -> String {
        self.shared.topology.load().url_of(&self.pool)
    }

    /// Whether that speaks TLS with its clients.
    pub(crate) fn are_behind_tls(&self) -> bool {
        self.shared.topology.load().listener_of(&self.pool).is_some_and(|listener| listener.is_tls())
    }

    /// Whether their processes were started here, so that their output is known.
    pub(crate) fn are_spawned(&self) -> bool {
        self.each.iter().any(|backend| backend.settings.spawned)
    }

    /// The place of the backend with this id among them.
    pub(crate) fn place(&self, id: BackendId) -> Option<usize> {
        self.each.iter().position(|backend| backend.id() == id)
    }

    /// Which of them is not what it was when the run began, and why, in one sentence: what is found from then on would tell
    /// of that, and not of the app.
    pub(crate) fn trouble(&self) -> Option<String> {
        let now = pids(&self.shared, &self.each);
        let pool = self.pool.current.load();
        self.each.iter().enumerate().find_map(|(place, backend)| {
            let name = backend.name();
            if !pool.backends.iter().any(|one| Arc::ptr_eq(one, backend)) {
                Some(format!("{name} is not the backend any more that it was when survive began"))
            } else if now[place] != self.pids[place] {
                Some(format!("the process of {name} ended in the middle"))
            } else if backend.state() == State::Down {
                Some(format!("{name} went DOWN in the middle"))
            } else {
                None
            }
        })
    }
}

fn pids(shared: &Shared, copies: &[Arc<Backend>]) -> Vec<Option<u32>> {
    let records = shared.registry.records();
    copies.iter().map(|backend| records.spawned.get(&backend.id()).and_then(|spawned| spawned.pid)).collect()
}
