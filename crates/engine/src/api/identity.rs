//! What names a backend.

use serde::{Deserialize, Serialize};
use std::sync::Arc;

use super::ids::BackendId;
use crate::untrusted::Untrusted;

/// What names a backend in events and decisions.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Identity {
    /// Its id, which no other backend has: the value of the sticky cookie.
    pub id: BackendId,
    /// Its name.
    pub name: Untrusted<String>,
    /// Its address as a URL.
    pub url: Untrusted<String>,
    /// The name of its pool; `None` where there is one pool.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pool: Option<Untrusted<Arc<str>>>,
}

impl Identity {
    /// A backend of a balancer with one pool.
    pub fn new(
        id: impl Into<BackendId>,
        name: impl Into<Untrusted<String>>,
        url: impl Into<Untrusted<String>>,
    ) -> Self {
        Identity { id: id.into(), name: name.into(), url: url.into(), pool: None }
    }
}
