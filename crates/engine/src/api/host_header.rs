//! Which `Host` a backend sees.

use serde::{Deserialize, Serialize};

/// Which `Host` a backend sees.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum HostHeader {
    /// The client's where it and the backend are both local names, the backend's own otherwise.
    #[default]
    Auto,
    /// The client's.
    Client,
    /// The backend's own, as smart-stick-loadbalancer does.
    Backend,
}
