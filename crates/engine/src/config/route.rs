//! Which requests go to a pool of their own: an element of a listener's `routes`.

use super::keys::Keys;
use super::locations::{At, Locations};
use super::node::Node;
use crate::api::UpgradeMatch;

/// Requests that go to a pool of their own. What is `None` matches everything; what is not must all match.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
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
    /// A route to this pool that matches everything until it is told what it matches.
    pub fn new(pool: impl Into<String>) -> Self {
        RouteConfig { pool: pool.into(), ..RouteConfig::default() }
    }

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

impl RouteConfig {
    /// Reads an element of `routes`; `listener` and `place` are its position.
    pub(crate) fn read(
        keys: &mut Keys<'_, '_>,
        (listener, place): (usize, usize),
        locations: &mut Locations,
    ) -> RouteConfig {
        let mut route = RouteConfig::default();
        let matched = keys.section("match", "All that is named must match", &mut route, RouteConfig::read_match);
        keys.require("pool", "a route needs a 'pool'");
        route.pool = keys.get("pool", "The pool they go to", |n| n.string()).unwrap_or_default();
        locations.note(At::Route(listener, place, "pool"), keys.place_of("pool"));
        if matched.unwrap_or_else(|| !keys.has("match")) {
            // What could not be read is not compared with anything.
            locations.note(At::Route(listener, place, "match"), keys.place_of("match"));
        }
        route
    }

    /// Reads `match`; tells whether all of it could be read.
    fn read_match(&mut self, keys: &mut Keys<'_, '_>) -> bool {
        self.upgrade = keys.get("upgrade", "true for any, false for none, or a protocol such as websocket", upgrade);
        self.path_prefix = keys
            .get("pathPrefix", "The beginning of the path", |n| n.hint("pattern", "^/[^\\s?#]*$").parsed(path_prefix));
        self.host = keys.get("host", "A name without port, such as app.localhost or *.localhost", |n| {
            n.hint("minLength", 1).parsed(host)
        });
        let read = [self.upgrade.is_some(), self.path_prefix.is_some(), self.host.is_some()];
        ["upgrade", "pathPrefix", "host"].iter().zip(read).all(|(key, read)| read || !keys.has(key))
    }
}

/// `true`, `false`, or a protocol such as `websocket`.
fn upgrade(n: Node<'_, '_>) -> Option<UpgradeMatch> {
    n.either(
        n.is_string(),
        |n| n.parsed(protocol),
        |n| n.boolean().map(|any| if any { UpgradeMatch::Any } else { UpgradeMatch::None }),
    )
}

fn protocol(protocol: &str) -> Result<UpgradeMatch, String> {
    if !protocol.is_empty() && protocol.bytes().all(|b| b.is_ascii_graphic() && b != b',') {
        Ok(UpgradeMatch::Protocol(protocol.to_ascii_lowercase()))
    } else {
        Err(format!("'{protocol}' is not a protocol: write \"websocket\", or true for any"))
    }
}

fn path_prefix(path: &str) -> Result<String, String> {
    let valid = path.starts_with('/') && !path.contains(['?', '#']) && path.parse::<http::uri::PathAndQuery>().is_ok();
    if valid {
        Ok(path.to_owned())
    } else {
        Err(format!("'{path}' is not the beginning of a path: it starts with / and has no spaces and no query"))
    }
}

fn host(host: &str) -> Result<String, String> {
    let name = host.strip_prefix("*.").unwrap_or(host);
    let bracketed = name.strip_prefix('[').and_then(|rest| rest.strip_suffix(']'));
    let valid = match bracketed {
        Some(v6) => v6.parse::<std::net::Ipv6Addr>().is_ok(),
        None => !name.is_empty() && name.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'-' | b'_')),
    };
    if valid {
        Ok(host.to_ascii_lowercase())
    } else {
        Err(format!("'{host}' is not a host: write a name without port, such as app.localhost or *.localhost"))
    }
}
