//! The upstreams: the backends of each pool.

use stickylb::api::{Intent, Mode, ResolvedBackend, SameSite, Strategy};
use stickylb::untrusted::Untrusted;

use super::method::Method;
use super::plan::{Binding, Plan, PoolPlan, Role, Server, Why};
use super::quote::{literal, seconds, time, word};
use super::{checks, learn, method};
use crate::export::feature::Feature;
use crate::export::writer::Writer;

/// Idle connections that each worker keeps to the servers of an upstream.
const IDLE: u32 = 32;

/// All upstreams of a pool.
pub(super) fn write(plan: &Plan<'_>, pool: &PoolPlan<'_>, to: &mut Writer) {
    to.gap();
    say(pool, to);
    to.line(format!("upstream {} {{", pool.name));
    to.indented(|to| {
        if let Some(line) = pool.method.line(pool.pool.mode) {
            to.line(line);
        }
        zone(&pool.name, pool, to);
        for place in 0..pool.servers.len() {
            server_with_comments(plan, pool, place, to);
        }
        if pool.servers.iter().all(|server| matches!(server.role, Role::LeftOut(_))) {
            to.comment("nginx needs one.");
            to.line("server 127.0.0.1 down;");
        }
        match &pool.binding {
            Binding::Learn(parameters) => learn::write(pool.pool, &pool.name, parameters, to),
            _ => learn::say(pool.pool, false, to),
        }
        sticky_cookie(pool, to);
        idle(pool, to);
    });
    to.line("}");
    match &pool.binding {
        Binding::Cookie { apart, .. } => {
            for place in apart {
                write_apart(pool, *place, to);
            }
        }
        Binding::Key(key) => write_keyed(pool, key, to),
        Binding::Nothing | Binding::Learn(_) => {}
    }
}

/// What is true of the pool as a whole.
fn say(pool: &PoolPlan<'_>, to: &mut Writer) {
    method::say(pool.pool, &pool.method, to);
    checks::say(pool.pool, to);
    let backups = pool.servers.iter().filter(|server| server.role == Role::Backup).count();
    let name = &pool.pool.name;
    if pool.pool.strategy == Strategy::First && backups > 1 {
        let sentence =
            format!("strategy first of pool {name}: behind the first backend nginx has the others take turns");
        to.cannot(Feature::First, sentence);
    }
    if pool.pool.sticky.fails && !matches!(pool.binding, Binding::Cookie { .. }) {
        let sentence =
            format!("sticky.onFailure fail of pool {name}: nginx sends clients whose backend is out to another");
        to.cannot(Feature::OnFailure, sentence);
    }
    say_of_those_apart(pool, to);
}

/// What is not as in one upstream where clients that are bound have others.
fn say_of_those_apart(pool: &PoolPlan<'_>, to: &mut Writer) {
    let name = &pool.pool.name;
    if pool.has_map() && pool.pool.backends.iter().any(|backend| backend.max_connections > 0) {
        let sentence = format!("maxConnections of pool {name}: nginx counts them in each of its upstreams apart");
        to.cannot(Feature::MaxConnections, sentence);
    }
    let Binding::Cookie { apart, .. } = &pool.binding else { return };
    let is_mixed = |place: &usize| {
        let stands_in = |role| pool.stand_ins(*place).any(|server| server.role == role);
        stands_in(Role::Primary) && stands_in(Role::Backup)
    };
    if pool.pool.strategy != Strategy::First && apart.iter().any(is_mixed) {
        let sentence = format!(
            "backups of pool {name}: clients that lose the backend that they are bound to may come to one while others are up"
        );
        to.cannot(Feature::Backup, sentence);
    }
}

/// What workers share, so that they count and choose as one.
fn zone(name: &str, pool: &PoolPlan<'_>, to: &mut Writer) {
    let kilobytes = 64 + 2 * pool.servers.len();
    to.line(format!("zone {name} {kilobytes}k;"));
}

fn idle(pool: &PoolPlan<'_>, to: &mut Writer) {
    if pool.pool.mode == Mode::Http {
        let shortest = pool.pool.backends.iter().map(|backend| backend.idle_timeout_millis).min().unwrap_or_default();
        to.line(format!("keepalive {IDLE};"));
        to.line(format!("keepalive_timeout {};", time(shortest.max(1))));
    }
}

/// The cookie that binds clients, where nginx has a word for it.
fn sticky_cookie(pool: &PoolPlan<'_>, to: &mut Writer) {
    if !pool.sets_cookie() {
        return;
    }
    let cookie = &pool.pool.sticky.cookie;
    let mut words = vec!["sticky cookie".to_owned(), word(&cookie.name)];
    if let Some(seconds) = cookie.max_age {
        words.push(format!("expires={seconds}s"));
    }
    if let Some(domain) = &cookie.domain {
        words.push(word(&format!("domain={}", literal(domain))));
    }
    words.push("httponly".to_owned());
    if cookie.secure {
        words.push("secure".to_owned());
    }
    words.push(
        match cookie.same_site {
            SameSite::Strict => "samesite=strict",
            SameSite::None => "samesite=none",
            SameSite::Lax => "samesite=lax",
        }
        .to_owned(),
    );
    words.push(word(&format!("path={}", cookie.path)));
    to.line(format!("{};", words.join(" ")));
}

/// A server of the pool's own upstream, with all that is to be said of it.
fn server_with_comments(plan: &Plan<'_>, pool: &PoolPlan<'_>, place: usize, to: &mut Writer) {
    let server = &pool.servers[place];
    let backend = server.backend;
    say_of_server(pool, server, to);
    let name = Untrusted::new(&backend.name);
    let left_out = if matches!(server.role, Role::LeftOut(_)) { "# " } else { "" };
    let (out, end) = match (server.role, backend.intent) {
        (Role::Out, _) => (" down", " is in MAINT: without \"down\" it is back"),
        (Role::Drained, intent) => {
            let drains = plan.has_sticky() && pool.sets_cookie();
            let word = if drains { " drain" } else { " down" };
            (word, if intent == Intent::Drain { " is in DRAIN" } else { "" })
        }
        (Role::Backup, _) => (" backup", ""),
        _ => ("", ""),
    };
    to.line(format!("{left_out}{}{out}; # {name}{end}", server.line(pool, weighs(pool))));
}

/// Whether weights count in the pool's own upstream.
fn weighs(pool: &PoolPlan<'_>) -> bool {
    pool.pool.strategy != Strategy::First || pool.method != Method::Turns
}

impl Server<'_> {
    /// `server` and what is true of it in each upstream.
    fn line(&self, pool: &PoolPlan<'_>, with_weight: bool) -> String {
        let backend = self.backend;
        let mut words = vec![format!("server {}", word(&self.address))];
        if with_weight && backend.weight > 1 {
            words.push(format!("weight={}", backend.weight));
        }
        if backend.max_connections > 0 {
            words.push(format!("max_conns={}", backend.max_connections));
        }
        let passive = &backend.check.passive;
        // Without checks, this alone finds out who is down, so it is never turned off.
        let failures = if passive.failures > 0 { passive.failures } else { backend.check.fall.max(1) };
        words.push(format!("max_fails={failures} fail_timeout={}", seconds(passive.eject_for_millis)));
        if pool.sets_cookie() {
            words.push(format!("route={}", backend.id));
        }
        words.join(" ")
    }
}

/// What nginx cannot do for one backend.
fn say_of_server(pool: &PoolPlan<'_>, server: &Server<'_>, to: &mut Writer) {
    let backend = server.backend;
    let name = &backend.name;
    if let Role::LeftOut(why) = server.role {
        let (feature, why) = match why {
            Why::Backup => (Feature::Backup, "nginx has no backups where it chooses by a hash"),
            Why::Scheme => (Feature::BackendTls, "nginx speaks to all backends of a pool by https or to none"),
            Why::Socket => (Feature::Unix, "the path of its socket is too long for nginx"),
        };
        to.cannot(feature, format!("{name}: {why}: it is left out"));
    }
    if backend.slow_start_millis > 0 {
        let sentence = format!("slowStart of {name}: nginx has none, it gets its full share at once");
        to.cannot(Feature::SlowStart, sentence);
    }
    say_of_limits(backend, to);
    checks::say_of_ejection(backend, to);
    if backend.proxy_protocol > 0 && pool.pool.mode == Mode::Http {
        let sentence = format!("proxyProtocol of {name}: nginx sends it in TCP mode alone, and this backend gets none");
        to.cannot(Feature::ProxyToBackends, sentence);
    }
}

fn say_of_limits(backend: &ResolvedBackend, to: &mut Writer) {
    let name = &backend.name;
    if backend.max_queue > 0 {
        let sentence = format!(
            "maxQueue of {name}: nginx has none: while it is full its requests go to others, or are answered 502"
        );
        to.cannot(Feature::Queue, sentence);
    }
    if backend.min_idle > 0 {
        let sentence = format!("minIdle of {name}: nginx keeps connections that were used, and opens none ahead");
        to.cannot(Feature::Idle, sentence);
    }
}

/// The upstream of the clients that are bound to one backend: it comes first, and all others stand in for it.
fn write_apart(pool: &PoolPlan<'_>, place: usize, to: &mut Writer) {
    let own = &pool.servers[place];
    let name = pool.name_apart(place);
    to.gap();
    to.comment(format!("The clients of {}.", own.backend.name));
    to.line(format!("upstream {name} {{"));
    to.indented(|to| {
        if pool.method.takes_backups()
            && let Some(line) = pool.method.line(pool.pool.mode)
        {
            to.line(line);
        }
        zone(&name, pool, to);
        let down = if own.role == Role::Out { " down" } else { "" };
        to.line(format!("{}{down};", own.line(pool, false)));
        for other in pool.stand_ins(place) {
            to.line(format!("{} backup;", other.line(pool, weighs(pool))));
        }
        sticky_cookie(pool, to);
        idle(pool, to);
    });
    to.line("}");
}

/// The upstream of requests that have a sticky key.
fn write_keyed(pool: &PoolPlan<'_>, key: &str, to: &mut Writer) {
    let name = pool.name_keyed();
    to.gap();
    to.comment(format!("Requests to pool {} that have its sticky key.", pool.pool.name));
    to.line(format!("upstream {name} {{"));
    to.indented(|to| {
        to.line(format!("hash {key} consistent;"));
        zone(&name, pool, to);
        for server in &pool.servers {
            match server.role {
                // Behind the first one stand others than backups, if that is the strategy.
                Role::Backup if server.backend.backup => {}
                Role::Primary | Role::Backup => to.line(format!("{};", server.line(pool, true))),
                Role::Drained | Role::Out => to.line(format!("{} down;", server.line(pool, true))),
                Role::LeftOut(_) => {}
            }
        }
        idle(pool, to);
    });
    to.line("}");
}
