//! What the balancer answers itself.

pub(crate) mod pages;
mod reply;
pub(crate) mod send;

pub(crate) use pages::Page;
pub(crate) use reply::LocalReply;
