//! Small apps of the packages that people really use (`tests/apps`), each as two copies behind the built program's
//! `survive`: of a broken one it must say what is wrong, of a mended one nothing.
//!
//! Each app has noise in its answers, and a seed chooses which. One seed for each app, unless more are asked for:
//! `STICKYLB_SURVIVE_SEEDS=20 cargo test --test survive`. What was found is printed as a table once all have been run.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on says so by panicking")]

#[cfg(unix)] // the copies share a Redis server by a Unix socket
mod app;
#[cfg(unix)]
mod apps;
#[cfg(unix)]
mod at_once;
#[cfg(unix)]
mod ground;
#[cfg(unix)]
mod learn_real;
#[path = "../support/mod.rs"]
mod support;
#[cfg(unix)]
mod survived;
#[cfg(unix)]
mod table;
