//! Applies a changed configuration without dropping client connections.
//!
//! Listeners, pools and backends that did not change are kept, with their connections, counters, and what a person
//! changed since.

use futures_util::future::join_all;
use std::collections::{HashMap, HashSet};
use std::net::TcpListener;
use std::sync::Arc;
use tokio::sync::MutexGuard;
use tokio::task::spawn_blocking;

use super::certificates;
use super::reload_changes::ReloadChanges;
use super::self_target;
use super::source::Source;
use super::start::Balancer;
use super::start_error::StartError;
use crate::api::{About, BackendId, CommandError, Level, StickyBy};
use crate::balancer::Backend;
use crate::config::{BackendConfig, Config, PoolConfig};
use crate::health::Checker;
use crate::listener;
use crate::listener::ListenError;
use crate::state::{BoundListener, LivePool, Routing, Topology};
use crate::untrusted::{Untrusted, joined};

impl Balancer {
    /// Reads the configuration from its source again, applies it, and reports the changes; tells what was done.
    pub(crate) async fn reload_from_source(&self) -> Result<&'static str, CommandError> {
        let Some(Source(read)) = &self.source else { return self.reload_what_there_is().await };
        // Locked before reading, so that configurations are applied in the order in which they were read.
        let alone = self.reloading.lock().await;
        let read = Arc::clone(read);
        // Reading may block. It fails only if the reader panics or the runtime is shutting down.
        let config = spawn_blocking(move || read()).await.unwrap_or_else(|lost| Err(vec![lost.to_string().into()]));
        let changes = match config {
            Ok(config) => self.change_to(config, &alone).await.map_err(|error| match error {
                StartError::Config(problems) => problems,
                other => vec![other.to_string().into()],
            }),
            Err(problems) => Err(problems),
        };
        let changes = match changes {
            Ok(changes) => changes,
            Err(problems) => {
                self.shared.telemetry.warn_of(About::Configuration, joined(&problems, "; "));
                return Err(CommandError::NotReloaded { problems });
            }
        };
        self.shared.telemetry.is_well(About::Configuration);
        let changes = if changes.is_empty() { "nothing changed".to_owned() } else { changes.join(", ") };
        self.shared.telemetry.notice(Level::Info, format!("configuration reloaded: {changes}"));
        Ok("the configuration file is applied")
    }

    /// Applies another configuration, and returns a short description of each change.
    ///
    /// Listeners, pools, backends, checks, stickiness, access, mail and the connection limit change at once. Other
    /// limits, timeouts and retries apply to new connections. Client connections stay open, and so do WebSockets whose
    /// backend is still there.
    ///
    /// # Errors
    /// See [`StartError`]; nothing has changed then.
    pub async fn reload(&self, config: Config) -> Result<Vec<String>, StartError> {
        // Only one reload at a time.
        let alone = self.reloading.lock().await;
        self.change_to(config, &alone).await
    }

    async fn change_to(&self, config: Config, _alone: &MutexGuard<'_, ()>) -> Result<Vec<String>, StartError> {
        let problems = config.problems();
        if !problems.is_empty() {
            return Err(StartError::Config(problems));
        }
        let config = Arc::new(config);
        let named = Arc::clone(&config);
        // May block on the resolver. It fails only if the runtime is shutting down.
        let problems = spawn_blocking(move || self_target::problems(&named)).await.unwrap_or_default();
        if !problems.is_empty() {
            return Err(StartError::Config(problems));
        }
        let before = self.shared.topology.load();
        let there = before.backends();
        let mut changes = ReloadChanges::default();
        let pools: Vec<_> = config.pools.iter().map(|pool| place(&before, &config, pool, &mut changes)).collect();
        let terminations = certificates::read(&config, &before).await?;
        // Bound before anything changes, because an address may be in use.
        let open = config.listeners.iter().zip(&terminations).enumerate().map(|(number, (listener, tls))| {
            let present = before.listeners.iter().find(|open| open.listener.is(&config, listener));
            let replaced = replaced(&before, &config, listener.port);
            let open = || BoundListener::new(&config, number, tls.clone(), &pools, &replaced);
            present.map_or_else(open, |present| Ok(present.clone()))
        });
        let listeners = open.collect::<Result<Vec<BoundListener>, _>>().map_err(|error| not_opened(error, &before))?;
        keeps_processes(&before, &config, &pools)?;
        changes.listeners(&before.listeners, &listeners);
        changes.tls(&before, &config, &listeners, &terminations);
        changes.rest(&before.config, &config);

        let next: Vec<Vec<Arc<Backend>>> =
            pools.iter().zip(&config.pools).map(|(live, pool)| backends(live, pool, &mut changes)).collect();
        // New backends are checked before they get clients; a pool of only unchecked backends could serve nobody.
        let checkers: Vec<_> = changes.new.iter().map(|new| Checker::new(&self.shared, Arc::clone(new))).collect();
        join_all(checkers.iter().map(|checker| checker.check_once(&config.limits))).await;

        self.change_pools(&config, &pools, next);
        for (number, (open, tls)) in listeners.iter().zip(terminations).enumerate() {
            let before_it = open.listener.url();
            open.listener.routing.store(Arc::new(Routing::new(&config, number, tls, &pools)));
            let url = open.listener.url();
            if url != before_it {
                changes.told.push(format!("{url} in place of {before_it}"));
            }
            if !before.listeners.iter().any(|old| Arc::ptr_eq(&old.listener, &open.listener)) {
                for old in replaced(&before, &config, config.listeners[number].port) {
                    listener::leave_new_clients(&old);
                }
            }
        }
        // If the limit shrinks, surplus permits are taken out of use as clients disconnect.
        self.spawn(self.connection_limit.change(before.config.limits.connections, config.limits.connections));
        self.shared.replace_topology(Topology {
            config,
            listeners,
            pools,
            key: before.key.clone(),
            tls: Arc::clone(&before.tls),
        });
        certificates::warn(&self.shared);
        self.let_go(there, &mut changes);
        self.end_chaos_if_exposed();
        for backend in changes.new {
            self.shared.registry.begin(&backend);
            drop(self.watch(backend));
        }
        Ok(changes.told)
    }

    /// Gives each pool its changed configuration, and its backends of `next`.
    fn change_pools(&self, config: &Config, pools: &[Arc<LivePool>], next: Vec<Vec<Arc<Backend>>>) {
        for ((live, pool), backends) in pools.iter().zip(&config.pools).zip(next) {
            let pool = config.with_secure_decided(pool);
            let old = live.follow(&pool);
            let mut configured = old.sticky.clone();
            // Where only the listeners changed, what a person chose since stays, with the cookie as it is to be now.
            let is_rebuilt = configured.cookie.secure != pool.sticky.cookie.secure;
            configured.cookie.secure = pool.sticky.cookie.secure;
            let is_same = configured == pool.sticky;
            if !is_same {
                self.shared.telemetry.is_well(About::Sticky);
            }
            self.shared.registry.change_pool(live, |value| {
                let strategy = if old.strategy == pool.strategy { value.strategy } else { pool.strategy };
                let kept = match &value.sticky.by {
                    StickyBy::Cookie if is_same && is_rebuilt => live.sticky_by(&StickyBy::Cookie),
                    _ if is_same => value.sticky.clone(),
                    _ => live.sticky_by(&pool.sticky.by),
                };
                // Processes started by this program stay, because the configuration does not list them. Read from the
                // current value, in case one was added just now.
                let started = value.backends.iter().filter(|backend| backend.settings.spawned).cloned();
                value.changed(backends.into_iter().chain(started).collect(), strategy, kept)
            });
        }
    }

    /// Releases the backends that are gone. Their requests in flight go on; their tunnels are closed, unless a new
    /// backend has the same address.
    fn let_go(&self, there: Vec<Arc<Backend>>, changes: &mut ReloadChanges) {
        let now = self.shared.topology.load().backends();
        let numbers: HashSet<u64> = now.iter().map(|backend| backend.number).collect();
        let ids: HashSet<BackendId> = now.iter().map(|backend| backend.id()).collect();
        let addresses: HashSet<String> = now.iter().map(|backend| backend.endpoint.address.to_string()).collect();
        for backend in there.into_iter().filter(|old| !numbers.contains(&old.number)) {
            self.shared.release(&backend);
            if !addresses.contains(&backend.endpoint.address.to_string()) {
                backend.signals.close_tunnels.notify_waiters();
            }
            if !ids.contains(&backend.id()) {
                self.shared.registry.close(backend.id());
                changes.told.push(format!("{} removed", backend.name()));
            }
        }
    }
}

/// The sockets on this port that the new configuration does not keep: a new listener on the port may replace them.
fn replaced(before: &Topology, config: &Config, port: u16) -> Vec<Arc<TcpListener>> {
    let goes = |open: &&BoundListener| {
        open.listener.address.port() == port && !config.listeners.iter().any(|l| open.listener.is(config, l))
    };
    before.listeners.iter().filter(goes).flat_map(|open| open.sockets.clone()).collect()
}

/// Explains why a listener cannot be opened: after privileges were dropped, only a restart as root may help.
fn not_opened(error: ListenError, before: &Topology) -> StartError {
    let is_roots = match &error {
        ListenError::Denied { .. } => true,
        // While a listener's address changes, old and new socket share the port, which only sockets of one user may.
        ListenError::InUse { port, .. } | ListenError::OnOtherLoopback { port, .. } => {
            before.listeners.iter().any(|open| open.listener.address.port() == *port)
        }
        ListenError::Other { .. } => false,
    };
    match (error, &before.config.downgrade_to_user) {
        (
            ListenError::Denied { port } | ListenError::InUse { port, .. } | ListenError::OnOtherLoopback { port, .. },
            Some(user),
        ) if is_roots => StartError::user(format!(
            "port {port} needs root's rights, which were given up for '{user}' (downgradeToUser): stop the program and \
             start it as root with this file"
        )),
        (error, _) => error.into(),
    }
}

/// Refuses a configuration that takes the id or the pool of a process that this program started.
fn keeps_processes(before: &Topology, config: &Config, pools: &[Arc<LivePool>]) -> Result<(), StartError> {
    let mut problems: Vec<Untrusted<String>> = Vec::new();
    let ids: HashSet<BackendId> = config.backends().map(|backend| backend.id).collect();
    for live in &before.pools {
        let now = live.current.load();
        for backend in now.backends.iter().filter(|backend| backend.settings.spawned) {
            let (id, name) = (backend.id(), backend.name());
            if ids.contains(&id) {
                let other = "give the backend in the file another 'id'";
                problems.push(format!("{name}, which was started here, has the id {id}: {other}").into());
            }
            if !pools.iter().any(|pool| Arc::ptr_eq(pool, live)) {
                problems
                    .push(format!("{name}, which was started here, would lose its pool: start anew for that").into());
            }
        }
    }
    if problems.is_empty() { Ok(()) } else { Err(StartError::Config(problems)) }
}

/// The running pool for a configured one: the existing one with this name and mode, or a new one.
fn place(before: &Topology, config: &Config, pool: &PoolConfig, changes: &mut ReloadChanges) -> Arc<LivePool> {
    let (mode, several) = (config.mode_of(&pool.name), config.pools.len() > 1);
    let same =
        |live: &&Arc<LivePool>| *live.name() == pool.name && live.mode == mode && live.label.is_some() == several;
    before.pools.iter().find(same).cloned().unwrap_or_else(|| {
        let live = Arc::new(LivePool::new(config.with_secure_decided(pool), mode, several, before.key.clone()));
        changes.new.extend(live.current.load().backends.iter().cloned());
        if several {
            changes.told.push(format!("pool {} added", pool.name));
        }
        live
    })
}

/// The backends of a pool under its new configuration: unchanged ones are kept, others are created.
fn backends(live: &LivePool, config: &PoolConfig, changes: &mut ReloadChanges) -> Vec<Arc<Backend>> {
    let (old, now) = (live.config.load_full(), live.current.load_full());
    let old: HashMap<BackendId, &BackendConfig> = old.backends.iter().map(|backend| (backend.id, backend)).collect();
    config
        .backends
        .iter()
        .map(|wanted| {
            let there = now.get(wanted.id);
            match (there, old.get(&wanted.id).copied()) {
                (Some(there), Some(old)) if is_same(old, wanted) => {
                    changes.settle(there, old, wanted);
                    Arc::clone(there)
                }
                (there, _) => {
                    let mut backend = Backend::new(wanted, live.label.clone());
                    if let Some(before) = there.filter(|before| before.endpoint.address == wanted.address) {
                        // It is the same server, so taken slots and queued requests still count.
                        let slots = before.slots.as_ref().and_then(|slots| slots.handed_on(&wanted.limits));
                        backend.slots = slots.or(backend.slots);
                    }
                    changes.arrive(there, backend)
                }
            }
        })
        .collect()
}

/// Whether a running backend can be kept: only its weight and its checks may differ, which can be changed in place.
fn is_same(old: &BackendConfig, wanted: &BackendConfig) -> bool {
    let settled = BackendConfig { weight: old.weight, health: old.health.clone(), ..wanted.clone() };
    settled == *old
}
