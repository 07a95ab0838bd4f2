//! A file as it was read, section by section.

use std::collections::{HashMap, HashSet};

use super::global::Global;
use super::lines::Line;
use super::proxy::Proxy;
use super::sections::Section;
use crate::import::address::millis;

/// A file as it was read.
pub(super) struct File<'s> {
    pub(super) proxies: Vec<Proxy<'s>>,
    /// Backends by name: the position of the pool, and that of the proxy.
    backends: HashMap<&'s str, (usize, usize)>,
    /// Backends whose servers others follow (`track BACKEND/SERVER`).
    pub(super) followed: HashSet<&'s str>,
    pub(super) global: Global,
    /// Over how many milliseconds counters count.
    pub(super) periods: Vec<(String, u64)>,
}

impl<'s> File<'s> {
    pub(super) fn new(sections: &[Section], global: Global, proxies: Vec<Proxy<'s>>) -> Self {
        let mut backends = HashMap::new();
        for (number, (at, proxy)) in proxies.iter().enumerate().filter(|(_, proxy)| proxy.is_back).enumerate() {
            backends.entry(proxy.section.name.as_str()).or_insert((number, at));
        }
        let tracked = |line: &&'s Line| {
            let at = line.words.iter().position(|word| word == "track")?;
            line.words.get(at + 1)?.split('/').next()
        };
        let followed = proxies.iter().flat_map(|proxy| &proxy.servers).filter_map(tracked).collect();
        File { periods: periods(sections), backends, followed, global, proxies }
    }

    /// The pool of a backend of this name, by its position, and the section that it is.
    ///
    /// # Errors
    /// There is none.
    pub(super) fn pool(&self, name: &str, line: usize) -> Result<(usize, &Proxy<'_>), String> {
        let found = self.backends.get(name).map(|(number, at)| (*number, &self.proxies[*at]));
        found.ok_or_else(|| format!("line {line}: there is no backend '{name}': write it, or leave the line out"))
    }

    /// The section of a backend of this name.
    pub(super) fn backend(&self, name: &str) -> Option<&Proxy<'_>> {
        self.backends.get(name).map(|(_, at)| &self.proxies[*at])
    }
}

/// Counters of all `stick-table` lines: `http_req_rate(1s)`.
fn periods(sections: &[Section]) -> Vec<(String, u64)> {
    let lines = sections.iter().flat_map(|section| &section.lines).filter(|line| line.word(0) == "stick-table");
    let counters = lines.flat_map(|line| line.words.iter()).flat_map(|word| word.split(','));
    let period = |counter: &str| {
        let (name, rest) = counter.split_once('(')?;
        Some((name.to_owned(), millis(rest.strip_suffix(')')?, "ms")?))
    };
    counters.filter_map(period).collect()
}
