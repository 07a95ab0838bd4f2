//! What becomes of a client's connection after a request.

use crate::proxy::event_stream::Feed;
use crate::proxy::tunnel::Tunnel;

/// What becomes of a connection after a request.
pub(crate) enum After {
    /// The next request may follow.
    Keep,
    /// It ends.
    Close,
    /// It ends, and the client may still be sending what nobody wants.
    Drain,
    /// It ends so that the client sees that its response was cut short.
    Reset,
    /// It carries another protocol from here on.
    Tunnel(Box<Tunnel>),
    /// It is a WebSocket that reads the balancer's own events.
    Events(Box<Feed>),
}
