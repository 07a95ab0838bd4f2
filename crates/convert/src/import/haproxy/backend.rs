//! `backend` and `listen` as our pools, and what is said there of requests to them.

use serde_json::json;

use super::check::Check;
use super::file::File;
use super::health::{Checked, health};
use super::lines::Line;
use super::proxy::Proxy;
use super::server::{self, Server};
use crate::import::address::whole_number;
use crate::import::draft::{Backend, Draft, Pool};
use crate::import::left_out::LeftOut;

/// The pool of a section.
///
/// # Errors
/// A server is malformed.
pub(super) fn pool(file: &File<'_>, proxy: &Proxy<'_>, draft: &mut Draft) -> Result<Pool, String> {
    let left_out = &mut draft.left_out;
    let queue = proxy.timeouts.of("queue").or_else(|| proxy.timeouts.of("connect"));
    let mut servers: Vec<Checked> = Vec::new();
    let mut backends: Vec<Backend> = Vec::new();
    for (line, usual) in proxy.servers.iter().zip(&proxy.usual) {
        let Some(mut server) = server::server(line, usual, left_out)? else { continue };
        let Some(backend) = server.backend(proxy.is_tcp, queue, left_out) else { continue };
        let check = follow(file, &mut server, left_out)?.unwrap_or_else(|| proxy.checks());
        servers.push(Checked { server, check });
        backends.push(backend);
    }
    let backups = backends.iter().filter(|backend| backend.keys.contains_key("backup")).count();
    if backups > 1 && !proxy.all_backups {
        let why =
            format!("the backups of {} take clients together here, and there the first of them alone", proxy.called());
        left_out.say(proxy.section.number, why);
    }
    let health = health(&servers, &mut backends, left_out);
    let (strategy, sticky) = proxy.balance.ours(proxy.is_tcp, &backends, left_out);
    let (line, called, name) = (proxy.section.number, proxy.called(), proxy.section.name.clone());
    // It holds a table, or an answer, or servers that others follow.
    let is_followed = file.followed.contains(name.as_str());
    let is_silent = proxy.section.kind == "backend" && (proxy.servers.is_empty() || is_followed);
    Ok(Pool {
        line,
        called,
        name,
        strategy,
        sticky,
        health,
        backends,
        is_silent,
        fails: proxy.fails,
        ..Pool::default()
    })
}

/// How a server is checked that follows the checks of another one (`track BACKEND/SERVER`).
fn follow(file: &File<'_>, server: &mut Server, left_out: &mut LeftOut) -> Result<Option<Check>, String> {
    let Some(tracks) = server.options.tracks.clone() else { return Ok(None) };
    let found = tracks.split_once('/').and_then(|(backend, name)| {
        let proxy = file.backend(backend)?;
        let mut servers = proxy.servers.iter().zip(&proxy.usual);
        servers.find(|(line, _)| line.word(1) == name).map(|(line, usual)| (proxy, line, usual))
    });
    let Some((proxy, line, usual)) = found else {
        left_out.nothing_like(server.line, &format!("track {tracks}"));
        return Ok(None);
    };
    // What is odd in it is said where it stands.
    let followed = server::server(line, usual, &mut LeftOut::default())?;
    if let Some(followed) = followed {
        let (own, other) = (&mut server.options, followed.options);
        (own.is_checked, own.interval, own.rise, own.fall) = (other.is_checked, other.interval, other.rise, other.fall);
    }
    Ok(Some(proxy.checks()))
}

/// `retries`, `option redispatch` and `retry-on`, which say when a request is tried on another server.
pub(super) fn retries(proxy: &Proxy<'_>, draft: &mut Draft) -> Result<(), String> {
    if !proxy.is_back || proxy.servers.is_empty() || proxy.is_tcp {
        return Ok(());
    }
    let (once, left_out) = (&mut draft.once, &mut draft.left_out);
    if let Some(line) = proxy.retries {
        let count = whole_number(line.word(1)).filter(|count| *count < 100);
        let count = count.ok_or_else(|| format!("line {}: '{}' needs a number below 100", line.number, line.text()))?;
        if proxy.redispatch {
            once.set("retry.attempts", count + 1, (line.number, &line.text()), left_out);
        } else {
            left_out.part(
                line.number,
                &line.text(),
                "a request is tried on another server here, and 'option redispatch' is not there",
            );
        }
    } else if proxy.redispatch {
        once.set("retry.attempts", 4, (proxy.section.number, "option redispatch"), left_out);
    }
    let mut on = vec![json!("connect")];
    if let Some(line) = proxy.retry_on {
        on.clear();
        for word in line.from(1) {
            match (word.as_str(), whole_number(word)) {
                ("none", _) => {}
                ("conn-failure", _) => on.push("connect".into()),
                ("empty-response", _) => on.push("no-response".into()),
                (_, Some(status @ 400..=599)) => on.push(status.into()),
                _ => left_out.part(
                    line.number,
                    word,
                    "a request is tried again here when it was not sent, not answered, or by status",
                ),
            }
        }
    }
    let (line, text) = proxy.retry_on.map_or((proxy.section.number, String::new()), |line| (line.number, line.text()));
    let text = if text.is_empty() { "retry-on conn-failure" } else { &text };
    once.set("retry.on", on, (line, text), left_out);
    Ok(())
}

/// Which `Host` servers see: the client's, unless all of one backend are told their own.
pub(super) fn host_header(file: &File<'_>, draft: &mut Draft) {
    let backs = || file.proxies.iter().filter(|proxy| proxy.is_back && !proxy.is_tcp && !proxy.servers.is_empty());
    let is_own = |proxy: &Proxy<'_>| {
        let host = proxy.host.map(|line| line.word(3))?;
        let is_it = |line: &&Line| [host, &format!("{host}:80"), &format!("{host}:443")].contains(&line.word(2));
        Some(proxy.servers.iter().all(is_it))
    };
    for proxy in backs() {
        if let (Some(line), Some(false)) = (proxy.host, is_own(proxy)) {
            let why = "it is the client's or the server's own here";
            draft.left_out.part(line.number, &line.text(), why);
        }
    }
    let own = backs().filter(|proxy| is_own(proxy) == Some(true)).count();
    let rule = if own == 0 {
        "client"
    } else if own == backs().count() {
        "backend"
    } else {
        // Those of this machine see the client's then, and others their own.
        "auto"
    };
    draft.once.set_unless("hostHeader", rule);
}
