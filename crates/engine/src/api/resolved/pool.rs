//! Backends that stand in for each other.

use serde::{Deserialize, Serialize};

use super::backend::ResolvedBackend;
use crate::api::mode::Mode;
use crate::api::same_site::SameSite;
use crate::api::sticky_by::StickyBy;
use crate::api::strategy::Strategy;

/// Backends that stand in for each other.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct ResolvedPool {
    /// Its name, unique; letters, digits, `-` and `_`, at most 32.
    pub name: String,
    /// What its clients speak.
    pub mode: Mode,
    /// How a backend is chosen.
    pub strategy: Strategy,
    /// What binds a client to its backend.
    pub sticky: ResolvedSticky,
    /// In the order of the configuration.
    pub backends: Vec<ResolvedBackend>,
}

/// What binds a client to its backend.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct ResolvedSticky {
    /// What binds it.
    pub by: StickyBy,
    /// The cookie, where it is one.
    pub cookie: ResolvedCookie,
    /// Whether all requests without a key go to one backend, and not where the strategy says.
    pub fixed_without_key: bool,
    /// Whether a client whose backend is out is answered 503 until it is back, and not sent to another.
    pub fails: bool,
    /// In TCP mode, milliseconds that an address is remembered after its last connection has closed.
    pub expiry_millis: u64,
}

/// The sticky cookie (RFC 6265): its value is the backend's id.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct ResolvedCookie {
    /// Its name, a token.
    pub name: String,
    /// Seconds the browser keeps it; `None` is until the browser ends.
    pub max_age: Option<u64>,
    /// `SameSite`.
    pub same_site: SameSite,
    /// Whether it is `Secure`.
    pub secure: bool,
    /// `Path`.
    pub path: String,
    /// `Domain`.
    pub domain: Option<String>,
}
