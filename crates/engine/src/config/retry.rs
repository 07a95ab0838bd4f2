//! When and how often a request is tried again on another backend: the `retry` section.

use serde_json::json;

use super::keys::Keys;
use super::node::Node;

/// When and how often a request is tried again on another backend.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
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

impl RetryConfig {
    pub(crate) fn read(&mut self, keys: &mut Keys<'_, '_>) {
        keys.set("attempts", "Backends one request may be tried on, the first included", &mut self.attempts, |n| {
            n.integer(1, 100)
        });
        keys.set("bodyLimit", "Bytes of a body that are kept to be sent again", &mut self.body_limit, |n| {
            n.integer(0, 1 << 30)
        });
        keys.set(
            "budgetPercent",
            "Repetitions of requests that may have reached a backend, in per cent of recent requests",
            &mut self.budget_percent,
            |n| n.integer(0, 100),
        );
        if let Some(on) = keys.get("on", "When to try elsewhere: connect, no-response, or a status", |n| {
            n.hint("default", json!(["connect", "no-response"])).list(on)
        }) {
            self.on_connect = on.contains(&On::Connect);
            self.on_no_response = on.contains(&On::NoResponse);
            self.statuses =
                on.iter().filter_map(|on| if let On::Status(status) = on { Some(*status) } else { None }).collect();
        }
    }
}

/// One of the reasons for which a request is tried elsewhere.
#[derive(Clone, Copy, PartialEq)]
enum On {
    Connect,
    NoResponse,
    Status(u16),
}

fn on(n: Node<'_, '_>) -> Option<On> {
    n.either(
        n.is_string(),
        |n| n.one_of(&[("connect", On::Connect), ("no-response", On::NoResponse)]),
        |n| n.integer(400, 599).map(On::Status),
    )
}
