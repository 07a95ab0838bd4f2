//! What names a backend.

use serde::{Deserialize, Serialize};
use std::sync::Arc;

/// What names a backend in events and decisions.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Identity {
    /// Unique id, the sticky cookie's value.
    pub id: u32,
    /// Short name.
    pub name: String,
    /// Its address as a URL.
    pub url: String,
    /// Its pool, where there are several.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pool: Option<Arc<str>>,
}
