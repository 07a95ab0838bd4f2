//! Traffic that the balancer sends to its own listeners: clients with addresses, cookies and habits of their own, who ask by the
//! clock or one request after the other.

mod closed;
mod connection;
mod drive;
mod jar;
mod mix;
mod open;
mod pace;
mod person;
mod road;
mod run;
mod schedule;

pub(crate) use drive::drive;
pub(crate) use run::{Order, Run};
