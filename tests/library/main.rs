//! The library: a balancer embedded in another program.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on says so by panicking")]

mod embedded_traffic;
mod embedding;
mod faults;
mod json;
#[path = "../support/mod.rs"]
mod support;
mod survive;
mod survive_har;
