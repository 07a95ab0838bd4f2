//! Configurations of other load balancers, held against the real ones.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on says so by panicking")]

mod corpus;
mod engines;
mod foreign;
mod goldens;
#[path = "../../../../tests/support/installed.rs"]
mod installed;
mod large;
#[path = "../../../../tests/support/left_out.rs"]
mod left_out;
mod read_by_caddy;
mod read_by_envoy;
mod read_by_haproxy;
mod read_by_nginx;
mod read_by_traefik;
mod round_trip;
mod schemas;
mod table;
