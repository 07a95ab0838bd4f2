//! How a backend is checked.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::api::check_algorithm::CheckAlgorithm;

/// How a backend is checked.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct ResolvedCheck {
    /// What counts as healthy.
    pub algorithm: CheckAlgorithm,
    /// Milliseconds from one check's end to the next one's start.
    pub interval_millis: u64,
    /// Milliseconds that one may take.
    pub timeout_millis: u64,
    /// Request method.
    pub method: String,
    /// Path and query, with what stands before it in the backend's URL.
    pub path: String,
    /// Header fields sent with it.
    pub headers: Vec<ResolvedHeader>,
    /// What the answer must be, beyond what the algorithm asks for.
    pub expect: ResolvedExpect,
    /// The program that is run, and its arguments.
    pub command: Vec<String>,
    /// Whether the answer's `x-lb-weight`, `x-lb-state` and `x-lb-load` are followed.
    pub agent: bool,
    /// Passed checks in a row that make a DOWN backend UP.
    pub rise: u32,
    /// Failed checks in a row that make an UP backend DOWN.
    pub fall: u32,
    /// What failing traffic does.
    pub passive: ResolvedPassive,
}

/// A header field of a check.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct ResolvedHeader {
    /// Its name, in lower case.
    pub name: String,
    /// Its value, as far as it may be told.
    pub value: ResolvedValue,
}

/// The value of a header field, as far as it may be told.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub enum ResolvedValue {
    /// It, where the field is one that holds no secrets.
    Plain(String),
    /// What this environment variable holds.
    Environment(String),
    /// It may be a secret.
    Hidden,
}

/// What the answer to a check must be.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct ResolvedExpect {
    /// Its status, as ranges of the first and the last; empty is what the algorithm asks for.
    pub status: Vec<(u16, u16)>,
    /// A text that its body holds.
    pub body: Option<String>,
    /// JSON pointers (RFC 6901) into its body, each with the value that stands there.
    pub json: Vec<(String, Value)>,
}

/// When failing traffic takes a backend out for a while.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct ResolvedPassive {
    /// Failures in a row that eject it; 0 ejects nobody.
    pub failures: u32,
    /// Statuses that count as failures beside connections refused and requests without an answer, as ranges.
    pub statuses: Vec<(u16, u16)>,
    /// Milliseconds that the first ejection lasts.
    pub eject_for_millis: u64,
    /// How many of the backends may be ejected at a time, in per cent.
    pub max_ejected_percent: u32,
}
