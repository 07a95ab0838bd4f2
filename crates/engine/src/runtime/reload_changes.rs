//! What a reload changes, as its user is told.

use std::sync::Arc;

use crate::balancer::Backend;
use crate::config::{BackendConfig, Config};
use crate::state::{BoundListener, Listener, Topology};
use crate::tls::Termination;
use crate::untrusted::Untrusted;

/// The changes made by a reload.
#[derive(Default)]
pub(super) struct ReloadChanges {
    /// Descriptions for the user.
    pub(super) told: Vec<String>,
    /// Backends that were created.
    pub(super) new: Vec<Arc<Backend>>,
}

impl ReloadChanges {
    /// Applies changed settings to a backend that stays.
    pub(super) fn settle(&mut self, backend: &Backend, old: &BackendConfig, wanted: &BackendConfig) {
        if old.weight != wanted.weight {
            backend.weight.set(wanted.weight);
            self.told.push(format!("{} has the weight {}", backend.name(), wanted.weight));
        }
        if old.health != wanted.health {
            backend.settings.set_health(wanted.health.clone());
            backend.signals.check_now.notify_one();
            self.told.push(format!("{} is checked in another way", backend.name()));
        }
    }

    /// Adds a new backend, which may replace one with the same id.
    pub(super) fn arrive(&mut self, before: Option<&Arc<Backend>>, backend: Backend) -> Arc<Backend> {
        let backend = Arc::new(backend);
        if let Some(before) = before {
            backend.status.set_intent(before.status.intent());
            self.told.push(format!("{} changed", backend.name()));
        } else {
            self.told.push(format!("{} added", backend.name()));
        }
        self.new.push(Arc::clone(&backend));
        backend
    }

    /// Describes which listeners are opened and closed.
    pub(super) fn listeners(&mut self, before: &[BoundListener], now: &[BoundListener]) {
        let among =
            |open: &Arc<Listener>, all: &[BoundListener]| all.iter().any(|other| Arc::ptr_eq(open, &other.listener));
        let (opened, closed): (Vec<_>, Vec<_>) = (
            now.iter().map(|open| &open.listener).filter(|open| !among(open, before)).collect(),
            before.iter().map(|open| &open.listener).filter(|open| !among(open, now)).collect(),
        );
        // Of several addresses one URL is told.
        let moved = |one: &Listener, all: &[&Arc<Listener>]| {
            all.iter().find(|other| other.url() == one.url()).map(|other| other.address.ip())
        };
        for open in &opened {
            let (url, ip) = (open.url(), open.address.ip());
            self.told.push(match moved(open, &closed) {
                Some(before) if before != ip => format!("{url} listens on {ip} in place of {before}"),
                _ => format!("listening on {url}"),
            });
        }
        for open in closed.iter().filter(|open| moved(open, &opened).is_none()) {
            self.told.push(format!("{} closed", open.url()));
        }
    }

    /// Describes which names lead elsewhere now.
    fn names(&mut self, before: &Config, now: &Config) {
        fn named(config: &Config) -> Vec<(&str, &str)> {
            let names = config.pools.iter().flat_map(|pool| pool.names.iter().map(move |name| (name, &pool.name)));
            names.map(|(name, pool)| (name.as_str(), pool.as_str())).collect()
        }
        let (before, now) = (named(before), named(now));
        for (name, pool) in now.iter().filter(|named| !before.contains(named)) {
            self.told.push(format!("{name} leads to the pool {}", Untrusted::new(*pool)));
        }
        for (name, _) in before.iter().filter(|(name, _)| now.iter().all(|(other, _)| other != name)) {
            self.told.push(format!("{name} leads nowhere any more"));
        }
    }

    /// Describes what changes about TLS on the listeners that stay.
    pub(super) fn tls(
        &mut self,
        before: &Topology,
        config: &Config,
        now: &[BoundListener],
        terminations: &[Option<Arc<Termination>>],
    ) {
        for ((open, wanted), tls) in now.iter().zip(&config.listeners).zip(terminations) {
            let stays = before.listeners.iter().any(|old| Arc::ptr_eq(&old.listener, &open.listener));
            let old = before
                .config
                .listeners
                .iter()
                .find(|old| open.listener.is(&before.config, old))
                .and_then(|old| old.tls.as_ref());
            let address = open.listener.address;
            let told = match (old, &wanted.tls) {
                (Some(old), Some(now)) if old != now => "speaks TLS as it says now",
                (Some(_), Some(_)) if differs(open, tls.as_deref()) => "shows certificates that were read anew",
                _ => continue,
            };
            if stays {
                self.told.push(format!("{address} {told}"));
            }
        }
    }

    /// Describes all changes that are not to listeners or backends.
    pub(super) fn rest(&mut self, before: &Config, now: &Config) {
        for (pool, old) in now.pools.iter().filter_map(|p| Some((p, before.pools.iter().find(|o| o.name == p.name)?))) {
            if pool.strategy != old.strategy {
                self.told.push(format!("the strategy is {}", pool.strategy));
            }
            if pool.sticky != old.sticky {
                self.told.push(format!("stickiness is {}", pool.sticky.by.in_words()));
            }
        }
        self.names(before, now);
        for pool in before.pools.iter().filter(|old| now.pools.iter().all(|pool| pool.name != old.name)) {
            self.told.push(format!("pool {} removed", Untrusted::new(&pool.name)));
        }
        if before.downgrade_to_user != now.downgrade_to_user {
            self.told.push("downgradeToUser changes with the next start".to_owned());
        }
        if before.email != now.email {
            let how = if now.email.is_some() { "mail is sent as it says now" } else { "mail is off" };
            self.told.push(how.to_owned());
        }
        if before.limits.connections != now.limits.connections {
            self.told.push(format!("the limit of connections is {}", now.limits.connections));
        }
        if before.chaos != now.chaos {
            let how = if now.chaos { "faults are allowed everywhere" } else { "faults are for this machine alone" };
            self.told.push(how.to_owned());
        }
        if before.alerts != now.alerts {
            self.told.push(match now.alerts.len() {
                0 => "no alert is watched".to_owned(),
                1 => "1 alert is watched".to_owned(),
                several => format!("{several} alerts are watched"),
            });
        }
        let mut told = before.clone();
        told.listeners.clone_from(&now.listeners);
        told.pools.clone_from(&now.pools);
        told.downgrade_to_user.clone_from(&now.downgrade_to_user);
        told.email.clone_from(&now.email);
        told.alerts.clone_from(&now.alerts);
        told.limits.connections = now.limits.connections;
        told.chaos = now.chaos;
        if told != *now {
            self.told.push("settings for new connections".to_owned());
        }
    }
}

/// Whether the certificates of the user's own are others than those that a listener shows.
fn differs(open: &BoundListener, tls: Option<&Termination>) -> bool {
    let shown = open.listener.routing.load().tls.clone();
    shown.as_deref().zip(tls).is_some_and(|(old, new)| old.shows_others_than(new))
}
