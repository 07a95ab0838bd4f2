//! What a backend's connections share. Knows no request, no response and no socket.

pub(crate) mod backend;
pub(crate) mod health;
pub(crate) mod identity;
pub(crate) mod room;
pub(crate) mod shutdown;
pub(crate) mod visits;
