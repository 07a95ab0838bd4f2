//! Backends that stand in for each other: a `backend` for each pool.

use stickylb::api::{HostHeader, Mode, ResolvedBackend, ResolvedConfig, ResolvedPool, Strategy};

use super::check::Checks;
use super::quote::{time, word};
use super::{Feature, Writer, global, server, sticky};
use crate::export::identifier::server_names;
use crate::export::local::sees_own_host;

/// Milliseconds of queueing that end at once, as near as there is.
const NO_WAIT: u64 = 1;

pub(super) fn write(config: &ResolvedConfig, pool: &ResolvedPool, to: &mut Writer) {
    let names = server_names(&pool.backends);
    let checks = Checks::new(pool, &names);
    to.gap();
    to.line(format!("backend {}", pool.name));
    to.indented(|to| {
        if pool.mode == Mode::Tcp {
            to.line("mode tcp");
        }
        balance(pool, to);
        sticky::write(pool, to);
        if pool.backends.iter().any(|backend| backend.backup) {
            to.line("option allbackups");
        }
        if pool.mode == Mode::Http {
            requests(config, pool, to);
        }
        queue(pool, to);
        checks.write(to);
        server::write(pool, &names, &checks, to);
    });
    checks.write_others(pool, to);
}

fn balance(pool: &ResolvedPool, to: &mut Writer) {
    if sticky::write_hash(pool, to) {
        return;
    }
    let words = match pool.strategy {
        Strategy::LeastConnections => "balance leastconn",
        Strategy::LeastLatency => {
            to.cannot(
                Feature::LeastLatency,
                format!(
                    "least-latency of {}: HAProxy does not go by times, least connections take its place",
                    pool.name
                ),
            );
            "balance leastconn"
        }
        Strategy::Random => "balance random(1)",
        Strategy::PowerOfTwo => "balance random(2)",
        Strategy::First => "balance first",
        _ => "balance roundrobin",
    };
    to.line(words);
}

fn requests(config: &ResolvedConfig, pool: &ResolvedPool, to: &mut Writer) {
    if global::repeats_what_was_sent(&config.retry) {
        // What may have been acted on is not sent twice.
        to.line("http-request disable-l7-retry unless { method GET HEAD OPTIONS PUT DELETE }");
    }
    // Such a stream may be silent for longer than an answer takes to begin.
    to.line("http-request set-timeout server 1d if { req.hdr(accept) -m sub text/event-stream }");
    host(config.host_header, pool, to);
}

/// The `Host` that backends see: HAProxy sets it before it knows which of them that is.
fn host(wanted: HostHeader, pool: &ResolvedPool, to: &mut Writer) {
    let is_own = |backend: &ResolvedBackend| sees_own_host(wanted, backend);
    let own: Vec<String> =
        pool.backends.iter().map(|backend| if is_own(backend) { backend.authority() } else { String::new() }).collect();
    let Some(first) = own.first() else { return };
    if own.iter().any(|other| other != first) {
        to.cannot(
            Feature::HostHeader,
            format!(
                "hostHeader of {}: HAProxy sets it before it chooses a backend, they see that of the client",
                pool.name
            ),
        );
    } else if !first.is_empty() {
        to.line(format!("http-request set-header Host {}", word(first)));
    }
}

/// How long requests wait where a backend is full. HAProxy has one time for all of a pool.
fn queue(pool: &ResolvedPool, to: &mut Writer) {
    let limited = || pool.backends.iter().filter(|backend| backend.max_connections > 0);
    let queues = || limited().filter(|backend| backend.max_queue > 0);
    if limited().next().is_none() {
        return;
    }
    let longest = queues().map(|backend| backend.queue_timeout_millis).max();
    to.line(format!("timeout queue {}", time(longest.unwrap_or(NO_WAIT))));
    if longest.is_some() {
        to.cannot(
            Feature::Queue,
            format!(
                "maxQueue of {}: HAProxy sends a client whose queue is full to another backend, and answers 503 where \
                 there is none, not 429",
                pool.name
            ),
        );
    }
}
