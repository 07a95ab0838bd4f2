//! Which names of pools cannot be beside the rest of a configuration.

use super::listener::ListenerConfig;
use super::locations::At;
use super::pool::PoolConfig;
use super::root::Config;
use super::route::RouteConfig;
use super::vouched::{VOUCHED_NAMES, is_vouched};
use crate::api::Mode;

/// Whether this listener, by its position, leads to pools by their names, so that it needs none of its own.
pub(super) fn leads_by_names(config: &Config, listener: usize) -> bool {
    config.named_listener() == Some(listener) && config.pools.iter().any(|pool| !pool.names.is_empty())
}

/// Says what is wrong with names that are good by themselves.
pub(super) fn names(config: &Config, wrong: &mut impl FnMut(At, String)) {
    let listener = config.named_listener().map(|number| &config.listeners[number]);
    for (number, pool) in config.pools.iter().enumerate() {
        for (place, name) in pool.names.iter().enumerate() {
            let problem = match listener {
                _ if is_raw(config, pool) => {
                    Some("this pool is behind a tcp listener, and raw bytes have no host: leave 'names' out".to_owned())
                }
                None => Some("no listener speaks http, and raw bytes have no host: leave 'names' out".to_owned()),
                Some(listener) => twice(config, (number, place)).or_else(|| beside(listener, name)),
            };
            if let Some(problem) = problem {
                wrong(At::Name(number, place), problem);
            }
        }
    }
}

/// Whether raw connections lead to it.
fn is_raw(config: &Config, pool: &PoolConfig) -> bool {
    config.listeners.iter().any(|listener| listener.mode == Mode::Tcp && listener.pools().any(|name| name == pool.name))
}

fn twice(config: &Config, (pool, place): (usize, usize)) -> Option<String> {
    let name = &config.pools[pool].names[place];
    let earlier = config.pools[..pool].iter().find(|other| other.names.contains(name));
    match earlier {
        Some(earlier) => Some(format!("{name} leads to the pool '{}' already: leave one", earlier.name)),
        None => config.pools[pool].names[..place].contains(name).then(|| format!("{name} is written twice: leave one")),
    }
}

/// What of the listener itself is in the name's way.
fn beside(listener: &ListenerConfig, name: &str) -> Option<String> {
    let takes_all = |route: &&RouteConfig| {
        let is_host = route.host.as_deref().is_some_and(|host| match host.strip_prefix('*') {
            Some(rest) => name.len() > rest.len() && name.ends_with(rest),
            None => host == name,
        });
        is_host && route.upgrade.is_none() && route.path_prefix.as_deref().is_none_or(|prefix| prefix == "/")
    };
    if let Some(route) = listener.routes.iter().find(takes_all) {
        let (host, pool) = (route.host.as_deref().unwrap_or_default(), &route.pool);
        return Some(format!(
            "{name} is never reached: the listener's route for {host} comes first and leads to '{pool}'. Leave one"
        ));
    }
    let tls = listener.tls.as_ref()?;
    (tls.uses_own_authority() && !is_vouched(name)).then(|| {
        format!(
            "the certificates made here are for names that end in .{} alone: choose such a name, or give a certificate of \
             your own for {name} in tls.certificates (--tls-cert and --tls-key)",
            VOUCHED_NAMES.join(", .")
        )
    })
}
