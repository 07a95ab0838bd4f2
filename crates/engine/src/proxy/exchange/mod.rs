//! One request on one upstream connection: checked, rewritten, sent, and counted.

mod accounting;
mod attempt;
mod connect;
mod continues;
mod faulty_attempt;
mod hsts;
mod link;
mod redirect;
mod request;
pub(crate) mod rewrite;
mod upload;
mod upstream_exchange;
pub(crate) mod validate;

pub(crate) use accounting::{CLIENT_GONE, Exchange, book_refused};
pub(crate) use attempt::attempt;
pub(crate) use connect::outcome_of;
pub(crate) use request::{HostKind, Request, wants_page};
pub(crate) use rewrite::{Said, connection_field};
pub(crate) use upstream_exchange::{Answered, Failure, UpstreamExchange};
