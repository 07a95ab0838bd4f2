//! Backends that stand in for each other, and how one of them is chosen.

use super::backend::BackendConfig;
use super::check::HealthCheck;
use super::sticky::StickyConfig;
use crate::api::Strategy;

/// The name of the one pool of a configuration without `pools`.
pub const DEFAULT_POOL: &str = "default";

/// Backends that stand in for each other.
#[derive(Clone, Debug, PartialEq)]
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
        }
    }
}

/// The name of a pool: it is part of a cookie's name and of a metric's labels.
pub(crate) fn pool_name(name: &str) -> Result<(), String> {
    let good = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_');
    if !name.is_empty() && name.len() <= 32 && name.bytes().all(good) {
        Ok(())
    } else {
        Err(format!("'{name}' is not a pool's name: write letters, digits, - and _, at most 32"))
    }
}

/// The cookie of a pool that is given none: two pools behind one listener must not overwrite each other's.
pub(crate) fn cookie_of(pool: &str) -> String {
    format!("X-Backend-ID-{pool}")
}
