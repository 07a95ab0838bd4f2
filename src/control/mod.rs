//! The control socket: every running program opens one, and the same user's other processes reach it there.
//!
//! The socket lies in the user's [runtime directory](directory); on it go lines of JSON, the same serde types that
//! front ends in the process use ([protocol]). The [server] answers them; the [client] side finds the programs that
//! run, asks them, and is a [`EngineHandle`](stickylb::api::EngineHandle) for the screen of another process.

mod client;
mod directory;
pub(crate) mod protocol;
#[cfg(feature = "tui")]
mod remote;
mod server;

pub(crate) use client::{ControlError, Instance, instances, shared_cookies};
pub(crate) use protocol::{Reply, Request};
#[cfg(feature = "tui")]
pub(crate) use remote::Remote;
pub(crate) use server::Server;
