//! What counts as healthy.

use serde::{Deserialize, Serialize};

/// What counts as healthy.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
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
