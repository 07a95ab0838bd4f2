//! A request's way to a backend: route, choose, wait, try, and try the next.

mod hold;
mod policy;
pub(crate) mod queue;
mod route;

pub(crate) use hold::Hold;
pub(crate) use policy::forward;
pub(crate) use route::route;
