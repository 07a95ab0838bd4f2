//! How much one backend takes: its `maxConnections` and the like.

use std::time::Duration;

use super::keys::Keys;
use super::node::Node;

/// Idle connections that are kept for one backend: what `minIdle` may ask for. More are not worth their memory.
pub(crate) const MOST_IDLE: u32 = 256;

/// How much one backend takes.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct BackendLimits {
    /// Requests and tunnels at one time, each on a connection of its own, idle ones included; checks are beside it. 0 is no
    /// limit.
    pub max_connections: u32,
    /// Requests that may wait for one of them; 429 beyond (RFC 6585 4).
    pub max_queue: u32,
    /// How long one may wait, before the 503.
    pub queue_timeout: Duration,
    /// Idle connections kept open and ready, up to 256.
    pub min_idle: u32,
    /// How long a connection may lie idle. Below the 5 s after which Node closes one, so that the balancer is the one
    /// to close.
    pub idle_timeout: Duration,
}

impl Default for BackendLimits {
    fn default() -> Self {
        BackendLimits {
            max_connections: 0,
            max_queue: 0,
            queue_timeout: Duration::from_secs(5),
            min_idle: 0,
            idle_timeout: Duration::from_secs(4),
        }
    }
}

impl BackendLimits {
    /// Reads those of a backend's keys that limit it.
    pub(crate) fn read(&mut self, keys: &mut Keys<'_, '_>) {
        let count = |n: Node<'_, '_>| n.integer::<u32>(0, 1_000_000);
        keys.set("maxConnections", "Connections to it at one time; 0 is no limit", &mut self.max_connections, count);
        let limit = self.max_connections;
        let max_queue = "Requests that may wait for one of them; needs maxConnections";
        keys.set("maxQueue", max_queue, &mut self.max_queue, |n| match count(n)? {
            1.. if limit == 0 => n.wrong("nobody waits without a limit: set 'maxConnections'"),
            count => Some(count),
        });
        keys.set("queueTimeout", "How long they wait", &mut self.queue_timeout, |n| n.millis(1));
        keys.set("minIdle", "Idle connections that are kept for it", &mut self.min_idle, |n| {
            match n.integer(0, u64::from(MOST_IDLE))? {
                count if limit != 0 && count > limit => n.wrong(format!("is more than 'maxConnections', {limit}")),
                count => Some(count),
            }
        });
        keys.set("idleTimeout", "How long other idle ones are kept", &mut self.idle_timeout, |n| n.millis(1));
    }
}
