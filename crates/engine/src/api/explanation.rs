//! Who would get a request, and why.

use serde::{Deserialize, Serialize};
use std::net::IpAddr;
use std::sync::Arc;

use super::decision::Decision;
use super::identity::Identity;
use crate::untrusted::Untrusted;

/// A request that is not sent.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct Question {
    /// Its method.
    pub method: String,
    /// A URL of the balancer's, or a path alone.
    pub url: String,
    /// Its header fields, by name and value.
    pub headers: Vec<(String, String)>,
    /// Where it would come from; this machine where it is `None`.
    pub ip: Option<IpAddr>,
}

impl Question {
    /// A request of this machine's without header fields.
    pub fn new(method: impl Into<String>, url: impl Into<String>) -> Self {
        Question { method: method.into(), url: url.into(), headers: Vec::new(), ip: None }
    }
}

/// What would become of it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct Explanation {
    /// The backend that would get it first.
    pub backend: Option<Arc<Identity>>,
    /// Why.
    pub decision: Decision,
    /// The decision in words.
    pub reason: Untrusted<String>,
    /// How far it holds for the next request, where the strategy leaves that open.
    pub holds: Option<Untrusted<String>>,
}

/// Why nothing can be said of it: one plain sentence.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
#[error("{why}")]
#[non_exhaustive]
pub struct Unclear {
    /// The sentence.
    pub why: Untrusted<String>,
}
