//! Backends on this machine, and whose `Host` they see.

use stickylb::api::{HostHeader, ResolvedBackend, ResolvedScheme};
use stickylb::config::is_local_name;

/// Whether a backend is on this machine, by its address.
pub(super) fn is_local(backend: &ResolvedBackend) -> bool {
    matches!(backend.scheme, ResolvedScheme::Unix(_)) || is_local_name(&backend.host)
}

/// Whether a backend sees its own `Host`, and not the client's. By `auto` that depends on the client too: those of a local
/// backend are taken for local.
pub(super) fn sees_own_host(rule: HostHeader, backend: &ResolvedBackend) -> bool {
    match rule {
        HostHeader::Client => false,
        HostHeader::Backend => true,
        _ => !is_local(backend),
    }
}
