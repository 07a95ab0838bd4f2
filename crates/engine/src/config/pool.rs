//! Backends that stand in for each other, and how one of them is chosen.

use super::backend::{BackendConfig, UnfinishedBackend};
use super::health::HealthCheck;
use super::keys::Keys;
use super::local_name::local_name;
use super::locations::{At, Locations};
use super::node::Node;
use super::sticky::StickyConfig;
use crate::api::Strategy;

/// The name of the one pool of a configuration without `pools`.
pub const DEFAULT_POOL: &str = "default";

/// Backends that stand in for each other.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct PoolConfig {
    /// Its name, unique; letters, digits, `-` and `_`.
    pub name: String,
    /// How a backend is chosen.
    pub strategy: Strategy,
    /// The backends; the engine may start with none and be given demo backends later.
    pub backends: Vec<BackendConfig>,
    /// The checks of backends that have no settings of their own, and of demo backends.
    pub health: HealthCheck,
    /// Stickiness.
    pub sticky: StickyConfig,
    /// Names that lead to it on the first HTTP listener, such as `app.localhost`; in lower case.
    pub names: Vec<String>,
}

impl PoolConfig {
    /// A pool with every default and these backends.
    pub fn new(name: impl Into<String>, backends: Vec<BackendConfig>) -> Self {
        PoolConfig {
            name: name.into(),
            strategy: Strategy::default(),
            backends,
            health: HealthCheck::default(),
            sticky: StickyConfig::default(),
            names: Vec::new(),
        }
    }
}

/// A pool as the file has it, while it is not known yet what other pools and the listeners are.
pub(crate) struct UnfinishedPool {
    /// All but its backends.
    pub(crate) pool: PoolConfig,
    /// Its backends.
    pub(crate) backends: Vec<UnfinishedBackend>,
    /// Whether it says what binds a client to its backend.
    pub(crate) says_by: bool,
}

/// What is said of a pool without backends.
pub(crate) const NO_BACKENDS: &str = "'backends' must be a non-empty array in config.";

impl UnfinishedPool {
    /// A pool of which nothing could be read but its name.
    pub(crate) fn empty(pool: PoolConfig) -> Self {
        UnfinishedPool { pool, backends: Vec::new(), says_by: false }
    }

    /// Reads the keys that every pool has, whether it is the only one or not; `number` is its position.
    pub(crate) fn read(&mut self, keys: &mut Keys<'_, '_>, number: usize, locations: &mut Locations) {
        let pool = &mut self.pool;
        keys.set("strategy", "How a backend is chosen for a client that has none", &mut pool.strategy, |n| {
            n.hint("enum", Strategy::ALL.map(Strategy::name).to_vec()).parsed(str::parse)
        });
        let says_how = keys.section("health", "How backends are checked", &mut pool.health, HealthCheck::read);
        let health = (&pool.health, says_how.unwrap_or(false));
        self.backends = keys
            .get("backends", "The servers that answer", |n| backends(n.hint("minItems", 1), health, number, locations))
            .unwrap_or_default();
        let says_by =
            keys.section("sticky", "What binds a client to its backend", &mut pool.sticky, StickyConfig::read);
        self.says_by = says_by.unwrap_or(false);
        let described = "Names that lead to it on the first HTTP listener, such as app.localhost";
        keys.get("names", described, |n| names(n, &mut pool.names, number, locations));
        locations.note(At::Sticky(number), keys.place_of("sticky"));
    }
}

/// Reads the names of the pool at this position.
fn names(n: Node<'_, '_>, names: &mut Vec<String>, pool: usize, locations: &mut Locations) -> Option<usize> {
    n.each(|n| {
        let place = n.place();
        if let Some(name) = n.hint("minLength", 1).parsed(local_name) {
            locations.note(At::Name(pool, names.len()), place);
            names.push(name);
        }
    })
}

/// `health` is the pool's, and whether it says how to check; `pool` is the pool's position.
fn backends(
    n: Node<'_, '_>,
    health: (&HealthCheck, bool),
    pool: usize,
    locations: &mut Locations,
) -> Option<Vec<UnfinishedBackend>> {
    let mut read = Vec::new();
    let count = n.each(|n| {
        let found = n.hint("description", "One server").object(|keys| {
            let backend = BackendConfig::read(keys, health)?;
            Some((backend, ["id", "name", "url"].map(|key| (key, keys.place_of(key)))))
        });
        if let Some(Some((backend, keys))) = found {
            for (key, place) in keys {
                locations.note(At::Backend(pool, read.len(), key), place);
            }
            read.push(backend);
        }
    })?;
    if count == 0 && !locations.backends_optional { n.wrong(NO_BACKENDS) } else { Some(read) }
}

/// The name of a pool: it is part of a cookie's name and of a metric's labels.
pub(crate) fn pool_name(name: &str) -> Result<(), String> {
    let valid = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_');
    if !name.is_empty() && name.len() <= 32 && name.bytes().all(valid) {
        Ok(())
    } else {
        Err(format!("'{name}' is not a pool's name: write letters, digits, - and _, at most 32"))
    }
}

/// The cookie of a pool that is given none: two pools behind one listener must not overwrite each other's.
pub(crate) fn cookie_of(pool: &str) -> String {
    format!("X-Backend-ID-{pool}")
}
