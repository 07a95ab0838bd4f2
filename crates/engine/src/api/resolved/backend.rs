//! One backend.

use serde::{Deserialize, Serialize};

use super::check::ResolvedCheck;
use crate::api::backend_state::Intent;
use crate::api::ids::BackendId;

/// One backend.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct ResolvedBackend {
    /// Unique; the value of the sticky cookie.
    pub id: BackendId,
    /// Its name, any text.
    pub name: String,
    /// How it is spoken to.
    pub scheme: ResolvedScheme,
    /// Host name or address, IPv6 without brackets; `localhost` for a Unix socket.
    pub host: String,
    /// Port; 0 for a Unix socket.
    pub port: u16,
    /// Share of new clients relative to the others; 0 gives it none, as if drained. At most 1000.
    pub weight: u32,
    /// What a person wants of it, in a balancer that runs.
    pub intent: Intent,
    /// Takes clients only while no other backend is up.
    pub backup: bool,
    /// Milliseconds over which its weight grows after a recovery; 0 is at once.
    pub slow_start_millis: u64,
    /// Connections at one time; 0 is no limit.
    pub max_connections: u32,
    /// Requests that may wait for one of them.
    pub max_queue: u32,
    /// Milliseconds that one may wait.
    pub queue_timeout_millis: u64,
    /// Idle connections kept ready.
    pub min_idle: u32,
    /// Milliseconds that a connection may lie idle.
    pub idle_timeout_millis: u64,
    /// Over TLS, whether its certificate must be one that the system trusts.
    pub verify: bool,
    /// Over TLS, the name its certificate must be for; the host where it is `None`.
    pub server_name: Option<String>,
    /// The version of the PROXY protocol header, 1 or 2, before each connection to it; 0 is none.
    pub proxy_protocol: u8,
    /// How it is checked.
    pub check: ResolvedCheck,
}

/// How a backend is spoken to.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum ResolvedScheme {
    /// HTTP over TCP.
    #[default]
    Http,
    /// HTTP over TLS over TCP.
    Https,
    /// HTTP, or whatever the clients speak, over a Unix socket at this path.
    Unix(String),
    /// Whatever the clients speak, over TCP.
    Tcp,
}

impl ResolvedBackend {
    /// The host as a URL has it: IPv6 in brackets.
    pub fn bracketed_host(&self) -> String {
        if self.host.contains(':') { format!("[{}]", self.host) } else { self.host.clone() }
    }

    /// `host:port`, or the path of a Unix socket.
    pub fn address(&self) -> String {
        match &self.scheme {
            ResolvedScheme::Unix(path) => path.clone(),
            _ => format!("{}:{}", self.bracketed_host(), self.port),
        }
    }

    /// What a request to it has as its `Host` where that is the backend's own (RFC 9110 7.2): the scheme's own port is left out.
    pub fn authority(&self) -> String {
        match (&self.scheme, self.port) {
            (ResolvedScheme::Unix(_), _) | (ResolvedScheme::Http, 80) | (ResolvedScheme::Https, 443) => {
                self.bracketed_host()
            }
            (_, port) => format!("{}:{port}", self.bracketed_host()),
        }
    }

    /// Where it is, as the configuration has it: `http://localhost:5000`.
    pub fn url(&self) -> String {
        match &self.scheme {
            ResolvedScheme::Http => format!("http://{}", self.authority()),
            ResolvedScheme::Https => format!("https://{}", self.authority()),
            ResolvedScheme::Unix(path) => format!("unix:{path}"),
            ResolvedScheme::Tcp => format!("tcp://{}", self.address()),
        }
    }
}
