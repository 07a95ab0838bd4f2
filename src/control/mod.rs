//! The control socket: every running program opens one, on which other processes of the same user reach it.
//!
//! The socket lies in the user's [runtime directory](directory). Messages are lines of JSON, of the same serde types
//! that front ends in the process use ([protocol]). The [server] answers them; the [client] finds running programs,
//! asks them, and is an [`EngineHandle`](stickylb::api::EngineHandle) for a screen in another process.

mod client;
mod directory;
mod places;
pub(crate) mod protocol;
#[cfg(feature = "tui")]
mod remote;
mod server;
mod socket;
mod watching;

pub(crate) use client::{ControlError, Instance, instances, shared_cookies};
pub(crate) use protocol::{Reply, Request};
#[cfg(feature = "tui")]
pub(crate) use remote::Remote;
pub(crate) use server::Server;
