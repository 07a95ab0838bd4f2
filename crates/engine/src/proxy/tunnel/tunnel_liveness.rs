//! Whether a side of a tunnel has left while its bytes wait: nothing is read from it until the other side takes what was
//! read before, so that its end is not read either.

use futures_util::future::{BoxFuture, FutureExt as _};
use std::task::{Context, Poll};
use tokio::net::TcpStream;
use tokio::time::{Instant, Interval, MissedTickBehavior, interval_at};

use crate::proxy::io::{LOOK, backend_has_reset, has_reset, is_abandoned};
use crate::upstream::Stream;

/// Looks during which the backend has taken nothing of what the client sent, before it is asked whether anybody is still
/// there: while bytes move, they are delivered, whoever waits for an answer to them. The client's end says nothing here, for
/// it comes behind all that there is no room for.
pub(crate) const STILL: u32 = 3;

/// The same for a raw connection, whose client may well say all it has to say and go, while the target takes a rest.
pub(crate) const STILL_RAW: u32 = 120;

/// How far bytes have come that wait: so many were read, and so many of them are left.
pub(crate) type Waiting = (u64, usize);

/// What there is to look after.
pub(crate) struct Sides<'t> {
    pub(crate) client: &'t TcpStream,
    /// The client's bytes, where some wait.
    pub(crate) up: Option<Waiting>,
    pub(crate) backend: &'t Stream,
    /// Whether bytes of the backend wait, and it has not ended in good order.
    pub(crate) down: bool,
    /// Looks without a move after which the client is asked after.
    pub(crate) still: u32,
}

/// Who has left.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Gone {
    Client,
    Backend,
}

/// Looks after both sides for as long as bytes wait.
pub(crate) struct Lookout {
    every: Interval,
    /// The client's bytes as they were, and for how many looks.
    seen: Waiting,
    still: u32,
    /// Whether anybody holds the client's end, which takes a while to find out.
    asked: Option<BoxFuture<'static, bool>>,
}

impl Lookout {
    fn new() -> Self {
        let mut every = interval_at(Instant::now() + LOOK, LOOK);
        every.set_missed_tick_behavior(MissedTickBehavior::Delay);
        Lookout { every, seen: (0, 0), still: 0, asked: None }
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

/// Tells who has left. `lookout` is there while bytes wait, and for one look more: a pair that is slow now and then need
/// not make it anew each time.
pub(crate) fn poll_gone(lookout: &mut Option<Box<Lookout>>, sides: &Sides<'_>, cx: &mut Context<'_>) -> Poll<Gone> {
    if sides.up.is_some() || sides.down {
        return lookout.get_or_insert_with(|| Box::new(Lookout::new())).poll_look(sides, cx);
    }
    if lookout.as_mut().is_some_and(|lookout| lookout.every.poll_tick(cx).is_ready()) {
        *lookout = None;
    }
    Poll::Pending
}
