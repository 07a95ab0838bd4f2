//! What answers the requests: one file for each path, or for paths of one kind.

pub(crate) mod awkward;
pub(crate) mod chat;
pub(crate) mod cookie;
pub(crate) mod echo;
pub(crate) mod events;
pub(crate) mod health;
pub(crate) mod page;
pub(crate) mod session;
pub(crate) mod visit;
pub(crate) mod websocket;
pub(crate) mod whoami;
