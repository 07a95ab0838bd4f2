//! Which `Host` a backend sees: `hostHeader`.

use super::written::Named;

/// Which `Host` a backend sees.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
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

impl Named for HostHeader {
    const NAMES: &'static [(&'static str, Self)] =
        &[("auto", HostHeader::Auto), ("client", HostHeader::Client), ("backend", HostHeader::Backend)];
}
