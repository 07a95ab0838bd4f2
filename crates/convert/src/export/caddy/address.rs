//! Where a backend is, in Caddy's words.

use stickylb::api::{ResolvedBackend, ResolvedScheme};

use super::text::token;

/// What `reverse_proxy` connects to; `None` where it cannot be written.
pub(super) fn upstream(backend: &ResolvedBackend) -> Option<String> {
    match &backend.scheme {
        // Behind a bar Caddy reads the mode of a socket.
        ResolvedScheme::Unix(path) if path.contains('|') => None,
        ResolvedScheme::Unix(path) => token(&format!("unix/{path}")),
        _ => token(&backend.address()),
    }
}

/// The same once it is chosen, as a placeholder tells it.
pub(super) fn chosen(backend: &ResolvedBackend) -> Option<String> {
    token(&backend.address())
}

/// The placeholder that tells it.
pub(super) const CHOSEN: &str = "{http.reverse_proxy.upstream.hostport}";
