//! Reads a plain configuration of HAProxy.

mod backend;
mod balance;
mod bind;
mod check;
mod clients;
mod condition;
mod file;
mod frontend;
mod global;
mod health;
mod known;
mod lines;
mod proxy;
mod routes;
mod sections;
mod server;
mod timeouts;

use super::draft::Draft;
use super::imported::Imported;
use file::File;
use global::Global;
use proxy::Proxy;

/// Whether a text is such a file: a line of it begins a section.
pub(super) fn is_one(text: &str) -> bool {
    text.lines().any(|line| {
        let word = line.split_ascii_whitespace().next().unwrap_or_default();
        line.starts_with(word) && sections::READ.contains(&word)
    })
}

/// Reads it.
///
/// # Errors
/// It is malformed, or nothing of it can be used.
pub(super) fn read(text: &str) -> Result<Imported, String> {
    let mut draft = Draft::default();
    let sections = sections::sections(lines::lines(text)?, &mut draft.left_out)?;
    let mut global = Global::default();
    for section in sections.iter().filter(|section| section.kind == "global") {
        global::read(section, &mut global, &mut draft.once, &mut draft.left_out)?;
    }
    let mut proxies = Vec::new();
    for (at, section) in sections.iter().enumerate() {
        if !matches!(section.kind.as_str(), "global" | "defaults") {
            proxies.push(Proxy::read(&sections, at, &mut draft.left_out)?);
        }
    }
    let file = File::new(&sections, global, proxies);
    for proxy in file.proxies.iter().filter(|proxy| proxy.is_back) {
        let pool = backend::pool(&file, proxy, &mut draft)?;
        draft.pools.push(pool);
    }
    for proxy in &file.proxies {
        proxy.timeouts.write(proxy.is_tcp, (proxy.is_front, proxy.is_back), &mut draft.once, &mut draft.left_out);
        backend::retries(proxy, &mut draft)?;
        if proxy.is_front {
            frontend::listen(&file, proxy, &mut draft)?;
        }
    }
    if draft.listeners.iter().any(|listener| !listener.is_tcp) {
        backend::host_header(&file, &mut draft);
        // Without 'option redispatch' no request is tried on another server.
        draft.once.set_unless("retry.attempts", 1);
    }
    draft.finish("a configuration of HAProxy")
}

#[cfg(test)]
mod tests;
