//! What was upgraded, and raw connections: bytes both ways until both sides are done.

mod carry;
mod frames;
mod tunnel_liveness;

pub(crate) use carry::{Carried, ClientHalf, Counted, Finish, Tunnel, carry};
