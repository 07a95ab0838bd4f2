//! Times, limits and second tries.

use std::time::Duration;

/// Second tries.
#[derive(Clone, Debug, PartialEq)]
pub struct RetryConfig {
    /// Backends one request may be tried on, the first included.
    pub attempts: u32,
    /// Bytes of a body that are kept so that it can be sent again.
    pub body_limit: usize,
    /// Repetitions allowed, in per cent of the requests of the last two seconds; ten a second always are.
    pub budget_percent: u32,
    /// Whether a request that could not be written is tried elsewhere.
    pub on_connect: bool,
    /// Whether one that was written and not answered is.
    pub on_no_response: bool,
    /// Statuses that count as no answer.
    pub statuses: Vec<u16>,
}

impl Default for RetryConfig {
    fn default() -> Self {
        RetryConfig {
            attempts: 3,
            body_limit: 65_536,
            budget_percent: 20,
            on_connect: true,
            on_no_response: true,
            statuses: Vec::new(),
        }
    }
}

/// How long each wait may take.
#[derive(Clone, Debug, PartialEq)]
pub struct Timeouts {
    /// For a connection to a backend.
    pub connect: Duration,
    /// For a client to send the head of its request, from its first byte.
    pub request_headers: Duration,
    /// For a backend to begin its answer.
    pub response: Duration,
    /// For a client's connection without a request.
    pub idle: Duration,
    /// For a tunnel on which nothing moves; zero is no limit.
    pub tunnel_idle: Duration,
    /// For requests in flight to end when the program stops.
    pub shutdown: Duration,
}

impl Default for Timeouts {
    fn default() -> Self {
        Timeouts {
            connect: Duration::from_secs(2),
            request_headers: Duration::from_secs(10),
            response: Duration::from_mins(1),
            idle: Duration::from_mins(1),
            tunnel_idle: Duration::ZERO,
            shutdown: Duration::from_secs(10),
        }
    }
}

/// What one client, or all together, may use.
#[derive(Clone, Debug, PartialEq)]
pub struct Limits {
    /// Clients' connections at one time; accepting pauses at the limit.
    pub connections: usize,
    /// Bytes of a request's head: 431 beyond.
    pub header_bytes: usize,
    /// Header fields of a request: 431 beyond.
    pub headers: usize,
    /// Bytes of a request's body: 413 beyond. 0 is no limit.
    pub body_bytes: u64,
}

impl Default for Limits {
    fn default() -> Self {
        Limits { connections: 10_000, header_bytes: 65_536, headers: 128, body_bytes: 0 }
    }
}
