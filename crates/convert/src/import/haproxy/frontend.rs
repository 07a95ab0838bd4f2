//! `frontend` and `listen` as our listeners and their routes.

use super::file::File;
use super::proxy::Proxy;
use super::{bind, clients, routes};
use crate::import::address::whole_number;
use crate::import::draft::{Draft, Listener, Route};

/// The listeners of a frontend, with its routes.
///
/// # Errors
/// Something is malformed, or leads to a backend that is not there.
pub(super) fn listen(file: &File<'_>, proxy: &Proxy<'_>, draft: &mut Draft) -> Result<(), String> {
    let mut listeners: Vec<Listener> = Vec::new();
    for line in &proxy.binds {
        let mut some = bind::listeners(line, &file.global.crt_base, &mut draft.left_out)?;
        if file.global.extension_is_left_out {
            some.iter_mut().for_each(without_extension);
        }
        listeners.extend(some);
    }
    let (routes, pool, refuses) = lead(file, proxy, draft)?;
    let takes_proxy_protocol = listeners.iter().any(|listener| listener.proxy_protocol);
    let access = clients::access(proxy, takes_proxy_protocol, &file.periods, draft);
    if let Some(line) = proxy.max_connections.filter(|_| !listeners.is_empty()) {
        let count = whole_number(line.word(1)).filter(|count| *count > 0);
        let count = count.ok_or_else(|| format!("line {}: '{}' needs a number", line.number, line.text()))?;
        draft.once.set("limits.connections", count, (line.number, &line.text()), &mut draft.left_out);
    }
    for listener in listeners {
        let (routes, access) = (routes.clone(), access.clone());
        draft.listeners.push(Listener {
            is_tcp: proxy.is_tcp,
            routes,
            pool,
            access,
            refuses_unknown_hosts: refuses,
            ..listener
        });
    }
    Ok(())
}

/// Keys are called `app.key` where certificates are `app.crt`.
fn without_extension(listener: &mut Listener) {
    let certificates =
        listener.tls.as_mut().and_then(|tls| tls.get_mut("certificates")).and_then(|all| all.as_array_mut());
    for certificate in certificates.into_iter().flatten() {
        let stem = certificate["cert"].as_str().and_then(|cert| cert.strip_suffix(".crt")).map(str::to_owned);
        if let Some(stem) = stem {
            certificate["key"] = format!("{stem}.key").into();
        }
    }
}

/// Where a frontend leads: routes, the pool of all other requests, and whether those for unknown hosts are answered 404.
fn lead(file: &File<'_>, proxy: &Proxy<'_>, draft: &mut Draft) -> Result<(Vec<Route>, Option<usize>, bool), String> {
    let mut routes = Vec::new();
    let mut refuses = false;
    let mut pool = None;
    for line in &proxy.uses {
        let (name, condition) = (line.word(1), line.from(2));
        if name.contains("%[") {
            draft.left_out.part(line.number, &line.text(), "the name of a pool is written out here");
            continue;
        }
        let (number, target) = file.pool(name, line.number)?;
        if target.answers_404 && target.servers.is_empty() {
            // As our own export has it for hosts that no pool is called by.
            if condition.last().is_some_and(|word| word == "!own-host") {
                refuses = true;
            } else {
                draft.left_out.part(line.number, &line.text(), "nothing here answers by itself");
            }
            continue;
        }
        let found = proxy.acls.condition(condition).and_then(|condition| routes::routes(&condition, number));
        match found {
            _ if proxy.is_tcp && !condition.is_empty() => {
                draft.left_out.part(
                    line.number,
                    &line.text(),
                    "raw bytes have no path and no host, and lead to one pool",
                );
            }
            Ok((found, notes)) => {
                for note in notes {
                    draft.left_out.say(line.number, note);
                }
                let always = found.iter().any(Route::is_empty);
                routes.extend(found.into_iter().filter(|route| !route.is_empty()));
                if always {
                    pool = Some(number);
                    break;
                }
            }
            Err(why) => draft.left_out.part(line.number, &line.text(), &why),
        }
    }
    if let Some(line) = proxy.default_backend.filter(|_| pool.is_none()) {
        let (number, target) = file.pool(line.word(1), line.number)?;
        if !target.answers_404 {
            pool = Some(number);
        }
    }
    if pool.is_none() && proxy.is_back && !proxy.servers.is_empty() {
        pool = Some(file.pool(&proxy.section.name, proxy.section.number)?.0);
    }
    Ok((routes, pool, refuses))
}
