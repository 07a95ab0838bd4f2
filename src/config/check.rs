//! How backends are checked.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::Secret;

/// What counts as healthy.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum CheckAlgorithm {
    /// An answer with a 2xx status.
    #[default]
    HttpStatus,
    /// Any HTTP answer.
    Http,
    /// A connection can be made.
    Tcp,
}

impl CheckAlgorithm {
    /// Every algorithm, for messages that list them.
    pub const ALL: [CheckAlgorithm; 3] = [CheckAlgorithm::HttpStatus, CheckAlgorithm::Http, CheckAlgorithm::Tcp];

    /// The name used in files and in the API.
    pub const fn name(self) -> &'static str {
        match self {
            CheckAlgorithm::HttpStatus => "http-status",
            CheckAlgorithm::Http => "http",
            CheckAlgorithm::Tcp => "tcp",
        }
    }
}

/// How one backend is checked: the `health` section with the backend's own `health…` keys laid over it.
#[derive(Clone, Debug, PartialEq)]
pub struct HealthCheck {
    /// Time from one check's end to the next one's start. A DOWN backend is checked at least once a second.
    pub interval: Duration,
    /// Time a check may take as a whole.
    pub timeout: Duration,
    /// Path and query that are asked for, starting with `/`.
    pub path: String,
    /// Request method.
    pub method: http::Method,
    /// What counts as healthy.
    pub algorithm: CheckAlgorithm,
    /// Header fields sent with the check; the values may be secrets.
    pub headers: Vec<(http::HeaderName, Secret)>,
    /// Passed checks in a row that make a DOWN backend UP.
    pub rise: u32,
    /// Failed checks in a row that make an UP backend DOWN.
    pub fall: u32,
}

impl Default for HealthCheck {
    fn default() -> Self {
        HealthCheck {
            interval: Duration::from_secs(10),
            timeout: Duration::from_secs(2),
            path: "/".to_owned(),
            method: http::Method::GET,
            algorithm: CheckAlgorithm::HttpStatus,
            headers: Vec::new(),
            rise: 1,
            fall: 1,
        }
    }
}
