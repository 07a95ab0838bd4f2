//! Servers that share a port, by the host that is asked for, as listeners with routes.

use serde_json::Value;
use std::collections::HashMap;

use super::blocks::Directive;
use super::listen::{Listen, tls};
use super::scope::Scope;
use crate::import::access::Access;
use crate::import::draft::{Draft, Listener, Route};

/// One server.
pub(super) struct Host<'d> {
    pub(super) server: &'d Directive,
    pub(super) scope: Scope<'d>,
    pub(super) listens: Vec<Listen>,
    pub(super) access: Access,
    pub(super) passes: Vec<Pass>,
    pub(super) is_tcp: bool,
}

/// Where a part of its requests goes.
#[derive(Clone, Debug)]
pub(super) struct Pass {
    pub(super) path: Option<String>,
    /// Empty, without a pool: what nothing else matches is answered 404.
    pub(super) host: Option<String>,
    pub(super) upgrade: Option<Value>,
    /// `None` where its servers are left out.
    pub(super) pool: Option<usize>,
}

impl Pass {
    fn takes_all(&self) -> bool {
        self.path.is_none() && self.host.is_none() && self.upgrade.is_none()
    }
}

/// A listener for each address that some server has.
pub(super) fn listeners(hosts: &[Host<'_>], draft: &mut Draft) {
    let mut addresses: Vec<(&str, u16)> = Vec::new();
    let mut by_address: HashMap<(&str, u16), Vec<(&Host<'_>, &Listen)>> = HashMap::new();
    for host in hosts {
        for listen in &host.listens {
            let address = (listen.host.as_str(), listen.port);
            let on = by_address.entry(address).or_default();
            if on.is_empty() {
                addresses.push(address);
            }
            // A server that says the same twice is on it once.
            if !on.last().is_some_and(|(last, _)| std::ptr::eq(*last, host)) {
                on.push((host, listen));
            }
        }
    }
    for address in addresses {
        listener(by_address.remove(&address).unwrap_or_default(), draft);
    }
}

/// The listener of an address, for the servers that are on it.
fn listener(mut on: Vec<(&Host<'_>, &Listen)>, draft: &mut Draft) {
    // The one that is asked by any other name stands first.
    if let Some(default) = on.iter().position(|(_, listen)| listen.is_default) {
        on[..=default].rotate_right(1);
    }
    let Some((first, listen)) = on.first() else { return };
    let mut listener = Listener {
        line: listen.line,
        host: listen.host.clone(),
        port: listen.port,
        is_tcp: first.is_tcp,
        proxy_protocol: listen.proxy_protocol,
        access: first.access.clone(),
        ..Listener::default()
    };
    if on.iter().any(|(_, listen)| listen.is_tls) {
        listener.tls = Some(certificates(&on, draft));
    }
    for (host, _) in &on[1..] {
        if host.access != first.access {
            let why =
                "who may come is left out: it is said for all names of a port together here, as of its first server";
            draft.left_out.say(host.server.line, why);
        }
        named(host, &mut listener, draft);
    }
    // Whole names come before those that stand for many.
    listener.routes.sort_by_key(|route| route.host.as_deref().is_none_or(|host| host.starts_with("*.")));
    unnamed(first, &mut listener);
    draft.listeners.push(listener);
}

/// Our `tls` with the certificates of all servers of a port.
fn certificates(on: &[(&Host<'_>, &Listen)], draft: &mut Draft) -> Value {
    let mut all: Option<Value> = None;
    for (host, _) in on.iter().filter(|(_, listen)| listen.is_tls) {
        let own = tls(host.server, &host.scope, &mut draft.left_out);
        match &mut all {
            None => all = Some(own),
            Some(all) => {
                let further = own["certificates"].as_array().cloned().unwrap_or_default();
                let known = all["certificates"].as_array().cloned().unwrap_or_default();
                let new: Vec<Value> = further.into_iter().filter(|one| !known.contains(one)).collect();
                if !new.is_empty() {
                    all["certificates"] = [known, new].concat().into();
                }
            }
        }
    }
    all.unwrap_or(Value::Bool(true))
}

/// The names of a server that can be routes; others are said.
fn names(host: &Host<'_>, draft: &mut Draft) -> Vec<String> {
    let mut names = Vec::new();
    for line in host.server.inside().iter().filter(|directive| directive.name() == "server_name") {
        for name in line.arguments() {
            let name = name.to_ascii_lowercase();
            let bare = name.strip_prefix("*.").unwrap_or(&name);
            match name.strip_prefix('.') {
                // Nobody asks for it.
                _ if name.is_empty() || name == "_" => {}
                Some(bare) => names.extend([bare.to_owned(), format!("*.{bare}")]),
                None if name.starts_with('~') || bare.contains(['*', '$']) => {
                    draft.left_out.part(line.line, &name, "a host of a route here is a name, which may begin with *.");
                }
                None => names.push(name),
            }
        }
    }
    names
}

/// Routes for the names of a server.
fn named(host: &Host<'_>, listener: &mut Listener, draft: &mut Draft) {
    let names = names(host, draft);
    if host.passes.is_empty() {
        return;
    }
    if names.is_empty() {
        draft.left_out.say(
            host.server.line,
            "the server is left out: another one of its port comes first, and nobody asks for it by name",
        );
    }
    if host.passes.iter().all(|pass| pass.path.is_some()) {
        let why = "what none of its locations matches goes on here to where other names do, and is answered 404 there";
        draft.left_out.say(host.server.line, why);
    }
    for name in names {
        for pass in &host.passes {
            let Some(pool) = pass.pool else { continue };
            if pass.host.as_ref().is_some_and(|other| *other != name) {
                continue;
            }
            let route =
                Route { upgrade: pass.upgrade.clone(), path: pass.path.clone(), host: Some(name.clone()), pool };
            listener.routes.push(route);
        }
    }
}

/// Routes of the server that is asked by any other name.
fn unnamed(host: &Host<'_>, listener: &mut Listener) {
    for pass in &host.passes {
        match pass.pool {
            None => listener.refuses_unknown_hosts |= pass.host.as_deref() == Some(""),
            Some(pool) if pass.takes_all() => listener.pool = listener.pool.or(Some(pool)),
            Some(pool) => listener.routes.push(Route {
                upgrade: pass.upgrade.clone(),
                path: pass.path.clone(),
                host: pass.host.clone(),
                pool,
            }),
        }
    }
}
