//! What a file comes to: listeners and pools that refer to each other, before names and ids are given.

mod finish;
mod json;
mod names;

use serde_json::{Map, Value};

use super::access::Access;
use super::left_out::LeftOut;
use super::once::Once;

/// What a file of another program comes to.
#[derive(Default)]
pub(super) struct Draft {
    pub(super) listeners: Vec<Listener>,
    pub(super) pools: Vec<Pool>,
    /// What ours has once for all.
    pub(super) once: Once,
    pub(super) left_out: LeftOut,
}

/// Where clients connect.
#[derive(Clone, Default)]
pub(super) struct Listener {
    /// The line that it begins at.
    pub(super) line: usize,
    /// An address; empty is 127.0.0.1.
    pub(super) host: String,
    pub(super) port: u16,
    pub(super) is_tcp: bool,
    pub(super) proxy_protocol: bool,
    pub(super) tls: Option<Value>,
    pub(super) routes: Vec<Route>,
    /// Of the pool of all other requests.
    pub(super) pool: Option<usize>,
    pub(super) access: Access,
    /// Whether requests for a host that no route has are answered 404.
    pub(super) refuses_unknown_hosts: bool,
}

/// Requests that go to a pool of their own.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Route {
    /// `true`, `false` or a protocol.
    pub(super) upgrade: Option<Value>,
    pub(super) path: Option<String>,
    pub(super) host: Option<String>,
    pub(super) pool: usize,
}

impl Route {
    /// Whether it matches what the other does, no more and no less.
    pub(super) fn matches_as(&self, other: &Route) -> bool {
        (&self.upgrade, &self.path, &self.host) == (&other.upgrade, &other.path, &other.host)
    }

    /// Whether it matches every request.
    pub(super) fn is_empty(&self) -> bool {
        (&self.upgrade, &self.host) == (&None, &None) && self.path.as_deref().is_none_or(|path| path == "/")
    }
}

/// Backends that stand in for each other.
#[derive(Clone, Default)]
pub(super) struct Pool {
    /// The line that it begins at.
    pub(super) line: usize,
    /// What the other program calls it: `backend 'web'`.
    pub(super) called: String,
    /// Its name there.
    pub(super) name: String,
    pub(super) strategy: Option<&'static str>,
    pub(super) sticky: Sticky,
    /// Our `health`.
    pub(super) health: Map<String, Value>,
    pub(super) backends: Vec<Backend>,
    /// Whether clients whose server is out are answered 503 until it is back.
    pub(super) fails: bool,
    /// Names that lead to it on the first listener for HTTP.
    pub(super) names: Vec<String>,
    /// Whether nothing leads to it there either, since it is no place for requests.
    pub(super) is_silent: bool,
}

/// What binds a client to its backend.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) enum Sticky {
    #[default]
    Off,
    /// A cookie, with the keys of our `sticky.cookie`, and the line that says so.
    Cookie(Map<String, Value>, usize),
    /// Something else, as our `sticky`.
    By(Map<String, Value>),
}

/// One server.
#[derive(Clone, Default)]
pub(super) struct Backend {
    pub(super) line: usize,
    /// Empty is the one that its address gives it.
    pub(super) name: String,
    pub(super) url: String,
    /// What its cookie holds there.
    pub(super) cookie: Option<String>,
    /// Our other keys.
    pub(super) keys: Map<String, Value>,
}
