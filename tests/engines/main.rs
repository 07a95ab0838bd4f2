//! Other engines with what `export` wrote for them: clients keep their backend when they move there, and are answered on when
//! it dies.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on says so by panicking")]

#[cfg(unix)]
mod alike;
#[cfg(unix)]
mod moved;
#[cfg(unix)]
mod moved_here;
#[cfg(unix)]
mod on_caddy;
#[cfg(unix)]
mod on_envoy;
#[cfg(unix)]
mod on_haproxy;
#[cfg(unix)]
mod on_nginx;
#[cfg(unix)]
mod on_traefik;
#[path = "../support/mod.rs"]
mod support;
