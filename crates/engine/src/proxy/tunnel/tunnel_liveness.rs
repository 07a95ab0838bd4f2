//! Whether a side of a tunnel has disconnected while its bytes are buffered: nothing is read from it until the other side takes
//! them, so that its end of file would not be seen either.

use futures_util::future::{BoxFuture, FutureExt as _};
use std::task::{Context, Poll};
use tokio::net::TcpStream;
use tokio::time::{Instant, Interval, MissedTickBehavior, interval_at};

use crate::proxy::io::{LOOK, backend_has_reset, has_reset, is_abandoned};
use crate::upstream::Stream;

/// Stalled polls before we check whether the client process still exists. While bytes move they are delivered; the client's FIN
/// says nothing here, for it is queued behind the bytes for which there is no room.
pub(crate) const STILL: u32 = 3;

/// The same for a raw connection, whose client may well send everything and close while the target pauses.
pub(crate) const STILL_RAW: u32 = 120;

/// Progress of buffered bytes: how many were read in all, and how many of them are still buffered.
pub(crate) type Waiting = (u64, usize);

/// The two sides, and what is buffered for each.
pub(crate) struct Sides<'t> {
    pub(crate) client: &'t TcpStream,
    /// The client's bytes, where some are buffered.
    pub(crate) up: Option<Waiting>,
    pub(crate) backend: &'t Stream,
    /// Whether bytes of the backend are buffered, and it has not closed in good order.
    pub(crate) down: bool,
    /// Stalled polls after which the client's process is looked for.
    pub(crate) still: u32,
}

/// Which side has disconnected.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Gone {
    Client,
    Backend,
}

/// Probes both sides for as long as bytes are buffered.
pub(crate) struct TunnelLiveness {
    every: Interval,
    /// The client's progress at the last poll, and for how many polls it has not changed.
    seen: Waiting,
    still: u32,
    /// Whether the client's end is orphaned, which takes a while to find out.
    asked: Option<BoxFuture<'static, bool>>,
}

impl TunnelLiveness {
    fn new() -> Self {
        let mut every = interval_at(Instant::now() + LOOK, LOOK);
        every.set_missed_tick_behavior(MissedTickBehavior::Delay);
        TunnelLiveness { every, seen: (0, 0), still: 0, asked: None }
    }

    fn poll_look(&mut self, sides: &Sides<'_>, cx: &mut Context<'_>) -> Poll<Gone> {
        loop {
            if let Some(asked) = &mut self.asked {
                match asked.poll_unpin(cx) {
                    Poll::Ready(true) if sides.up == Some(self.seen) => return Poll::Ready(Gone::Client),
                    Poll::Ready(_) => self.asked = None,
                    Poll::Pending => {}
                }
            }
            if self.every.poll_tick(cx).is_pending() {
                return Poll::Pending;
            }
            if sides.down && backend_has_reset(sides.backend) {
                return Poll::Ready(Gone::Backend);
            }
            let Some(waiting) = sides.up else { continue };
            if has_reset(sides.client) {
                return Poll::Ready(Gone::Client);
            }
            if waiting != self.seen {
                (self.seen, self.still) = (waiting, 0);
                continue;
            }
            self.still += 1;
            if self.still >= sides.still && self.asked.is_none() {
                self.still = 0;
                self.asked = Some(is_abandoned(sides.client, LOOK).boxed());
            }
        }
    }
}

/// Ready when a side has disconnected. The prober lives while bytes are buffered and for one poll more, so that a pair that is
/// slow now and then need not make it anew each time.
pub(crate) fn poll_gone(
    liveness: &mut Option<Box<TunnelLiveness>>,
    sides: &Sides<'_>,
    cx: &mut Context<'_>,
) -> Poll<Gone> {
    if sides.up.is_some() || sides.down {
        return liveness.get_or_insert_with(|| Box::new(TunnelLiveness::new())).poll_look(sides, cx);
    }
    if liveness.as_mut().is_some_and(|liveness| liveness.every.poll_tick(cx).is_ready()) {
        *liveness = None;
    }
    Poll::Pending
}
