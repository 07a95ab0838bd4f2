//! What the balancer answers itself.

pub(crate) mod misplaced;
mod no_such_name;
pub(crate) mod pages;
mod reply;
pub(crate) mod send;

pub(crate) use no_such_name::no_such_name;
pub(crate) use pages::Page;
pub(crate) use reply::{LocalReply, Reply};
