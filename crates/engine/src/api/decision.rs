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
use super::ids::{BackendId, RequestNumber};
use super::not_upgraded::NotUpgraded;
use super::outcome::Stopped;
use super::sticky_by::StickyBy;
use super::strategy::Strategy;
use super::text::Text;
use super::told_apart::ToldApart;
use super::touches::Touches;
use crate::untrusted::Untrusted;

/// What a request brought that binds it to a backend.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", tag = "by")]
#[non_exhaustive]
pub enum StickyKey {
    /// The balancer's cookie.
    Cookie {
        /// Its name.
        name: Untrusted<Arc<str>>,
        /// Its value: the id of a backend, which may not be there any more.
        id: BackendId,
    },
    /// The client's address.
    Ip {
        /// The address, as far as trusted proxies are believed.
        ip: IpAddr,
    },
    /// A header field.
    Header {
        /// Its name, as configured.
        name: Untrusted<Arc<str>>,
        /// The first 64 bytes of its value; `None` where it is a secret (`Authorization`, `Proxy-Authorization`, `Cookie`).
        value: Option<Untrusted<Text>>,
    },
    /// A parameter of the query.
    Query {
        /// Its name.
        name: Untrusted<Arc<str>>,
        /// The first 64 bytes of its value, as it was written.
        value: Option<Untrusted<Text>>,
    },
    /// An id that a backend gave out.
    Learned {
        /// Where the request brought it, in words: `cookie sid`, `header Mcp-Session-Id`.
        from: Untrusted<Arc<str>>,
        /// The first four of 16 letters and more, for it is a credential.
        id: Untrusted<Text>,
        /// The request whose response gave it out, where somebody watched then.
        number: Option<RequestNumber>,
    },
    /// One that a [function](crate::KeyFunction) of the embedding program made. It may be made of a secret, so that it is
    /// shown to nobody.
    #[serde(rename = "own")]
    Custom,
    /// None, where all requests without one go to one backend (`sticky.missing`).
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
                f.write_str(itoa::Buffer::new().format(id.get()))
            }
            StickyKey::Ip { ip } => write!(f, "ip {ip}"),
            StickyKey::Header { name, .. } => write!(f, "header {name}"),
            StickyKey::Query { name, .. } => write!(f, "query {name}"),
            StickyKey::Learned { from, number: Some(number), .. } => write!(f, "{from} learned from #{number}"),
            StickyKey::Learned { from, .. } => write!(f, "{from} learned"),
            StickyKey::Custom => f.write_str("a key of its own"),
            StickyKey::Missing { by } => write!(f, "without {by}"),
        }
    }
}

/// What decided in the end.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", tag = "by")]
#[non_exhaustive]
pub enum Rule {
    /// The request's sticky key: it went to the backend that the key is bound to.
    Sticky,
    /// The same, where that backend drains: it keeps its own clients and gets no others.
    Draining {
        /// Its name.
        backend: Untrusted<Text>,
    },
    /// The strategy, among the backends that take new clients.
    Strategy {
        /// The place of the chosen one among them, from 1.
        place: u32,
        /// How many there were.
        of: u32,
        /// The place of the other one it was drawn with, by the strategies that draw two.
        against: Option<u32>,
    },
    /// A backup, because the request was tried on all others.
    Backup,
    /// The client lost its backend, and its requests of the same moment go to one other. With a key it is the one that suits
    /// the key next; else the one that the strategy gave the first of them.
    Together,
    /// The client lost its backend, and `sticky.onFailure: fail` keeps it from any other.
    Kept,
    /// A person, who sent the request again to this backend and no other.
    Asked {
        /// Its name.
        backend: Untrusted<Text>,
    },
    /// No backend could be chosen.
    Nobody,
    /// Every backend had as many requests as `maxConnections` allows, and its queue was full.
    QueueFull,
    /// No backend had room within `queueTimeout`.
    QueueTimeout,
    /// The balancer answered itself, such as with its own pages.
    #[serde(rename = "own")]
    LocalReply,
    /// The request must not reach a backend: it is malformed, too large, or not admitted.
    Refused {
        /// Why, as one sentence.
        why: Untrusted<String>,
    },
}

impl Rule {
    /// Whether the client stays where it was.
    pub const fn is_sticky(&self) -> bool {
        matches!(self, Rule::Sticky | Rule::Draining { .. })
    }
}

/// What became of the balancer's sticky cookie in the response.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub enum CookieAction {
    /// Not touched: stickiness is off, or the request carried the right one.
    #[default]
    None,
    /// Given to a client that had none.
    New,
    /// Given to a client whose own named another backend: the client moved.
    Rewritten,
}

/// A route of a listener: what it matches and where it leads.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct RouteTaken {
    /// What it matches, in words: `websocket api.example.test/live`.
    pub matched: Untrusted<String>,
    /// The name of the pool it leads to.
    pub pool: Untrusted<String>,
}

impl RouteTaken {
    /// A route that matches this and leads to that pool.
    pub fn new(matched: impl Into<Untrusted<String>>, pool: impl Into<Untrusted<String>>) -> Self {
        RouteTaken { matched: matched.into(), pool: pool.into() }
    }
}

/// Why a request went where it went: its key, the candidates, each attempt, and what decided.
///
/// Displayed it is one line: `retried: delta refused; round-robin 1 of 2; cookie rewritten`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct Decision {
    /// The name of the pool; `None` where there is one pool.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pool: Option<Untrusted<Arc<str>>>,
    /// The route that led to it; `None` where the listener's own pool was taken.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub route: Option<Arc<RouteTaken>>,
    /// The number of the request that a person sent again with this one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub replayed: Option<RequestNumber>,
    /// Whether that person changed it before.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub edited: bool,
    /// The client of the balancer's own traffic that it comes from, counted from 1; `None` where it is anybody else's.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub traffic: Option<u32>,
    /// The faults that touched it, in the order of its attempts.
    #[serde(default, skip_serializing_if = "Touches::is_empty")]
    pub chaos: Touches,
    /// The pool's strategy then.
    pub strategy: Strategy,
    /// What binds the request to a backend; `None` where nothing does.
    pub key: Option<StickyKey>,
    /// The name of the backend that the key is bound to, and why it could not be used, where it could not.
    pub moved_from: Option<(Untrusted<Text>, Exclusion)>,
    /// What told a client that lost its backend from others; `None` where it has not, or has a key.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub told_apart: Option<Box<ToldApart>>,
    /// What decided in the end.
    pub rule: Rule,
    /// Every backend as the strategy saw it. It is noted for the first 200 requests of each second; for others it is empty.
    pub candidates: Vec<Candidate>,
    /// Each attempt in order: the last is that of the backend that answered, where one did.
    pub attempts: Attempts,
    /// How long it waited in a queue, in microseconds; `None` where it did not have to.
    pub queued_micros: Option<u64>,
    /// Why a request that failed was not tried on another backend, where it failed.
    pub stopped: Option<Stopped>,
    /// What became of the sticky cookie.
    pub cookie: CookieAction,
    /// The upgrade that it asked for, where that was not passed on.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub not_upgraded: Option<Box<NotUpgraded>>,
}

impl Decision {
    /// A decision that is not made yet, in a pool of this strategy.
    pub fn new(strategy: Strategy) -> Self {
        Decision {
            pool: None,
            route: None,
            replayed: None,
            edited: false,
            traffic: None,
            chaos: Touches::default(),
            strategy,
            key: None,
            moved_from: None,
            told_apart: None,
            rule: Rule::Nobody,
            candidates: Vec::new(),
            attempts: Attempts::default(),
            queued_micros: None,
            stopped: None,
            cookie: CookieAction::None,
            not_upgraded: None,
        }
    }

    /// Whether a client moved with it, which got its new cookie. What follows at the same moment is the same client's; so is
    /// what comes with the old cookie after that.
    pub fn moves_a_client(&self) -> bool {
        let comes_again = self.rule == Rule::Together || self.told_apart.as_ref().is_some_and(|told| told.by_strategy);
        self.cookie == CookieAction::Rewritten && !comes_again
    }
}
