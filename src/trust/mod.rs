//! Trust: where programs and browsers of this machine keep the authorities that they believe, and what is done there when a
//! person asks for it. Nothing here is done by the way.

mod anchors;
mod authority;
mod browsers;
mod environment;
mod java;
mod keychain;
mod nss;
mod places;
mod plan;
mod programs;
mod shell;
mod standing;
mod step;

pub(crate) use authority::Authority;
pub(crate) use environment::{Variables, adding};
pub(crate) use places::Places;
pub(crate) use plan::{Plan, addition, removal};
pub(crate) use standing::{Standing, Unbelieving};
pub(crate) use step::Outcome;
