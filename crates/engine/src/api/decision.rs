//! Why a request went where it went: one value, used by the log, the screen and the API.

#[cfg(test)]
mod tests;
mod words;

use serde::{Deserialize, Serialize};
use std::fmt;
use std::net::IpAddr;
use std::sync::Arc;

use super::attempts::Attempts;
use super::candidate::Candidate;
use super::exclusion::Exclusion;
use super::outcome::Stopped;
use super::sticky_by::StickyBy;
use super::strategy::Strategy;
use super::text::Text;
use crate::untrusted::Untrusted;

/// What binds a request to a backend.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", tag = "by")]
#[non_exhaustive]
pub enum StickyKey {
    /// The balancer's cookie.
    Cookie {
        /// Its name.
        name: Untrusted<Arc<str>>,
        /// Its value, a backend's id.
        id: u32,
    },
    /// The client's address.
    Ip {
        /// Which.
        ip: IpAddr,
    },
    /// A header field.
    Header {
        /// Its name, as configured.
        name: Untrusted<Arc<str>>,
        /// The beginning of its value; `None` where it is a secret.
        value: Option<Untrusted<Text>>,
    },
    /// A parameter of the query.
    Query {
        /// Its name.
        name: Untrusted<Arc<str>>,
        /// The beginning of its value.
        value: Option<Untrusted<Text>>,
    },
    /// One that a function of the embedding program made.
    Own,
    /// None, where all requests without one go to the same place.
    Missing {
        /// What it should have been.
        #[serde(rename = "key")]
        by: StickyBy,
    },
}

/// The key in words: `X-Backend-ID=0`, `ip 127.0.0.1`, `header X-User`. A header's value is the user's own affair.
impl fmt::Display for StickyKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            StickyKey::Cookie { name, id } => {
                // Written on nearly every line of a log.
                f.write_str(&name.shown())?;
                f.write_str("=")?;
                f.write_str(itoa::Buffer::new().format(*id))
            }
            StickyKey::Ip { ip } => write!(f, "ip {ip}"),
            StickyKey::Header { name, .. } => write!(f, "header {name}"),
            StickyKey::Query { name, .. } => write!(f, "query {name}"),
            StickyKey::Own => f.write_str("a key of its own"),
            StickyKey::Missing { by } => write!(f, "without {by}"),
        }
    }
}

/// What decided.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", tag = "by")]
#[non_exhaustive]
pub enum Rule {
    /// The request's sticky key.
    Sticky,
    /// The strategy, among the backends that take new clients.
    Strategy {
        /// The chosen one's place among them, from 1.
        place: u32,
        /// How many there were.
        of: u32,
        /// The place of the other one it was drawn with, by the strategies that draw two.
        against: Option<u32>,
    },
    /// A backup, because the request was tried on all others.
    Backup,
    /// The client lost its backend; all its requests go to the same other one.
    Together,
    /// The client lost its backend, and `sticky.onFailure` keeps it from any other.
    Kept,
    /// A person, who sent the request again to this backend and no other.
    Asked {
        /// Its name.
        backend: Untrusted<Text>,
    },
    /// Nobody could be chosen.
    Nobody,
    /// All places were taken, and so was every place in the queue.
    QueueFull,
    /// No place came free in time.
    QueueTimeout,
    /// The balancer answered itself.
    Own,
    /// The request must not reach a backend.
    Refused {
        /// Why.
        why: Untrusted<String>,
    },
}

/// What became of the sticky cookie.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub enum CookieAction {
    /// Not touched: stickiness is off, or the request carried the right one.
    #[default]
    None,
    /// Given to a client that had none.
    New,
    /// Given to a client whose own named another backend.
    Rewritten,
}

/// The route that a request took.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct RouteTaken {
    /// What it matches, in words.
    pub matched: Untrusted<String>,
    /// The pool it leads to.
    pub pool: Untrusted<String>,
}

impl RouteTaken {
    /// A route that matches this and leads to that pool.
    pub fn new(matched: impl Into<Untrusted<String>>, pool: impl Into<Untrusted<String>>) -> Self {
        RouteTaken { matched: matched.into(), pool: pool.into() }
    }
}

/// The whole decision for one request.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct Decision {
    /// The pool, where there are several.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pool: Option<Untrusted<Arc<str>>>,
    /// The route that led to it; `None` where the listener's own pool was taken.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub route: Option<Arc<RouteTaken>>,
    /// The number of the request that a person sent again with this one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub replayed: Option<u64>,
    /// The strategy in force.
    pub strategy: Strategy,
    /// What the request brought.
    pub key: Option<StickyKey>,
    /// The key's backend and why it could not be used, where it could not.
    pub moved_from: Option<(Untrusted<Text>, Exclusion)>,
    /// What decided in the end.
    pub rule: Rule,
    /// Every backend as the strategy saw it. Empty when requests come too fast to note it for each.
    pub candidates: Vec<Candidate>,
    /// Each backend tried, the answering one last.
    pub attempts: Attempts,
    /// How long it waited for a place, in microseconds; `None` where it did not have to.
    pub queued_micros: Option<u64>,
    /// Why a request that failed was not tried elsewhere.
    pub stopped: Option<Stopped>,
    /// What became of the sticky cookie.
    pub cookie: CookieAction,
}

impl Decision {
    /// A decision not yet made.
    pub fn new(strategy: Strategy) -> Self {
        Decision {
            pool: None,
            route: None,
            replayed: None,
            strategy,
            key: None,
            moved_from: None,
            rule: Rule::Nobody,
            candidates: Vec::new(),
            attempts: Attempts::default(),
            queued_micros: None,
            stopped: None,
            cookie: CookieAction::None,
        }
    }
}
