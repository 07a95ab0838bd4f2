//! HAProxy, 2.6 or newer.
//!
//! A listener is a `frontend`, called by its mode and port, a pool a `backend` of its name, a backend a `server`, whose word
//! in the cookie is its id: so the cookies that clients have stay good. What else there is has a name with a dot, which no
//! pool has: `POOL.SERVER` checks a server that is checked in its own way, `no.such.name` answers 404, and
//! `connections.per.ip` and `requests.per.ip` count.

mod access;
mod check;
mod forwarded;
mod frontend;
mod global;
mod place;
mod pool;
mod quote;
mod route;
mod script;
mod server;
mod sticky;
mod support;
mod weights;

use stickylb::api::ResolvedConfig;

use super::feature::Feature;
use super::writer::Writer;

pub(super) use support::support;

/// The section that answers 404 to requests for a host that no pool has. Pools' names have no dot, those of their checks
/// have one.
const NOT_FOUND: &str = "no.such.name";

pub(super) fn write(config: &ResolvedConfig, to: &mut Writer) {
    to.comment("Written by stickylb-tui for HAProxy 2.6 or newer.");
    to.comment("To check it: haproxy -c -f haproxy.cfg; to start it: haproxy -f haproxy.cfg");
    to.comment("A backend at localhost is looked for at one address alone, the first that the system has for it.");
    global::write(config, to);
    for (number, listener) in config.listeners.iter().enumerate() {
        frontend::write(config, number, listener, to);
    }
    for pool in &config.pools {
        pool::write(config, pool, to);
    }
    frontend::write_not_found(config, to);
    access::write_tables(&config.access, to);
}
