//! One client's connection: its socket, its times, and what its proxies say of it.

mod accepted;
mod after;
mod client;
mod clock;
mod connection_login;
mod forwarded;
mod forwarded_chain;
mod replay;

pub(crate) use accepted::Accepted;
pub(crate) use after::After;
pub(crate) use client::{Client, NextRequest};
pub(crate) use clock::{Clock, Stage};
pub(crate) use connection_login::ConnectionLogin;
pub(crate) use forwarded::{By, Peer, is_among};
pub(crate) use replay::Replay;
