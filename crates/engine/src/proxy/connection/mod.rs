//! One client's connection: its socket, its times, and what its proxies say of it.

mod accepted;
mod after;
mod before_requests;
mod client;
mod clock;
mod connection_login;
mod forwarded;
mod forwarded_chain;
mod front;
mod handshake;
mod replay;

pub(crate) use accepted::Accepted;
pub(crate) use after::After;
pub(crate) use before_requests::BeforeRequests;
pub(crate) use client::{Client, NextRequest};
pub(crate) use clock::{Clock, Stage};
pub(crate) use connection_login::ConnectionLogin;
pub(crate) use forwarded::{ClientScheme, Peer, is_among};
pub(crate) use front::Front;
pub(crate) use handshake::{FirstBytes, first_bytes, handshake};
pub(crate) use replay::Replay;
