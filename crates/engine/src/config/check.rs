//! How backends are checked.

use serde::{Deserialize, Serialize};
use std::time::Duration;

use super::secret::Secret;
use super::statuses::Statuses;

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
    /// A WebSocket handshake succeeds.
    Websocket,
    /// A program ends with the exit status 0.
    Command,
}

impl CheckAlgorithm {
    /// Every algorithm, for messages that list them.
    pub const ALL: [CheckAlgorithm; 5] = [
        CheckAlgorithm::HttpStatus,
        CheckAlgorithm::Http,
        CheckAlgorithm::Tcp,
        CheckAlgorithm::Websocket,
        CheckAlgorithm::Command,
    ];

    /// The name used in files and in the API.
    pub const fn name(self) -> &'static str {
        match self {
            CheckAlgorithm::HttpStatus => "http-status",
            CheckAlgorithm::Http => "http",
            CheckAlgorithm::Tcp => "tcp",
            CheckAlgorithm::Websocket => "websocket",
            CheckAlgorithm::Command => "command",
        }
    }

    /// Whether it reads an ordinary HTTP answer, whose status and body can be judged.
    pub const fn reads_an_answer(self) -> bool {
        matches!(self, CheckAlgorithm::HttpStatus | CheckAlgorithm::Http)
    }
}

/// What the answer to a check must be, beyond what the algorithm asks for.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Expect {
    /// Its status; the algorithm's own demand where absent.
    pub status: Option<Statuses>,
    /// A text that its body holds.
    pub body: Option<String>,
    /// JSON pointers (RFC 6901) into its body, each with the value that stands there.
    pub json: Vec<(String, serde_json::Value)>,
}

/// When failing traffic takes a backend out for a while.
#[derive(Clone, Debug, PartialEq)]
pub struct Passive {
    /// Failures in a row that eject it; 0 ejects nobody.
    pub failures: u32,
    /// Statuses that count as failures, beside connections refused and requests without an answer.
    pub statuses: Statuses,
    /// How long the first ejection lasts; one soon after it lasts twice as long.
    pub eject_for: Duration,
    /// How many of the backends may be ejected at a time, in per cent; one always may, the last one up never.
    pub max_ejected_percent: u32,
}

impl Default for Passive {
    fn default() -> Self {
        Passive {
            failures: 3,
            statuses: Statuses::default(),
            eject_for: Duration::from_secs(10),
            max_ejected_percent: 50,
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
    /// What the answer must be.
    pub expect: Expect,
    /// The program that [`CheckAlgorithm::Command`] runs, and its arguments.
    pub command: Vec<String>,
    /// Whether the answer's `x-lb-weight`, `x-lb-state` and `x-lb-load` are followed.
    pub agent: bool,
    /// Passed checks in a row that make a DOWN backend UP.
    pub rise: u32,
    /// Failed checks in a row that make an UP backend DOWN.
    pub fall: u32,
    /// What failing traffic does.
    pub passive: Passive,
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
            expect: Expect::default(),
            command: Vec::new(),
            agent: false,
            rise: 1,
            fall: 1,
            passive: Passive::default(),
        }
    }
}
