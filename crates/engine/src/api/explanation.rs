//! Who would get a request, and why.

use serde::{Deserialize, Serialize};
use std::net::IpAddr;
use std::sync::Arc;

use super::decision::Decision;
use super::identity::Identity;
use crate::untrusted::Untrusted;

/// A request to ask about, for [`Balancer::explain`](crate::Balancer::explain). It is not sent.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct Question {
    /// Its method.
    pub method: String,
    /// A URL of the balancer's, or a path alone, which is one of its first HTTP listener's.
    pub url: String,
    /// Its header fields, by name and value.
    pub headers: Vec<(String, String)>,
    /// The address it would come from; `None` is this machine.
    pub ip: Option<IpAddr>,
}

impl Question {
    /// A request of this machine's without header fields.
    pub fn new(method: impl Into<String>, url: impl Into<String>) -> Self {
        Question { method: method.into(), url: url.into(), headers: Vec::new(), ip: None }
    }
}

/// Who would get a request now, and why.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct Explanation {
    /// The backend that would get it first; `None` where none would.
    pub backend: Option<Arc<Identity>>,
    /// Why. It has no attempts: nothing was sent.
    pub decision: Decision,
    /// The decision in words, one line.
    pub reason: Untrusted<String>,
    /// How far it holds for the next request, as one sentence; `None` where every such request would go there.
    pub holds: Option<Untrusted<String>>,
}

/// Why nothing can be said of a [`Question`]: it is no request that this balancer could get.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
#[error("{why}")]
#[non_exhaustive]
pub struct Unclear {
    /// One plain sentence.
    pub why: Untrusted<String>,
}
