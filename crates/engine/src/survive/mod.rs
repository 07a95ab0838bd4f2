//! Finds out whether the app behind a pool survives more than one copy: records what passes, sends it again to each copy, and
//! tells what differs.
//!
//! Nothing of it exists while nobody asks for it. It touches neither the user's balancer nor its clients: what it sends goes
//! through the balancers of a [`Lab`].

mod allowed;
mod blocking;
mod candidates;
mod classify;
mod client;
mod compare;
mod copies;
mod driver;
mod entries;
mod examine;
mod exchange;
mod exclude;
mod groups;
mod har;
mod ids;
mod lab;
mod lab_client;
mod limits;
mod moves;
mod pace;
mod progress;
mod recorder;
mod replay;
mod report;
mod requests_to_compare;
mod smallest_config;
mod unprompted_output;

pub(crate) use copies::Copies;
pub(crate) use driver::{Order, Run};
pub(crate) use exclude::Exclude;
pub(crate) use lab::{Lab, OpenLab, Opening};
