//! A draft as our configuration.

use serde_json::{Map, Value};
use std::collections::{HashMap, HashSet};

use super::json::{listener_json, pool_json};
use super::names::{keep_cookies, name_pools};
use super::{Draft, Listener, Pool, Route};
use crate::import::access::Access;
use crate::import::imported::Imported;
use crate::import::left_out::LeftOut;

impl Draft {
    /// Our configuration; `kind` is whose file it was.
    ///
    /// # Errors
    /// There is no listener, or no pool that one leads to.
    pub(in crate::import) fn finish(mut self, kind: &'static str) -> Result<Imported, String> {
        self.leave_out_what_is_not_reached();
        self.join_versions();
        self.name_by_hosts();
        self.leave_out_pools_without_servers()?;
        self.keep_pools_that_are_led_to();
        name_pools(&mut self.pools, &mut self.left_out);
        keep_cookies(&mut self.pools, &mut self.left_out);
        let access = common_access(&self.listeners, &mut self.left_out);
        let names: Vec<&str> = self.pools.iter().map(|pool| pool.name.as_str()).collect();
        let listeners: Vec<Value> = self.listeners.iter().map(|listener| listener_json(listener, &names)).collect();
        let pools: Map<String, Value> = self.pools.iter().map(|pool| (pool.name.clone(), pool_json(pool))).collect();
        let mut config = Map::new();
        config.insert("listeners".to_owned(), listeners.into());
        config.insert("pools".to_owned(), pools.into());
        self.once.write(&mut config);
        if !access.is_empty() {
            config.insert("access".to_owned(), access.into());
        }
        Ok(Imported { kind, config: config.into(), left_out: self.left_out.sentences() })
    }

    fn leave_out_what_is_not_reached(&mut self) {
        for listener in &mut self.listeners {
            leave_out_unreachable(listener, &mut self.left_out);
        }
    }

    /// Puts pools in the order of the file.
    pub(in crate::import) fn sort_pools(&mut self) {
        let mut order: Vec<usize> = (0..self.pools.len()).collect();
        order.sort_by_key(|number| self.pools[*number].line);
        let mut new_numbers = vec![0; order.len()];
        order.iter().enumerate().for_each(|(new, old)| new_numbers[*old] = new);
        let mut pools: Vec<(usize, Pool)> = std::mem::take(&mut self.pools).into_iter().enumerate().collect();
        pools.sort_by_key(|(old, _)| new_numbers[*old]);
        self.pools = pools.into_iter().map(|(_, pool)| pool).collect();
        self.renumber(&new_numbers);
    }

    /// Gives pools, as listeners refer to them, these new numbers.
    fn renumber(&mut self, new_numbers: &[usize]) {
        for listener in &mut self.listeners {
            listener.pool = listener.pool.map(|pool| new_numbers[pool]);
            listener.routes.iter_mut().for_each(|route| route.pool = new_numbers[route.pool]);
        }
    }

    /// Gives pools names by which they are asked for, where all other hosts are answered 404: the first listener that speaks
    /// HTTP can have that.
    fn name_by_hosts(&mut self) {
        let first = self.listeners.iter().position(|listener| !listener.is_tcp);
        for (number, listener) in self.listeners.iter_mut().enumerate().filter(|(_, one)| one.refuses_unknown_hosts) {
            let is_name = |route: &Route| {
                let name = route.host.as_deref().is_some_and(|host| !host.starts_with('*'));
                name && route.path.is_none() && route.upgrade.is_none()
            };
            let behind = listener.routes.iter().rposition(|route| !is_name(route)).map_or(0, |last| last + 1);
            if first != Some(number) || behind == listener.routes.len() {
                let why = format!(
                    "that other hosts are answered 404 on port {} is left out: no pool has names of its own",
                    listener.port
                );
                self.left_out.say(listener.line, why);
                continue;
            }
            for route in listener.routes.split_off(behind) {
                self.pools[route.pool].names.extend(route.host);
            }
        }
    }

    /// Makes one listener of those on 127.0.0.1 and `::1`, and of those on every address of either version: here 127.0.0.1 is
    /// both, and so is `::`.
    fn join_versions(&mut self) {
        let is_alike = |one: &Listener, other: &Listener| {
            (one.port, one.pool, &one.routes, &one.tls) == (other.port, other.pool, &other.routes, &other.tls)
        };
        let mut kept: Vec<Listener> = Vec::new();
        let mut of_ports: HashMap<u16, Vec<usize>> = HashMap::new();
        for listener in std::mem::take(&mut self.listeners) {
            let is_pair = |known: &Listener| match (known.host.as_str(), listener.host.as_str()) {
                ("", "::1") | ("::1", "") | ("0.0.0.0", "::") | ("::", "0.0.0.0") => is_alike(known, &listener),
                _ => false,
            };
            let of_port = of_ports.entry(listener.port).or_default();
            match of_port.iter().copied().find(|known| is_pair(&kept[*known])) {
                None => {
                    of_port.push(kept.len());
                    kept.push(listener);
                }
                Some(known) if ["0.0.0.0", "::1"].contains(&kept[known].host.as_str()) => {
                    kept[known].host = listener.host;
                }
                Some(_) => {}
            }
        }
        self.listeners = kept;
    }

    /// A pool needs a server, and a listener a pool.
    fn leave_out_pools_without_servers(&mut self) -> Result<(), String> {
        let has_names = self.pools.iter().any(|pool| !pool.names.is_empty());
        for listener in &mut self.listeners {
            let (pools, left_out) = (&self.pools, &mut self.left_out);
            let is_empty = |pool: usize| pools[pool].backends.is_empty();
            listener.routes.retain(|route| !is_empty(route.pool));
            listener.pool = listener.pool.filter(|pool| !is_empty(*pool));
            // One that leads by names needs none.
            let needs_pool = !listener.refuses_unknown_hosts || !has_names;
            if let (None, true, Some(last)) = (listener.pool, needs_pool, listener.routes.last()) {
                let why = format!("what no route matches goes to {} here, and nowhere there", pools[last.pool].called);
                left_out.say(listener.line, why);
                listener.pool = Some(last.pool);
            }
        }
        let mut port = None;
        let left_out = &mut self.left_out;
        self.listeners.retain(|listener| {
            let leads = listener.pool.is_some() || listener.refuses_unknown_hosts && has_names;
            if !leads {
                port.get_or_insert((listener.line, listener.port));
                left_out
                    .say(listener.line, format!("port {} is left out: nothing here leads on from it", listener.port));
            }
            leads
        });
        match (self.listeners.is_empty(), port) {
            (false, _) => Ok(()),
            (true, Some((line, port))) => {
                Err(format!("line {line}: port {port} leads to no server that can be read: give it one as host:port"))
            }
            (true, None) => Err("nothing listens on a port: give it one".to_owned()),
        }
    }

    /// Leaves out the pools that no listener leads to.
    fn keep_pools_that_are_led_to(&mut self) {
        let led_to = |listener: &Listener| -> Vec<usize> {
            listener.routes.iter().map(|route| route.pool).chain(listener.pool).collect()
        };
        let led_to: HashSet<usize> = self.listeners.iter().flat_map(led_to).collect();
        let has_names = |pool: &Pool| !pool.names.is_empty() && !pool.backends.is_empty();
        let mut new_numbers = Vec::with_capacity(self.pools.len());
        let mut kept = Vec::new();
        for (number, pool) in std::mem::take(&mut self.pools).into_iter().enumerate() {
            new_numbers.push(kept.len());
            if has_names(&pool) || led_to.contains(&number) {
                kept.push(pool);
            } else if !pool.is_silent {
                let why =
                    if pool.backends.is_empty() { "it has no server that can be read" } else { "nothing leads to it" };
                self.left_out.say(pool.line, format!("{} is left out: {why}", pool.called));
            }
        }
        self.pools = kept;
        self.renumber(&new_numbers);
    }
}

/// Leaves out routes whose requests an earlier one has taken.
fn leave_out_unreachable(listener: &mut Listener, left_out: &mut LeftOut) {
    // The pool of the first route that matches this.
    let mut pools = HashMap::new();
    let (line, port) = (listener.line, listener.port);
    listener.routes.retain(|route| {
        let matched = (route.upgrade.as_ref().map(Value::to_string), route.path.clone(), route.host.clone());
        let is_first = !pools.contains_key(&matched);
        if *pools.entry(matched).or_insert(route.pool) != route.pool {
            left_out.say(line, format!("a route of port {port} is left out: one before it takes all its requests"));
        }
        is_first
    });
}

/// What all listeners have alike.
fn common_access(listeners: &[Listener], left_out: &mut LeftOut) -> Map<String, Value> {
    let Some(first) = listeners.first() else { return Map::new() };
    if listeners.iter().all(|listener| listener.access == first.access) {
        return first.access.json();
    }
    for listener in listeners.iter().filter(|listener| listener.access != Access::default()) {
        let why = format!(
            "who may connect to port {} is left out: it is said for all ports together here, and not all have it alike",
            listener.port
        );
        left_out.say(listener.line, why);
    }
    Map::new()
}
