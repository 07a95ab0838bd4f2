//! What cannot be together, though each part is valid by itself.

use std::collections::BTreeSet;

use super::address::{Address, Scheme};
use super::alert::AlertConfig;
use super::backend::BackendConfig;
use super::listener::ListenerConfig;
use super::local_name::local_name;
use super::locations::At;
use super::name_conflict::{leads_by_names, names};
use super::nearest::nearest;
use super::pool::{PoolConfig, pool_name};
use super::root::Config;
use super::tls::TlsConfig;
use crate::api::{Mode, StickyBy};
use crate::untrusted::Untrusted;

/// One value that cannot be beside the others.
pub(crate) struct Conflict {
    pub(crate) at: At,
    pub(crate) message: String,
}

impl Config {
    /// What is wrong with the whole, beyond what is wrong with its parts.
    pub fn problems(&self) -> Vec<Untrusted<String>> {
        let cookies = self.pools.iter().flat_map(|pool| pool.sticky.cookie.problems());
        let names = self.pools.iter().filter_map(|pool| pool_name(&pool.name).err());
        let hosts = self.pools.iter().flat_map(|pool| &pool.names).filter_map(|name| local_name(name).err());
        let tls = self.listeners.iter().filter_map(|listener| listener.tls.as_ref()).flat_map(TlsConfig::problems);
        let conflicts = conflicts(self).into_iter().map(|conflict| conflict.message);
        cookies.chain(names).chain(hosts).chain(tls).chain(conflicts).map(Untrusted::new).collect()
    }
}

/// All that cannot be together in a configuration.
pub(crate) fn conflicts(config: &Config) -> Vec<Conflict> {
    let mut conflicts = Vec::new();
    let mut wrong = |at, message| conflicts.push(Conflict { at, message });
    listeners(config, &mut wrong);
    pools(config, &mut wrong);
    names(config, &mut wrong);
    backends(config, &mut wrong);
    alerts(config, &mut wrong);
    conflicts
}

fn listeners(config: &Config, wrong: &mut impl FnMut(At, String)) {
    if config.listeners.is_empty() {
        wrong(At::File, "there is no listener: clients need a place to connect".to_owned());
    }
    let names = || config.pools.iter().map(|pool| pool.name.as_str());
    let unknown =
        |pool: &str| (!is_known(config, pool)).then(|| format!("there is no pool '{pool}'{}", nearest(pool, names())));
    for (number, listener) in config.listeners.iter().enumerate() {
        if config.listeners[..number].iter().any(|other| other.overlaps(listener)) {
            let message = format!("another listener has the port {} already: give each its own", listener.port);
            wrong(At::Listener(number, "port"), message);
        }
        let is_missing = match listener.pool.as_deref() {
            Some(written) => written.is_empty(),
            None => !leads_by_names(config, number),
        };
        if is_missing && !config.pools.is_empty() {
            let names: Vec<&str> = names().collect();
            wrong(At::Listener(number, "pool"), format!("a listener needs a 'pool': write {}", names.join(" or ")));
        }
        if let Some(message) = listener.pool.as_deref().filter(|pool| !pool.is_empty()).and_then(unknown) {
            wrong(At::Listener(number, "pool"), message);
        }
        if listener.mode == Mode::Tcp && !listener.routes.is_empty() {
            let message = "a tcp listener has no routes: raw bytes have no path and no host. Leave it out";
            wrong(At::Listener(number, "routes"), message.to_owned());
        }
        for (place, route) in listener.routes.iter().enumerate() {
            if let Some(message) = unknown(&route.pool) {
                wrong(At::Route(number, place, "pool"), message);
            }
            if route.is_empty() {
                let message =
                    "matches every request: name upgrade, pathPrefix or host, or make it the listener's 'pool'";
                wrong(At::Route(number, place, "match"), message.to_owned());
            } else if listener.routes[..place].iter().any(|earlier| earlier.matches_as(route)) {
                let message = "is never reached: a route before it matches the same requests";
                wrong(At::Route(number, place, "match"), message.to_owned());
            }
        }
    }
}

/// Whether there is such a pool; what is missing altogether is said where it is read.
fn is_known(config: &Config, pool: &str) -> bool {
    config.pools.is_empty() || config.pools.iter().any(|known| known.name == pool)
}

fn pools(config: &Config, wrong: &mut impl FnMut(At, String)) {
    // An unknown name may be one of these, mistyped, and one that is missing the one that leads to it.
    let certain = config.listeners.iter().enumerate().all(|(number, listener)| {
        let has_pool = listener.pool.is_some() || leads_by_names(config, number);
        has_pool && listener.pools().all(|name| is_known(config, name))
    });
    for (number, pool) in config.pools.iter().enumerate() {
        let mut leading = config.listeners.iter().filter(|listener| listener.pools().any(|name| name == pool.name));
        let named = || config.named_listener().filter(|_| !pool.names.is_empty()).map(|first| &config.listeners[first]);
        let Some(first) = leading.next().or_else(named) else {
            if certain && !config.listeners.is_empty() {
                let message = format!("no listener leads to the pool '{}': name it in one, or leave it out", pool.name);
                wrong(At::Pool(number), message);
            }
            continue;
        };
        if leading.any(|other| other.mode != first.mode) {
            let message = "is behind a tcp listener and an http one: make two pools of it";
            wrong(At::Pool(number), message.to_owned());
            continue;
        }
        schemes(number, pool, first, wrong);
        let by = &pool.sticky.by;
        if first.mode == Mode::Tcp && !matches!(by, StickyBy::Ip | StickyBy::Custom | StickyBy::Off) {
            let message = format!("sticky by {by} needs HTTP, and this pool is behind a tcp listener");
            wrong(At::Sticky(number), message);
        }
        let same = |other: &PoolConfig| {
            other.sticky.by == StickyBy::Cookie && other.sticky.cookie.name == pool.sticky.cookie.name
        };
        if *by == StickyBy::Cookie && config.pools[..number].iter().any(same) {
            let message = format!("two pools have the cookie '{}': give each its own", pool.sticky.cookie.name);
            wrong(At::Sticky(number), message);
        }
    }
}

/// A backend is spoken to as its pool's clients speak.
fn schemes(number: usize, pool: &PoolConfig, listener: &ListenerConfig, wrong: &mut impl FnMut(At, String)) {
    for (place, BackendConfig { address, .. }) in pool.backends.iter().enumerate() {
        let message = match (listener.mode, &address.scheme) {
            (_, Scheme::Unix(_)) | (Mode::Http, Scheme::Http | Scheme::Https) | (Mode::Tcp, Scheme::Tcp) => continue,
            (Mode::Http, Scheme::Tcp) => {
                "tcp:// is for a pool behind a listener with \"mode\": \"tcp\": write http:// here".to_owned()
            }
            (Mode::Tcp, _) => {
                format!("this pool is behind a tcp listener: write tcp://{}:{}", address.bracketed_host(), address.port)
            }
        };
        wrong(At::Backend(number, place, "url"), message);
    }
}

/// What is said of a backend that is one of the listeners.
pub(crate) fn is_itself(name: &str, address: &Address) -> String {
    format!("backend {name} at {address} is this balancer itself: give it another port")
}

fn backends(config: &Config, wrong: &mut impl FnMut(At, String)) {
    // Ids are one space over all pools: commands and cookies name a backend by nothing else.
    let mut ids = BTreeSet::new();
    for (pool, PoolConfig { backends, .. }) in config.pools.iter().enumerate() {
        let mut names = BTreeSet::new();
        for (place, BackendConfig { id, name, address, .. }) in backends.iter().enumerate() {
            let mut wrong = |key, message| wrong(At::Backend(pool, place, key), message);
            if !ids.insert(*id) {
                wrong("id", format!("two backends have the id {id}: give each its own"));
            }
            if !names.insert(name.as_str()) {
                wrong("name", format!("two backends have the name '{name}': give each its own"));
            }
            if config.listeners.iter().any(|listener| address.is_listener(listener.host, listener.port)) {
                wrong("url", is_itself(name, address));
            }
        }
    }
}

fn alerts(config: &Config, wrong: &mut impl FnMut(At, String)) {
    for (number, alert) in config.alerts.iter().enumerate() {
        let mut wrong = |message| wrong(At::Alert(number), message);
        if config.alerts[..number].iter().any(|other| other.when == alert.when) {
            wrong(format!("the alert {} is written twice: leave one", alert.when));
        }
        let backends = config
            .pools
            .iter()
            .flat_map(|pool| pool.backends.iter().map(|backend| (pool.name.as_str(), backend.name.as_str())));
        let backends: Vec<(&str, &str)> = backends.collect();
        // A file without backends is for those that are started here, whose names it does not know.
        if !backends.is_empty()
            && let Err(message) = alert.when.scope().find(&backends)
        {
            wrong(message);
        }
        if alert.mails() && config.email.is_none() {
            wrong("mail needs the section 'email', which says how it is sent".to_owned());
        } else if alert.mails() && recipients(config, alert).is_none() {
            let message = "mail has nobody to go to: write 'to', or give a backend that it is about an 'owner'";
            wrong(message.to_owned());
        }
    }
}

/// Whom mail about an alert goes to: an address, or several with commas.
pub(crate) fn recipients(config: &Config, alert: &AlertConfig) -> Option<String> {
    if alert.to.is_some() {
        return alert.to.clone();
    }
    let mut owners: Vec<&str> = Vec::new();
    for pool in &config.pools {
        let those = pool.backends.iter().filter(|backend| alert.when.scope().has(&pool.name, &backend.name));
        for owner in those.filter_map(|backend| backend.owner.as_deref()) {
            if !owners.contains(&owner) {
                owners.push(owner);
            }
        }
    }
    (!owners.is_empty()).then(|| owners.join(", "))
}
