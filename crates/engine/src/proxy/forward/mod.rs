//! A request's way to a backend: route, select, wait, try, and try the next.

mod hold;
mod policy;
mod queue;
mod read_ahead;
mod retry;
mod route;
mod selection;
mod tries;

pub(crate) use policy::forward;
pub(crate) use route::{host_kind, own_cookies, route};
pub(crate) use selection::{SelectBy, Selection};
