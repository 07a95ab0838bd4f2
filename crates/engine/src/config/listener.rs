//! Where clients come in, and which pool each of their requests goes to.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};

use super::DEFAULT_PORT;
use crate::api::Mode;

/// Where clients come in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ListenerConfig {
    /// The address to listen on.
    pub host: IpAddr,
    /// Port to listen on; 0 lets the system choose.
    pub port: u16,
    /// What is spoken with clients.
    pub mode: Mode,
    /// Requests that go to a pool of their own; the first that matches counts.
    pub routes: Vec<RouteConfig>,
    /// The pool of all others, by name.
    pub pool: String,
    /// Whether each connection begins with a PROXY protocol header, of either version, that names its client. It is
    /// taken from `trustedProxies` and this machine alone.
    pub proxy_protocol: bool,
}

impl ListenerConfig {
    /// A listener for HTTP on this machine alone, in front of this pool.
    pub fn new(pool: impl Into<String>) -> Self {
        ListenerConfig {
            host: IpAddr::V4(Ipv4Addr::LOCALHOST),
            port: DEFAULT_PORT,
            mode: Mode::Http,
            routes: Vec::new(),
            pool: pool.into(),
            proxy_protocol: false,
        }
    }

    /// Host and port.
    pub fn address(&self) -> SocketAddr {
        SocketAddr::new(self.host, self.port)
    }

    /// Every pool it leads to, its own last.
    pub(crate) fn pools(&self) -> impl Iterator<Item = &str> {
        self.routes.iter().map(|route| route.pool.as_str()).chain([self.pool.as_str()])
    }

    /// Whether both cannot be listened on at once.
    pub(crate) fn overlaps(&self, other: &ListenerConfig) -> bool {
        let (one, two) = (self.host, other.host);
        let all = |a: IpAddr, b: IpAddr| a.is_unspecified() && a.is_ipv4() == b.is_ipv4();
        self.port != 0 && self.port == other.port && (one == two || all(one, two) || all(two, one))
    }
}

/// What a request must be to take a route.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum UpgradeMatch {
    /// It asks for any other protocol.
    Any,
    /// It asks for none.
    None,
    /// It asks for this one, such as `websocket`, in lower case.
    Protocol(String),
}

/// Requests that go to a pool of their own. What is `None` matches everything; what is not must all match.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RouteConfig {
    /// Whether the request asks for another protocol.
    pub upgrade: Option<UpgradeMatch>,
    /// Whole segments that its path begins with: `/api` matches `/api` and `/api/cart`, not `/apiary`.
    pub path_prefix: Option<String>,
    /// The host it asks for, in lower case and without port; `*.` at its beginning stands for any name before the rest.
    pub host: Option<String>,
    /// The pool it goes to, by name.
    pub pool: String,
}

impl RouteConfig {
    /// Whether it would match everything.
    pub(crate) fn is_empty(&self) -> bool {
        self.upgrade.is_none() && self.path_prefix.is_none() && self.host.is_none()
    }

    /// Whether it matches what the other does, no more and no less.
    pub(crate) fn matches_as(&self, other: &RouteConfig) -> bool {
        (&self.upgrade, &self.path_prefix, &self.host) == (&other.upgrade, &other.path_prefix, &other.host)
    }

    /// What it matches, in words: `websocket api.example.test/live`.
    pub fn matched(&self) -> String {
        let upgrade = self.upgrade.as_ref().map(|upgrade| match upgrade {
            UpgradeMatch::Any => "upgrade",
            UpgradeMatch::None => "no upgrade",
            UpgradeMatch::Protocol(protocol) => protocol,
        });
        let target =
            format!("{}{}", self.host.as_deref().unwrap_or_default(), self.path_prefix.as_deref().unwrap_or_default());
        let words: Vec<&str> =
            upgrade.into_iter().chain([target.as_str()].into_iter().filter(|t| !t.is_empty())).collect();
        words.join(" ")
    }
}
