//! What names a backend.

use serde::{Deserialize, Serialize};
use std::sync::Arc;

use crate::untrusted::Untrusted;

/// What names a backend in events and decisions.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Identity {
    /// Unique id, the sticky cookie's value.
    pub id: u32,
    /// Short name.
    pub name: Untrusted<String>,
    /// Its address as a URL.
    pub url: Untrusted<String>,
    /// Its pool, where there are several.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pool: Option<Untrusted<Arc<str>>>,
}

impl Identity {
    /// A backend where there is one pool.
    pub fn new(id: u32, name: impl Into<Untrusted<String>>, url: impl Into<Untrusted<String>>) -> Self {
        Identity { id, name: name.into(), url: url.into(), pool: None }
    }
}
